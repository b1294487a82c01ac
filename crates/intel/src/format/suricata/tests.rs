use proptest::prelude::*;

use super::*;
use crate::fuzz::check_list;
use crate::note::Reject;
use crate::{List, ListFormat, ListRole};

fn content(text: &str) -> Content {
    parse(&mut text.as_bytes(), &ListOptions::default()).expect("memory is read without errors")
}

fn entries(content: &Content) -> Vec<(u64, &str, &str)> {
    content.entries.iter().map(|entry| (entry.line, entry.text(), &*entry.label)).collect()
}

fn rejects(content: &Content) -> Vec<String> {
    content.rejects.samples.iter().map(Reject::to_string).collect()
}

#[test]
fn the_list_may_be_on_either_side_and_comments_are_left_out() {
    let content = content(
        "# a header\n#alert ip [192.0.2.99] any -> any any (msg:\"off\"; sid:1;)\n\n\
         alert ip [192.0.2.1,198.51.100.0/24, 2001:db8::/48] any -> $HOME_NET any \
         (msg:\"A, group 1\"; flow:to_server; sid:2500000; rev:7;)\r\n\
         alert tcp $HOME_NET any -> [203.0.113.9] [80,443] (sid:2; msg:\"B\";)\n\
         drop udp 192.0.2.2 any <> 192.0.2.3 53 (sid:3;)\n\
         alert ip 192.0.2.4 any -> any any (msg:\"no number\";)",
    );
    assert_eq!(
        entries(&content),
        [
            (4, "192.0.2.1", "A, group 1 (sid 2500000)"),
            (4, "198.51.100.0/24", "A, group 1 (sid 2500000)"),
            (4, "2001:db8::/48", "A, group 1 (sid 2500000)"),
            (5, "203.0.113.9", "B (sid 2)"),
            (6, "192.0.2.2", "sid 3"),
            (6, "192.0.2.3", "sid 3"),
            (7, "192.0.2.4", "no number"),
        ]
    );
    assert_eq!((content.lines, content.rejects.total), (6, 0));
}

#[test]
fn signs_in_a_message_are_no_syntax() {
    let content = content(
        r#"alert ip 192.0.2.1 any -> any any (msg:"a \"b\"\; (c; sid:9) [d]"; sid:1;)
alert ip 192.0.2.2 any -> any any (content:"msg:\"x\""; pcre:"/;/"; msg:"y"; sid:2;)"#,
    );
    assert_eq!(
        entries(&content),
        [(1, "192.0.2.1", "a \"b\"; (c; sid:9) [d] (sid 1)"), (2, "192.0.2.2", "y (sid 2)")]
    );
}

#[test]
fn excluded_members_are_no_entries_and_counted() {
    let content = content(
        "alert ip [192.0.2.0/24,!192.0.2.1,![192.0.2.2,[192.0.2.3]],192.0.2.4] any -> \
         !198.51.100.0/24 any (sid:1;)\npass ip 203.0.113.1 any -> any any (sid:2;)\n",
    );
    assert_eq!(entries(&content), [(1, "192.0.2.0/24", "sid 1"), (1, "192.0.2.4", "sid 1")]);
    assert_eq!((content.revoked, content.rejects.total), (5, 0));
    let prefixes: Vec<String> =
        content.entries[0].prefixes.iter().map(ToString::to_string).collect();
    // All of the /24 but .1, .2 and .3.
    let expected = [
        "192.0.2.0/32",
        "192.0.2.4/30",
        "192.0.2.8/29",
        "192.0.2.16/28",
        "192.0.2.32/27",
        "192.0.2.64/26",
        "192.0.2.128/25",
    ];
    assert_eq!(prefixes, expected);
}

#[test]
fn an_entry_that_is_excluded_as_a_whole_is_none_and_a_damaged_exclusion_is_refused() {
    let content = content(
        "alert ip [192.0.2.0/24,!0.0.0.0/0] any -> [198.51.100.1,!198.51.100.300] any (sid:1;)\n",
    );
    assert_eq!(entries(&content), [(1, "198.51.100.1", "sid 1")]);
    assert_eq!((content.revoked, content.rejects.total), (2, 1));
}

#[test]
fn variables_and_any_are_skipped_and_rules_of_nothing_else_counted() {
    let content = content(
        "alert http $EXTERNAL_NET any -> [$HOME_NET,!$DNS_SERVERS] any (msg:\"a\"; sid:1;)\n\
         alert http (msg:\"b\"; sid:2;)\n\
         alert ip [$EXTERNAL_NET,192.0.2.1] any -> any any (sid:3;)\n",
    );
    assert_eq!(entries(&content), [(3, "192.0.2.1", "sid 3")]);
    assert_eq!(content.not_addresses[&Indicator::Other], 2);
}

#[test]
fn a_rule_of_several_lines_is_one_rule() {
    let content = content(
        "alert ip [192.0.2.1,\\\r\n  192.0.2.2] any -> any any \\\n (msg:\"a\"; sid:1;)\n\
         alert ip 192.0.2.3 any -> any any (sid:2;)\n",
    );
    assert_eq!(
        entries(&content),
        [(1, "192.0.2.1", "a (sid 1)"), (1, "192.0.2.2", "a (sid 1)"), (4, "192.0.2.3", "sid 2")]
    );
}

#[test]
fn damaged_rules_and_members_are_refused_with_line_and_reason() {
    let content = content(
        "alert ip [192.0.2.1,192.0.2.300,example.com,192.0.2.1[192.0.2.2]] any -> any any (sid:1;)\n\
         alert ip [192.0.2.1,192.0.2.2 any -> any any (sid:2;)\n\
         alert ip [192.0.2.1]] any -> any any (sid:3;)\n\
         alert ip 192.0.2.1 any -> any any (msg:\"a (b)\n\
         alert ip 192.0.2.1 any -> any (sid:5;)\n\
         warn ip 192.0.2.1 any -> any any (sid:6;)\n\
         192.0.2.1\n",
    );
    assert_eq!(entries(&content), [(1, "192.0.2.1", "sid 1"), (1, "192.0.2.2", "sid 1")]);
    let rejects: Vec<(u64, &str, String)> = content
        .rejects
        .samples
        .iter()
        .map(|reject| (reject.line, &reject.text[..5], reject.reason.to_string()))
        .collect();
    assert_eq!(
        rejects,
        [
            (1, "192.0", "not an address".to_owned()),
            (1, "examp", "not an address".to_owned()),
            (1, "192.0", "not an address".to_owned()),
            (2, "alert", "damaged: rule whose list has no end".to_owned()),
            (3, "alert", "damaged: rule with a bracket too many".to_owned()),
            (4, "alert", "damaged: rule without an end".to_owned()),
            (5, "alert", "damaged: rule whose header has not seven parts".to_owned()),
            (6, "warn ", "damaged: rule with an unknown action".to_owned()),
            (7, "192.0", "damaged: rule without options".to_owned()),
        ]
    );
}

/// A rule with this many addresses, of at least as many bytes.
fn rule_of(n_addresses: u32) -> String {
    let addresses: Vec<String> = (0..n_addresses).map(|n| format!("2001:db8::{n:x}")).collect();
    format!("alert ip [{}] any -> $HOME_NET any (msg:\"Many\"; sid:1;)\n", addresses.join(","))
}

#[test]
fn a_rule_of_thousands_of_addresses_is_read_and_recognised() {
    let rules = rule_of(20_000) + "alert ip 192.0.2.1 any -> any any (sid:2;)\n";
    assert!(rules.len() > 4 * (1 << 16), "longer than what is looked at, and than other lines");
    for rules in [rules.clone(), rules.replacen(",", ",\\\n", 10_000)] {
        let list = List::from_bytes("a.rules", ListRole::Threat, rules.as_bytes()).expect("a list");
        assert_eq!((list.format, list.rejects.total), (ListFormat::SuricataRules, 0));
        assert_eq!(list.entries.len(), 20_001);
        for (n, entry) in (0..20_000).zip(&list.entries) {
            let expected = (format!("2001:db8::{n:x}"), "Many (sid 1)");
            assert_eq!((entry.text().to_string(), &*entry.label), expected);
        }
        assert_eq!(list.entries[20_000].text(), "192.0.2.1");
    }
}

#[test]
fn a_rule_without_end_takes_no_memory_and_has_no_entry() {
    let next = "alert ip 192.0.2.1 any -> any any (sid:2;)\n";
    let long = format!(
        "alert ip [192.0.2.2{}] any -> any any (sid:1;)\n",
        ",192.0.2.3".repeat(LONGEST / 10)
    );
    let text = long.clone() + next;
    assert!(long.len() > LONGEST);
    let read = content(&text);
    assert_eq!(entries(&read), [(2, "192.0.2.1", "sid 2")]);
    assert_eq!(read.rejects.total, 1);
    assert!(
        rejects(&read)[0].starts_with("line 1: \"alert ip [192.0.2.2,192"),
        "{:?}",
        rejects(&read)
    );

    // As long, of two lines.
    let half = long.len() / 20 * 10;
    let text = format!("{}\\\n{}{next}", &long[..half], &long[half..]);
    let read = content(&text);
    assert_eq!(entries(&read), [(3, "192.0.2.1", "sid 2")]);
    assert_eq!(read.rejects.total, 1);
}

const WHOLE: &str = "# rules\n\
    alert ip [192.0.2.1,198.51.100.0/24] any -> $HOME_NET any (msg:\"a (b;)\"; sid:1;)\n\
    alert ip $HOME_NET any -> [203.0.113.9,!203.0.113.10] any (msg:\"c\"; sid:2;)\n";

#[test]
fn a_file_that_is_cut_off_anywhere_has_no_entry_of_half_a_rule() {
    let whole = content(WHOLE);
    let rules: Vec<usize> = WHOLE.match_indices('\n').map(|(end, _)| end).collect();
    for at in 0..=WHOLE.len() {
        let cut = content(&WHOLE[..at]);
        let rules = rules.iter().filter(|end| **end <= at).count();
        let expected = [0, 0, 2, 3][rules];
        assert_eq!(cut.entries, whole.entries[..expected], "{}", &WHOLE[..at]);
        let is_rest = !WHOLE[..at].ends_with('\n') && at > WHOLE.find("alert").expect("a rule");
        let is_cut = is_rest && !WHOLE[..at].ends_with(";)") || WHOLE[..at].ends_with("b;)");
        assert_eq!(cut.rejects.total, u64::from(is_cut), "{:?}", rejects(&cut));
    }
}

proptest! {
    #[test]
    fn damaged_rules_are_read_or_refused_without_a_panic(
        at in any::<proptest::sample::Index>(),
        taken in 0..30_usize,
        put in "[\\[\\]!,()\";\\\\ \r\n$0-9.:/-]{0,8}|\\PC{0,3}",
    ) {
        let mut text: Vec<char> = WHOLE.chars().collect();
        let at = at.index(text.len());
        let end = text.len().min(at + taken);
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        check_list(text.as_bytes());
    }
}
