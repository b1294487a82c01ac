//! Compressed bytes in, inflated bytes out. No I/O.

mod bzip2;
mod codec;
mod gap;
mod gzip;
mod header;
mod sniff;
mod unpack;
mod whole;
mod zstd;

#[cfg(test)]
mod tests;

use codec::Codec;
use sniff::{Magic, Sniffer};
use unpack::Unpacker;

pub use sniff::{Encoding, encoding_of};
pub use whole::WholeInflater;

/// Whether bytes begin as a gzip object does.
pub(crate) fn is_gzip(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(&header::MAGIC)
}

/// Inflates one object, pushed in pieces cut anywhere.
///
/// The first bytes, never the name, decide the encoding. Any cutting of the input and any `room`
/// give the same output and the same [`Ending`]. Compressed content that begins as gzip itself is
/// inflated once more. Memory is bounded whatever the input: some hundred KiB here for gzip, 4 MiB
/// for bzip2, the window of a frame and as much as a block for zstd (a window is some MiB as a rule,
/// and 128 MiB at most), and what the caller gives as room.
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
    /// Whether the last call filled its room, so that more output may be held.
    is_full: bool,
}

#[derive(Debug)]
enum Stage {
    /// Too few bytes to know the encoding.
    Sniffing(Sniffer),
    /// Not compressed. Holds those bytes of the sniffing that are still to be given out.
    Plain { held: Vec<u8> },
    /// Compressed in a way that is read.
    Packed(Box<Unpacker>),
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
        let (rest, length) = (&input[taken..], out.len());
        taken += match &mut self.stage {
            Stage::Plain { held } => copy(held, rest, out, room),
            Stage::Packed(unpacker) => unpacker.inflate(rest, out, room),
            Stage::Foreign(encoding) => {
                return Err(InflateError::Unsupported { encoding: *encoding });
            }
            Stage::Sniffing(_) => 0,
        };
        self.is_full = out.len() - length >= room;
        Ok(taken)
    }

    /// How the object ended, given that all of its bytes were taken and all output was fetched.
    #[must_use]
    pub fn finish(&self) -> Ending {
        match &self.stage {
            Stage::Sniffing(sniffer) => sniffer.finish(),
            Stage::Plain { .. } => Ending::Complete,
            Stage::Packed(unpacker) => unpacker.finish(),
            Stage::Foreign(encoding) => Ending::Unsupported { encoding: *encoding },
        }
    }

    /// The encoding, once enough bytes have come to know it (six always are enough). Of gzip in
    /// gzip, and in others, the outer one.
    #[must_use]
    pub fn encoding(&self) -> Option<Encoding> {
        match &self.stage {
            Stage::Sniffing(_) => None,
            Stage::Plain { .. } => Some(Encoding::Plain),
            Stage::Packed(unpacker) => Some(unpacker.encoding()),
            Stage::Foreign(encoding) => Some(*encoding),
        }
    }

    /// Whether damage was met, so that no more output will come. Reading on is of use for the
    /// object's digest only.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        !self.is_full && matches!(&self.stage, Stage::Packed(unpacker) if unpacker.is_damaged())
    }
}

impl From<Magic> for Stage {
    fn from(magic: Magic) -> Stage {
        match magic {
            Magic::Plain { held } => Stage::Plain { held },
            Magic::Known { magic, encoding } => match Codec::after_magic(&magic) {
                Some(codec) => Stage::Packed(Box::new(Unpacker::new(codec))),
                None => Stage::Foreign(encoding),
            },
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
