//! The content of a compressed object, which may be gzip once more.
//!
//! Firehose, when told to compress, makes gzip of what CloudWatch hands it, and that is gzip
//! already; and people compress folders that hold `.gz` files.

use super::codec::Codec;
use super::gzip::Members;
use super::header::MAGIC;
use super::{Encoding, Ending};

/// Outer content that waits for the inner gzip, in bytes.
const BETWEEN: usize = 64 * 1024;

/// Inflates an object, and what is in it once more if that begins as gzip does.
#[derive(Debug)]
pub(super) struct Unpacker {
    outer: Codec,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Too little has come out to know what it is: nothing, or the first byte of gzip's magic.
    Unknown {
        held: Vec<u8>,
    },
    /// Handed out as it is. What was held goes first.
    Text {
        held: Vec<u8>,
    },
    Gzip(Box<Inner>),
}

#[derive(Debug)]
struct Inner {
    members: Members,
    /// What came out of the outer one: taken up to `at`.
    between: Vec<u8>,
    at: usize,
}

impl Unpacker {
    pub(super) fn new(outer: Codec) -> Unpacker {
        Unpacker { outer, content: Content::Unknown { held: Vec::new() } }
    }

    /// See [`Inflater::inflate`](super::Inflater::inflate).
    pub(super) fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
        let mut taken = 0;
        while let Content::Unknown { held } = &mut self.content {
            let length = held.len();
            taken += self.outer.inflate(&input[taken..], held, MAGIC.len() - length);
            if held.len() == length {
                return taken;
            }
            self.content = Content::of(std::mem::take(held));
        }
        let rest = &input[taken..];
        taken
            + match &mut self.content {
                Content::Gzip(inner) => inner.inflate(&mut self.outer, rest, out, room),
                Content::Text { held } | Content::Unknown { held } => {
                    let from_held = held.len().min(room);
                    out.extend(held.drain(..from_held));
                    if !held.is_empty() {
                        return taken;
                    }
                    self.outer.inflate(rest, out, room - from_held)
                }
            }
    }

    pub(super) fn finish(&self) -> Ending {
        let outer = self.outer.finish();
        match (&self.content, &outer) {
            // All that came out before the outer damage was seen by the inner one, so that its
            // damage is the first.
            (Content::Gzip(inner), _) if inner.members.is_damaged() => inner.finish(),
            (Content::Gzip(inner), Ending::Complete | Ending::Empty) => inner.finish(),
            (Content::Unknown { held }, Ending::Complete) if !held.is_empty() => {
                inside(Ending::Truncated {
                    reason: "ends within the magic bytes of gzip".to_owned(),
                })
            }
            _ => outer,
        }
    }

    /// Whether damage was met; output from before it may still be held.
    pub(super) fn is_damaged(&self) -> bool {
        let of_inner = matches!(&self.content, Content::Gzip(inner) if inner.members.is_damaged());
        of_inner || self.outer.is_damaged()
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.outer.encoding()
    }
}

impl Content {
    /// What it is, by its first byte or two.
    fn of(held: Vec<u8>) -> Content {
        if held == MAGIC {
            let members = Members::after_magic();
            Content::Gzip(Box::new(Inner { members, between: Vec::new(), at: 0 }))
        } else if MAGIC.starts_with(&held) {
            Content::Unknown { held }
        } else {
            Content::Text { held }
        }
    }
}

impl Inner {
    fn inflate(
        &mut self,
        outer: &mut Codec,
        input: &[u8],
        out: &mut Vec<u8>,
        room: usize,
    ) -> usize {
        let limit = out.len().saturating_add(room);
        let mut taken = 0;
        loop {
            if self.members.is_damaged() {
                return input.len();
            }
            // Also without input: it may hold output that had no room before.
            self.at += self.members.inflate(&self.between[self.at..], out, limit - out.len());
            if out.len() == limit {
                return taken;
            }
            // There was room left, so that all between was taken.
            self.between.clear();
            self.at = 0;
            taken += outer.inflate(&input[taken..], &mut self.between, BETWEEN);
            if self.between.is_empty() {
                return taken;
            }
        }
    }

    fn finish(&self) -> Ending {
        inside(self.members.finish())
    }
}

/// An ending of the gzip data in other compressed data.
fn inside(ending: Ending) -> Ending {
    let told = |reason| format!("the gzip data inside: {reason}");
    match ending {
        Ending::Truncated { reason } => Ending::Truncated { reason: told(reason) },
        Ending::Corrupt { reason } => Ending::Corrupt { reason: told(reason) },
        other => other,
    }
}
