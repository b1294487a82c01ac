//! The whole report, as it is read.

use flowproof_evidence::Observed;
use proptest::prelude::*;

use crate::fixture::{corroborated, enriched, hostile, not_observable};
use crate::{Investigation, TextOptions, write_text};

fn text_with(investigation: &Investigation, options: &TextOptions) -> String {
    let mut out = Vec::new();
    write_text(investigation, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(investigation: &Investigation) -> String {
    text_with(investigation, &TextOptions::default())
}

#[test]
fn a_corroborated_finding_is_told_whole() {
    insta::assert_snapshot!(text(&corroborated()), @r#"
    Verdict: CORROBORATED
      - The records show accepted outbound TCP traffic with 203.0.113.9 port 9001: 1,234,567 bytes out
        and 98,765,432 bytes in, over 3 flows.
      - 203.0.113.9 is on the list tor-exits.txt.
      - Part of the data could not be read: see Coverage.

    Subject
      instance    i-0aaaabbbbcccc0001
      account     123456789012
      region      us-east-1
      interfaces  eni-0a1b2c3d4e5f60001, eni-0a1b2c3d4e5f60002
      addresses   10.0.1.5, 2001:db8::5

    Finding
      type        UnauthorizedAccess:EC2/TorClient
      id          0ab1c2d3e4f5061728394a5b6c7d8e9f
      title       The instance is communicating with a Tor entry node.
      severity    8 (high)
      seen        3 times, 2025-06-01 01:02:03Z to 2025-06-01 05:06:07.5Z
      claims      seen: outbound TCP network connection, remote 203.0.113.9 or 2001:db8:9::9 port 9001,
                  local port 49152; one occurrence by GuardDuty's count: 318 bytes in, 88 bytes out
      notes       the finding names no subnet
      window      2025-06-01 00:00:00Z to 2025-06-02 00:00:00Z (1d), with 15m of slack at both ends

    Claimed traffic
      in          98,765,432 bytes (98.8 MB) in 70,000 packets
      out         1,234,567 bytes (1.2 MB) in 4,000 packets
      records     3 flows accepted
      seen        2025-06-01 01:02:00Z to 2025-06-01 05:07:00Z

    All traffic of the subject
      in          98,770,532 bytes (98.8 MB) in 70,010 packets
      out         1,240,667 bytes (1.2 MB) in 4,020 packets
      unoriented  480 bytes in 8 packets, in a direction that the records do not tell
      records     17 flows accepted
      rejected    3 flows, 180 bytes in 3 packets: blocked, not transferred
      seen        2025-06-01 00:10:00Z to 2025-06-01 22:01:00Z

    Tests
      - sessions (shown): the subject opened 3 connections, and all were answered

    Remotes (4, 1 claimed, 1 on a threat list; in this order, then by bytes)
      address                            bytes in           bytes out  unoriented  flows  rejected  service
      203.0.113.9 (claimed)  98,765,432 (98.8 MB)  1,234,567 (1.2 MB)           0      3         0  TCP 9001
          list tor-exits.txt line 42: 203.0.113.0/28, "Tor exit"
      192.0.2.80                   5,100 (5.1 kB)      6,100 (6.1 kB)           0     13         0  TCP 443
          trusted list own-ranges.txt line 1: 192.0.2.0/24
      unknown                                   0                   0         480      1         0  protocol 253
      198.51.100.77                             0                   0           0      0         3  TCP, UDP 20, 21, 22, 23, 24, 25 and 4 more ports

    Timeline (UTC; 24 hours, a row each; a full bar is 60.0 MB)
      from                     in                           out
      2025-06-01 00:00     2.6 kB ▏                      3.1 kB ▏
      2025-06-01 01:00    60.0 MB ██████████████████     1.0 MB ▍                   3 rejected
      2025-06-01 02:00          -                             -
      2025-06-01 03:00          -                             -
      2025-06-01 04:00          -                             -
      2025-06-01 05:00    38.8 MB ███████████▊         234.6 kB ▏
      2025-06-01 06:00          -                             -
      2025-06-01 07:00          -                             -
      2025-06-01 08:00          -                             -                     gap
      2025-06-01 09:00          -                             -                     gap
      2025-06-01 10:00          -                             -                     gap
      2025-06-01 11:00          -                             -
      2025-06-01 12:00          -                             -
      2025-06-01 13:00          -                             -
      2025-06-01 14:00          -                             -
      2025-06-01 15:00          -                             -
      2025-06-01 16:00          -                             -
      2025-06-01 17:00          -                             -
      2025-06-01 18:00          -                             -
      2025-06-01 19:00          -                             -
      2025-06-01 20:00          -                             -
      2025-06-01 21:00          -                             -
      2025-06-01 22:00     2.6 kB ▏                      3.1 kB ▏                   480 B unoriented
      2025-06-01 23:00          -                             -
      gap: part of it was not observed, see Coverage

    Coverage
      objects     2 read of 8 listed
                  1 empty, 1 not a flow log, 1 denied, 2 truncated, 1 corrupt
      records     1,020 with traffic, 20 of them in the window
                  14 NODATA (observed idle), 1 SKIPDATA (lost by AWS), 2 malformed, 1 with impossible
                  times, 5 of a transit gateway (kept apart), 6 met before (duplicates)
                  of those with traffic: 4 without a byte counter, 1 with an unknown direction
      observed    eni-0a1b2c3d4e5f60001: 2025-06-01 00:00:00Z to 2025-06-01 08:00:00Z
                  eni-0a1b2c3d4e5f60001: 2025-06-01 10:30:00Z to 2025-06-02 00:00:00Z
                  eni-0a1b2c3d4e5f60002: never, no record at all
      gaps        eni-0a1b2c3d4e5f60001: 2025-06-01 08:00:00Z to 2025-06-01 10:30:00Z (2h 30m, SKIPDATA)
      samples     truncated: logs/cut.log.gz:1200: the gzip stream ends in mid block
                  not a flow log: logs/index.html: an HTML page

    Sources (2 objects, those with most records of the answer first)
      s3://example-logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20250601T0005Z_1a2b3c4d.log.gz
          12 records, 1,234,567 bytes (1.2 MB), ETag "0123456789abcdef0123456789abcdef"
      logs/late.log
          8 records, 512 bytes, sha256:abababababababababababababababababababababababababababababababab

    Lists (2)
      tor-exits.txt
          1,312 entries, 2 lines refused,
          sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
      own-ranges.txt
          1 entry, trusted, sha256:efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef

    Next steps
      - Isolate the instance and keep its memory and disk.
      - Ask who else in the account talked to 203.0.113.9.

    Made by flowproof 0.1.0.
    "#);
}

#[test]
fn an_answer_from_nothing_says_so_in_every_section() {
    insta::assert_snapshot!(text(&not_observable()), @r#"
    Verdict: NOT OBSERVABLE
      - a sample finding: it describes no real traffic
      - Queries to the Amazon resolver are never in flow logs.

    Subject
      interfaces  eni-0a1b2c3d4e5f60009

    Finding
      type        Trojan:EC2/DNSDataExfiltration
      id          0ab1c2d3e4f5061728394a5b6c7d8e9f
      title       The instance is communicating with a Tor entry node.
      severity    8 (high)
      seen        3 times, 2025-06-01 01:02:03Z to 2025-06-01 05:06:07.5Z
      notes       the finding names no subnet
      window      all of time

    Claimed traffic: none, the finding names no remote to look for

    All traffic of the subject: none, no record of any was found

    Remotes: none, no record with traffic was found

    Timeline: none, no record with a time was found

    Coverage
      objects     0 read of 0 listed
      records     0 with traffic, 0 of them in the window
      observed    eni-0a1b2c3d4e5f60009: never, no record at all

    Sources: none, no object was read

    Lists: none, no remote was matched

    Made by flowproof 0.1.0.
    "#);
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    insta::assert_snapshot!(text(&hostile("\u{1b}[2J\u{202e}evil\nVerdict: NONE")), @r#"
    Verdict: CORROBORATED
      - \x1b[2J\u{202e}evil\nVerdict: NONE
      - Part of the data could not be read: see Coverage.

    Subject
      instance    \x1b[2J\u{202e}evil\nVerdict: NONE
      account     \x1b[2J\u{202e}evil\nVerdict: NONE
      region      \x1b[2J\u{202e}evil\nVerdict: NONE
      interfaces  \x1b[2J\u{202e}evil\nVerdict: NONE
      addresses   10.0.1.5, 2001:db8::5

    Finding
      type        \x1b[2J\u{202e}evil\nVerdict: NONE
      id          \x1b[2J\u{202e}evil\nVerdict: NONE
      title       \x1b[2J\u{202e}evil\nVerdict: NONE
      severity    8 (high)
      seen        3 times, 2025-06-01 01:02:03Z to 2025-06-01 05:06:07.5Z
      claims      seen: outbound TCP network connection, remote 203.0.113.9 or 2001:db8:9::9 port 9001,
                  local port 49152; one occurrence by GuardDuty's count: 318 bytes in, 88 bytes out
      notes       \x1b[2J\u{202e}evil\nVerdict: NONE
      window      2025-06-01 00:00:00Z to 2025-06-01 02:00:00Z (2h), with 15m of slack at both ends

    Claimed traffic
      in          98,765,432 bytes (98.8 MB) in 70,000 packets
      out         1,234,567 bytes (1.2 MB) in 4,000 packets
      records     3 flows accepted
      seen        2025-06-01 01:02:00Z to 2025-06-01 05:07:00Z

    All traffic of the subject
      in          98,770,532 bytes (98.8 MB) in 70,010 packets
      out         1,240,667 bytes (1.2 MB) in 4,020 packets
      unoriented  480 bytes in 8 packets, in a direction that the records do not tell
      records     17 flows accepted
      rejected    3 flows, 180 bytes in 3 packets: blocked, not transferred
      seen        2025-06-01 00:10:00Z to 2025-06-01 22:01:00Z

    Tests
      - sessions (shown): the subject opened 3 connections, and all were answered

    Remotes (1, 0 claimed, 1 on a threat list; in this order, then by bytes)
      address           bytes in       bytes out  flows  rejected  service
      192.0.2.80  5,100 (5.1 kB)  6,100 (6.1 kB)     13         0  TCP 443
          list \x1b[2J\u{202e}evil\nVerdict: NONE line 7: \x1b[2J\u{202e}evil\nVerdict: NONE,
          "\x1b[2J\u{202e}evil\nVerdict: NONE"
          note: \x1b[2J\u{202e}evil\nVerdict: NONE, \x1b[2J\u{202e}evil\nVerdict: NONE:
          \x1b[2J\u{202e}evil\nVerdict: NONE

    Timeline (UTC; 2 hours, a row each; a full bar is 3.1 kB)
      from                     in                           out
      2025-06-01 00:00     2.6 kB ███████████████▏       3.1 kB ██████████████████
      2025-06-01 01:00          -                             -

    Coverage
      objects     2 read of 8 listed
                  1 empty, 1 not a flow log, 1 denied, 2 truncated, 1 corrupt
      records     1,020 with traffic, 20 of them in the window
                  14 NODATA (observed idle), 1 SKIPDATA (lost by AWS), 2 malformed, 1 with impossible
                  times, 5 of a transit gateway (kept apart), 6 met before (duplicates)
                  of those with traffic: 4 without a byte counter, 1 with an unknown direction
      observed    \x1b[2J\u{202e}evil\nVerdict: NONE: 2025-06-01 00:00:00Z to 2025-06-01 08:00:00Z
      gaps        \x1b[2J\u{202e}evil\nVerdict: NONE: 2025-06-01 08:00:00Z to 2025-06-01 10:30:00Z (2h
                  30m, \x1b[2J\u{202e}evil\nVerdict: NONE)
      samples     truncated: \x1b[2J\u{202e}evil\nVerdict: NONE:1200: \x1b[2J\u{202e}evil\nVerdict: NONE

    Sources (1 object, those with most records of the answer first)
      \x1b[2J\u{202e}evil\nVerdict: NONE
          12 records, 1,234,567 bytes (1.2 MB), ETag \x1b[2J\u{202e}evil\nVerdict: NONE

    Lists (1)
      \x1b[2J\u{202e}evil\nVerdict: NONE
          1,312 entries, 2 lines refused, sha256:\x1b[2J\u{202e}evil\nVerdict: NONE

    Enrichment (1, no part of any figure)
      \x1b[2J\u{202e}evil\nVerdict: NONE
          3 entries, \x1b[2J\u{202e}evil\nVerdict: NONE of 2025-05-30 00:00:00Z,
          sha256:\x1b[2J\u{202e}evil\nVerdict: NONE

    Next steps
      - \x1b[2J\u{202e}evil\nVerdict: NONE

    Made by \x1b[2J\u{202e}evil\nVerdict: NONE \x1b[2J\u{202e}evil\nVerdict: NONE.
    "#);
}

#[test]
fn a_cut_list_of_remotes_says_how_much_was_cut() {
    let mut told = corroborated();
    let extra = told.remotes[0].clone();
    told.remotes.extend(std::iter::repeat_n(extra, 20));
    let options = TextOptions { remotes: 3, width: 300, ..TextOptions::default() };
    let text = text_with(&told, &options);
    // 24 remotes, of which the claimed one and two of the 21 alike are shown.
    let rest = "and 21 more remotes: 96,900 bytes (96.9 kB) in, 115,900 bytes (115.9 kB) out";
    assert!(text.contains(rest), "{text}");
    assert!(text.contains("480 bytes unoriented, 248 flows, 3 rejected"), "{text}");
}

#[test]
fn whatever_is_cut_says_how_much() {
    let mut told = corroborated();
    told.subject.addresses = (0..25).map(|n| [10, 0, 0, n].into()).collect();
    if let Some(finding) = &mut told.finding {
        finding.claims = vec![finding.claims[0].clone(); 13];
        finding.notes = vec!["a note".to_owned(); 14];
    }
    told.remotes[0].matches = vec![told.remotes[0].matches[0].clone(); 12];
    let observed = told.coverage.observed[0].clone();
    let of_interface = |n| Observed { interface: format!("eni-{n:02}"), ..observed.clone() };
    told.coverage.observed = (0..31).flat_map(|n| vec![of_interface(n); 9]).collect();
    told.coverage.gaps = vec![told.coverage.gaps[0].clone(); 20];
    told.coverage.samples = vec![told.coverage.samples[0].clone(); 32];
    told.evidence = vec![told.evidence[1].clone(); 40];
    told.lists = vec![told.lists[0].clone(); 42];

    let text = text_with(&told, &TextOptions { width: 200, ..TextOptions::default() });
    for (line, times) in [
        ("and 5 more of them", 1),
        ("and 3 more claims", 1),
        ("and 4 more notes", 1),
        ("and 7 more list entries", 1),
        // Two of the 33 interfaces are the subject's and left no record; 10 are shown.
        ("eni-03: and 5 more stretches", 1),
        ("and 23 more interfaces", 1),
        ("and 16 more stretches", 1),
        ("and 17 more samples", 1),
        ("and 30 more objects with 240 records; the JSON report names them all", 1),
        ("and 22 more lists", 1),
    ] {
        assert_eq!(text.matches(line).count(), times, "{line}:\n{text}");
    }
    // However much there is to say, it stays a text that one can scroll through.
    assert!(text.lines().count() < 300, "{}", text.lines().count());
}

#[test]
fn claimed_remotes_come_first_then_listed_ones_then_the_largest() {
    let mut told = corroborated();
    told.remotes[3].matches = told.remotes[2].matches.clone();
    let text = text(&told);
    let at = |what: &str| text.find(&format!("\n  {what}")).unwrap_or_else(|| panic!("{text}"));
    let order = ["203.0.113.9 (claimed)", "unknown", "192.0.2.80", "198.51.100.77"].map(at);
    assert!(order.is_sorted(), "{text}");
}

#[test]
fn only_the_verdict_word_is_coloured_and_only_if_asked() {
    let options = TextOptions { color: true, ..TextOptions::default() };
    let coloured = text_with(&corroborated(), &options);
    let plain = text(&corroborated());
    assert!(coloured.starts_with("Verdict: \u{1b}[1;31mCORROBORATED\u{1b}[0m\n"), "{coloured}");
    assert_eq!(coloured.replace("\u{1b}[1;31m", "").replace("\u{1b}[0m", ""), plain);
}

#[test]
fn a_narrow_page_is_kept_to_where_words_allow() {
    let told = text_with(&not_observable(), &TextOptions { width: 60, ..TextOptions::default() });
    let widest = told.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 60, "{widest}:\n{told}");
}

/// Characters that matter to a terminal, more often than chance would bring them.
fn text_of_others() -> impl Strategy<Value = String> {
    let acting = prop_oneof![0..0xa0_u32, 0x2000..0x2070_u32, Just(0xfeff_u32), 0..0x11_0000_u32];
    let characters = acting.prop_filter_map("a surrogate", char::from_u32);
    proptest::collection::vec(characters, 0..400).prop_map(|c| c.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_of_others_acts_on_a_terminal(evil in text_of_others(), width in 0..200_usize) {
        let options = TextOptions { width, ..TextOptions::default() };
        let told = text_with(&hostile(&evil), &options);
        let acts = |c: char| c != '\n' && crate::escape::is_unsafe(c);
        prop_assert!(!told.contains(acts), "{told:?}");
        // Nor does it forge a line: the report has as many verdicts as it should.
        prop_assert_eq!(told.lines().filter(|line| line.starts_with("Verdict: ")).count(), 1);
    }
}

#[test]
fn enrichment_adds_its_lines_and_changes_no_other() {
    let wide = TextOptions { width: 200, ..TextOptions::default() };
    let [plain, enriched] = [corroborated(), enriched()].map(|told| text_with(&told, &wide));
    let added = [
        "      note: AS64500 Example Net, tor exit, rrname: b.example.com, count: 2 (1 more note)",
        "Enrichment (2, no part of any figure)",
        "  asn.mmdb",
        &format!(
            "      3 entries, Example-ASN of 2025-05-30 00:00:00Z, sha256:{}",
            "ab".repeat(32)
        ),
        "  pdns.csv",
        &format!("      3 entries, 1 row refused, sha256:{}", "ab".repeat(32)),
    ];
    let rest = |text: &str| {
        let lines = text.lines().filter(|line| !line.is_empty() && !added.contains(line));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for line in added {
        assert_eq!(enriched.lines().filter(|told| *told == line).count(), 1, "{line}\n{enriched}");
    }
    assert_eq!(rest(&enriched), rest(&plain));
}
