//! Text that others may have written, inside a line of Markdown.

use crate::escape::printable;

/// The text so that it is read as written, whatever it holds.
///
/// Prose without any sign of Markdown stays prose. Everything else becomes a code span, since trackers
/// look for mentions, issue numbers, short names of emoji and bare links in all text but code, and no
/// escape holds them off.
pub(crate) fn inline(text: &str) -> String {
    let shown = printable(text);
    match is_prose(&shown) {
        true => shown.into_owned(),
        false => code(&shown),
    }
}

/// The text as a code span. A back quote and a vertical bar, which could end it or its cell, are
/// written out as [`printable`] writes out characters that act: `\x60` and `\x7c`.
pub(crate) fn code(text: &str) -> String {
    let shown = printable(text).replace('`', "\\x60").replace('|', "\\x7c");
    if shown.trim().is_empty() {
        // Blanks alone make no code span, and nothing would be mistaken for a cell left out.
        return format!("`\"{shown}\"`");
    }
    // A parser takes one blank off at both ends where there is one at both.
    match shown.starts_with(' ') && shown.ends_with(' ') {
        true => format!("` {shown} `"),
        false => format!("`{shown}`"),
    }
}

/// Letters, digits, blanks and the signs of plain sentences, beginning with a letter or with more than
/// a number, and with nothing in it that a tracker would turn into something else.
fn is_prose(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " .,;:()/%'\"-=?".contains(c);
    let Some(first) = text.chars().next() else { return true };
    first.is_alphanumeric()
        && text.chars().all(plain)
        && !begins_a_list(text)
        && !holds_a_link(text)
        && !holds_a_short_name(text)
        && text.trim() == text
        && !text.contains("  ")
}

/// `1.` or `1)` at the beginning.
fn begins_a_list(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len()
        && (rest.starts_with(". ") || rest.starts_with(") ") || rest == "." || rest == ")")
}

fn holds_a_link(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["://", "www.", "mailto:", "xmpp:"].iter().any(|sign| lower.contains(sign))
}

/// `:name:`, as emoji are written; but the colons of times are none.
fn holds_a_short_name(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or(&[]);
    let is_time = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    inner.iter().any(|part| !part.is_empty() && !part.contains(' ') && !is_time(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_sentences_stay_as_they_are() {
        for text in [
            "",
            "The records show 1,234,567 bytes out (1.2 MB), over 3 flows.",
            "from 2025-06-01 00:00:00Z to 2025-06-02 00:00:00Z",
            "203.0.113.9 was seen",
            "Zürich, Ростелеком",
        ] {
            assert_eq!(inline(text), text);
        }
    }

    #[test]
    fn whatever_could_be_more_than_text_is_code() {
        for text in [
            "*bold*",
            "_it_",
            "<b>",
            "a & b",
            "[a](b)",
            "![a](b)",
            "# h",
            "- x",
            "+ x",
            "1. x",
            "1) x",
            "> q",
            "~~~",
            "a\\b",
            "@team",
            "#1",
            "http://example.com",
            "WWW.example.com",
            ":tada:",
            "a:100:b",
            "2001:db8:9::9",
            "$x$",
            "a  b",
            " a",
            "---",
            "{{x}}",
            "!x",
            "a^b",
        ] {
            assert_eq!(inline(text), format!("`{text}`"));
        }
    }

    #[test]
    fn nothing_ends_a_code_span_or_its_cell() {
        assert_eq!(code("a`b|c"), "`a\\x60b\\x7cc`");
        assert_eq!(code("\n\u{1b}"), "`\\n\\x1b`");
        assert_eq!(code(""), "`\"\"`");
        assert_eq!(code(" "), "`\" \"`");
        assert_eq!(code(" a "), "`  a  `");
    }
}
