//! What lies between two compressed parts of an object, or after the last.

/// The longest magic that is looked for, in bytes.
const LONGEST: usize = 4;

/// Takes zero padding and then the magic of a further part, byte by byte.
#[derive(Debug, Default)]
pub(super) struct Gap {
    held: [u8; LONGEST],
    length: usize,
}

/// What the bytes of a gap come to so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// A whole magic: a further part begins.
    Magic,
    /// Bytes that are neither padding nor a magic.
    Trailing,
}

impl Gap {
    /// Takes one byte. `fits` tells whether the bytes held are the beginning of a magic, `whole` how
    /// long that magic is, four bytes at most.
    pub(super) fn push(&mut self, byte: u8, whole: usize, fits: fn(&[u8]) -> bool) -> Found {
        if byte == 0 && self.length == 0 {
            return Found::Nothing;
        }
        self.held[self.length] = byte;
        self.length += 1;
        match fits(self.held()) {
            false => Found::Trailing,
            true if self.length == whole.min(LONGEST) => Found::Magic,
            true => Found::Nothing,
        }
    }

    /// What there is of a magic.
    pub(super) fn held(&self) -> &[u8] {
        &self.held[..self.length]
    }

    /// Whether a magic has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.length > 0
    }
}
