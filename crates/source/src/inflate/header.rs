//! The header of a gzip member (RFC 1952, section 2.3), byte by byte.

use flate2::Crc;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Whether the header of the member in `stored`, which may be cut, has a checksum of its own.
pub(super) fn has_checksum(stored: &[u8]) -> bool {
    stored.get(3).is_some_and(|flags| flags & HEADER_CRC != 0)
}

/// Modification time (4), extra flags and operating system: nothing in them changes the content.
const FIXED: u8 = 6;

/// Reads a header from its third byte on. The texts in it are passed over, not kept, so that a
/// name without end costs no memory.
#[derive(Debug)]
pub(super) struct Header {
    at: At,
    /// Optional fields that are still to come.
    flags: u8,
    crc: Crc,
}

/// What the next byte is.
#[derive(Debug)]
enum At {
    Method,
    Flags,
    Fixed { left: u8 },
    ExtraLow,
    ExtraHigh { low: u8 },
    Extra { left: u16 },
    Text,
    CrcLow { sum: u32 },
    CrcHigh { sum: u32, low: u8 },
    End,
}

impl Header {
    /// A header whose two magic bytes have been taken.
    pub(super) fn after_magic() -> Header {
        let mut crc = Crc::new();
        crc.update(&MAGIC);
        Header { at: At::Method, flags: 0, crc }
    }

    /// Takes one byte. `Ok(true)` when it was the last; the error says what is wrong.
    pub(super) fn push(&mut self, byte: u8) -> Result<bool, String> {
        self.crc.update(&[byte]);
        self.at = match self.at {
            At::Method if byte != 8 => {
                return Err(format!("compression method {byte}; only 8 (deflate) exists"));
            }
            At::Method => At::Flags,
            At::Flags if byte & RESERVED != 0 => {
                return Err(format!("reserved header flags are set ({byte:#010b})"));
            }
            At::Flags => {
                self.flags = byte;
                At::Fixed { left: FIXED }
            }
            At::Fixed { left } if left > 1 => At::Fixed { left: left - 1 },
            At::Fixed { .. } => self.next_field(),
            At::ExtraLow => At::ExtraHigh { low: byte },
            At::ExtraHigh { low } => match u16::from_le_bytes([low, byte]) {
                0 => self.next_field(),
                left => At::Extra { left },
            },
            At::Extra { left } if left > 1 => At::Extra { left: left - 1 },
            At::Extra { .. } => self.next_field(),
            At::Text if byte != 0 => At::Text,
            At::Text => self.next_field(),
            At::CrcLow { sum } => At::CrcHigh { sum, low: byte },
            At::CrcHigh { sum, low } => {
                let told = u16::from_le_bytes([low, byte]);
                // The header's checksum is the lower half of the CRC-32 of all before it.
                if u32::from(told) != sum & 0xffff {
                    return Err("the header's checksum is wrong".to_owned());
                }
                At::End
            }
            At::End => At::End,
        };
        Ok(matches!(self.at, At::End))
    }

    /// The next optional field that the flags announce, in the order of the standard.
    fn next_field(&mut self) -> At {
        if self.take_flag(EXTRA) {
            At::ExtraLow
        } else if self.take_flag(NAME) || self.take_flag(COMMENT) {
            At::Text
        } else if self.take_flag(HEADER_CRC) {
            At::CrcLow { sum: self.crc.sum() }
        } else {
            At::End
        }
    }

    fn take_flag(&mut self, flag: u8) -> bool {
        let was_set = self.flags & flag != 0;
        self.flags &= !flag;
        was_set
    }
}
