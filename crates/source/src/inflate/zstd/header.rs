//! The headers in zstd data (RFC 8878, section 3.1.1): of frames and of their blocks.

/// The most bytes of a frame header, without the magic.
pub(super) const LONGEST: usize = 14;

/// The largest window that is read, in bytes: what the `zstd` command takes without being told to.
const LARGEST_WINDOW: u64 = 128 << 20;

const RESERVED: u8 = 1 << 3;
const CHECKSUM: u8 = 1 << 2;
const SINGLE_SEGMENT: u8 = 1 << 5;

/// What the header of a frame says that matters for finding the way through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Whether four bytes of checksum follow the last block.
    pub(super) has_checksum: bool,
    /// Bytes of content, where they are told.
    pub(super) content: Option<u64>,
}

/// How long a frame header is that begins with this byte, with it and without the magic.
pub(super) fn frame_header_length(descriptor: u8) -> usize {
    let (window, dictionary, content) = field_lengths(descriptor);
    1 + window + dictionary + content
}

/// Lengths of the window descriptor, the dictionary's number and the size of the content.
fn field_lengths(descriptor: u8) -> (usize, usize, usize) {
    let is_single = descriptor & SINGLE_SEGMENT != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 0b11)];
    let content = match descriptor >> 6 {
        0 => usize::from(is_single),
        power => 1 << power,
    };
    (usize::from(!is_single), dictionary, content)
}

impl FrameHeader {
    /// Reads a header, which is whole and has no magic. The error says why the frame is not read.
    pub(super) fn parse(header: &[u8]) -> Result<FrameHeader, String> {
        let [descriptor, fields @ ..] = header else { return Err("it has no header".to_owned()) };
        if descriptor & RESERVED != 0 {
            return Err(format!("reserved header flags are set ({descriptor:#010b})"));
        }
        let (window, dictionary, _) = field_lengths(*descriptor);
        let (window, fields) = fields.split_at(window.min(fields.len()));
        let (dictionary, content) = fields.split_at(dictionary.min(fields.len()));
        let content = match content.len() {
            0 => None,
            // Two bytes count from 256 on.
            2 => Some(number(content) + 256),
            _ => Some(number(content)),
        };
        let dictionary = number(dictionary);
        if dictionary != 0 {
            return Err(format!("it takes dictionary {dictionary} to read it"));
        }
        // A single segment is its own window.
        let window = window.first().map_or(content.unwrap_or(0), |window| window_size(*window));
        if window > LARGEST_WINDOW {
            let (needed, limit) = (window.div_ceil(1 << 20), LARGEST_WINDOW >> 20);
            return Err(format!(
                "it takes a window of {needed} MiB to read it, and the limit is {limit} MiB"
            ));
        }
        Ok(FrameHeader { has_checksum: descriptor & CHECKSUM != 0, content })
    }
}

fn window_size(descriptor: u8) -> u64 {
    let base = 1u64 << (10 + (descriptor >> 3));
    base + base / 8 * u64::from(descriptor & 0b111)
}

/// Up to eight bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What the header of a block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockHeader {
    pub(super) is_last: bool,
    /// Bytes that follow.
    pub(super) length: usize,
    /// Bytes that come out, where they are told.
    pub(super) content: Option<u64>,
}

impl BlockHeader {
    /// Reads a header. `None` if it is of a kind that does not exist.
    pub(super) fn parse([a, b, c]: [u8; 3]) -> Option<BlockHeader> {
        let header = u32::from_le_bytes([a, b, c, 0]);
        let size = header >> 3;
        let (length, content) = match header >> 1 & 0b11 {
            0 => (size, Some(u64::from(size))), // as it is
            1 => (1, Some(u64::from(size))),    // one byte, over and over
            2 => (size, None),
            _ => return None,
        };
        Some(BlockHeader { is_last: header & 1 != 0, length: length as usize, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_headers_tell_length_window_checksum_and_content() {
        // A window of 2 MiB, with a checksum, no size.
        assert_eq!(frame_header_length(0x04), 2);
        let header = FrameHeader { has_checksum: true, content: None };
        assert_eq!(FrameHeader::parse(&[0x04, 0x58]), Ok(header));
        // A single segment of 256 + 7 bytes.
        assert_eq!(frame_header_length(0x60), 3);
        let header = FrameHeader { has_checksum: false, content: Some(263) };
        assert_eq!(FrameHeader::parse(&[0x60, 7, 0]), Ok(header));
        assert_eq!(frame_header_length(0b1100_0011), LONGEST);
    }

    #[test]
    fn windows_are_read_up_to_128_mib() {
        assert!(FrameHeader::parse(&[0, 17 << 3]).is_ok());
        let refused = FrameHeader::parse(&[0, 17 << 3 | 1]).unwrap_err();
        assert!(refused.contains("a window of 144 MiB"), "{refused}");
        let single = [&[0b1110_0000][..], &(1u64 << 40).to_le_bytes()].concat();
        assert!(FrameHeader::parse(&single).unwrap_err().contains("1048576 MiB"));
    }

    #[test]
    fn a_dictionary_and_a_reserved_flag_are_refused_by_name() {
        assert!(FrameHeader::parse(&[0b10, 0, 1, 2]).unwrap_err().contains("dictionary 513"));
        assert!(FrameHeader::parse(&[0b1000, 0]).unwrap_err().contains("reserved"));
    }

    #[test]
    fn block_headers_tell_what_follows_and_what_comes_out() {
        let parse = |last: u32, kind: u32, size: u32| {
            let [a, b, c, _] = (last | kind << 1 | size << 3).to_le_bytes();
            BlockHeader::parse([a, b, c])
        };
        let block = |is_last, length, content| Some(BlockHeader { is_last, length, content });
        assert_eq!(parse(0, 0, 70_000), block(false, 70_000, Some(70_000)));
        assert_eq!(parse(1, 1, 70_000), block(true, 1, Some(70_000)));
        assert_eq!(parse(1, 2, 9), block(true, 9, None));
        assert_eq!(parse(0, 3, 9), None);
    }
}
