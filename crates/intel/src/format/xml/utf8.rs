//! The bytes of an XML document as UTF-8, and the line that they are at.

use std::io::{self, BufRead, ErrorKind, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::Event;

/// How much is decoded at once.
const DECODED: usize = 1 << 14;

/// Bytes at the beginning in which an XML declaration ends.
const DECLARATION: usize = 1024;

/// The most bytes of a tag, a comment or a text, each of which is held as a whole. It is room for half
/// a million addresses in one element.
pub(super) const LARGEST_ITEM: usize = 1 << 24;

/// What reading fails with where an item is larger.
pub(super) const ITEM_TOO_LARGE: ErrorKind = ErrorKind::QuotaExceeded;

/// Decodes as it is read. Bytes that the encoding does not have become replacement characters, as in
/// lists of lines: a comment with one harms nobody, an entry with one is refused.
pub(super) struct Utf8<'a> {
    bytes: &'a mut dyn BufRead,
    decoder: Decoder,
    is_decoded: bool,
    text: Box<[u8]>,
    /// Where in `text` that lies which is decoded and not yet consumed.
    ahead: std::ops::Range<usize>,
    line_ends: u64,
    after_return: bool,
    /// What is left of the room for the item that is being read.
    room: usize,
}

impl<'a> Utf8<'a> {
    pub(super) fn new(bytes: &'a mut dyn BufRead) -> io::Result<Self> {
        let encoding = declared_encoding(bytes.fill_buf()?).unwrap_or(UTF_8);
        Ok(Self {
            bytes,
            decoder: encoding.new_decoder_without_bom_handling(),
            is_decoded: false,
            text: vec![0; DECODED].into(),
            ahead: 0..0,
            line_ends: 0,
            after_return: false,
            room: LARGEST_ITEM,
        })
    }

    /// The line, from 1, of the next byte to be consumed. As in lists of lines, a line ends with LF,
    /// CRLF or CR alone.
    pub(super) fn line(&self) -> u64 {
        self.line_ends + 1
    }

    /// The next item begins.
    pub(super) fn begin_item(&mut self) {
        self.room = LARGEST_ITEM;
    }

    fn decode(&mut self) -> io::Result<()> {
        let encoded = self.bytes.fill_buf()?;
        let is_last = encoded.is_empty();
        let (state, read, written, _) =
            self.decoder.decode_to_utf8(encoded, &mut self.text, is_last);
        self.bytes.consume(read);
        self.is_decoded = is_last && state == CoderResult::InputEmpty;
        self.ahead = 0..written;
        Ok(())
    }

    fn pass(&mut self, byte: u8) {
        let is_second_half = byte == b'\n' && self.after_return;
        self.line_ends += u64::from(matches!(byte, b'\n' | b'\r') && !is_second_half);
        self.after_return = byte == b'\r';
    }
}

impl BufRead for Utf8<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.room == 0 {
            return Err(ITEM_TOO_LARGE.into());
        }
        while self.ahead.is_empty() && !self.is_decoded {
            self.decode()?;
        }
        Ok(&self.text[self.ahead.clone()])
    }

    fn consume(&mut self, amount: usize) {
        let end = self.ahead.end.min(self.ahead.start + amount);
        for at in self.ahead.start..end {
            self.pass(self.text[at]);
        }
        self.room = self.room.saturating_sub(end - self.ahead.start);
        self.ahead.start = end;
    }
}

impl Read for Utf8<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// The encoding that the XML declaration names. The declaration could be read, so an encoding that
/// is not like ASCII is a wrong name: programs save text as UTF-8 that says `utf-16`.
fn declared_encoding(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(DECLARATION)];
    let end = head.windows(2).position(|pair| pair == b"?>")? + 2;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let Ok(Event::Decl(declaration)) = Reader::from_str(declaration).read_event() else {
        return None;
    };
    let name = declaration.encoding()?.ok()?;
    // By the web's table of names, ASCII would be Windows-1252.
    if ["us-ascii", "ascii"].contains(&&*name.to_ascii_lowercase()) {
        return None;
    }
    Encoding::for_label(name.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, u64) {
        let mut bytes = bytes;
        let mut utf8 = Utf8::new(&mut bytes).expect("memory");
        let mut text = String::new();
        utf8.read_to_string(&mut text).expect("UTF-8");
        let line = utf8.line();
        (text, line)
    }

    #[test]
    fn the_declared_encoding_is_decoded() {
        let with = |name: &str, rest: &[u8]| {
            let declaration = format!("<?xml version='1.0' encoding='{name}'?>");
            let (text, _) = decoded(&[declaration.as_bytes(), rest].concat());
            text[declaration.len()..].to_owned()
        };
        assert_eq!(with("iso-8859-1", b"caf\xe9"), "caf\u{e9}");
        assert_eq!(with("windows-1251", b"\xe4\xe0"), "\u{434}\u{430}");
        assert_eq!(with("UTF-8", "caf\u{e9}".as_bytes()), "caf\u{e9}");
        assert_eq!(with("us-ascii", "caf\u{e9}".as_bytes()), "caf\u{e9}");
        assert_eq!(with("utf-16", "caf\u{e9}".as_bytes()), "caf\u{e9}", "it is not");
        assert_eq!(with("no-such", b"caf\xe9"), "caf\u{fffd}");
        assert_eq!(decoded(b"caf\xe9").0, "caf\u{fffd}");
    }

    #[test]
    fn lines_are_counted_by_any_line_end_and_across_blocks() {
        assert_eq!(decoded(b"").1, 1);
        assert_eq!(decoded(b"a\nb\r\nc\rd").1, 4);
        let long = [vec![b'x'; DECODED - 1], b"\r\ny\n".to_vec()].concat();
        let (text, line) = decoded(&long);
        assert_eq!((text.as_bytes(), line), (&*long, 3));
    }
}
