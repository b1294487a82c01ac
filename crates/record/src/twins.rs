//! The fast ways through the decoder against the careful one, line by line.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use proptest::prelude::*;

use super::*;

const ENI: &str = "eni-0a1b2c3d4e5f60001";

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0u8..4).prop_map(|n| format!("10.0.1.{n}")),
        3 => any::<std::net::Ipv4Addr>().prop_map(|a| a.to_string()),
        1 => any::<std::net::Ipv6Addr>().prop_map(|a| a.to_string()),
        1 => Just("2001:DB8:0::5".to_owned()),
        1 => Just("-".to_owned()),
        1 => "[0-9.:]{1,16}",
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0u32..70_000).prop_map(|n| n.to_string()),
        2 => any::<u64>().prop_map(|n| n.to_string()),
        1 => "[0-9]{1,22}",
        1 => Just("-".to_owned()),
        1 => "[0-9]{0,4}[a-z+.][0-9]{0,4}",
    ]
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => (1_748_736_000u64..1_748_736_100).prop_map(|n| n.to_string()),
        1 => (1_748_736_000_000u64..1_748_736_100_000).prop_map(|n| n.to_string()),
        1 => Just("-".to_owned()),
        1 => "0[0-9]{9}",
        1 => number(),
    ]
}

/// A line of the fields of [`HEADERS`], mostly good.
fn line() -> impl Strategy<Value = [String; 16]> {
    let word = |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned);
    let ids = (
        word(&["2", "2", "5", "11", "256", "-"]),
        word(&["123456789012", "unknown", "-"]),
        word(&[ENI, ENI, "eni-0a1b2c3d4e5f60002", "-", "eni-\u{e9}"]),
        word(&["i-0aaaabbbbcccc0001", "-"]),
    );
    let ends = (address(), address(), number(), number(), word(&["6", "17", "300", "-"]));
    let volume = (number(), number(), time(), time());
    let words = (
        word(&["ACCEPT", "ACCEPT", "REJECT", "-", "accept"]),
        word(&["OK", "OK", "OK", "OK", "NODATA", "SKIPDATA", "-"]),
        word(&["egress", "ingress", "-"]),
    );
    (ids, ends, volume, words).prop_map(|(ids, ends, volume, words)| {
        let (version, account, interface, instance) = ids;
        let (source, destination, source_port, destination_port, protocol) = ends;
        let (packets, bytes, start, end) = volume;
        let (action, status, direction) = words;
        [
            version,
            account,
            interface,
            source,
            destination,
            source_port,
            destination_port,
            protocol,
            packets,
            bytes,
            start,
            end,
            action,
            status,
            instance,
            direction,
        ]
    })
}

/// Columns of [`line`], by place, and their header.
const HEADERS: [(&[usize], &str); 4] = [
    (
        &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
         start end action log-status",
    ),
    (
        &[2, 15, 4, 3, 9, 10, 13, 14],
        "interface-id flow-direction dstaddr srcaddr bytes start log-status instance-id",
    ),
    (&[3, 4, 9, 1, 2], "srcaddr dstaddr bytes some-future-field interface-id"),
    (&[2, 14], "interface-id instance-id"),
];

/// Objects of one or several formats, with odd lines between.
fn text() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just(String::new()),
        Just("bogus line".to_owned()),
        Just("2 3 4 5 6 7 8 9 10 11 12 13 14 15".to_owned()),
        Just(" ".to_owned()),
        "[ -~]{0,30}",
    ];
    let lines =
        prop::collection::vec((line(), 0u8..40, odd, any::<bool>(), 0..HEADERS.len()), 0..60);
    (lines, 0..HEADERS.len(), any::<bool>()).prop_map(|(lines, first, newline)| {
        let mut format = HEADERS[first];
        let mut all = vec![format.1.to_owned()];
        for (fields, what, odd, spaced, other) in lines {
            match what {
                0 => all.push(odd),
                1 => {
                    format = HEADERS[other];
                    all.push(format.1.to_owned());
                }
                _ => {
                    let fields: Vec<&str> =
                        format.0.iter().map(|at| fields[*at].as_str()).collect();
                    all.push(fields.join(if what == 2 && spaced { "  " } else { " " }));
                }
            }
        }
        let mut text = all.join("\n");
        if newline {
            text.push('\n');
        }
        text
    })
}

/// A test as a list of addresses would be: one byte decides.
#[derive(Debug)]
struct EvenSum;

impl RawTest for EvenSum {
    fn passes(&self, text: &[u8]) -> bool {
        assert!(!text.is_empty() && text != b"-");
        text.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) % 2 == 0
    }
}

/// Any question about any field of [`line`], sensible or not.
fn leaf() -> impl Strategy<Value = Predicate> {
    let fields = [
        FieldId::VERSION,
        FieldId::INTERFACE_ID,
        FieldId::SRCADDR,
        FieldId::DSTADDR,
        FieldId::SRCPORT,
        FieldId::BYTES,
        FieldId::START,
        FieldId::ACTION,
        FieldId::INSTANCE_ID,
        FieldId::REGION,
    ];
    let comparisons = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];
    let few: &[&str] = &["10.0.1.1", "2001:db8::5", "2", "REJECT"];
    let many: &[&str] = &[
        "10.0.1.1",
        "10.0.1.2",
        "10.0.1.3",
        "2001:db8::5",
        "ACCEPT",
        "443",
        ENI,
        "i-0aaaabbbbcccc0001",
    ];
    let test: Arc<dyn RawTest> = Arc::new(EvenSum);
    let numbers = prop_oneof![
        0i128..1000,
        (1_748_736_000i128..1_748_736_100).prop_map(|n| n * 1_000_000_000 + 5 * (n % 2)),
    ];
    let texts = prop::sample::select(vec![few, many]);
    let parts = (prop::sample::select(fields.to_vec()), texts, numbers);
    (0u8..5, parts, prop::sample::select(comparisons.to_vec())).prop_map(
        move |(what, (id, texts, number), comparison)| match what {
            0 => Predicate::Missing(id),
            1 => Predicate::text_in(id, texts),
            2 => {
                Predicate::TextNotIn(id, texts.iter().map(|text| text.as_bytes().into()).collect())
            }
            3 => Predicate::Number(id, comparison, number),
            _ => Predicate::Raw(id, Arc::clone(&test)),
        },
    )
}

fn predicate() -> impl Strategy<Value = Option<Predicate>> {
    let interface = Just(Predicate::text_in(FieldId::INTERFACE_ID, [ENI]));
    let either = Just(Predicate::Or(vec![
        Predicate::text_in(FieldId::SRCADDR, ["10.0.1.1", "10.0.1.2"]),
        Predicate::text_in(FieldId::DSTADDR, ["2001:db8::5"]),
    ]));
    let other = prop_oneof![
        Just(Predicate::Number(FieldId::BYTES, Comparison::Greater, 1000)),
        Just(Predicate::Number(FieldId::DSTPORT, Comparison::NotEqual, 443)),
        Just(Predicate::Missing(FieldId::INSTANCE_ID)),
        Just(Predicate::text_in(FieldId::ACTION, ["REJECT"])),
        Just(Predicate::And(Vec::new())),
        leaf(),
        leaf(),
        prop::collection::vec(leaf(), 0..4).prop_map(Predicate::Or),
        prop::collection::vec(leaf(), 0..4).prop_map(Predicate::And),
    ];
    let literal = prop_oneof![interface, either];
    let both = (literal.clone(), other.clone()).prop_map(|(a, b)| Predicate::And(vec![a, b]));
    prop::option::weighted(0.8, prop_oneof![literal, other, both])
}

fn options() -> impl Strategy<Value = DecoderOptions> {
    let columns = prop::sample::subsequence(FieldId::all().collect::<Vec<_>>(), 0..12);
    let range = prop_oneof![Just((None, None)), Just((Some(1_748_736_020), Some(1_748_736_060)))];
    let keep = prop::sample::select(&[Keep::All, Keep::Traffic, Keep::TrafficAndIdle][..]);
    (columns, range, keep, predicate(), 1usize..40).prop_map(
        |(columns, (from, to), keep, predicate, batch_rows)| DecoderOptions {
            columns,
            batch_rows,
            from,
            to,
            keep,
            predicate: predicate.map(Arc::new),
            ..DecoderOptions::default()
        },
    )
}

/// Decodes in pieces; the rows, and everything else.
fn decode(text: &str, options: &DecoderOptions, piece: usize) -> (RecordBatch, Tally) {
    let mut decoder = Decoder::new(options.clone());
    let mut batches = Vec::new();
    for mut piece in text.as_bytes().chunks(piece) {
        while !piece.is_empty() {
            piece = &piece[decoder.decode(piece)..];
            if decoder.is_full() {
                batches.extend(decoder.flush());
            }
        }
    }
    decoder.finish();
    batches.extend(decoder.flush());
    (concat_batches(decoder.schema(), &batches).unwrap(), decoder.tally().clone())
}

/// Enough by default; the environment may ask for more.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn many_lines_at_once_give_what_one_at_a_time_gives(
        text in text(), options in options(), piece in 1usize..4000,
    ) {
        let careful = DecoderOptions { careful: true, ..options.clone() };
        let (careful, fast) =
            (decode(&text, &careful, usize::MAX), decode(&text, &options, piece));
        prop_assert_eq!(&fast.1, &careful.1, "{}", text);
        prop_assert_eq!(fast.0, careful.0, "{}", text);
    }

    #[test]
    fn passing_over_lines_loses_no_record_that_passes(
        text in text(), options in options(), piece in 1usize..4000,
    ) {
        let whole = decode(&text, &options, usize::MAX);
        let options = DecoderOptions { pass_over: true, ..options };
        let found = decode(&text, &options, usize::MAX);
        prop_assert_eq!(&found.0, &whole.0, "{}", text);
        let (counts, all) = (found.1.counts, whole.1.counts);
        prop_assert_eq!(counts.selected, all.selected);
        prop_assert_eq!((counts.headers, &found.1.formats), (all.headers, &whole.1.formats));
        let sum = |c: Counts| {
            c.ok + c.nodata + c.skipdata + c.malformed + c.bad_time + c.transit_gateway + c.passed_over
        };
        prop_assert_eq!(sum(counts), sum(all), "each line is counted once");
        prop_assert!(counts.malformed <= all.malformed);
        prop_assert_eq!(decode(&text, &options, piece), found, "whatever the cut");
    }
}

proptest! {
    #[test]
    fn records_without_batches_are_those_of_the_batches(
        text in text(), pieces in prop::collection::vec(1usize..4000, 1..4),
    ) {
        fuzz::check_decoder(text.as_bytes(), &pieces);
    }
}
