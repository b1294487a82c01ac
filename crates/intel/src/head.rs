//! What the first bytes of a list tell before any format is asked.

use std::borrow::Cow;

/// Why the bytes are no text that we read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Text in an encoding other than UTF-8, by the name that `iconv` knows it by.
    Encoding(&'static str),
    /// A container that feeds are published in and that is not opened here.
    Archive(&'static str),
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The length of the byte order mark, and the text behind it. Bytes that are not UTF-8 become
/// replacement characters: a comment in an old encoding harms nobody, an entry with one is refused.
pub(crate) fn text(head: &[u8]) -> Result<(usize, Cow<'_, str>), Unreadable> {
    if let Some(archive) = archive(head) {
        return Err(Unreadable::Archive(archive));
    }
    if let Some(encoding) = by_mark(head).or_else(|| by_zeros(head)) {
        return Err(Unreadable::Encoding(encoding));
    }
    let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    Ok((mark, String::from_utf8_lossy(&head[mark..])))
}

/// The encoding that a byte order mark names, if it is not UTF-8.
fn by_mark(head: &[u8]) -> Option<&'static str> {
    // UTF-32 comes first, since its mark begins with that of UTF-16.
    let marks: [(&[u8], &str); 4] = [
        (&[0xff, 0xfe, 0, 0], "UTF-32LE"),
        (&[0, 0, 0xfe, 0xff], "UTF-32BE"),
        (&[0xff, 0xfe], "UTF-16LE"),
        (&[0xfe, 0xff], "UTF-16BE"),
    ];
    marks.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, encoding)| *encoding)
}

/// Bytes in which zeros tell an encoding that has no mark.
const LOOKED_AT: usize = 1024;

/// The encoding by which of every four bytes are zero, as they are where the letters are Latin.
fn by_zeros(head: &[u8]) -> Option<&'static str> {
    let (words, _) = head[..head.len().min(LOOKED_AT)].as_chunks::<4>();
    let is_zero = [0, 1, 2, 3].map(|at| {
        let zeros = words.iter().filter(|word| word[at] == 0).count();
        zeros * 2 > words.len()
    });
    match is_zero {
        [false, true, false, true] => Some("UTF-16LE"),
        [true, false, true, false] => Some("UTF-16BE"),
        [false, true, true, true] => Some("UTF-32LE"),
        [true, true, true, false] => Some("UTF-32BE"),
        _ => None,
    }
}

fn archive(head: &[u8]) -> Option<&'static str> {
    let magic: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"BZh", "bzip2 data"),
        (b"\xfd7zXZ", "xz data"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"PAR1", "a Parquet file"),
    ];
    if head.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    magic.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name)
}
