use proptest::prelude::*;

use super::*;
use crate::fuzz::check_list;

fn read(text: &str) -> Content {
    parse(&mut text.as_bytes(), &ListOptions::default()).expect("memory is read")
}

/// Line, entry and label of each entry.
fn entries(text: &str) -> Vec<(u64, String, String)> {
    let content = read(text);
    assert_eq!(content.rejects.samples, [], "nothing is refused");
    content
        .entries
        .into_iter()
        .map(|entry| (entry.line, entry.text().into(), entry.label.into()))
        .collect()
}

fn entry(line: u64, text: &str, label: &str) -> (u64, String, String) {
    (line, text.to_owned(), label.to_owned())
}

/// The messages of all refusals.
fn rejects(text: &str) -> Vec<String> {
    let content = read(text);
    assert_eq!(content.entries, [], "nothing is taken");
    content.rejects.samples.iter().map(ToString::to_string).collect()
}

#[test]
fn comments_stand_alone_or_after_the_entry_as_its_label() {
    let text = "# head\n; spamhaus style\n// c style\n203.0.113.0/24 ; SBL000000\n\
                198.51.100.7 # note\n192.0.2.1\ttab note\n192.0.2.2//glued\n192.0.2.3;SBL1\n\
                192.0.2.4#http://example.net/x\n192.0.2.5 words, with a comma\n192.0.2.6\t\t# 2026-09-29 12:02:10\n2001:db8:://x\n";
    assert_eq!(
        entries(text),
        [
            entry(4, "203.0.113.0/24", "SBL000000"),
            entry(5, "198.51.100.7", "note"),
            entry(6, "192.0.2.1", "tab note"),
            entry(7, "192.0.2.2", "glued"),
            entry(8, "192.0.2.3", "SBL1"),
            entry(9, "192.0.2.4", "http://example.net/x"),
            entry(10, "192.0.2.5", "words, with a comma"),
            entry(11, "192.0.2.6", "2026-09-29 12:02:10"),
            entry(12, "2001:db8::", "x"),
        ]
    );
}

#[test]
fn line_ends_blanks_and_byte_order_marks_are_no_part_of_an_entry() {
    let expected = [entry(1, "203.0.113.9", ""), entry(3, "198.51.100.7", "")];
    for text in [
        "203.0.113.9\n\n198.51.100.7",
        "203.0.113.9\r\n\r\n198.51.100.7",
        "203.0.113.9\r\r198.51.100.7\r",
        "  203.0.113.9 \r\n \t \r\n\u{feff}198.51.100.7\t\r\n\r\n",
        "203.0.113.9\u{a0}\n#\n198.51.100.7 ;\n",
    ] {
        assert_eq!(entries(text), expected, "{text:?}");
    }
}

#[test]
fn the_first_column_is_the_entry() {
    assert_eq!(entries("192.0.2.20\t10\n"), [entry(1, "192.0.2.20", "10")]);
    assert_eq!(entries("192.0.2.20 10 seen\n"), [entry(1, "192.0.2.20", "10 seen")]);
}

#[test]
fn a_range_with_blanks_is_one_entry_and_a_dash_before_words_begins_a_label() {
    for (line, text, label) in [
        ("198.51.100.0 - 198.51.100.255", "198.51.100.0 - 198.51.100.255", ""),
        ("198.51.100.0 -198.51.100.255 x", "198.51.100.0 -198.51.100.255", "x"),
        ("198.51.100.0- 198.51.100.255# x", "198.51.100.0- 198.51.100.255", "x"),
        ("198.51.100.0\t-\t198.51.100[.]255;x", "198.51.100.0\t-\t198.51.100[.]255", "x"),
        ("2001:db8:: - 2001:db8::f // x", "2001:db8:: - 2001:db8::f", "x"),
        ("198.51.100.0-198.51.100.255 x", "198.51.100.0-198.51.100.255", "x"),
        ("203.0.113.9 - bad host", "203.0.113.9", "- bad host"),
        ("203.0.113.9 - 2025-06-01", "203.0.113.9", "- 2025-06-01"),
        ("203.0.113.9 - 12:30:05 ssh", "203.0.113.9", "- 12:30:05 ssh"),
        ("203.0.113.9 -- 5.5", "203.0.113.9", "-- 5.5"),
    ] {
        assert_eq!(entries(line), [entry(1, text, label)], "{line:?}");
    }
}

#[test]
fn a_range_with_blanks_that_is_damaged_is_refused_and_not_halved() {
    assert_eq!(
        rejects(
            "203.0.113.5 - 203.404.113.10\n203.0.113.5 - 203.0.113\n203.0.113.5 - 10\n\
             203.0.113.10 - 203.0.113.5\n203.0.113.5 - 2001:db8::1 # mix\n"
        ),
        [
            "line 1: \"203.0.113.5 - 203.404.113.10\": range whose end is not an address",
            "line 2: \"203.0.113.5 - 203.0.113\": range whose end is not an address",
            "line 3: \"203.0.113.5 - 10\": range with a shortened end, write the whole last address",
            "line 4: \"203.0.113.10 - 203.0.113.5\": reversed range: 203.0.113.5 comes before \
             203.0.113.10",
            "line 5: \"203.0.113.5 - 2001:db8::1\": range from 203.0.113.5 to 2001:db8::1 mixes \
             IPv4 and IPv6",
        ]
    );
}

#[test]
fn what_belongs_to_an_address_is_not_lost_as_its_label() {
    for line in [
        "203.0.113.0 /24",
        "203.0.113.4 / 24",
        "203.0.113.4//24",
        "203.0.113.0 mask 255.255.255.0",
        "203.0.113.0 netmask 24",
        "203.0.113.1 \u{2013} 203.0.113.9",
        "203.0.113.1 to 203.0.113.9",
        "203.0.113.1 .. 203.0.113.9",
        "203.0.113.1 -> 203.0.113.9",
        "203.0.113.1 > 203.0.113.9",
        "203.0.113.1 ~ 203.0.113.9",
        "203.0.113.1 -- 203.0.113.9",
        "203.0.113.1 - l.2.3.9",
        "203.0.113.1 -203.0.113.lO",
        "203.0.113.1 -203.0.113.9:80",
        "203.0.113.1 - 2001:db8::zz",
        "203.0.113.2;203.0.113.3",
        "203.0.113.2 ,203.0.113.3",
    ] {
        assert_eq!(content_of(line), (0, 1), "{line}");
    }
    for line in [
        "203.0.113.0/20 ; SBL256894",
        "203.0.113.9 ; 203.0.113.10 was it before",
        "203.0.113.9 // 24 hours",
        "203.0.113.9 - 12:30:05 ssh",
        "203.0.113.9 to be watched",
        "203.0.113.9 # 203.0.113.10",
        "203.0.113.9 > c2.example.com",
    ] {
        assert_eq!(content_of(line).1, 0, "{line}");
    }
}

/// How many entries and refusals there are.
fn content_of(text: &str) -> (usize, u64) {
    let content = read(text);
    (content.entries.len(), content.rejects.total)
}

#[test]
fn lines_without_an_address_are_refused_by_line_and_reason() {
    assert_eq!(
        rejects(
            "203.0.113.9://x # c2\r\nexample # c2\r\n203.0.113.9/24/login\r\n1e3\r\n\
             c2.example.net 192.0.2.1\r\nc2.example.net/x\r\nc2.example.net:443\r\n"
        ),
        [
            "line 1: \"203.0.113.9://x # c2\": not an address",
            "line 2: \"example\": not an address",
            "line 3: \"203.0.113.9/24/login\": prefix length is not a number from 0 to 32",
            "line 4: \"1e3\": not an address",
            "line 5: \"c2.example.net\": not an address",
            "line 6: \"c2.example.net/x\": not an address",
            "line 7: \"c2.example.net:443\": not an address",
        ]
    );
}

#[test]
fn indicators_of_other_kinds_are_counted_by_kind() {
    let content = read(
        "c2.example.com\n*.example.org # a whole domain\nc2.example[.]net ; 192.0.2.1\ncafe.be\n\
         http://203.0.113.9/x\nhxxps[:]//c2.example[.]com/login#x words\nftp://203.0.113.9\n\
         d41d8cd98f00b204e9800998ecf8427e\nuser@example.com\nAS64500 # EXAMPLE-NET\n192.0.2.1\n",
    );
    let told = crate::format::testing::others(&content);
    let expected = [("asn", 1), ("domain", 4), ("email", 1), ("hash", 1), ("url", 3)];
    assert_eq!(told, expected.map(|(kind, count)| (kind.to_owned(), count)));
    assert_eq!((content.lines, content.entries.len(), content.rejects.total), (11, 1, 0));
}

#[test]
fn a_damaged_address_is_no_domain() {
    for damaged in [
        "203.0.113.300",
        "1.2.3",
        "203.0.113.9/33",
        "203.0.113.9/0/login",
        "10.0.0.1.5",
        "0x7f.1",
        "203.0.113.lO",
        "203.0.113.010",
        "203.0.113.9.example",
        "203.0.113.9@example.com",
        "203.0.113.9-c2.example.com",
        "2001:db8::g",
        "2001:db8:::1",
    ] {
        let content = read(damaged);
        assert_eq!((content.rejects.total, content.not_addresses.len()), (1, 0), "{damaged}");
    }
}

#[test]
fn lines_of_other_formats_are_refused_by_name() {
    for (line, format) in [
        ("\"203.0.113.9\",\"c2\",\"2025-06-01\"", COLUMNS),
        ("ip,score,first_seen", COLUMNS),
        ("IPv4, 198.51.100.1, example", COLUMNS),
        ("198.51.100.1, 1, 100, 2000-01-01, 2000-01-01,", COLUMNS),
        ("\"203.0.113.9\"", COLUMNS),
        ("192.0.2.1#4#2#Malicious Host#KR##37.51,126.97#3", REPUTATION),
        ("192.0.2.3#4#2##CN#Guangzhou#23.11,113.25#3", REPUTATION),
        ("203.0.113.0\t203.0.113.255\t24\t9471\tEXAMPLE", ADDRESS_COLUMNS),
        ("203.0.113.9 198.51.100.7", ADDRESS_COLUMNS),
        ("203.0.113.9 198.51.100.0/24 # x", ADDRESS_COLUMNS),
    ] {
        let content = read(line);
        assert_eq!(content.rejects.samples[0].reason, RejectReason::OtherFormat(format), "{line}");
        assert_eq!(content.other_format(), Some(format));
    }
}

#[test]
fn a_few_lines_of_another_format_do_not_turn_a_plain_list_into_one() {
    let content = read("192.0.2.1\n192.0.2.2,x\n");
    assert_eq!((content.entries.len(), content.rejects.total), (1, 1));
    assert_eq!(content.other_format(), None);
}

#[test]
fn every_refusal_is_counted_and_the_first_hundred_are_kept_short() {
    let text = format!("{}\n", "x".repeat(5000)).repeat(250);
    let rejects = read(&text).rejects;
    assert_eq!((rejects.total, rejects.samples.len()), (250, 100));
    assert_eq!(rejects.samples[99].line, 100);
    assert_eq!(rejects.samples[0].text, format!("{}...", "x".repeat(120)));
}

/// What may stand around an entry on its line.
fn decoration() -> impl Strategy<Value = (&'static str, &'static str)> {
    proptest::sample::select(vec![
        ("", ""),
        ("", " ; SBL1"),
        (" ", "\t10"),
        ("\t", " # note, with comma"),
        ("", "//x"),
        ("", "#x"),
        ("", " - label"),
        ("", " \r"),
    ])
}

proptest! {
    #[test]
    fn every_line_is_an_entry_a_refusal_or_a_comment(text in "([0-9./:,;# \\-a-f\\[\\]\"\r\n]|\\PC){0,200}") {
        check_list(text.as_bytes());
    }

    #[test]
    fn an_address_is_found_whatever_stands_around_it(
        rows in proptest::collection::vec((any::<std::net::IpAddr>(), decoration()), 1..20),
    ) {
        let text: String = rows
            .iter()
            .map(|(address, (before, after))| format!("{before}{address}{after}\n"))
            .collect();
        let content = read(&text);
        let found: Vec<_> = content.entries.iter().map(|entry| entry.prefixes[0].addr()).collect();
        let written: Vec<_> = rows.iter().map(|(address, _)| address.to_canonical()).collect();
        prop_assert_eq!(found, written);
    }
}
