//! Compressed bytes in, inflated bytes out. No I/O.

mod gzip;
mod header;
mod sniff;

#[cfg(test)]
mod tests;

use gzip::Members;
use sniff::{Magic, Sniffer};

pub use sniff::Encoding;

/// Inflates one object, pushed in pieces cut anywhere.
///
/// The first bytes, never the name, decide the encoding. Any cutting of the input and any `room`
/// give the same output and the same [`Ending`]. Memory is bounded whatever the input: some tens
/// of KiB here, and what the caller gives as room.
///
/// ```
/// use flowproof_source::{Ending, Inflater};
///
/// let mut inflater = Inflater::new();
/// let mut text = Vec::new();
/// for chunk in [&b"version account-id\n"[..], b"2 123456789012\n"] {
///     let mut taken = 0;
///     loop {
///         let before = text.len();
///         taken += inflater.inflate(&chunk[taken..], &mut text, 4096)?;
///         // A call that did not fill its room has given all that the input holds.
///         if text.len() - before < 4096 {
///             break;
///         }
///     }
///     assert_eq!(taken, chunk.len());
/// }
/// assert_eq!(text, b"version account-id\n2 123456789012\n");
/// assert_eq!(inflater.finish(), Ending::Complete);
/// # Ok::<(), flowproof_source::InflateError>(())
/// ```
#[derive(Debug, Default)]
pub struct Inflater {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Too few bytes to know the encoding.
    Sniffing(Sniffer),
    /// Not compressed. Holds those bytes of the sniffing that are still to be given out.
    Plain { held: Vec<u8> },
    /// One gzip member after the other.
    Gzip(Box<Members>),
    /// An encoding that is known but not read.
    Foreign(Encoding),
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::Sniffing(Sniffer::default())
    }
}

/// How an object ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Whole, with every checksum right.
    Complete,
    /// Whole, but without a byte of content.
    Empty,
    /// Cut in mid stream: it is still being written, or an upload broke. What came out before the
    /// cut can be used.
    Truncated {
        /// Where the end came.
        reason: String,
    },
    /// Damaged: the compressed form or a checksum is wrong. What came out before the damage was
    /// found may contain it.
    Corrupt {
        /// What is wrong, and where.
        reason: String,
    },
    /// In an encoding that is known but not read; nothing came out.
    Unsupported {
        /// Which one.
        encoding: Encoding,
    },
}

/// Why an object cannot be inflated at all. Damage is no such reason: see [`Ending`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InflateError {
    /// The magic bytes are those of an encoding that this version does not read.
    #[error("{} data is not supported in this version", encoding.name())]
    Unsupported {
        /// Which one.
        encoding: Encoding,
    },
}

impl Inflater {
    /// For one object, from its first byte.
    #[must_use]
    pub fn new() -> Inflater {
        Inflater::default()
    }

    /// Takes compressed `input`, appends at most `room` inflated bytes to `out` and returns how many
    /// bytes of `input` were taken.
    ///
    /// All input is taken unless the room ran out first. A call that filled its room may have more
    /// to give: call again with the input that is left, even if that is none. After damage the
    /// input is taken and nothing comes out (see [`is_damaged`](Inflater::is_damaged)).
    ///
    /// # Errors
    ///
    /// [`InflateError::Unsupported`] if the first bytes tell an encoding that is not read.
    pub fn inflate(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        room: usize,
    ) -> Result<usize, InflateError> {
        let mut taken = 0;
        while let Stage::Sniffing(sniffer) = &mut self.stage {
            let Some(&byte) = input.get(taken) else { return Ok(taken) };
            taken += 1;
            if let Some(magic) = sniffer.push(byte) {
                self.stage = Stage::from(magic);
            }
        }
        match &mut self.stage {
            Stage::Plain { held } => Ok(taken + copy(held, &input[taken..], out, room)),
            Stage::Gzip(members) => Ok(taken + members.inflate(&input[taken..], out, room)),
            Stage::Foreign(encoding) => Err(InflateError::Unsupported { encoding: *encoding }),
            Stage::Sniffing(_) => Ok(taken),
        }
    }

    /// How the object ended, given that all of its bytes were taken and all output was fetched.
    #[must_use]
    pub fn finish(&self) -> Ending {
        match &self.stage {
            Stage::Sniffing(sniffer) => sniffer.finish(),
            Stage::Plain { .. } => Ending::Complete,
            Stage::Gzip(members) => members.finish(),
            Stage::Foreign(encoding) => Ending::Unsupported { encoding: *encoding },
        }
    }

    /// The encoding, once enough bytes have come to know it (six always are enough).
    #[must_use]
    pub fn encoding(&self) -> Option<Encoding> {
        match &self.stage {
            Stage::Sniffing(_) => None,
            Stage::Plain { .. } => Some(Encoding::Plain),
            Stage::Gzip(_) => Some(Encoding::Gzip),
            Stage::Foreign(encoding) => Some(*encoding),
        }
    }

    /// Whether damage was met, so that no more output will come. Reading on is of use for the
    /// object's digest only.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(&self.stage, Stage::Gzip(members) if members.is_damaged())
    }
}

impl From<Magic> for Stage {
    fn from(magic: Magic) -> Stage {
        match magic {
            Magic::Plain { held } => Stage::Plain { held },
            Magic::Gzip => Stage::Gzip(Box::new(Members::after_magic())),
            Magic::Foreign(encoding) => Stage::Foreign(encoding),
        }
    }
}

/// Copies what is held and then `input`, as far as `room` goes; returns how much of `input`.
fn copy(held: &mut Vec<u8>, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
    let from_held = held.len().min(room);
    out.extend(held.drain(..from_held));
    let from_input = input.len().min(room - from_held);
    out.extend_from_slice(&input[..from_input]);
    from_input
}
