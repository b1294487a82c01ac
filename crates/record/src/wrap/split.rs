//! Cuts a stream of JSON into its elements without holding more than one of them.
//!
//! An element is an object at the top level, or in an array at the top level, or in an array that is a
//! member of such an object and whose name says that records are in it (`events`, `logEvents`). Of an
//! object with such an array only the rest is kept, and comes as an element of its own, its *frame*.
//!
//! The splitter knows strings, escapes and brackets, no more; whether an element is JSON is found when
//! it is parsed. It does see what cannot go on being JSON - a line end in a string, a bracket where
//! none can stand - and goes on with the next element from there, so that one damaged line does not
//! take the rest of the input with it.

use memchr::memchr3;

/// Longer elements are not held.
pub(super) const MAX_ELEMENT: usize = 1024 * 1024;
/// How much of a longer one is kept, to say what it is.
const HEAD: usize = 256;
/// The bits of the bracket stack. Deeper JSON is not read by the parser either.
const MAX_DEPTH: u32 = 127;

/// Members whose arrays hold elements.
const CONTAINERS: [&[u8]; 7] =
    [b"events", b"logEvents", b"results", b"records", b"Records", b"findings", b"Findings"];

/// A piece of the input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// The beginning of an array of elements in an object, by the name of the member.
    Container { name: &'a [u8] },
    /// An object, or an array in one of the arrays that hold elements.
    Element { bytes: &'a [u8], line: u64 },
    /// What is around an array of elements: the object with the array emptied.
    Frame { bytes: &'a [u8], line: u64 },
    /// What could not be an element, or its beginning.
    Broken { head: &'a [u8], line: u64, why: Broken },
}

/// Why a piece is no element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Something else than an object stands where one is due.
    Stray,
    /// A line ends within a string.
    OpenString,
    /// A bracket or a bare byte that cannot stand there.
    Bracket,
    /// More brackets in brackets than a parser takes.
    TooDeep,
    /// More than [`MAX_ELEMENT`] bytes.
    TooLong,
}

/// What an element lies in.
#[derive(Debug)]
enum Outer {
    /// An array at the top level.
    Array,
    /// An array in an object; the rest of the object so far, up to the array's beginning.
    Container { frame: Vec<u8>, line: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Stray,
    StrayString,
    StrayEscape,
    /// In an element, outside strings.
    Element,
    String,
    /// After a backslash in a string.
    Escape,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Splitter {
    state: State,
    outer: Vec<Outer>,
    /// The element so far, or the beginning of what is none.
    held: Vec<u8>,
    /// Whether `held` is the frame of a container that has ended.
    is_frame: bool,
    /// Whether the element is too long and passed over.
    too_long: bool,
    /// Open brackets, the innermost lowest: 1 is an object's.
    brackets: u128,
    depth: u32,
    /// The last byte that is no blank outside strings; `"` after a string.
    last: u8,
    /// Where the string at hand, or the last one at depth 1, begins and ends in `held`.
    string: (usize, usize),
    line: u64,
    /// The line on which the piece at hand begins.
    begun: u64,
}

impl Splitter {
    pub(super) fn new() -> Splitter {
        Splitter {
            state: State::Between,
            outer: Vec::new(),
            held: Vec::new(),
            is_frame: false,
            too_long: false,
            brackets: 0,
            depth: 0,
            last: 0,
            string: (0, 0),
            line: 1,
            begun: 1,
        }
    }

    /// Takes bytes, cut anywhere, and hands out the pieces that end in them.
    pub(super) fn push(&mut self, bytes: &[u8], mut piece: impl FnMut(Piece<'_>)) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match self.state {
                State::Between => self.between(rest[0]),
                State::Stray | State::StrayString | State::StrayEscape => {
                    self.stray(rest[0], &mut piece)
                }
                State::Element => self.element(rest, &mut piece),
                State::String => self.string(rest, &mut piece),
                State::Escape => self.escape(rest[0]),
            };
        }
    }

    /// Ends the input. Returns where it is cut, if it is, and whether within an element.
    pub(super) fn finish(&mut self, mut piece: impl FnMut(Piece<'_>)) -> Option<Cut> {
        if matches!(self.state, State::Stray | State::StrayString | State::StrayEscape) {
            self.end_broken(Broken::Stray, &mut piece);
        }
        let within_element = self.state != State::Between;
        let container = self.outer.iter().rev().find_map(|outer| match outer {
            Outer::Container { line, .. } => Some(*line),
            Outer::Array => None,
        });
        if within_element {
            Some(Cut { line: self.begun, within_element })
        } else if self.outer.is_empty() {
            None
        } else {
            Some(Cut { line: container.unwrap_or(1), within_element })
        }
    }

    /// A byte between elements. All of these return how many bytes they took: 0 if another state is
    /// to take it.
    fn between(&mut self, byte: u8) -> usize {
        match byte {
            b'\n' => self.line += 1,
            // A record separator begins each element of a JSON text sequence.
            b' ' | b'\t' | b'\r' | b',' | 0x1e => {}
            b'[' if self.outer.is_empty() => self.outer.push(Outer::Array),
            b'{' | b'[' => {
                self.begin();
                return 0;
            }
            b']' => match self.outer.pop() {
                Some(Outer::Array) => {}
                Some(Outer::Container { frame, line }) => self.resume(frame, line),
                None => self.begin_stray(byte),
            },
            _ => self.begin_stray(byte),
        }
        1
    }

    fn begin(&mut self) {
        self.state = State::Element;
        self.held.clear();
        self.is_frame = false;
        self.too_long = false;
        self.brackets = 0;
        self.depth = 0;
        // As if an array were open, in which the element stands.
        self.last = b'[';
        self.begun = self.line;
    }

    /// Goes on with the object whose array has ended.
    fn resume(&mut self, frame: Vec<u8>, line: u64) {
        self.state = State::Element;
        self.held = frame;
        self.is_frame = true;
        self.too_long = false;
        self.brackets = 1;
        self.depth = 1;
        self.begun = line;
        self.last = b']';
        self.hold(b"]");
    }

    fn begin_stray(&mut self, byte: u8) {
        self.state = if byte == b'"' { State::StrayString } else { State::Stray };
        self.held.clear();
        self.held.push(byte);
        self.begun = self.line;
    }

    /// A byte of what is no element: up to the end of the line or where an element may begin, but not
    /// within a string.
    fn stray(&mut self, byte: u8, piece: &mut impl FnMut(Piece<'_>)) -> usize {
        let ends = match byte {
            b'\n' => true,
            b'{' => self.state == State::Stray,
            b',' | b']' => self.state == State::Stray && !self.outer.is_empty(),
            _ => false,
        };
        if ends {
            self.end_broken(Broken::Stray, piece);
            return 0;
        }
        self.state = match (self.state, byte) {
            (State::Stray, b'"') => State::StrayString,
            (State::StrayString, b'"') => State::Stray,
            (State::StrayString, b'\\') => State::StrayEscape,
            (State::StrayEscape, _) => State::StrayString,
            (state, _) => state,
        };
        if self.held.len() < HEAD {
            self.held.push(byte);
        }
        1
    }

    /// Bytes of an element outside strings, up to one that stands for more than itself.
    fn element(&mut self, bytes: &[u8], piece: &mut impl FnMut(Piece<'_>)) -> usize {
        let speaks = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b'"' | b'\n');
        let plain = bytes.iter().position(speaks).unwrap_or(bytes.len());
        if plain > 0 {
            let no_blank = |byte: &&u8| !matches!(byte, b' ' | b'\t' | b'\r');
            self.last = bytes[..plain].iter().rev().find(no_blank).copied().unwrap_or(self.last);
            self.hold(&bytes[..plain]);
            return plain;
        }
        let byte = bytes[0];
        match byte {
            b'{' | b'[' => return self.open(byte, piece),
            b'}' | b']' => return self.close(byte, piece),
            b'"' => {
                self.state = State::String;
                if self.depth == 1 {
                    self.string = (self.held.len() + 1, 0);
                }
            }
            _ => self.line += 1,
        }
        self.hold(&[byte]);
        1
    }

    fn open(&mut self, byte: u8, piece: &mut impl FnMut(Piece<'_>)) -> usize {
        let in_object = self.depth > 0 && self.brackets & 1 == 1;
        let may_stand = match self.last {
            b':' => in_object,
            b'[' | b',' => !in_object,
            _ => false,
        };
        if !may_stand || self.depth >= MAX_DEPTH {
            let why = if may_stand { Broken::TooDeep } else { Broken::Bracket };
            self.end_broken(why, piece);
            // What may stand again is an element's beginning; the brackets within a deep one are not.
            return usize::from(why == Broken::TooDeep || byte == b'[');
        }
        if byte == b'[' && self.is_container() {
            self.enter(piece);
            return 1;
        }
        self.brackets = self.brackets << 1 | u128::from(byte == b'{');
        self.depth += 1;
        self.last = byte;
        self.hold(&[byte]);
        1
    }

    /// Whether the array that begins here is a member that holds elements.
    fn is_container(&self) -> bool {
        let at_record = self.depth == 1
            && !self.is_frame
            && !self.too_long
            && self.brackets & 1 == 1
            && !matches!(self.outer.last(), Some(Outer::Container { .. }));
        let (start, end) = self.string;
        at_record && self.held.get(start..end).is_some_and(|name| CONTAINERS.contains(&name))
    }

    fn enter(&mut self, piece: &mut impl FnMut(Piece<'_>)) {
        piece(Piece::Container { name: &self.held[self.string.0..self.string.1] });
        self.held.push(b'[');
        let frame = std::mem::take(&mut self.held);
        self.outer.push(Outer::Container { frame, line: self.begun });
        self.state = State::Between;
    }

    fn close(&mut self, byte: u8, piece: &mut impl FnMut(Piece<'_>)) -> usize {
        let is_object = self.brackets & 1 == 1;
        if is_object != (byte == b'}') {
            self.end_broken(Broken::Bracket, piece);
            return 1;
        }
        self.hold(&[byte]);
        self.brackets >>= 1;
        self.depth -= 1;
        self.last = byte;
        if self.depth == 0 {
            self.end_element(piece);
        }
        1
    }

    /// Bytes of a string, up to its end, an escape or the end of the line.
    fn string(&mut self, bytes: &[u8], piece: &mut impl FnMut(Piece<'_>)) -> usize {
        let Some(end) = memchr3(b'"', b'\\', b'\n', bytes) else {
            self.hold(bytes);
            return bytes.len();
        };
        self.hold(&bytes[..end]);
        match bytes[end] {
            b'\n' => {
                self.end_broken(Broken::OpenString, piece);
                return end; // The line end is counted between elements.
            }
            b'"' => {
                self.state = State::Element;
                self.last = b'"';
                if self.depth == 1 {
                    self.string.1 = self.held.len();
                }
            }
            _ => self.state = State::Escape,
        }
        self.hold(&bytes[end..=end]);
        end + 1
    }

    fn escape(&mut self, byte: u8) -> usize {
        self.state = State::String;
        if byte == b'\n' {
            return 0; // It breaks the string all the same.
        }
        self.hold(&[byte]);
        1
    }

    /// Holds bytes of the element, unless it grows too long.
    fn hold(&mut self, bytes: &[u8]) {
        if self.too_long {
            return;
        }
        if self.held.len() + bytes.len() > MAX_ELEMENT {
            let room = HEAD.saturating_sub(self.held.len());
            self.held.extend_from_slice(&bytes[..room.min(bytes.len())]);
            self.held.truncate(HEAD);
            self.held.shrink_to(MAX_ELEMENT / 8);
            self.too_long = true;
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn end_element(&mut self, piece: &mut impl FnMut(Piece<'_>)) {
        self.state = State::Between;
        let line = self.begun;
        let bytes = &self.held;
        piece(match (self.too_long, self.is_frame) {
            (true, _) => Piece::Broken { head: bytes, line, why: Broken::TooLong },
            (false, true) => Piece::Frame { bytes, line },
            (false, false) => Piece::Element { bytes, line },
        });
    }

    fn end_broken(&mut self, why: Broken, piece: &mut impl FnMut(Piece<'_>)) {
        self.state = State::Between;
        let head = &self.held[..self.held.len().min(HEAD)];
        piece(Piece::Broken { head, line: self.begun, why });
    }
}

/// Where the input ends before it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// The line on which what is not whole begins.
    pub(super) line: u64,
    /// Whether that is an element; otherwise the elements are whole and what is around them is not.
    pub(super) within_element: bool,
}

#[cfg(test)]
mod tests;
