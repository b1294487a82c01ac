//! A list's file to its text.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// The most bytes of a list, stored or inflated. A published list is a few megabytes; what is
/// larger than this is something else, or made to fill the memory.
pub(crate) const LARGEST: u64 = 1 << 30;

/// Why a file has no text.
#[derive(Debug)]
pub(crate) enum Undecodable {
    Gzip(io::Error),
    TooLarge,
    Encoding(&'static str),
    Archive(&'static str),
}

/// The text of a file, inflated and without a byte order mark. Bytes that are not UTF-8 become
/// replacement characters: a comment in an old encoding harms nobody, an entry with one is refused.
pub(crate) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return plain(bytes);
    }
    let inflated = inflate(bytes)?;
    plain(&inflated).map(|text| Cow::Owned(text.into_owned()))
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, Undecodable> {
    let mut inflated = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(LARGEST + 1);
    reader.read_to_end(&mut inflated).map_err(Undecodable::Gzip)?;
    if inflated.len() as u64 > LARGEST { Err(Undecodable::TooLarge) } else { Ok(inflated) }
}

fn plain(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    if let Some(archive) = archive(bytes) {
        return Err(Undecodable::Archive(archive));
    }
    // UTF-32 comes first, since its mark begins with that of UTF-16.
    let marks: [(&[u8], &str); 4] = [
        (&[0xff, 0xfe, 0, 0], "UTF-32 (little endian)"),
        (&[0, 0, 0xfe, 0xff], "UTF-32 (big endian)"),
        (&[0xff, 0xfe], "UTF-16 (little endian)"),
        (&[0xfe, 0xff], "UTF-16 (big endian)"),
    ];
    if let Some((_, encoding)) = marks.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Err(Undecodable::Encoding(encoding));
    }
    Ok(String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)))
}

/// Containers that feeds are published in and that are not opened here.
fn archive(bytes: &[u8]) -> Option<&'static str> {
    let magic: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"BZh", "bzip2 data"),
        (b"\xfd7zXZ", "xz data"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"PAR1", "a Parquet file"),
    ];
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    magic.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, name)| *name)
}
