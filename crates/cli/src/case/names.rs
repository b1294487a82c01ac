//! Names of files that others chose, made fit for a folder of ours.

use flowproof_report::printable;

/// The most bytes of a name that are kept; file systems take 255.
const MOST_BYTES: usize = 120;

/// What some file system or shell reads as more than a letter of a name.
const SPECIAL: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\u{fffd}'];

/// A name for the copy of a file, the `number`-th of its kind, that was named as `given`.
///
/// The number makes it differ from all others, also where a file system takes `A` and `a` for the same
/// letter, and keeps it from beginning with a dot or being the name of a device.
pub(super) fn safe_name(number: usize, given: &str) -> String {
    let last = given.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default();
    let name = if given == "-" { "stdin" } else { last };
    let mut kept = String::new();
    for character in name.chars() {
        let shown = if is_harmless(character) { character } else { '_' };
        if kept.len() + shown.len_utf8() > MOST_BYTES {
            break;
        }
        kept.push(shown);
    }
    // Windows drops these from the end of a name.
    let kept = kept.trim_end_matches(['.', ' ']);
    format!("{number}-{}", if kept.is_empty() { "unnamed" } else { kept })
}

/// Whether a character is itself in any name, and acts on no terminal.
fn is_harmless(character: char) -> bool {
    let mut text = [0; 4];
    let text: &str = character.encode_utf8(&mut text);
    !character.is_control() && !SPECIAL.contains(&character) && printable(text) == text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_leads_out_of_its_folder_or_acts_on_anything() {
        let given = [
            ("finding.json", "1-finding.json"),
            ("-", "1-stdin"),
            ("s3://bucket/lists/tor exits.txt", "1-tor exits.txt"),
            ("../../etc/passwd", "1-passwd"),
            ("..", "1-unnamed"),
            ("/", "1-unnamed"),
            ("", "1-unnamed"),
            ("lists/", "1-lists"),
            ("C:\\lists\\a.txt", "1-a.txt"),
            (".hidden", "1-.hidden"),
            ("nul", "1-nul"),
            ("a:b*c?d|e.csv", "1-a_b_c_d_e.csv"),
            ("a\nb\u{1b}[31m\u{202e}c.txt", "1-a_b_[31m_c.txt"),
            ("Größe-清单.txt", "1-Größe-清单.txt"),
            ("ends with dots. .", "1-ends with dots"),
        ];
        for (name, expected) in given {
            assert_eq!(safe_name(1, name), expected, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters_and_no_two_are_the_same() {
        let long = "清".repeat(300);
        let names: BTreeSet<String> = (1..=3).map(|number| safe_name(number, &long)).collect();
        assert_eq!(names.len(), 3);
        assert!(names.iter().all(|name| name.len() <= MOST_BYTES + 2 && name.ends_with('清')));
    }
}
