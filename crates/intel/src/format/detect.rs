//! Which format a list is in, by how it begins.

use super::{ListFormat, json};

/// A text that is in no format we read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Html,
    /// The name of the format, for people.
    Format(&'static str),
}

/// Bytes at the beginning in which a web page says what it is.
const HEAD: usize = 1024;

/// The format by the first sign that is not blank. Formats that only a look at the lines can tell
/// from plain text (CSV above all) are left to the plain text parser.
pub(crate) fn detect(text: &str) -> Result<ListFormat, Foreign> {
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'<') if is_html(text) => Err(Foreign::Html),
        Some(b'<') => Err(Foreign::Format("XML")),
        Some(b'{') => json::recognise(text),
        Some(b'[') if is_json_array(text) => json::recognise(text),
        _ => Ok(ListFormat::PlainText),
    }
}

fn is_html(text: &str) -> bool {
    let head: Vec<u8> = text.bytes().take(HEAD).map(|byte| byte.to_ascii_lowercase()).collect();
    let holds = |sign: &[u8]| head.windows(sign.len()).any(|window| window == sign);
    head.starts_with(b"<!doctype html") || holds(b"<html") || holds(b"<head>") || holds(b"<body")
}

/// Tells an array from the bracketed address that a list may begin with, `[2001:db8::1]:443`.
fn is_json_array(text: &str) -> bool {
    let inside = text[1..].trim_start();
    inside.starts_with(['{', '[', '"', ']']) || inside.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_tells_what_is_not_plain_text() {
        for (text, expected) in [
            ("<!DOCTYPE html><html>429 Too Many Requests 192.0.2.55", Err(Foreign::Html)),
            ("\n\n  <HTML><body>", Err(Foreign::Html)),
            ("<!-- saved --><html>", Err(Foreign::Html)),
            ("<?xml version=\"1.0\"?><!DOCTYPE html><html>", Err(Foreign::Html)),
            ("<?xml version=\"1.0\"?><ioc/>", Err(Foreign::Format("XML"))),
            ("<stix:STIX_Package>", Err(Foreign::Format("XML"))),
            ("{\"cidr\":\"192.0.2.0/24\"}", Ok(ListFormat::Json)),
            ("[{\"ip_address\"", Ok(ListFormat::Json)),
            ("[\n  \"192.0.2.1\"\n]", Ok(ListFormat::Json)),
            ("[]", Ok(ListFormat::Json)),
            ("[2001:db8::1]:443", Ok(ListFormat::PlainText)),
            ("[::1]:443", Ok(ListFormat::PlainText)),
            ("# <html>\n192.0.2.1", Ok(ListFormat::PlainText)),
            ("192.0.2.1", Ok(ListFormat::PlainText)),
            ("", Ok(ListFormat::PlainText)),
        ] {
            assert_eq!(detect(text), expected, "{text:?}");
        }
    }
}
