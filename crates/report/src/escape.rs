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
