//! The Markdown as it is written, and as another reader of Markdown takes it apart.

use std::collections::BTreeSet;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{MarkdownOptions, write_markdown};
use crate::escape::is_unsafe;
use crate::fixture::{chapter, corroborated, crowded, enriched, hostile, not_observable};
use crate::{Chapter, TextOptions, printable, write_text};

fn markdown<'a, C: Into<Chapter<'a>>>(chapters: impl IntoIterator<Item = C>) -> String {
    let mut out = Vec::new();
    write_markdown(chapters, &MarkdownOptions::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The kinds of things in the text, runs of text and code as one; and all its text.
fn parsed(markdown: &str) -> (Vec<String>, String) {
    let (mut kinds, mut text) = (Vec::<String>::new(), String::new());
    for event in Parser::new_ext(markdown, Options::all()) {
        let kind = match &event {
            Event::Text(part) | Event::Code(part) => {
                text.push_str(part);
                "text".to_owned()
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("{event:?}"),
            Event::Html(_) | Event::InlineHtml(_) => panic!("{event:?}"),
            Event::End(TagEnd::TableCell) => {
                text.push(' ');
                format!("{event:?}")
            }
            _ => format!("{event:?}"),
        };
        if kind != "text" || kinds.last().is_none_or(|last| last != "text") {
            kinds.push(kind);
        }
    }
    (kinds, text)
}

const HOSTILE: [&str; 18] = [
    "<script>alert(1)</script>",
    "[click](http://example.com/)",
    "![x](http://example.com/x.png)",
    "http://example.com/ www.example.com a@example.com",
    "@team #1 GH-1 :tada: $x^2$",
    "a | b || c \\| d",
    "`code` ``more`` ```",
    "\\",
    "a\n\n# Verdict: CONTRADICTED\n",
    "| a |\n|---|\n",
    "- x",
    "1. x",
    "***",
    "&lt;b&gt; &amp;",
    "~~gone~~ **bold** _it_ ^up^ ||hidden||",
    "[^1]: note [^1] [ ] [x]",
    "{{x}} ${x} %{x}",
    "1.2.\u{202e}4.3\u{1b}[2J\u{0}",
];

#[test]
fn a_corroborated_finding_is_told_for_a_ticket() {
    let investigation = corroborated();
    insta::assert_snapshot!(markdown([chapter(&investigation)]), @r#"
    ## Verdict: CORROBORATED

    - The records show accepted outbound TCP traffic with 203.0.113.9 port 9001: 1,234,567 bytes out and 98,765,432 bytes in, over 3 flows.
    - 203.0.113.9 is on the list tor-exits.txt.
    - **Part of the data could not be read**: see Coverage.

    Next steps:

    - Isolate the instance and keep its memory and disk.
    - Ask who else in the account talked to 203.0.113.9.

    | What | Value |
    | --- | --- |
    | Instance | `i-0aaaabbbbcccc0001` |
    | Account | `123456789012` |
    | Region | `us-east-1` |
    | Interfaces | `eni-0a1b2c3d4e5f60001`, `eni-0a1b2c3d4e5f60002` |
    | Addresses | `10.0.1.5`, `2001:db8::5` |
    | Finding | `UnauthorizedAccess:EC2/TorClient` |
    | Finding id | `0ab1c2d3e4f5061728394a5b6c7d8e9f` |
    | Title | The instance is communicating with a Tor entry node. |
    | Severity | 8 (high) |
    | Seen | 3 times, 2025-06-01 01:02:03Z to 2025-06-01 05:06:07.5Z |
    | Window | 2025-06-01 00:00:00Z to 2025-06-02 00:00:00Z (1d), with 15m of slack at both ends |

    ### Traffic

    |  | Claimed | All of the subject |
    | --- | ---: | ---: |
    | In | 98,765,432 bytes (98.8 MB) in 70,000 packets | 98,770,532 bytes (98.8 MB) in 70,010 packets |
    | Out | 1,234,567 bytes (1.2 MB) in 4,000 packets | 1,240,667 bytes (1.2 MB) in 4,020 packets |
    | In an unknown direction | 0 bytes in 0 packets | 480 bytes in 8 packets |
    | Accepted flows | 3 | 17 |
    | Rejected flows | 0 | 3: 180 bytes in 3 packets |
    | Seen | 2025-06-01 01:02:00Z to 2025-06-01 05:07:00Z | 2025-06-01 00:10:00Z to 2025-06-01 22:01:00Z |

    ### Claims

    - **seen**: `outbound TCP network connection, remote 203.0.113.9 or 2001:db8:9::9 port 9001, local port 49152; one occurrence by GuardDuty's count: 318 bytes in, 88 bytes out`

    ### Tests

    - sessions (shown): the subject opened 3 connections, and all were answered

    ### Remotes

    | Remote | Bytes in | Bytes out | Unoriented | Flows | Rejected | Service | Lists and notes |
    | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |
    | `203.0.113.9` (claimed) | 98,765,432 | 1,234,567 | 0 | 3 | 0 | TCP 9001 | `tor-exits.txt` line 42: `203.0.113.0/28` Tor exit |
    | `192.0.2.80` | 5,100 | 6,100 | 0 | 13 | 0 | TCP 443 | trusted `own-ranges.txt` line 1: `192.0.2.0/24` |
    | unknown | 0 | 0 | 480 | 1 | 0 | protocol 253 |  |
    | `198.51.100.77` | 0 | 0 | 0 | 0 | 3 | TCP, UDP 20, 21, 22, 23, 24, 25 and 4 more ports |  |

    ### Peers of the claimed remotes

    | Who | Remote | Bytes in | Bytes out | Flows | Rejected |
    | --- | --- | ---: | ---: | ---: | ---: |
    | `123456789012` `i-0aaaabbbbcccc0002` `eni-0a1b2c3d4e5f60003` | `203.0.113.9` | 0 | 45,678 | 2 | 0 |
    | `123456789012` `eni-0a1b2c3d4e5f60004` | `203.0.113.9` | 0 | 612 | 2 | 0 |

    ### Coverage

    - Objects: 2 read of 8 listed, 1 empty, 1 not a flow log, 1 denied, 2 truncated, 1 corrupt
    - Records: 1,020 with traffic, 20 of them in the window, 14 NODATA (observed idle), 1 SKIPDATA (lost by AWS), 2 malformed, 1 with impossible times, 5 of a transit gateway (kept apart), 6 met before (duplicates)
    - Of those with traffic: 4 without a byte counter, 1 with an unknown direction
    - Never, no record at all: `eni-0a1b2c3d4e5f60002`
    - Gap of `eni-0a1b2c3d4e5f60001`: 2025-06-01 08:00:00Z to 2025-06-01 10:30:00Z, SKIPDATA
    - truncated: `logs/cut.log.gz` line 1200: the gzip stream ends in mid block
    - not a flow log: `logs/index.html`: an HTML page

    ### Sources

    - 2 objects with 20 records of the answer; the JSON report names them with their digests
    - List `tor-exits.txt`: 1,312 entries, 2 lines refused, SHA-256 `cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd`
    - Trusted list `own-ranges.txt`: 1 entry, SHA-256 `efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef`

    Made by flowproof 0.1.0. Times are UTC.
    "#);
}

#[test]
fn nothing_of_others_becomes_markup() {
    let (plain, _) = parsed(&markdown([&hostile("x")]));
    for text in HOSTILE {
        let written = markdown([&hostile(text)]);
        let (kinds, told) = parsed(&written);
        assert_eq!(kinds, plain, "{text:?}\n{written}");
        let shown = printable(text).replace('`', "\\x60").replace('|', "\\x7c");
        assert!(told.matches(&shown).count() > 15, "{shown:?} in {told}");
        assert!(!written.contains(|c: char| c != '\n' && is_unsafe(c)), "{written:?}");
    }
}

proptest! {
    #[test]
    fn no_text_whatever_changes_the_structure(
        text in proptest::string::string_regex("[ -~\n\u{e9}\u{5d0}]{1,40}").unwrap(),
    ) {
        let (told, plain) = (parsed(&markdown([&hostile(&text)])), parsed(&markdown([&hostile("x")])));
        prop_assert_eq!(told.0, plain.0);
    }
}

/// Every figure, time and address of the text report's first parts, which is written by other code.
#[test]
fn every_figure_of_the_text_report_is_in_the_markdown() {
    for investigation in [corroborated(), enriched(), not_observable(), crowded(30)] {
        let mut text = Vec::new();
        let options = TextOptions { width: 10_000, ..TextOptions::default() };
        write_text(&investigation, &options, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (_, told) = parsed(&markdown([&investigation]));
        let bare = |word: &str| word.trim_matches([',', ';', ':', '.', '(', ')']).to_owned();
        let words: BTreeSet<String> = told.split([' ', '\n']).map(bare).collect();
        let coverage = &text[text.find("\nCoverage").unwrap()..text.find("\nSources").unwrap()];
        let coverage = coverage.split("\n  gaps").next().unwrap().split("observed").next().unwrap();
        let mut figures = 0;
        for word in [text.split("\nRemotes").next().unwrap(), coverage].join(" ").split([' ', '\n'])
        {
            if word.contains(|c: char| c.is_ascii_digit()) {
                figures += 1;
                assert!(words.contains(&bare(word)), "{word} is not in {told}");
            }
        }
        assert!(figures > 10);
    }
}

#[test]
fn remotes_that_are_not_shown_are_counted_and_summed() {
    let investigation = crowded(30);
    let told = markdown([&investigation]);
    let hidden = "and 20 more remotes: ";
    assert!(told.contains(hidden), "{told}");
    let mut all = Vec::new();
    write_markdown([&investigation], &MarkdownOptions { remotes: 30 }, &mut all).unwrap();
    assert!(!String::from_utf8(all).unwrap().contains("more remotes"));
}

#[test]
fn several_investigations_are_set_apart_by_a_rule() {
    let (kinds, text) = parsed(&markdown([&corroborated(), &not_observable()]));
    assert_eq!(kinds.iter().filter(|kind| *kind == "Rule").count(), 1);
    assert_eq!(text.matches("Verdict: ").count(), 2);
    assert!(text.contains("No interface of the subject left a record"), "{text}");
}
