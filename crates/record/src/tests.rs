//! What the decoder promises: columns by name, every kind of line told apart, any cut the same.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Int32Type, TimestampNanosecondType, UInt64Type};
use proptest::prelude::*;

use super::*;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                      packets bytes start end action log-status";
const LINE: &str = "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 8400 \
                    1748736000 1748736060 ACCEPT OK";

/// Decodes `bytes`, pushed in pieces of the given lengths over and over.
fn decode_in_pieces(
    bytes: &[u8],
    options: &DecoderOptions,
    pieces: &[usize],
) -> (RecordBatch, Tally, Option<String>) {
    let mut decoder = Decoder::new(options.clone());
    let mut batches = Vec::new();
    let mut lengths = pieces.iter().copied().cycle();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at(lengths.next().unwrap().clamp(1, rest.len()));
        while !piece.is_empty() {
            piece = &piece[decoder.decode(piece)..];
            if decoder.is_full() {
                batches.extend(decoder.flush());
            }
        }
        rest = after;
    }
    decoder.finish();
    batches.extend(decoder.flush());
    let batch = concat_batches(decoder.schema(), &batches).unwrap();
    (batch, decoder.tally().clone(), decoder.refusal().map(Refusal::to_string))
}

fn decode(text: &str) -> (RecordBatch, Tally, Option<String>) {
    decode_in_pieces(text.as_bytes(), &DecoderOptions::default(), &[usize::MAX])
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let array = batch.column_by_name(column).unwrap().as_string_view();
    array.iter().map(|text| text.map(str::to_owned)).collect()
}

fn counters(batch: &RecordBatch, column: &str) -> Vec<Option<u64>> {
    batch.column_by_name(column).unwrap().as_primitive::<UInt64Type>().iter().collect()
}

#[test]
fn columns_come_from_the_header_by_name_not_from_their_count() {
    let text = "account-id action bytes dstaddr dstport end instance-id interface-id log-status \
                packets protocol srcaddr srcport start\n123456789012 ACCEPT 8400 203.0.113.9 443 \
                1748736060 i-0aaaabbbbcccc0001 eni-0a1b2c3d4e5f60001 OK 10 6 10.0.1.5 49152 1748736000\n";
    let (batch, tally, _) = decode(text);
    assert_eq!(tally.counts.ok, 1);
    assert_eq!(counters(&batch, "bytes"), [Some(8400)]);
    assert_eq!(texts(&batch, "instance_id"), [Some("i-0aaaabbbbcccc0001".into())]);
    let start = batch.column_by_name("start").unwrap().as_primitive::<TimestampNanosecondType>();
    assert_eq!(start.value(0), 1_748_736_000_000_000_000);
    assert_eq!(
        batch.column_by_name("srcport").unwrap().as_primitive::<Int32Type>().value(0),
        49152
    );
    assert!(batch.column_by_name("vpc_id").unwrap().is_null(0), "a field that the format lacks");
}

#[test]
fn an_unknown_field_is_skipped_and_named() {
    let text = "version srcaddr dstaddr bytes some-future-field start end action log-status\n\
                11 10.0.1.5 203.0.113.9 8400 blue 1748736000 1748736060 ACCEPT OK\n";
    let (batch, tally, _) = decode(text);
    assert_eq!(counters(&batch, "bytes"), [Some(8400)]);
    let (_, format) = tally.formats.first().unwrap();
    assert_eq!(format.unknown().collect::<Vec<_>>(), ["some-future-field"]);
}

#[test]
fn each_kind_of_line_is_counted_under_its_own_name() {
    let idle = "2 123456789012 eni-0a1b2c3d4e5f60001 - - - - - - - 1748736000 1748736060 -";
    let lines = [
        LINE.to_owned(),
        format!("{idle} NODATA"),
        format!("{idle} SKIPDATA"),
        LINE.replace(" OK", " GO_AWAY"),
        LINE.replace("ACCEPT", "SUCCESS"),
        LINE.replace(" 8400 ", " -1 "),
        LINE.replace(" 8400 ", " 1e9 "),
        LINE.replace(" 8400 ", " 18446744073709551616 "),
        LINE.replace("10.0.1.5", "10.0.1.256"),
        LINE.replace(" 443 ", " 65536 "),
        "bogus line".to_owned(),
        LINE.replace("1748736060", "1748735999"),
        LINE.replace("1748736000 1748736060", "0 0"),
        String::new(),
        "  \t ".to_owned(),
    ];
    let (batch, tally, _) = decode(&format!("{HEADER}\n{}\n", lines.join("\n")));
    let counts = tally.counts;
    assert_eq!((counts.ok, counts.nodata, counts.skipdata), (1, 1, 1));
    assert_eq!((counts.malformed, counts.bad_time, counts.headers), (8, 2, 1));
    assert_eq!(batch.num_rows(), 3, "records of good form, whatever their status");
    let reasons: Vec<_> = tally.rejects.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(reasons[0], (5, "log-status: expected OK, NODATA or SKIPDATA, got `GO_AWAY`"));
    assert_eq!(reasons[1], (6, "action: expected ACCEPT or REJECT, got `SUCCESS`"));
    assert_eq!(reasons[2], (7, "bytes: expected a whole number of 64 bits, got `-1`"));
    assert_eq!(tally.rejects.len(), Tally::REJECTS_PER_KIND + 2);
}

#[test]
fn counters_are_exact_to_64_bits() {
    let lines = [u64::MAX, 1 << 32].map(|bytes| LINE.replace("8400", &bytes.to_string()));
    let (batch, _, _) = decode(&lines.join("\n"));
    assert_eq!(counters(&batch, "bytes"), [Some(u64::MAX), Some(1 << 32)]);
}

#[test]
fn a_record_that_is_not_ok_has_no_counters_whatever_stands_there() {
    let (batch, tally, _) = decode(&LINE.replace(" OK", " NODATA"));
    assert_eq!((tally.counts.nodata, tally.counts.ok), (1, 0));
    assert_eq!(counters(&batch, "bytes"), [None]);
}

#[test]
fn a_dash_in_an_ok_record_is_unknown_and_counted() {
    let text = LINE.replace(" 10 8400 ", " 10 - ").replace("ACCEPT", "-");
    let (batch, tally, _) = decode(&text);
    let counts = tally.counts;
    assert_eq!((counts.ok, counts.bytes_missing, counts.action_missing), (1, 1, 1));
    assert_eq!(counters(&batch, "bytes"), [None]);
    assert_eq!(counters(&batch, "packets"), [Some(10)]);
}

#[test]
fn whitespace_of_every_kind_parts_fields_and_ends_lines() {
    let (batch, tally, _) = decode(&format!("{LINE} \r\n\r\n  {}\r\n", LINE.replace(' ', "\t ")));
    assert_eq!((tally.counts.ok, tally.counts.malformed), (2, 0));
    assert_eq!(texts(&batch, "log_status"), [Some("OK".into()), Some("OK".into())]);
}

#[test]
fn a_header_in_mid_file_is_no_record_and_remaps_the_columns() {
    let other = "version srcaddr dstaddr packets bytes\n2 10.0.1.5 203.0.113.9 1 52\n";
    let (batch, tally, _) = decode(&format!("{HEADER}\n{LINE}\n{HEADER}\n{LINE}\n\n{other}"));
    assert_eq!((tally.counts.headers, tally.counts.malformed, tally.counts.ok), (3, 0, 3));
    assert_eq!(counters(&batch, "bytes"), [Some(8400), Some(8400), Some(52)]);
    assert_eq!(texts(&batch, "action")[2], None);
}

#[test]
fn a_format_of_text_alone_knows_its_header_again() {
    let text = "interface-id instance-id\neni-1 i-1\ninterface-id instance-id\neni-2 i-2\n";
    let (batch, tally, _) = decode(text);
    assert_eq!(tally.counts.headers, 2);
    assert_eq!(texts(&batch, "interface_id"), [Some("eni-1".into()), Some("eni-2".into())]);
}

#[test]
fn without_a_header_the_default_format_is_assumed_only_if_it_fits() {
    let (_, tally, refusal) = decode(LINE);
    assert_eq!((tally.counts.ok, refusal), (1, None));
    assert_eq!(tally.formats.first().unwrap().0, FormatSource::AssumedDefault);

    let (batch, tally, refusal) = decode("123456789012 ACCEPT 8400 203.0.113.9\n");
    assert_eq!((batch.num_rows(), tally.counts.ok, tally.counts.malformed), (0, 0, 1));
    assert!(refusal.unwrap().contains("--format-string"));
}

#[test]
fn a_first_line_that_is_damaged_does_not_hide_the_rest() {
    let (_, tally, refusal) = decode(&format!("{}\n{LINE}\n", LINE.replace("ACCEPT", "SUCCESS")));
    assert_eq!((tally.counts.ok, tally.counts.malformed, refusal), (1, 1, None));
}

#[test]
fn a_given_format_serves_objects_without_header_and_gives_way_to_one() {
    let format = Format::parse_format_string("${dstaddr} ${bytes}").unwrap();
    let options = DecoderOptions { format: Some(format), ..DecoderOptions::default() };
    let run = |text: &str| decode_in_pieces(text.as_bytes(), &options, &[usize::MAX]);
    let (batch, tally, _) = run("203.0.113.9 8400\nbytes dstaddr\n52 203.0.113.9\n");
    assert_eq!(counters(&batch, "bytes"), [Some(8400), Some(52)]);
    assert_eq!(tally.counts.malformed, 0);
    let (batch, _, _) = run(&format!("{HEADER}\n{LINE}\n"));
    assert_eq!(counters(&batch, "bytes"), [Some(8400)]);
}

#[test]
fn the_time_that_an_export_task_puts_before_each_line_is_no_column() {
    let line = format!("2025-06-01T00:00:00.000Z {LINE}");
    let (batch, tally, _) = decode(&format!("{line}\n{line}\n{LINE}\n"));
    assert_eq!(counters(&batch, "bytes"), [Some(8400), Some(8400)]);
    assert_eq!(tally.counts.malformed, 1, "a line without it is not like the others");
}

#[test]
fn milliseconds_are_read_as_such_and_counted() {
    let text = LINE.replace("1748736000 1748736060", "1748736000000 1748736060000");
    let (batch, tally, _) = decode(&text);
    assert_eq!(tally.counts.milliseconds, 1);
    let end = batch.column_by_name("end").unwrap().as_primitive::<TimestampNanosecondType>();
    assert_eq!(end.value(0), 1_748_736_060_000_000_000);
}

#[test]
fn transit_gateway_records_are_kept_apart() {
    let text =
        "version tgw-id srcaddr dstaddr bytes log-status\n6 tgw-1 10.0.1.5 10.9.0.1 8400 OK\n";
    let (batch, tally, _) = decode(text);
    assert_eq!((tally.counts.transit_gateway, tally.counts.ok, batch.num_rows()), (1, 0, 1));
    let options = DecoderOptions { keep: Keep::Traffic, ..DecoderOptions::default() };
    let (batch, _, _) = decode_in_pieces(text.as_bytes(), &options, &[64]);
    assert_eq!(batch.num_rows(), 0);
}

#[test]
fn an_address_has_one_spelling_in_the_batch() {
    let line = LINE.replace("10.0.1.5", "2001:DB8:0:0::0005");
    let (batch, _, _) = decode(&line);
    assert_eq!(texts(&batch, "srcaddr"), [Some("2001:db8::5".into())]);
    let (batch, _, _) = decode(&LINE.replace("10.0.1.5", "::FFFF:10.0.1.5"));
    assert_eq!(texts(&batch, "srcaddr"), [Some("10.0.1.5".into())], "mapped is IPv4");
}

#[test]
fn a_line_far_too_long_is_one_malformed_line_and_the_next_goes_on() {
    let long = "A".repeat(5 * MAX_LINE);
    for pieces in [&[usize::MAX][..], &[1000], &[MAX_LINE + 1]] {
        let text = format!("{HEADER}\n{long}\n{LINE}\n");
        let options = DecoderOptions::default();
        let (_, tally, _) = decode_in_pieces(text.as_bytes(), &options, pieces);
        assert_eq!((tally.counts.malformed, tally.counts.ok), (1, 1));
    }
}

#[test]
fn what_is_no_flow_log_is_refused_after_a_few_lines() {
    let page = format!("<!DOCTYPE html>\n{}", "<p>192.0.2.55 is not here</p>\n".repeat(1000));
    let (batch, tally, refusal) = decode(&page);
    assert!(refusal.is_some());
    assert_eq!((batch.num_rows(), tally.counts.malformed), (0, 16));
}

#[test]
fn an_object_that_was_cut_loses_its_last_line() {
    let mut decoder = Decoder::new(DecoderOptions::default());
    let _ = decoder.decode(format!("{LINE}\n{}", LINE.replace("8400", "84")).as_bytes());
    decoder.finish_cut();
    assert_eq!((decoder.tally().counts.ok, decoder.tally().counts.malformed), (1, 0));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_header() {
    let (_, tally, _) = decode(&format!("\u{feff}{HEADER}\n{LINE}\n"));
    assert_eq!((tally.counts.headers, tally.counts.ok, tally.counts.malformed), (1, 1, 0));
}

#[test]
fn the_range_takes_records_by_overlap() {
    let at = |from, to| {
        let options =
            DecoderOptions { from: Some(from), to: Some(to), ..DecoderOptions::default() };
        decode_in_pieces(LINE.as_bytes(), &options, &[9]).0.num_rows()
    };
    assert_eq!(at(1748736060, 1748736061), 1, "its last second");
    assert_eq!(at(1748736061, 1748739600), 0);
    assert_eq!(at(1748732400, 1748736000), 0, "the range ends where the record starts");
    assert_eq!(at(1748732400, 1748736001), 1);
}

#[test]
fn idle_records_can_be_kept_past_a_predicate_that_they_cannot_answer() {
    let header = "version interface-id instance-id bytes start end log-status";
    let text = format!(
        "{header}\n3 eni-1 i-1 1 1748736000 1748736060 OK\n3 eni-1 - - 1748736060 1748736120 NODATA\n\
         3 eni-2 i-2 1 1748736000 1748736060 OK\n"
    );
    let rows = |keep| {
        let predicate = Predicate::text_in(FieldId::INSTANCE_ID, ["i-1"]);
        let predicate = Some(Arc::new(predicate));
        let options = DecoderOptions { keep, predicate, ..DecoderOptions::default() };
        let (batch, tally, _) = decode_in_pieces(text.as_bytes(), &options, &[64]);
        assert_eq!((tally.counts.ok, tally.counts.nodata), (2, 1), "the tally is of all lines");
        batch.num_rows()
    };
    assert_eq!([Keep::All, Keep::Traffic, Keep::TrafficAndIdle].map(rows), [1, 1, 2]);
}

/// Text that is mostly flow log, with all that can go wrong in it.
fn log_text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => Just(LINE.to_owned()),
        2 => (any::<u64>(), 1_748_000_000u32..1_749_000_000).prop_map(|(bytes, start)| LINE
            .replace("8400", &bytes.to_string())
            .replace("1748736000", &start.to_string())),
        1 => Just(HEADER.to_owned()),
        1 => Just("bytes srcaddr dstaddr".to_owned()),
        1 => Just("52 10.0.1.5 2001:db8::1".to_owned()),
        1 => Just(LINE.replace(' ', "  ") + "\r"),
        1 => Just(LINE.replace(" OK", " NODATA")),
        1 => "[ -~]{0,40}".prop_map(|text| text),
        1 => (MAX_LINE - 2..MAX_LINE + 3).prop_map(|length| "A".repeat(length)),
    ];
    (prop::collection::vec(line, 0..12), any::<bool>(), any::<Option<(u8, prop::sample::Index)>>())
        .prop_map(|(lines, newline, damage)| {
            let mut bytes = lines.join("\n").into_bytes();
            if newline {
                bytes.push(b'\n');
            }
            if let (Some((byte, at)), false) = (damage, bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        })
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_records_and_the_same_tally(
        text in log_text(),
        pieces in prop::collection::vec(1usize..5000, 1..8),
        batch_rows in 1usize..6,
    ) {
        let whole = decode_in_pieces(&text, &DecoderOptions::default(), &[usize::MAX]);
        let options = DecoderOptions { batch_rows, ..DecoderOptions::default() };
        prop_assert_eq!(decode_in_pieces(&text, &options, &pieces), whole);
    }

    #[test]
    fn any_bytes_are_taken_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        pieces in prop::collection::vec(1usize..100, 1..4),
    ) {
        fuzz::check_decoder(&bytes, &pieces);
    }

    #[test]
    fn records_without_batches_are_those_of_the_batches(
        text in log_text(),
        pieces in prop::collection::vec(1usize..5000, 1..4),
    ) {
        fuzz::check_decoder(&text, &pieces);
    }

    #[test]
    fn any_order_of_columns_gives_the_same_answers(
        order in Just((0..14).collect::<Vec<usize>>()).prop_shuffle(),
        bytes in any::<u64>(),
    ) {
        let line = LINE.replace("8400", &bytes.to_string());
        let shuffled = |text: &str| {
            let tokens: Vec<&str> = text.split_whitespace().collect();
            order.iter().map(|at| tokens[*at]).collect::<Vec<_>>().join(" ")
        };
        let straight = decode(&format!("{HEADER}\n{line}\n"));
        let other = decode(&format!("{}\n{}\n", shuffled(HEADER), shuffled(&line)));
        prop_assert_eq!(other.0, straight.0);
        prop_assert_eq!(other.1.counts, straight.1.counts);
    }

    #[test]
    fn records_match_a_naive_split(
        rows in prop::collection::vec((any::<u32>(), 0u16.., any::<u64>(), any::<bool>()), 0..40),
    ) {
        let lines = rows.iter().map(|(address, port, bytes, accepted)| {
            let address = std::net::Ipv4Addr::from(*address);
            let action = if *accepted { "ACCEPT" } else { "REJECT" };
            format!("2 123456789012 eni-1 {address} 203.0.113.9 {port} 443 6 1 {bytes} 1748736000 \
                     1748736060 {action} OK\n")
        });
        let text = lines.collect::<String>();
        let (batch, tally, _) = decode_in_pieces(
            format!("{HEADER}\n{text}").as_bytes(), &DecoderOptions::default(), &[333]);
        let naive: Vec<Vec<&str>> = text.lines().map(|l| l.split(' ').collect()).collect();
        prop_assert_eq!(tally.counts.ok as usize, rows.len());
        prop_assert_eq!(texts(&batch, "srcaddr"),
            naive.iter().map(|t| Some(t[3].to_owned())).collect::<Vec<_>>());
        prop_assert_eq!(counters(&batch, "bytes"),
            naive.iter().map(|t| t[9].parse().ok()).collect::<Vec<_>>());
    }
}
