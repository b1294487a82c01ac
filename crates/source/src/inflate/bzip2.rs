//! Bzip2 streams, one after the other, with their checksums.

use bzip2::{Decompress, Status};

use super::Ending;
use super::gap::{Found, Gap};

pub(super) const MAGIC: &[u8] = b"BZh";

/// How much is inflated at a time, in bytes.
const STEP: usize = 64 * 1024;

/// Inflates a series of streams. Zero bytes after a stream are padding. A stream takes 4 MiB of
/// memory at most.
pub(super) struct Streams {
    part: Part,
    inflate: Decompress,
    /// What came out. The library may lose output of the call in which it meets damage. So that
    /// what is lost does not depend on the caller's cuts and rooms, calls always have the rest of
    /// this one buffer to fill, and it is begun again only when it is full.
    step: Box<[u8]>,
    /// How much of it is filled, and how much was handed out.
    filled: usize,
    given: usize,
    /// The stream at hand, counted from 1.
    stream: u64,
    /// Inflated bytes so far.
    content: u64,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Streams { part, stream, .. } = self;
        formatter.debug_struct("Streams").field("stream", stream).field("part", part).finish()
    }
}

/// What the next byte belongs to.
#[derive(Debug)]
enum Part {
    Data,
    /// Between two streams, or after the last.
    Between(Gap),
    Damaged {
        reason: String,
    },
}

impl Streams {
    /// A series whose first bytes, the magic of the first stream, have been taken.
    pub(super) fn after_magic() -> Streams {
        let mut streams = Streams {
            part: Part::Data,
            inflate: Decompress::new(false),
            step: vec![0; STEP].into(),
            filled: 0,
            given: 0,
            stream: 0,
            content: 0,
        };
        streams.begin_stream();
        streams
    }

    /// See [`Inflater::inflate`](super::Inflater::inflate).
    pub(super) fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
        let limit = out.len().saturating_add(room);
        let mut taken = 0;
        loop {
            let ready = &self.step[self.given..self.filled];
            let given = ready.len().min(limit - out.len());
            out.extend_from_slice(&ready[..given]);
            self.given += given;
            if self.given < self.filled {
                return taken;
            }
            let rest = &input[taken..];
            match &mut self.part {
                Part::Damaged { .. } => return input.len(),
                Part::Data => {
                    let (step, advanced) = self.data(rest);
                    taken += step;
                    if !advanced {
                        return taken;
                    }
                }
                Part::Between(gap) => {
                    let Some(&byte) = rest.first() else { return taken };
                    taken += 1;
                    match gap.push(byte, MAGIC.len(), |held| MAGIC.starts_with(held)) {
                        Found::Nothing => {}
                        Found::Magic => self.begin_stream(),
                        Found::Trailing => self.trailing_bytes(),
                    }
                }
            }
        }
    }

    pub(super) fn finish(&self) -> Ending {
        let cut = |what, stream| Ending::Truncated {
            reason: format!("ends within the {what} of bzip2 stream {stream}"),
        };
        match &self.part {
            Part::Data => cut("data", self.stream),
            Part::Between(gap) if gap.has_begun() => cut("header", self.stream + 1),
            Part::Between(_) if self.content == 0 => Ending::Empty,
            Part::Between(_) => Ending::Complete,
            Part::Damaged { reason } => Ending::Corrupt { reason: reason.clone() },
        }
    }

    pub(super) fn is_damaged(&self) -> bool {
        matches!(self.part, Part::Damaged { .. })
    }

    fn begin_stream(&mut self) {
        self.stream += 1;
        self.inflate = Decompress::new(false);
        self.part = Part::Data;
        // The library wants to see the magic too, and nothing comes of it.
        self.data(MAGIC);
    }

    /// Inflates some data. Returns what was taken, and whether anything moved: if not, it takes more
    /// input to go on.
    fn data(&mut self, input: &[u8]) -> (usize, bool) {
        if self.filled == self.step.len() {
            (self.filled, self.given) = (0, 0);
        }
        let (total_in, total_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, &mut self.step[self.filled..]);
        // Both are parts of what the call was given, so that they fit.
        let taken = (self.inflate.total_in() - total_in) as usize;
        let made = (self.inflate.total_out() - total_out) as usize;
        self.filled += made;
        self.content += made as u64;
        match status {
            Ok(Status::StreamEnd) => self.part = Part::Between(Gap::default()),
            Ok(Status::Ok) => return (taken, taken > 0 || made > 0),
            Ok(Status::MemNeeded) => self.damaged("there is not enough memory"),
            // The library tells a wrong checksum and other damage by one word.
            _ => self.damaged("invalid compressed data, or a checksum is wrong"),
        }
        (taken, true)
    }

    fn damaged(&mut self, what: &str) {
        let Streams { stream, content, .. } = self;
        let reason =
            format!("bzip2 stream {stream} is damaged after {content} inflated bytes: {what}");
        self.part = Part::Damaged { reason };
    }

    fn trailing_bytes(&mut self) {
        let reason =
            format!("trailing bytes that are no bzip2 stream, after stream {}", self.stream);
        self.part = Part::Damaged { reason };
    }
}
