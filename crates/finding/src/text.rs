//! Bytes to text: gzip and encodings.
//!
//! The first bytes decide, never a file's name.

use std::borrow::Cow;
use std::io::Read;

use crate::FindingError;

/// The most bytes of text that are read (256 MiB), as they stand or inflated. An export object of
/// GuardDuty holds far less; what is more, or inflates to more, is a bomb or a file to be split.
pub const MAX_TEXT_BYTES: usize = 256 << 20;

/// The text of `bytes`, inflated if it is gzip.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FindingError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let inflated = inflate(bytes, MAX_TEXT_BYTES)?;
        return Ok(Cow::Owned(plain(&inflated)?.into_owned()));
    }
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(FindingError::TooLarge { limit: MAX_TEXT_BYTES });
    }
    plain(bytes)
}

/// All members of a gzip stream, at most `limit` bytes.
fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, FindingError> {
    let mut out = Vec::new();
    // One byte more than allowed tells "exactly full" from "too much".
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes).take(most);
    if let Err(error) = decoder.read_to_end(&mut out) {
        return Err(FindingError::Gzip { inflated: out.len(), reason: error.to_string() });
    }
    if out.len() > limit {
        return Err(FindingError::TooLarge { limit });
    }
    Ok(out)
}

/// UTF-8 with or without a byte order mark, or UTF-16 with one: PowerShell's `>` writes UTF-16.
fn plain(bytes: &[u8]) -> Result<Cow<'_, str>, FindingError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => utf8(bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes)).map(Cow::Borrowed),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, FindingError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        FindingError::NotText {
            looks_like: binary_kind(bytes),
            encoding: "UTF-8",
            line: 1 + newlines(before),
        }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, FindingError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let broken = |text: &str| FindingError::NotText {
        looks_like: "UTF-16 that is cut or damaged",
        encoding: "UTF-16",
        line: 1 + newlines(text.as_bytes()),
    };
    for unit in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        let Ok(character) = unit else { return Err(broken(&text)) };
        text.push(character);
    }
    if odd.is_empty() { Ok(text) } else { Err(broken(&text)) }
}

/// What bytes that are no text probably are.
fn binary_kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "a zstd stream",
        [b'B', b'Z', b'h', ..] => "a bzip2 stream",
        _ => "binary or in another encoding",
    }
}

/// Line ends in `bytes`.
pub(crate) fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_members_of_a_gzip_stream_are_read() {
        let two = [gzip(b"{\"a\":1}\n"), gzip(b"{\"b\":2}\n")].concat();
        assert_eq!(decode(&two).unwrap(), "{\"a\":1}\n{\"b\":2}\n");
    }

    #[test]
    fn a_stream_that_inflates_to_exactly_the_limit_is_read_and_one_byte_more_is_not() {
        let stream = gzip(&[b' '; 1000]);
        assert_eq!(inflate(&stream, 1000).unwrap().len(), 1000);
        assert_eq!(inflate(&stream, 999), Err(FindingError::TooLarge { limit: 999 }));
    }

    #[test]
    fn a_cut_gzip_stream_is_an_error() {
        let whole = gzip(&[b'x'; 5000]);
        let cut = decode(&whole[..whole.len() - 9]);
        assert!(matches!(cut, Err(FindingError::Gzip { .. })), "{cut:?}");
    }

    #[test]
    fn byte_order_marks_decide_the_encoding() {
        let text = "{\"title\":\"Zürich\"}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&[&[0xff, 0xfe], little.as_slice()].concat()).unwrap(), text);
        assert_eq!(decode(&[&[0xfe, 0xff], big.as_slice()].concat()).unwrap(), text);
        assert_eq!(decode(&[&[0xef, 0xbb, 0xbf], text.as_bytes()].concat()).unwrap(), text);
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error_with_the_line() {
        let error = decode(b"{}\n{\"a\":\"\xff\"}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "not text (binary or in another encoding): line 2 is not valid UTF-8"
        );
        let error = decode(&[0xff, 0xfe, b'{', 0, b'}']).unwrap_err();
        assert!(error.to_string().contains("UTF-16"), "{error}");
    }
}
