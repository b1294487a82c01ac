//! Text from logs, lists and findings, made safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that could act on a terminal, or mislead a reader, written out.
///
/// Log lines, list labels and findings come from other people. A label of `\x1b[2J` would clear the
/// analyst's screen, a line feed would forge a line of the report, and a right-to-left override
/// would show an address backwards. Such characters are shown as `\x1b`, `\n` or `\u{202e}`; all
/// others, letters of any script among them, stay as they are. Escaping twice changes nothing more.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if !is_unsafe(c) => shown.push(c),
            c if c.is_ascii() => write_code(&mut shown, format_args!("\\x{:02x}", u32::from(c))),
            c => write_code(&mut shown, format_args!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(shown)
}

/// The text as a cell of a CSV file: [`printable`], and with an apostrophe before it where a spreadsheet
/// would compute it.
///
/// Spreadsheets take what begins with `=`, `+`, `-` or `@` for a formula, also in a cell between quotes,
/// and a formula can start programs and send the other cells away. The apostrophe is their own mark of a
/// text. A lone `-`, AWS's sign for "no value", and plain numbers compute nothing and stay as they are.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let shown = printable(text);
    match is_formula(&shown) {
        true => Cow::Owned(format!("'{shown}")),
        false => shown,
    }
}

/// Whether a spreadsheet would compute the text. Some take the wide forms of the signs as well.
fn is_formula(text: &str) -> bool {
    let begins =
        text.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    begins && text != "-" && !is_number(text)
}

/// Whether a text is digits with a sign and a point, and nothing else.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a character acts rather than shows: controls (C0, DEL, C1), the two Unicode line
/// separators, and the invisible marks that reorder or hide text around them.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Writing to a `String` cannot fail, so there is no error to hand on.
fn write_code(shown: &mut String, code: std::fmt::Arguments<'_>) {
    let _ = shown.write_fmt(code);
}

/// The text made [`printable`] and cut to about `limit` characters; what was cut is counted.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let kept: String = text.chars().take(limit).collect();
    let cut = text[kept.len()..].chars().count();
    let shown = printable(&kept);
    match cut {
        0 => shown.into_owned(),
        1 => format!("{shown}... (1 more character)"),
        _ => format!("{shown}... ({cut} more characters)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_terminal_escape_is_written_out() {
        assert_eq!(printable("\u{1b}[2Jevil"), "\\x1b[2Jevil");
        assert_eq!(printable("\u{9b}31m\u{7f}"), "\\u{9b}31m\\x7f");
        assert_eq!(printable("a\r\nb\tc\0"), "a\\r\\nb\\tc\\x00");
    }

    #[test]
    fn marks_that_reorder_or_hide_text_are_written_out() {
        assert_eq!(printable("1.2.\u{202e}4.3\u{200b}"), "1.2.\\u{202e}4.3\\u{200b}");
        assert_eq!(printable("a\u{2028}b\u{85}c"), "a\\u{2028}b\\u{85}c");
    }

    #[test]
    fn no_cell_begins_as_a_formula_does_and_what_computes_nothing_is_left_alone() {
        for text in
            ["=1+1", "+1+1", "-1+1", "@SUM(1)", "=", "--", "-1.", "+.5", "\u{ff1d}1", "-1e5"]
        {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("\t=1"), "\\t=1");
        assert_eq!(cell("\r\n=1\u{202e}"), "\\r\\n=1\\u{202e}");
        for text in ["", "-", "-5", "+5", "-5.25", "10.0.0.1", "a=1", " =1", "'=1", "eni-0a"] {
            assert!(matches!(cell(text), Cow::Borrowed(shown) if shown == text), "{text}");
        }
    }

    #[test]
    fn plain_text_of_any_script_is_left_alone() {
        for text in ["", "tor exit node #7", "Zürich", "Ростелеком", "C:\\logs\\x1b"] {
            assert!(matches!(printable(text), Cow::Borrowed(shown) if shown == text));
        }
    }

    #[test]
    fn what_is_cut_is_counted() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "abc... (1 more character)");
        assert_eq!(shortened("ab\u{1b}\u{1b}\u{1b}", 3), "ab\\x1b... (2 more characters)");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left_and_escaping_again_changes_nothing(
            characters in proptest::collection::vec(any::<char>(), 0..40),
        ) {
            let text: String = characters.into_iter().collect();
            let shown = printable(&text).into_owned();
            prop_assert!(!shown.contains(is_unsafe));
            prop_assert_eq!(printable(&shown), shown.as_str());
        }
    }
}
