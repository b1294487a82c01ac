//! Plain text: one entry a line.
//!
//! A line is cut into entry and label before anything is parsed, by signs that no entry contains:
//!
//! ```text
//!   203.0.113.0/24 ; SBL000000         entry, sign, label
//!   198.51.100.7<TAB>10                entry, blank, label
//!   203.0.113.5 - 203.0.113.10 # scan  a range with blanks is one entry
//! ```
//!
//! The entry is then read as a whole token, or counted as what else it is beyond doubt (a domain, a
//! URL, a digest, an e-mail address, an AS number), or the line is refused.

use std::io::BufRead;

use flowproof_prefix::parse_ip;

use super::lines::each_line;
use super::{Broken, kind};
use crate::content::{Candidate, Content};
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};
use crate::token;

#[cfg(test)]
mod tests;

const COLUMNS: &str = "comma-separated or quoted columns (CSV)";
const REPUTATION: &str = "AlienVault reputation data";
const ADDRESS_COLUMNS: &str = "columns with several addresses (as in the DShield block list)";

/// Signs that begin a comment.
const COMMENT: [&str; 3] = ["#", ";", "//"];

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut content = Content::default();
    each_line(text, |line, text| {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        content.lines += 1;
        if COMMENT.iter().any(|sign| text.starts_with(sign)) {
            return;
        }
        if is_bare(text) {
            return take(line, Cut { entry: text, rest: "" }, options, &mut content);
        }
        if kind::is_url(first_word(text)) {
            return content.not_an_address(Indicator::Url);
        }
        match cut(text) {
            Ok(cut) => take(line, cut, options, &mut content),
            Err(reason) => content.reject(line, text, reason),
        }
    })?;
    Ok(content)
}

/// A line in two.
struct Cut<'a> {
    /// What should be an address, a prefix or a range.
    entry: &'a str,
    /// All behind it, with the comment sign.
    rest: &'a str,
}

fn take(line: u64, cut: Cut<'_>, options: &ListOptions, content: &mut Content) {
    let Cut { entry: text, rest } = cut;
    match token::parse(text, options) {
        Ok(token) => {
            let candidate = Candidate { line, text, label: label(rest), ..Candidate::default() };
            content.accept(candidate, token, options);
        }
        Err(reason) => {
            match other_kind(text, rest).filter(|_| reason == RejectReason::NotAnAddress) {
                Some(kind) => content.not_an_address(kind),
                None => content.reject(line, text, reason),
            }
        }
    }
}

/// What the line is about, if that is something else than an address. A name with an address behind
/// it is neither one nor the other.
fn other_kind(text: &str, rest: &str) -> Option<Indicator> {
    kind::of_value(text).filter(|_| !is_address(before_comment(first_word(rest))))
}

/// Whether there is no sign on the line that anything could be cut at, as on most lines of long lists.
fn is_bare(line: &str) -> bool {
    let address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    let mut others = line.bytes().filter(|byte| !address(byte));
    others.next().is_none_or(|byte| byte == b'/') && others.next().is_none()
}

/// Cuts a line into entry and label, or says why it is not a line of plain text.
fn cut(line: &str) -> Result<Cut<'_>, RejectReason> {
    if line.starts_with(['"', '\'']) {
        return Err(RejectReason::OtherFormat(COLUMNS));
    }
    let word = before_comment(first_word(line));
    if word.contains(',') {
        return Err(RejectReason::OtherFormat(COLUMNS));
    }
    let (_, rest) = line.split_at(word.len());
    // What was cut at is the "//" of a damaged URL. Refused here, it is told in full.
    if rest.starts_with("//") && word.ends_with(':') && !word.ends_with("::") {
        return Err(RejectReason::NotAnAddress);
    }
    if is_reputation(rest) {
        return Err(RejectReason::OtherFormat(REPUTATION));
    }
    let entry = &line[..spaced_range(line, word, rest).unwrap_or(word.len())];
    let rest = line[entry.len()..].trim_start();
    if is_address(entry) && is_address(before_comment(first_word(rest))) {
        return Err(RejectReason::OtherFormat(ADDRESS_COLUMNS));
    }
    if is_address(entry) && goes_on(rest) {
        return Err(RejectReason::Malformed("a part of it stands apart, or another one follows"));
    }
    Ok(Cut { entry, rest })
}

/// Signs and words between the two ends of a range, or two addresses, as people write them. What follows
/// a comment sign without a blank may be meant as either.
const BETWEEN: [&str; 13] = [
    "--", "->", "-", "\u{2013}", "\u{2014}", "\u{2192}", "..", "~", ">", ",", "to ", "until ", ";",
];
const LENGTHS: [&str; 4] = ["/", "mask ", "netmask ", "bits "];

/// Whether what follows an address belongs to it: a length, the other end of a range, or one more
/// address. It would be lost as a label.
fn goes_on(rest: &str) -> bool {
    let word_after = |sign: &str| {
        let after = rest.strip_prefix(sign)?;
        // A comment has a blank before its text.
        if [";", "//"].contains(&sign) && after.starts_with(char::is_whitespace) {
            return None;
        }
        let after = after.trim_start();
        Some(before_comment(first_word(after)))
    };
    let is_number = |word: &str| word.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let length = LENGTHS.iter().filter_map(|sign| word_after(sign));
    let mut length = length.chain(word_after("//"));
    let mut others = BETWEEN.iter().filter_map(|sign| word_after(sign));
    length.any(|word| is_number(word) && !word.contains('-'))
        || others.any(|word| is_address(word) || is_nearly_address(word))
}

/// Whether a word could be a damaged address: `l.2.3.9`, `2001:db8::zz`, with a port or a length.
fn is_nearly_address(word: &str) -> bool {
    let count = |sign: u8| word.bytes().filter(|byte| *byte == sign).count();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let only = |byte: u8| byte.is_ascii_hexdigit() || b".:/[]lLoOiIzZ".contains(&byte);
    // Two colons are in a time of day too.
    let signs = count(b'.') >= 3 || count(b':') >= 3 || word.contains("::");
    signs && digits > 0 && word.bytes().all(only)
}

/// The length of a range with blanks around its dash, if the line begins with one.
///
/// A dash may also lead to a label: `203.0.113.9 - scanner`. It is a range if an address comes after
/// the dash, or what could only be a damaged or shortened one, which is then refused by name rather
/// than taken for a label and half the range lost.
fn spaced_range(line: &str, word: &str, rest: &str) -> Option<usize> {
    let after_dash = match word.strip_suffix('-') {
        Some(_) => rest,
        None => rest.trim_start().strip_prefix('-')?,
    };
    let last = before_comment(first_word(after_dash.trim_start()));
    looks_like_address(last).then(|| line.len() - after_dash.trim_start().len() + last.len())
}

fn looks_like_address(text: &str) -> bool {
    let plain = token::refang(text);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let dots = plain.bytes().filter(|byte| *byte == b'.').count();
    let number = digits > 0 && digits == plain.len();
    let dotted = digits > 0 && dots >= 2 && digits + dots == plain.len();
    number || dotted || is_address(&plain)
}

/// An address or a prefix, in any spelling of an address.
fn is_address(text: &str) -> bool {
    let plain = token::refang(text);
    let address = plain.split_once('/').map_or(&*plain, |(address, _)| address);
    parse_ip(address.as_bytes()).is_some()
}

/// `#4#2#Malicious Host#KR##37.5,126.9#3` after the address: seven signs, the first two around one
/// digit each. As plain text all of it would be the label.
fn is_reputation(rest: &str) -> bool {
    // One more than there can be, of a line that may be long.
    let fields: Vec<&str> = rest.splitn(9, '#').collect();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    fields.len() == 8 && fields[0].is_empty() && is_digits(fields[1]) && is_digits(fields[2])
}

/// The label in what comes after an entry: without the comment sign, if there is one.
fn label(rest: &str) -> &str {
    let label = COMMENT.iter().find_map(|sign| rest.strip_prefix(sign)).unwrap_or(rest);
    label.trim()
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn before_comment(word: &str) -> &str {
    let end = COMMENT.iter().filter_map(|sign| word.find(sign)).min().unwrap_or(word.len());
    &word[..end]
}
