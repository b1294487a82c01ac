//! Which format a list is in, by how it begins.

use super::{ListFormat, alien_vault, csv, dshield};

/// A text that is in no format we read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Html,
    /// The name of the format, for people.
    Format(&'static str),
}

/// Bytes at the beginning in which a web page says what it is.
const HEAD: usize = 1024;

/// The format by the first sign that is not blank, or by what most lines look like. What is left,
/// lines of which some are of another format, is for the plain text parser to refuse.
pub(crate) fn detect(text: &str) -> Result<ListFormat, Foreign> {
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'<') if is_html(text) => Err(Foreign::Html),
        Some(b'<') => Err(Foreign::Format("XML")),
        Some(b'{') => Err(Foreign::Format("JSON")),
        Some(b'[') if is_json_array(text) => Err(Foreign::Format("JSON")),
        _ => Ok(of_lines(text)),
    }
}

fn of_lines(text: &str) -> ListFormat {
    if alien_vault::is_beginning(text) {
        return ListFormat::AlienVault;
    }
    if dshield::is_beginning(text) {
        return ListFormat::DShield;
    }
    csv::recognise(text).unwrap_or(ListFormat::PlainText)
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
            ("{\"cidr\":\"192.0.2.0/24\"}", Err(Foreign::Format("JSON"))),
            ("[{\"ip_address\"", Err(Foreign::Format("JSON"))),
            ("[\n  \"192.0.2.1\"\n]", Err(Foreign::Format("JSON"))),
            ("[]", Err(Foreign::Format("JSON"))),
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
