use proptest::prelude::*;

use super::*;
use crate::fuzz::check_list;
use crate::note::Reject;

const FIRST: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const SECOND: &str = "89ABCDEF0123456789ABCDEF0123456789ABCDEF";

fn whole() -> String {
    format!(
        "@type tordnsel 1.0\nDownloaded 2025-06-01 02:00:00\nExitNode {FIRST}\nPublished 2025-06-01 \
         00:00:00\nLastStatus 2025-06-01 01:00:00\nExitAddress 192.0.2.1 2025-06-01 01:02:03\n\
         ExitAddress 2001:db8::1 2025-06-01 01:02:04\nExitNode {SECOND}\nPublished 2025-06-01 \
         00:00:00\nLastStatus 2025-06-01 01:00:00\nExitAddress 192.0.2.15 2025-06-01 01:02:05\n"
    )
}

fn content(text: &str) -> Content {
    parse(&mut text.as_bytes(), &ListOptions::default()).expect("memory is read without errors")
}

#[test]
fn every_exit_address_is_an_entry_labelled_with_its_node() {
    for text in [whole(), whole().replace('\n', "\r\n")] {
        let content = content(&text);
        let entries: Vec<(u64, &str, &str)> =
            content.entries.iter().map(|entry| (entry.line, entry.text(), &*entry.label)).collect();
        assert_eq!(
            entries,
            [(6, "192.0.2.1", FIRST), (7, "2001:db8::1", FIRST), (11, "192.0.2.15", SECOND)]
        );
        assert_eq!((content.lines, content.rejects.total), (11, 0));
    }
}

#[test]
fn damaged_lines_are_refused_with_line_and_reason() {
    let content = content(
        "ExitAddress 192.0.2.300 2025-06-01 01:02:03\nExitAddress 192.0.2.1\nExitAddress\n\
         # a comment\n192.0.2.1\n",
    );
    let rejects: Vec<String> = content.rejects.samples.iter().map(Reject::to_string).collect();
    let no_time = "damaged: exit address without the time of its test, the line may be cut off";
    assert_eq!(
        rejects,
        [
            "line 1: \"192.0.2.300\": not an address".to_owned(),
            format!("line 2: \"ExitAddress 192.0.2.1\": {no_time}"),
            format!("line 3: \"ExitAddress\": {no_time}"),
            "line 5: \"192.0.2.1\": damaged: not a line of an exit address list".to_owned(),
        ]
    );
    assert_eq!(content.entries, []);
}

#[test]
fn a_file_that_is_cut_off_anywhere_has_only_whole_entries() {
    let (text, all) = (whole(), content(&whole()).entries);
    for at in 0..=text.len() {
        let cut = content(&text[..at]);
        assert_eq!(cut.entries, all[..cut.entries.len()], "{}", &text[..at]);
        let named = text[..at].matches("ExitAddress").count() as u64;
        let told = cut.entries.len() as u64 + cut.rejects.total;
        // Beside exit addresses, only a word that is cut off is refused.
        assert!(told == named || told == named + 1, "{}", &text[..at]);
    }
}

proptest! {
    #[test]
    fn damaged_lists_are_read_or_refused_without_a_panic(
        at in any::<proptest::sample::Index>(),
        taken in 0..30_usize,
        put in "[ \r\n0-9a-f.:/-]{0,8}|\\PC{0,3}",
    ) {
        let mut text: Vec<char> = whole().chars().collect();
        let at = at.index(text.len());
        let end = text.len().min(at + taken);
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        check_list(text.as_bytes());
    }
}
