//! Which format a list is in, by how it begins.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{ListFormat, alien_vault, csv, dshield, json, suricata, tor};

/// A text that is in no format we read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Html,
    /// The name of the format, for people.
    Format(&'static str),
}

/// Bytes at the beginning in which a web page says what it is.
const HEAD: usize = 1024;

/// The format by the first sign that is not blank, or by its lines.
pub(crate) fn detect(text: &str) -> Result<ListFormat, Foreign> {
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'<') if is_html(text) => Err(Foreign::Html),
        Some(b'<') => xml(text).ok_or(Foreign::Format("XML")),
        Some(b'{') => json::recognise(text),
        Some(b'[') if is_json_array(text) => json::recognise(text),
        _ => Ok(lines(text)),
    }
}

/// By the first element that we know: STIX may come inside a TAXII message.
fn xml(text: &str) -> Option<ListFormat> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().into_inner() {
                "STIX_Package" => return Some(ListFormat::Stix1),
                "Observables" if text.contains("http://cybox.mitre.org/cybox-") => {
                    return Some(ListFormat::Stix1);
                }
                "ioc" | "OpenIOC" => return Some(ListFormat::OpenIoc),
                _ => {}
            },
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// By the first line that is no comment.
fn lines(text: &str) -> ListFormat {
    let mut lines = text.split(['\n', '\r']).map(str::trim);
    match lines.find(|line| !line.is_empty() && !line.starts_with('#')) {
        Some(line) if tor::is_first_line(line) => ListFormat::TorExitAddresses,
        Some(line) if suricata::begins_rule(line) => ListFormat::SuricataRules,
        _ => columns(text),
    }
}

/// By what most lines look like. What is left, lines of which some are of another format, is for the
/// plain text parser to refuse.
fn columns(text: &str) -> ListFormat {
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
            ("<?xml version=\"1.0\"?><rss><item/>", Err(Foreign::Format("XML"))),
            ("<rss", Err(Foreign::Format("XML"))),
            ("<?xml version=\"1.0\"?><ioc/>", Ok(ListFormat::OpenIoc)),
            ("<!-- a --><OpenIOC xmlns='urn:x'>", Ok(ListFormat::OpenIoc)),
            ("<stix:STIX_Package>", Ok(ListFormat::Stix1)),
            ("<taxii:Poll><taxii:Content><stix:STIX_Package a=", Err(Foreign::Format("XML"))),
            ("<taxii:Poll><taxii:Content><stix:STIX_Package>", Ok(ListFormat::Stix1)),
            ("<c:Observables xmlns:c='http://cybox.mitre.org/cybox-2'>", Ok(ListFormat::Stix1)),
            ("<Observables>", Err(Foreign::Format("XML"))),
            ("# a\r\n\nalert ip [192.0.2.1] any -> any any (", Ok(ListFormat::SuricataRules)),
            ("drop tcp $HOME_NET any -> 192.0.2.1 any (", Ok(ListFormat::SuricataRules)),
            ("alert 192.0.2.1", Ok(ListFormat::PlainText)),
            ("@type tordnsel 1.0\nExitNode", Ok(ListFormat::TorExitAddresses)),
            (
                "ExitNode 0123456789ABCDEF0123456789ABCDEF01234567\n",
                Ok(ListFormat::TorExitAddresses),
            ),
            ("ExitNode example\n", Ok(ListFormat::PlainText)),
            ("{\"cidr\":\"192.0.2.0/24\"}", Ok(ListFormat::Json)),
            ("[{\"ip_address\"", Ok(ListFormat::Json)),
            ("[\n  \"192.0.2.1\"\n]", Ok(ListFormat::Json)),
            ("[]", Ok(ListFormat::Json)),
            ("[2001:db8::1]:443", Ok(ListFormat::PlainText)),
            ("[::1]:443", Ok(ListFormat::PlainText)),
            ("# <html>\n192.0.2.1", Ok(ListFormat::PlainText)),
            ("192.0.2.1", Ok(ListFormat::PlainText)),
            ("192.0.2.1 one, two", Ok(ListFormat::PlainText)),
            ("# x\nip,note\n192.0.2.1,a", Ok(ListFormat::Csv)),
            ("type,value,to_ids\n", Ok(ListFormat::MispCsv)),
            ("Indicator type, Indicator, Description\n", Ok(ListFormat::OtxCsv)),
            ("ip, category, score, first_seen\n", Ok(ListFormat::ProofPoint)),
            ("reportId, title, threatScape, audience\n", Ok(ListFormat::FireEye)),
            ("192.0.2.1#4#2#x#NL##1.0,2.0#3", Ok(ListFormat::AlienVault)),
            ("192.0.2.0\t192.0.2.255\t24\n", Ok(ListFormat::DShield)),
            ("", Ok(ListFormat::PlainText)),
        ] {
            assert_eq!(detect(text), expected, "{text:?}");
        }
    }
}
