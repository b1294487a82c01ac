//! The ways of compression that are read, behind one face.

use super::bzip2::Streams;
use super::gzip::Members;
use super::header::MAGIC as GZIP;
use super::zstd::Frames;
use super::{Encoding, Ending, bzip2, zstd};

/// Inflates one series of compressed parts.
#[derive(Debug)]
pub(super) enum Codec {
    Gzip(Box<Members>),
    Zstd(Box<Frames>),
    Bzip2(Box<Streams>),
}

impl Codec {
    /// The codec whose magic was taken; `None` if it is of none.
    pub(super) fn after_magic(magic: &[u8]) -> Option<Codec> {
        if magic == GZIP {
            Some(Codec::Gzip(Box::new(Members::after_magic())))
        } else if magic == bzip2::MAGIC {
            Some(Codec::Bzip2(Box::new(Streams::after_magic())))
        } else if magic == zstd::MAGIC {
            Some(Codec::Zstd(Box::new(Frames::after_magic())))
        } else if magic.len() == zstd::MAGIC.len() && zstd::begins_skippable(magic) {
            Some(Codec::Zstd(Box::new(Frames::after_skippable_magic())))
        } else {
            None
        }
    }

    /// See [`Inflater::inflate`](super::Inflater::inflate).
    pub(super) fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> usize {
        match self {
            Codec::Gzip(members) => members.inflate(input, out, room),
            Codec::Zstd(frames) => frames.inflate(input, out, room),
            Codec::Bzip2(streams) => streams.inflate(input, out, room),
        }
    }

    /// How it ended, given that all input was taken and all output fetched.
    pub(super) fn finish(&self) -> Ending {
        match self {
            Codec::Gzip(members) => members.finish(),
            Codec::Zstd(frames) => frames.finish(),
            Codec::Bzip2(streams) => streams.finish(),
        }
    }

    /// Whether damage was met; output from before it may still be held.
    pub(super) fn is_damaged(&self) -> bool {
        match self {
            Codec::Gzip(members) => members.is_damaged(),
            Codec::Zstd(frames) => frames.is_damaged(),
            Codec::Bzip2(streams) => streams.is_damaged(),
        }
    }

    pub(super) fn encoding(&self) -> Encoding {
        match self {
            Codec::Gzip(_) => Encoding::Gzip,
            Codec::Zstd(_) => Encoding::Zstd,
            Codec::Bzip2(_) => Encoding::Bzip2,
        }
    }
}
