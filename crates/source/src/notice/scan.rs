//! Where a JSON list or object ends, or stops being one, byte by byte. What strings, numbers and
//! words look like inside is left to the parser that reads the whole.
//!
//! Only counting brackets would not do: a document that was cut off would go on into those after it.

use super::NOTICE_DEPTH;

/// The state between two bytes.
pub(super) struct Scan {
    /// A bit for each open bracket, the innermost lowest: set for objects.
    objects: u64,
    depth: u32,
    expected: Expected,
    within: Within,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Text,
    /// After a backslash in a text.
    Escape,
    /// A number or a word.
    Bare,
}

/// What a byte leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on.
    More,
    /// The byte was its last.
    Done,
}

/// Why the bytes so far begin no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScanFault {
    TooDeep,
    /// What was found, in words.
    Broken(&'static str),
}

impl Scan {
    /// Before the first byte, which is to be a bracket.
    pub(super) fn new() -> Scan {
        Scan { objects: 0, depth: 0, expected: Expected::Value, within: Within::Nothing }
    }

    pub(super) fn push(&mut self, byte: u8) -> Result<Step, ScanFault> {
        match self.within {
            Within::Text => self.text(byte)?,
            Within::Escape => self.within = Within::Text,
            Within::Bare if is_bare(byte) => {}
            Within::Bare | Within::Nothing => {
                self.within = Within::Nothing;
                self.token(byte)?;
            }
        }
        Ok(if self.depth == 0 { Step::Done } else { Step::More })
    }

    fn text(&mut self, byte: u8) -> Result<(), ScanFault> {
        match byte {
            b'"' => self.within = Within::Nothing,
            b'\\' => self.within = Within::Escape,
            b'\n' => return Err(ScanFault::Broken("a line end within a text")),
            _ => {}
        }
        Ok(())
    }

    fn token(&mut self, byte: u8) -> Result<(), ScanFault> {
        use Expected::{Colon, CommaOrEnd, Key, KeyOrEnd, Value, ValueOrEnd};
        match (byte, self.expected) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b'{', Value | ValueOrEnd) => self.enter(true)?,
            (b'[', Value | ValueOrEnd) => self.enter(false)?,
            (b'}', KeyOrEnd) => self.leave(),
            (b']', ValueOrEnd) => self.leave(),
            (b'}', CommaOrEnd) if self.in_object() => self.leave(),
            (b']', CommaOrEnd) if !self.in_object() => self.leave(),
            (b',', CommaOrEnd) => self.expected = if self.in_object() { Key } else { Value },
            (b':', Colon) => self.expected = Value,
            (b'"', Key | KeyOrEnd) => (self.within, self.expected) = (Within::Text, Colon),
            (b'"', Value | ValueOrEnd) => {
                (self.within, self.expected) = (Within::Text, CommaOrEnd);
            }
            (byte, Value | ValueOrEnd) if is_bare(byte) => {
                (self.within, self.expected) = (Within::Bare, CommaOrEnd);
            }
            (_, expected) => return Err(ScanFault::Broken(expected.missed())),
        }
        Ok(())
    }

    fn enter(&mut self, object: bool) -> Result<(), ScanFault> {
        if self.depth == NOTICE_DEPTH {
            return Err(ScanFault::TooDeep);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(object);
        self.expected = if object { Expected::KeyOrEnd } else { Expected::ValueOrEnd };
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
        self.expected = Expected::CommaOrEnd;
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

impl Expected {
    fn missed(self) -> &'static str {
        match self {
            Expected::Value => "no value where one is due",
            Expected::ValueOrEnd => "neither a value nor `]` where one of them is due",
            Expected::Key => "no member's name where one is due",
            Expected::KeyOrEnd => "neither a member's name nor `}` where one of them is due",
            Expected::Colon => "no `:` after a member's name",
            Expected::CommaOrEnd => "neither `,` nor the end after a value",
        }
    }
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

const _: () = assert!(NOTICE_DEPTH <= u64::BITS, "a bit for each open bracket");
