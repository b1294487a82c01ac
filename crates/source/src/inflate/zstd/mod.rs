//! Zstandard frames, one after the other, with their checksums.

mod header;

use zstd::zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::Ending;
use super::gap::{Found, Gap};
use header::{BlockHeader, FrameHeader, LONGEST, frame_header_length};

pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The magic of frames to be passed over; the lower half of the first byte is free.
pub(super) const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// How much is inflated at a time, in bytes.
const STEP: usize = 64 * 1024;

const INVALID: &str = "invalid compressed data";

/// Whether these bytes, four at most, are the beginning of a skippable frame.
pub(super) fn begins_skippable(held: &[u8]) -> bool {
    match held {
        [] => true,
        [first, rest @ ..] => first & 0xf0 == SKIPPABLE[0] && SKIPPABLE[1..].starts_with(rest),
    }
}

/// Inflates a series of frames. Zero bytes after a frame are padding.
///
/// The library forgets the output of a call in which it meets damage, and may take a whole frame in
/// one call. So that what comes out does not depend on the cuts, no call is given more than one part
/// of a frame: its header, the header of a block, some of a block, the checksum.
pub(super) struct Frames {
    part: Part,
    inflate: DCtx<'static>,
    /// Whether the library may hold output that had no room.
    is_full: bool,
    /// The frame at hand, counted from 1; skippable ones are not counted.
    frame: u64,
    header: FrameHeader,
    /// Inflated bytes of the frame at hand, and of all before it.
    content: u64,
    before: u64,
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Frames { part, frame, .. } = self;
        formatter.debug_struct("Frames").field("frame", frame).field("part", part).finish()
    }
}

/// What the next byte belongs to.
#[derive(Debug)]
enum Part {
    Header(Collect<LONGEST>),
    BlockHeader(Collect<3>),
    Block {
        left: usize,
        is_last: bool,
    },
    Checksum {
        left: usize,
    },
    SkippedSize(Collect<4>),
    Skipped {
        left: u32,
    },
    /// Between two frames, or after the last.
    Between(Gap),
    Damaged {
        reason: String,
    },
}

/// The first bytes of something, as far as they have come.
#[derive(Debug)]
struct Collect<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Collect<N> {
    fn new() -> Collect<N> {
        Collect { bytes: [0; N], length: 0 }
    }

    /// Takes one byte; there must be room for it.
    fn push(&mut self, byte: u8) -> &[u8] {
        self.bytes[self.length] = byte;
        self.length += 1;
        &self.bytes[..self.length]
    }
}

impl Frames {
    /// A series whose first bytes, the magic of a frame, have been taken.
    pub(super) fn after_magic() -> Frames {
        let mut frames = Frames::after_skippable_magic();
        frames.begin_frame();
        frames
    }

    /// A series whose first bytes, the magic of a skippable frame, have been taken.
    pub(super) fn after_skippable_magic() -> Frames {
        Frames {
            part: Part::SkippedSize(Collect::new()),
            inflate: DCtx::create(),
            is_full: false,
            frame: 0,
            header: FrameHeader { has_checksum: false, content: None },
            content: 0,
            before: 0,
        }
    }

    /// See [`Inflater::inflate`](super::Inflater::inflate).
    pub(super) fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
        let limit = out.len().saturating_add(room);
        let mut taken = 0;
        loop {
            let (rest, room) = (&input[taken..], limit - out.len());
            if self.is_full {
                if room == 0 {
                    return taken;
                }
                self.run(&[], out, room);
                continue;
            }
            match self.part {
                Part::Damaged { .. } => return input.len(),
                Part::Block { left, .. } => {
                    if rest.is_empty() || room == 0 {
                        return taken;
                    }
                    taken += self.run(&rest[..left.min(rest.len())], out, room);
                }
                Part::Skipped { left } => {
                    let step = rest.len().min(left as usize);
                    if step == 0 {
                        return taken;
                    }
                    taken += step;
                    self.skip(left - step as u32);
                }
                _ => {
                    let Some(&byte) = rest.first() else { return taken };
                    taken += 1;
                    self.frame(byte);
                }
            }
        }
    }

    pub(super) fn finish(&self) -> Ending {
        let cut = |what, frame| Ending::Truncated {
            reason: format!("ends within the {what} of zstd frame {frame}"),
        };
        match &self.part {
            Part::Header(_) => cut("header", self.frame),
            Part::BlockHeader(_) | Part::Block { .. } => cut("data", self.frame),
            Part::Checksum { .. } => cut("checksum", self.frame),
            Part::SkippedSize(_) | Part::Skipped { .. } => {
                Ending::Truncated { reason: "ends within a skippable zstd frame".to_owned() }
            }
            Part::Between(gap) if gap.has_begun() => cut("header", self.frame + 1),
            Part::Between(_) if self.before == 0 => Ending::Empty,
            Part::Between(_) => Ending::Complete,
            Part::Damaged { reason } => Ending::Corrupt { reason: reason.clone() },
        }
    }

    pub(super) fn is_damaged(&self) -> bool {
        matches!(self.part, Part::Damaged { .. })
    }

    /// Takes one byte of what is not the inside of a block.
    fn frame(&mut self, byte: u8) {
        match &mut self.part {
            Part::Header(header) => {
                let header = header.push(byte);
                if header.len() == frame_header_length(header[0]) {
                    let header = [&MAGIC, header].concat();
                    self.begin_blocks(&header);
                }
            }
            Part::BlockHeader(header) => {
                header.push(byte);
                if header.length == 3 {
                    let header = header.bytes;
                    self.begin_block(header);
                }
            }
            Part::Checksum { left } => {
                *left -= 1;
                let is_whole = *left == 0;
                if !self.feed(&[byte]) {
                    self.damaged("the checksum is wrong");
                } else if is_whole {
                    self.end_frame();
                }
            }
            Part::SkippedSize(size) => {
                size.push(byte);
                if size.length == 4 {
                    let left = u32::from_le_bytes(size.bytes);
                    self.skip(left);
                }
            }
            Part::Between(gap) => {
                let fits = |held: &[u8]| MAGIC.starts_with(held) || begins_skippable(held);
                match gap.push(byte, MAGIC.len(), fits) {
                    Found::Nothing => {}
                    Found::Magic if gap.held() == MAGIC => self.begin_frame(),
                    Found::Magic => self.part = Part::SkippedSize(Collect::new()),
                    Found::Trailing => self.trailing_bytes(),
                }
            }
            Part::Block { .. } | Part::Skipped { .. } | Part::Damaged { .. } => {}
        }
    }

    fn skip(&mut self, left: u32) {
        self.part = match left {
            0 => Part::Between(Gap::default()),
            left => Part::Skipped { left },
        };
    }

    fn begin_frame(&mut self) {
        self.frame += 1;
        self.content = 0;
        self.part = Part::Header(Collect::new());
    }

    /// Takes a whole header, with its magic.
    fn begin_blocks(&mut self, header: &[u8]) {
        match FrameHeader::parse(&header[MAGIC.len()..]) {
            Err(what) => self.damaged(&what),
            Ok(_) if !self.feed(header) => self.damaged(INVALID),
            Ok(header) => {
                self.header = header;
                self.part = Part::BlockHeader(Collect::new());
            }
        }
    }

    fn begin_block(&mut self, bytes: [u8; 3]) {
        let Some(block) = BlockHeader::parse(bytes) else { return self.damaged(INVALID) };
        if let (Some(told), Some(more)) = (self.header.content, block.content) {
            let content = self.content + more;
            if content > told || (block.is_last && content < told) {
                // The library would find that out too, but after a part of the block at times.
                return self.damaged("the size told in its header is wrong");
            }
        }
        if !self.feed(&bytes) {
            return self.damaged(INVALID);
        }
        match block.length {
            0 => self.end_block(block.is_last),
            left => self.part = Part::Block { left, is_last: block.is_last },
        }
    }

    fn end_block(&mut self, is_last: bool) {
        if !is_last {
            self.part = Part::BlockHeader(Collect::new());
        } else if self.header.has_checksum {
            self.part = Part::Checksum { left: 4 };
        } else {
            self.end_frame();
        }
    }

    fn end_frame(&mut self) {
        self.before += self.content;
        self.content = 0;
        self.part = Part::Between(Gap::default());
    }

    /// Hands something to the library of which nothing comes out. Whether all is well with it.
    fn feed(&mut self, input: &[u8]) -> bool {
        let mut source = InBuffer::around(input);
        let mut nothing: [u8; 0] = [];
        let mut target = OutBuffer::around(&mut nothing[..]);
        let result = self.inflate.decompress_stream(&mut target, &mut source);
        result.is_ok() && source.pos() == input.len()
    }

    /// Inflates some of a block, which has come to its end if all of it is taken. Returns what was
    /// taken of `input`; `room` is not 0.
    fn run(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
        let (length, step) = (out.len(), room.min(STEP));
        out.resize(length + step, 0);
        let mut source = InBuffer::around(input);
        let mut target = OutBuffer::around(&mut out[length..]);
        let result = self.inflate.decompress_stream(&mut target, &mut source);
        let (taken, made) = (source.pos(), target.pos());
        out.truncate(length + made);
        self.content += made as u64;
        self.is_full = made == step;
        if result.is_err() {
            self.is_full = false;
            self.damaged(INVALID);
        } else if let Part::Block { left, is_last } = &mut self.part {
            *left -= taken;
            if *left == 0 {
                let is_last = *is_last;
                self.end_block(is_last);
            }
        }
        taken
    }

    fn damaged(&mut self, what: &str) {
        let reason = format!(
            "zstd frame {} is damaged after {} inflated bytes: {what}",
            self.frame,
            self.before + self.content
        );
        self.part = Part::Damaged { reason };
    }

    fn trailing_bytes(&mut self) {
        let reason = format!("trailing bytes that are no zstd frame, after frame {}", self.frame);
        self.part = Part::Damaged { reason };
    }
}
