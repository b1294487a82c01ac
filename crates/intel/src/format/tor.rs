//! Tor's `exit-addresses`: exit nodes, and the addresses that their traffic came from.
//!
//! ```text
//! ExitNode 0123456789ABCDEF0123456789ABCDEF01234567
//! Published 2025-06-01 00:00:00
//! LastStatus 2025-06-01 01:00:00
//! ExitAddress 203.0.113.9 2025-06-01 01:02:03        may be repeated
//! ```

use std::io::BufRead;

use super::Broken;
use super::lines::each_line;
use crate::content::Content;
use crate::list::ListOptions;
use crate::note::RejectReason;

#[cfg(test)]
mod tests;

const NO_TIME: &str = "exit address without the time of its test, the line may be cut off";
const UNKNOWN: &str = "not a line of an exit address list";

/// Whether a list with this first line is in this format.
pub(super) fn is_first_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["@type", name, ..] => name == "tordnsel",
        ["ExitNode", fingerprint] => is_fingerprint(fingerprint),
        _ => false,
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut content = Content::default();
    let mut fingerprint = String::new();
    each_line(text, |line, text| {
        let words: Vec<&str> = text.split_whitespace().collect();
        content.lines += u64::from(!words.is_empty());
        match words[..] {
            ["ExitNode", node] => node.clone_into(&mut fingerprint),
            ["ExitAddress", address, _date, _time] => {
                content.add(line, address, &fingerprint, options);
            }
            // Cut off, it could be another address.
            ["ExitAddress", ..] => {
                content.reject(line, text.trim(), RejectReason::Malformed(NO_TIME));
            }
            [] | ["Published" | "LastStatus" | "Downloaded" | "@type", ..] => {}
            _ if text.starts_with('#') => {}
            _ => content.reject(line, text.trim(), RejectReason::Malformed(UNKNOWN)),
        }
    })?;
    Ok(content)
}
