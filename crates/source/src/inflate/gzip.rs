//! Gzip members, one after the other, with their checksums.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::Ending;
use super::header::{Header, MAGIC};

/// How much is inflated at a time where the output must be zeroed first, in bytes.
const STEP: usize = 64 * 1024;

/// Inflates a series of members. Zero bytes after a member are padding (tapes, block devices).
pub(super) struct Members {
    part: Part,
    inflate: Decompress,
    /// Of the content of the member at hand.
    crc: Crc,
    /// The member at hand, counted from 1.
    member: u64,
    /// Inflated bytes of all members before the one at hand.
    before: u64,
}

impl std::fmt::Debug for Members {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Members { part, member, .. } = self;
        formatter.debug_struct("Members").field("member", member).field("part", part).finish()
    }
}

/// What the next byte belongs to.
#[derive(Debug)]
enum Part {
    Header(Header),
    Data,
    /// CRC-32 and size, as far as they have come.
    Trailer {
        bytes: [u8; 8],
        length: usize,
    },
    /// Between two members, or after the last.
    Between,
    /// After the first magic byte of a further member.
    HalfMagic,
    Damaged {
        reason: String,
    },
}

impl Members {
    /// A series whose first two bytes, the magic of the first member, have been taken.
    pub(super) fn after_magic() -> Members {
        Members {
            part: Part::Header(Header::after_magic()),
            inflate: Decompress::new(false),
            crc: Crc::new(),
            member: 1,
            before: 0,
        }
    }

    /// See [`Inflater::inflate`](super::Inflater::inflate).
    pub(super) fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
        let limit = out.len().saturating_add(room);
        let mut taken = 0;
        loop {
            let rest = &input[taken..];
            if matches!(self.part, Part::Damaged { .. }) {
                return input.len();
            }
            if matches!(self.part, Part::Data) {
                let (step, advanced) = self.data(rest, out, limit - out.len());
                taken += step;
                if !advanced {
                    return taken;
                }
            } else {
                let Some(&byte) = rest.first() else { return taken };
                taken += 1;
                self.frame(byte);
            }
        }
    }

    pub(super) fn finish(&self) -> Ending {
        let cut = |what| Ending::Truncated {
            reason: format!("ends within the {what} of gzip member {}", self.member),
        };
        match &self.part {
            Part::Header(_) | Part::HalfMagic => cut("header"),
            Part::Data => cut("data"),
            Part::Trailer { .. } => cut("checksum"),
            Part::Between if self.before == 0 => Ending::Empty,
            Part::Between => Ending::Complete,
            Part::Damaged { reason } => Ending::Corrupt { reason: reason.clone() },
        }
    }

    pub(super) fn is_damaged(&self) -> bool {
        matches!(self.part, Part::Damaged { .. })
    }

    /// Takes one byte that is not compressed data.
    fn frame(&mut self, byte: u8) {
        match &mut self.part {
            Part::Header(header) => match header.push(byte) {
                Ok(false) => {}
                Ok(true) => self.begin_data(),
                Err(what) => self.damaged(&what),
            },
            Part::Trailer { bytes, length } => {
                bytes[*length] = byte;
                *length += 1;
                if *length == bytes.len() {
                    let bytes = *bytes;
                    self.check_trailer(bytes);
                }
            }
            Part::Between => match byte {
                0 => {}
                _ if byte == MAGIC[0] => {
                    self.member += 1;
                    self.part = Part::HalfMagic;
                }
                _ => self.trailing_bytes(),
            },
            Part::HalfMagic if byte == MAGIC[1] => self.part = Part::Header(Header::after_magic()),
            Part::HalfMagic => {
                self.member -= 1;
                self.trailing_bytes();
            }
            Part::Data | Part::Damaged { .. } => {}
        }
    }

    fn begin_data(&mut self) {
        self.inflate.reset(false);
        self.crc.reset();
        self.part = Part::Data;
    }

    /// Inflates some data. Returns what was taken, and whether anything moved: if not, it takes more
    /// input or more room to go on.
    fn data(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> (usize, bool) {
        if room == 0 {
            return (0, false);
        }
        let (length, total) = (out.len(), self.inflate.total_in());
        let status = inflate_into(&mut self.inflate, input, out, room);
        // What was taken is a part of `input`, so that it fits.
        let taken = (self.inflate.total_in() - total) as usize;
        self.crc.update(&out[length..]);
        match status {
            Ok(Status::StreamEnd) => {
                self.part = Part::Trailer { bytes: [0; 8], length: 0 };
                (taken, true)
            }
            Ok(_) => (taken, taken > 0 || out.len() > length),
            // The library's words for one damage depend on how the input was cut; ours must not.
            Err(_) => {
                self.damaged("invalid compressed data");
                (taken, true)
            }
        }
    }

    fn check_trailer(&mut self, bytes: [u8; 8]) {
        let [a, b, c, d, e, f, g, h] = bytes;
        let size = self.inflate.total_out();
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            self.damaged("the checksum is wrong");
        // The size is told modulo 2^32.
        } else if u32::from_le_bytes([e, f, g, h]) != size as u32 {
            self.damaged("the size told at its end is wrong");
        } else {
            self.before += size;
            self.part = Part::Between;
        }
    }

    fn damaged(&mut self, what: &str) {
        let content = match self.part {
            Part::Data | Part::Trailer { .. } => self.inflate.total_out(),
            _ => 0,
        };
        let reason = format!(
            "gzip member {} is damaged after {} inflated bytes: {what}",
            self.member,
            self.before + content
        );
        self.part = Part::Damaged { reason };
    }

    fn trailing_bytes(&mut self) {
        let reason =
            format!("trailing bytes that are no gzip member, after member {}", self.member);
        self.part = Part::Damaged { reason };
    }
}

/// Inflates into `out`, at most `room` bytes more.
fn inflate_into(
    inflate: &mut Decompress,
    input: &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<Status, flate2::DecompressError> {
    if out.len() == out.capacity() {
        out.reserve(room.min(STEP));
    }
    // Capacity that was reserved can be filled without zeroing it, but only to its end. Callers
    // that reserve what they have room for take this way.
    if out.capacity() - out.len() <= room {
        return inflate.decompress_vec(input, out, FlushDecompress::None);
    }
    let length = out.len();
    let total = inflate.total_out();
    out.resize(length + room.min(STEP), 0);
    let status = inflate.decompress(input, &mut out[length..], FlushDecompress::None);
    // What came out lies in the part just added, so that it fits.
    out.truncate(length + (inflate.total_out() - total) as usize);
    status
}
