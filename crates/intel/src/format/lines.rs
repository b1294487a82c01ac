//! Lines as they are read.

use std::io::{self, BufRead};

/// Bytes of a line that are looked at. No entry is nearly as long, with all that can be said of it.
const LONGEST: usize = 1 << 16;

/// Tells `each` every line, as [`each_line_within`] does, and at most 64 KiB of it.
pub(crate) fn each_line(text: &mut dyn BufRead, each: impl FnMut(u64, &str)) -> io::Result<bool> {
    each_line_within(LONGEST, text, each)
}

/// Tells `each` every line and its number, from 1. Lines end with LF, CRLF or CR alone; the last one
/// needs no end. Bytes that are not UTF-8 become replacement characters, and so does all that a line
/// has beyond `longest` bytes: what it is cut from cannot be taken for a whole entry. A byte order
/// mark is taken off, also from the middle, where files were joined.
///
/// Returns whether the last line has an end; where it has none, the text may be cut off within it.
pub(super) fn each_line_within(
    longest: usize,
    text: &mut dyn BufRead,
    mut each: impl FnMut(u64, &str),
) -> io::Result<bool> {
    let mut line = Line { longest, ..Line::default() };
    let mut number = 0;
    let mut after_cr = false;
    loop {
        let bytes = text.fill_buf()?;
        let Some(first) = bytes.first() else { break };
        if std::mem::take(&mut after_cr) && *first == b'\n' {
            text.consume(1);
            continue;
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        line.add(&bytes[..end.unwrap_or(bytes.len())]);
        after_cr = end.is_some_and(|end| bytes[end] == b'\r');
        let used = end.map_or(bytes.len(), |end| end + 1);
        text.consume(used);
        if end.is_some() {
            number += 1;
            line.tell(|text| each(number, text));
        }
    }
    let ended = !line.is_begun;
    if !ended {
        line.tell(|text| each(number + 1, text));
    }
    Ok(ended)
}

/// A line as far as it has been read.
#[derive(Default)]
struct Line {
    /// Bytes that are kept.
    longest: usize,
    bytes: Vec<u8>,
    is_begun: bool,
    is_cut: bool,
}

impl Line {
    fn add(&mut self, bytes: &[u8]) {
        let room = self.longest - self.bytes.len();
        self.is_begun = true;
        self.is_cut |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Tells the line, and begins the next one.
    fn tell(&mut self, tell: impl FnOnce(&str)) {
        if self.is_cut {
            self.bytes.extend_from_slice("\u{fffd}".as_bytes());
        }
        tell(String::from_utf8_lossy(&self.bytes).trim_start_matches('\u{feff}'));
        self.bytes.clear();
        (self.is_begun, self.is_cut) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(text: &[u8], block: usize) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        let mut text = BufReader::with_capacity(block, text);
        each_line(&mut text, |number, line| lines.push((number, line.to_owned()))).expect("memory");
        lines
    }

    #[test]
    fn lines_end_in_any_way_however_the_bytes_arrive() {
        let text = b"a\r\n\nb\rc\r\r\nd\n\xef\xbb\xbfe\r\n\xfff";
        let expected = ["a", "", "b", "c", "", "d", "e", "\u{fffd}f"];
        let expected: Vec<(u64, String)> = (1..).zip(expected.map(str::to_owned)).collect();
        for block in 1..30 {
            assert_eq!(lines(text, block), expected, "{block}");
        }
        assert_eq!(lines(b"", 5), []);
        assert_eq!(lines(b"\n", 5), [(1, String::new())]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory_and_is_no_entry() {
        let text = [b"1".repeat(LONGEST), b"\n".to_vec(), b"2".repeat(LONGEST + 1)].concat();
        let told = lines(&text, 100);
        assert_eq!(told[0].1.len(), LONGEST);
        assert!(told[1].1.ends_with("2\u{fffd}") && told[1].1.len() == LONGEST + 3);
    }
}
