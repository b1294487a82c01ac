//! What the unwrapper promises: every wrapper gives what the plain lines give, whatever the cut;
//! nothing is lost without a count; what is no flow log is refused by name.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{DEFAULT_FORMAT, Decoder, DecoderOptions, FieldId, FormatSource};

const LINE: &str = "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 8400 \
                    1748736000 1748736060 ACCEPT OK";
const IDLE: &str =
    "2 123456789012 eni-0a1b2c3d4e5f60001 - - - - - - - 1748736000 1748736060 - NODATA";

/// All that came of an object.
#[derive(Debug)]
struct Read {
    batch: RecordBatch,
    tally: Tally,
    wrapper: Option<Wrapper>,
    refusal: Option<String>,
    cut: Option<String>,
    control_messages: u64,
    unknown: Vec<String>,
}

impl Read {
    fn texts(&self, id: FieldId) -> Vec<Option<String>> {
        let column = self.batch.column_by_name(id.field().column).unwrap();
        let texts = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
        let texts = texts.as_string::<i32>();
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn text(&self, id: FieldId) -> String {
        self.texts(id).swap_remove(0).unwrap_or_else(|| "-".into())
    }

    fn reasons(&self) -> Vec<(u64, &str)> {
        self.tally.rejects.iter().map(|reject| (reject.line, reject.reason.as_str())).collect()
    }
}

/// Reads an object that is pushed in pieces of the given lengths over and over.
fn read_in_pieces(bytes: &[u8], lengths: &[usize], is_cut: bool) -> Read {
    let mut unwrapper = Unwrapper::new();
    let mut decoder = Decoder::new(DecoderOptions { batch_rows: 7, ..DecoderOptions::default() });
    let mut batches = Vec::new();
    let mut decode = |decoder: &mut Decoder, mut bytes: &[u8]| {
        while !bytes.is_empty() {
            bytes = &bytes[decoder.decode(bytes)..];
            if decoder.is_full() {
                batches.extend(decoder.flush());
            }
        }
    };
    let mut lines = Vec::new();
    let mut lengths = lengths.iter().copied().cycle();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(lengths.next().unwrap().clamp(1, rest.len()));
        lines.clear();
        let unwrapped = unwrapper.push(now, &mut lines);
        decode(&mut decoder, &lines);
        if unwrapped == Unwrapped::AsPushed {
            decode(&mut decoder, now);
        }
        rest = later;
    }
    lines.clear();
    match is_cut {
        true => unwrapper.finish_cut(&mut lines),
        false => unwrapper.finish(&mut lines),
    }
    decode(&mut decoder, &lines);
    match is_cut {
        true => decoder.finish_cut(),
        false => decoder.finish(),
    }
    batches.extend(decoder.flush());
    let mut tally = decoder.tally().clone();
    unwrapper.settle(&mut tally);
    let refusal = unwrapper.refusal().or(decoder.refusal()).map(ToString::to_string);
    Read {
        batch: concat_batches(decoder.schema(), &batches).unwrap(),
        tally,
        wrapper: unwrapper.wrapper(),
        refusal,
        cut: unwrapper.cut().map(str::to_owned),
        control_messages: unwrapper.control_messages(),
        unknown: unwrapper.unknown_fields().map(str::to_owned).collect(),
    }
}

fn read(text: &str) -> Read {
    read_in_pieces(text.as_bytes(), &[usize::MAX], false)
}

fn event(line: &str) -> Value {
    json!({"logStreamName": "eni-0a1b2c3d4e5f60001-all", "timestamp": 1_748_736_000_000_u64,
           "message": line, "ingestionTime": 1_748_736_100_000_u64, "eventId": "1"})
}

fn envelope(lines: &[&str]) -> Value {
    let events: Vec<_> =
        lines.iter().map(|line| json!({"id": "1", "timestamp": 1, "message": line})).collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "flow",
           "logStream": "eni-0a1b2c3d4e5f60001-all", "subscriptionFilters": ["all"],
           "logEvents": events})
}

/// The records of plain lines, as members of objects.
fn members_of(line: &str) -> Map<String, Value> {
    let names = DEFAULT_FORMAT.iter().map(|id| id.field().column.to_owned());
    names.zip(line.split_whitespace().map(Value::from)).collect()
}

#[test]
fn a_plain_flow_log_passes_through_untouched_from_its_first_word_on() {
    let mut unwrapper = Unwrapper::new();
    let mut lines = Vec::new();
    for piece in ["version account-id", " interface-id\n2 1234", "{\"message\":"] {
        assert_eq!(unwrapper.push(piece.as_bytes(), &mut lines), Unwrapped::AsPushed);
    }
    unwrapper.finish(&mut lines);
    assert_eq!((lines.len(), unwrapper.wrapper()), (0, Some(Wrapper::Plain)));
}

#[test]
fn what_was_held_back_of_a_plain_flow_log_comes_before_the_rest() {
    for (text, expected) in [
        (format!("\u{feff}\n \n{LINE}\n"), 1),
        (LINE.to_owned(), 1),
        ("bogus".to_owned(), 0),
        ("\u{feff}".to_owned(), 0),
        (String::new(), 0),
        (format!("a,b c\n{LINE}\n"), 1),
    ] {
        for lengths in [&[1][..], &[2, 3], &[usize::MAX]] {
            let read = read_in_pieces(text.as_bytes(), lengths, false);
            assert_eq!(read.tally.counts.ok, expected, "{text}");
            assert_eq!(read.wrapper, Some(Wrapper::Plain), "{text}");
        }
    }
}

#[test]
fn messages_are_found_whatever_the_array_the_envelope_or_the_line() {
    let [one, two] = [event(LINE), event(IDLE)];
    let bare = json!({"message": format!("{LINE}\n")});
    for (text, wrapper) in [
        (format!("{one}\n{two}\n"), Wrapper::CloudWatchJson),
        (format!("{one}{two}"), Wrapper::CloudWatchJson),
        (format!("\u{feff}[{one},{two}]"), Wrapper::CloudWatchJson),
        (format!("{one:#}\n{two:#}"), Wrapper::CloudWatchJson),
        (
            json!({"events": [one, two], "nextForwardToken": "f/1"}).to_string(),
            Wrapper::CloudWatchJson,
        ),
        (format!("{}{}", envelope(&[LINE]), envelope(&[IDLE])), Wrapper::CloudWatchJson),
        (format!("{:#}", json!([envelope(&[LINE, IDLE])])), Wrapper::CloudWatchJson),
        (format!("{bare}{}", json!({"message": IDLE})), Wrapper::MessageJson),
        (
            format!("{}\n{}", json!({"log": LINE, "stream": "x"}), json!({"body": IDLE})),
            Wrapper::MessageJson,
        ),
        (
            format!("{}\n{}", json!({"@message": LINE}), json!({"event": {"original": IDLE}})),
            Wrapper::MessageJson,
        ),
        (
            json!({"message": members_of(LINE)}).to_string() + &event(IDLE).to_string(),
            Wrapper::CloudWatchJson,
        ),
    ] {
        let read = read(&text);
        let counts = read.tally.counts;
        let expected = u64::from(!text.contains("\"message\":{"));
        assert_eq!((counts.ok, counts.nodata), (expected, 1), "{text}");
        assert_eq!((counts.malformed, counts.headers), (1 - expected, 0), "{text}");
        assert_eq!(read.wrapper, Some(wrapper), "{text}");
    }
}

#[test]
fn rows_of_logs_insights_are_read_as_json_and_as_csv() {
    let row = json!([{"field": "@timestamp", "value": "2025-06-01 00:00:00.000"},
                     {"field": "@message", "value": LINE}, {"field": "@ptr", "value": "C"}]);
    let json = json!({"results": [row, row], "status": "Complete"}).to_string();
    let csv = format!("@timestamp,@message\n2025-06-01 00:00:00.000,{LINE}\n,{LINE}\n");
    assert_eq!(read(&json).tally.counts.ok, 2);
    let csv = read(&csv);
    assert_eq!((csv.tally.counts.ok, csv.wrapper), (2, Some(Wrapper::ConsoleCsv)));
}

#[test]
fn a_record_in_json_in_json_is_read() {
    let inner = Value::Object(members_of(LINE)).to_string();
    let read = read(&json!({"message": inner, "timestamp": 1}).to_string());
    assert_eq!(read.text(FieldId::BYTES), "8400");
}

#[test]
fn control_messages_are_skipped_and_counted() {
    let control = json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "",
        "logStream": "", "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": 1,
        "message": "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]});
    let read = read(&format!("{control}{}{control}", envelope(&[LINE])));
    assert_eq!((read.control_messages, read.tally.counts.ok), (2, 1));
    assert_eq!((read.tally.counts.malformed, read.refusal), (0, None));
    let only = super::tests::read(&control.to_string());
    assert_eq!((only.control_messages, only.refusal), (1, None));
}

#[test]
fn what_the_format_must_tell_is_asked_for_as_with_plain_lines() {
    let read = read(&json!({"message": "123456789012 ACCEPT 8400 203.0.113.9"}).to_string());
    assert!(read.refusal.unwrap().contains("--format-string"));
}

#[test]
fn an_object_is_a_record_in_any_spelling_of_its_fields() {
    let camel = json!({"version": 2, "accountId": "123456789012", "interfaceId": "eni-1",
        "srcAddr": "10.0.1.5", "dstAddr": "203.0.113.9", "srcPort": 49152, "dstPort": 443.0,
        "protocol": "6", "packets": 10, "bytes": 8400.0, "startTime": 1_748_736_000_u64,
        "endTime": "1748736060", "action": "ACCEPT", "logStatus": "OK", "p_log_type": "AWS.VPCFlow",
        "instanceId": null, "tcpFlags": "18"});
    let read = read(&camel.to_string());
    assert_eq!(read.wrapper, Some(Wrapper::JsonRecords));
    assert_eq!((read.tally.counts.ok, read.tally.counts.headers), (1, 0));
    assert_eq!(read.text(FieldId::BYTES), "8400");
    assert_eq!(read.text(FieldId::DSTPORT), "443");
    assert_eq!(read.text(FieldId::TCP_FLAGS), "18");
    assert_eq!(read.texts(FieldId::INSTANCE_ID), [None]);
    assert_eq!(read.unknown, ["p_log_type"]);
    assert!(matches!(read.tally.formats.first(), Some((FormatSource::Header, _))));
}

#[test]
fn counters_of_json_are_exact_to_64_bits_and_others_are_malformed() {
    let record = |bytes: &str| {
        format!("{{\"srcaddr\":\"10.0.1.5\",\"dstaddr\":\"203.0.113.9\",\"bytes\":{bytes}}}\n")
    };
    let good = [
        "18446744073709551615",
        "4294967296",
        "\"18446744073709551615\"",
        "1e3",
        "52.0",
        "\"52.0\"",
    ];
    let bad = ["-1", "1.5", "18446744073709551616", "\"1e3\"", "true", "[1]", "{}", "\"5 2\""];
    let text: String = good.iter().chain(&bad).map(|bytes| record(bytes)).collect();
    let read = read(&text);
    let expected =
        ["18446744073709551615", "4294967296", "18446744073709551615", "1000", "52", "52"];
    let bytes: Vec<_> = read.texts(FieldId::BYTES).into_iter().flatten().collect();
    assert_eq!(bytes, expected);
    assert_eq!(read.tally.counts.malformed, bad.len() as u64);
    let reasons = read.reasons();
    assert_eq!(reasons[0], (7, "bytes: expected a whole number of 64 bits, got `-1`"));
    assert_eq!(reasons[4], (11, "bytes: expected a text or number, got `true`"));
}

#[test]
fn an_account_that_became_a_number_gets_its_zeros_back() {
    let read = read(r#"{"account_id":12345678901,"srcaddr":"10.0.1.5","dstaddr":"203.0.113.9"}"#);
    assert_eq!(read.text(FieldId::ACCOUNT_ID), "012345678901");
}

#[test]
fn a_record_without_a_status_is_traffic_also_beside_one_that_has_it() {
    let text = r#"{"srcaddr":"10.0.1.5","dstaddr":"203.0.113.9","log_status":"OK"}
                  {"srcaddr":"10.0.1.6","dstaddr":"203.0.113.9"}
                  {"interface_id":"eni-1","log_status":"NODATA"}
                  {"srcaddr":"10.0.1.6","dstaddr":"203.0.113.9","log_status":null}"#;
    let counts = read(text).tally.counts;
    assert_eq!((counts.ok, counts.nodata, counts.malformed), (2, 1, 1));
}

#[test]
fn transit_gateway_records_are_told_apart_in_json_too() {
    let text = r#"{"srcaddr":"10.0.1.5","dstaddr":"203.0.113.9","tgw_id":"tgw-1"}
                  {"srcaddr":"10.0.1.6","dstaddr":"203.0.113.9","tgw_id":null}"#;
    let counts = read(text).tally.counts;
    assert_eq!((counts.transit_gateway, counts.ok), (1, 1));
}

#[test]
fn other_logs_are_refused_by_name() {
    for (text, expected) in [
        (
            r#"{"query_name":"example.com.","query_type":"A","srcaddr":"10.0.1.5","srcport":"53"}"#,
            "Route 53 Resolver query logs, not flow logs",
        ),
        (
            r#"{"Records":[{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"X"}]}"#,
            "CloudTrail events, not flow logs",
        ),
        (r#"{"awslogs":{"data":"H4sIAAAAAAAA"}}"#, "a Lambda or Firehose event"),
        (
            r#"{"Findings":[{"SchemaVersion":"2.0","Service":{},"Resource":{}}]}"#,
            "GuardDuty findings, not flow logs",
        ),
        (r#"{"files":[1,2]}"#, "JSON without flow log records"),
        ("[2025-06-01] INFO started\n", "JSON without flow log records"),
    ] {
        let read = read(text);
        let refusal = read.refusal.unwrap();
        assert!(refusal.starts_with(expected), "{text}: {refusal}");
        assert_eq!(read.batch.num_rows(), 0);
    }
    let long = format!("{{\"awslogs\":{{\"data\":\"{}\"}}}}", "A".repeat(2_000_000));
    assert!(read(&long).refusal.unwrap().starts_with("a Lambda or Firehose event"));
}

#[test]
fn among_records_what_is_none_is_malformed_with_its_line_and_reason() {
    let good = event(LINE);
    let dns = r#"{"query_name":"example.com.","query_type":"A"}"#;
    let text = format!(
        "{good}\n{dns}\n{{\"message\":\"x\n{good}\nbogus\n{{\"a\":1}}\n{good}x\n{}\n",
        event("bad line")
    );
    let read = read(&text);
    assert_eq!((read.tally.counts.ok, read.refusal.as_deref()), (3, None));
    let expected = [
        (2, "Route 53 Resolver query logs, not flow logs"),
        (3, "a line of JSON ends within a string: `{\\\"message\\\":\\\"x`"),
        (5, "expected a JSON object, got `bogus`"),
        (6, "an object that is no flow log record: its members are a"),
        (7, "expected a JSON object, got `x`"),
    ];
    assert_eq!(read.reasons(), expected);
    assert_eq!(read.tally.counts.malformed, 6);
}

#[test]
fn a_bad_record_is_placed_on_the_line_of_its_element() {
    let bad = LINE.replace("203.0.113.9", "203.0.113.256");
    let text = format!("{:#}", json!({"events": [event(LINE), event(&bad)]}));
    let line = text.lines().position(|line| line.contains(".256")).unwrap();
    let read = read(&text);
    // The element begins before the member does.
    let (told, reason) = read.reasons()[0];
    assert!(told as usize <= line && told as usize > line - 7, "{told} {line}");
    assert!(reason.starts_with("dstaddr: expected an IP address"), "{reason}");
}

#[test]
fn a_document_cut_in_the_middle_is_told_and_its_whole_elements_count() {
    let text = json!({"events": [event(LINE), event(LINE), event(LINE)]}).to_string();
    let third = text.rfind("{\"").unwrap();
    for (at, malformed) in [(third, 0), (third + 30, 1), (text.len() - 1, 1)] {
        let read = read(&text[..at]);
        assert_eq!(read.tally.counts.malformed, malformed, "{at}");
        assert!(read.cut.as_deref().unwrap().starts_with("the JSON ends in the"), "{at}");
        assert!(read.tally.counts.ok >= 2);
        let known = read_in_pieces(&text.as_bytes()[..at], &[50], true);
        assert_eq!((known.tally.counts.malformed, known.cut), (0, read.cut));
    }
    assert_eq!(read(&text[..9]).refusal, None, "nothing was seen that is no record");
}

#[test]
fn a_console_csv_is_read_with_its_quotes_and_line_ends() {
    let text = format!(
        "\u{feff}timestamp,message\r\n1748736000000,\"{LINE}\n\"\r\n\r\n1748736000001,{IDLE}\r\n\
         timestamp,message\r\n5\r\n1748736000002,\"{LINE}\""
    );
    let read = read(&text);
    let counts = read.tally.counts;
    assert_eq!((counts.ok, counts.nodata, counts.malformed, counts.headers), (2, 1, 1, 2));
    assert_eq!(read.reasons(), [(7, "expected 2 columns, got 1: `5`")]);
    assert_eq!(read.wrapper, Some(Wrapper::ConsoleCsv));
}

#[test]
fn a_csv_row_that_ends_before_the_message_is_malformed_whatever_stood_in_the_row_before() {
    // It ends behind the end of the message before.
    let csv = format!("timestamp,message\n1,{LINE}\n2,\n{}\n", "5".repeat(9));
    let read = read(&csv);
    assert_eq!(read.tally.counts.ok, 1);
    let reasons = read.reasons();
    assert_eq!(reasons.last(), Some(&(4, "expected 2 columns, got 1: `555555555`")));
}

#[test]
fn a_csv_of_fields_is_read_by_its_header() {
    let text = "bytes,src_addr,dstaddr, log-status ,note\r\n8400,10.0.1.5,203.0.113.9,OK,a b\r\n\
                ,10.0.1.6,\"203.0.113.9\",OK,\r\n1,2,3\r\ndstaddr,srcaddr\r\n203.0.113.9,10.0.1.7\r\n";
    let read = read(text);
    assert_eq!(read.wrapper, Some(Wrapper::Csv));
    let counts = read.tally.counts;
    assert_eq!((counts.ok, counts.malformed, counts.headers, counts.bytes_missing), (3, 1, 2, 2));
    assert_eq!(read.reasons(), [(4, "expected 5 columns, got 3: `123`")]);
    assert_eq!(read.unknown, ["note"]);
    let sources: Vec<_> = read.texts(FieldId::SRCADDR).into_iter().flatten().collect();
    assert_eq!(sources, ["10.0.1.5", "10.0.1.6", "10.0.1.7"]);
}

#[test]
fn a_csv_without_a_header_is_read_by_the_default_format_if_it_fits() {
    let idle = IDLE.replace(' ', ",").replace(",-", ",");
    let bare = read(&format!("{}\n{idle}\n", LINE.replace(' ', ",")));
    assert_eq!((bare.tally.counts.ok, bare.tally.counts.nodata), (1, 1));
    assert_eq!(bare.wrapper, Some(Wrapper::Csv));
    let custom = read(&LINE.replace(' ', ",").replace(",ACCEPT,OK", ""));
    assert!(custom.refusal.unwrap().contains("--format-string"));
}

#[test]
fn a_list_of_addresses_is_no_csv_of_records() {
    let read = read("203.0.113.9, 203.0.113.10\n198.51.100.7, 198.51.100.8\n");
    assert_eq!(read.wrapper, Some(Wrapper::Plain));
    assert!(read.refusal.is_some());
}

/// The event that AWS makes of a record, in the shape of a schema version.
fn ocsf(egress: bool, version: &str) -> Value {
    let own = json!({"interface_uid": "eni-0a1b2c3d4e5f60001", "instance_uid": "i-0aaaabbbbcccc0001",
                     "vpc_uid": "vpc-1", "subnet_uid": "subnet-1"});
    let mut source = json!({"port": 49152, "svc_name": "-", "ip": "10.0.1.5"});
    let mut destination = json!({"port": 443, "svc_name": "S3", "ip": "203.0.113.9",
                                 "intermediate_ips": ["10.0.0.220"]});
    let near = if egress { &mut source } else { &mut destination };
    near.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let mut event = json!({
        "class_uid": 4001,
        "metadata": {"version": version, "product": {"version": "5", "name": "Amazon VPC",
                     "feature": {"name": "Flowlogs"}}},
        "src_endpoint": source, "dst_endpoint": destination,
        "connection_info": {"protocol_num": 6, "tcp_flags": 19, "protocol_ver": "IPv4",
                            "direction_id": if egress { 2 } else { 1 },
                            "boundary_id": if egress { 11 } else { 99 }},
        "traffic": {"packets": 10, "bytes": 8400},
    });
    let members = event.as_object_mut().unwrap();
    let more = match version {
        "0.39.0" => json!({
            "cloud": {"account_uid": "123456789012", "region": "us-east-1", "zone": "use1-az1"},
            "start_time": 1_748_736_000_000_u64, "end_time": 1_748_736_060_000_u64, "activity_id": 5,
            "unmapped": [["log_status", "OK"], ["sublocation_id", "-"]]}),
        "1.0.0-rc.2" => json!({
            "cloud": {"account_uid": "123456789012", "region": "us-east-1", "zone": "use1-az1"},
            "start_time": 1_748_736_000_000_u64, "end_time": 1_748_736_060_000_u64,
            "status_code": "OK", "disposition": "Blocked", "disposition_id": 2,
            "unmapped": {"sublocation_id": "-"}}),
        _ => json!({
            "cloud": {"account": {"uid": "123456789012"}, "region": "us-east-1", "zone": "use1-az1"},
            "time": 1_748_736_000_u64, "start_time_dt": "2025-06-01 00:00:00+00:00",
            "end_time_dt": "2025-06-01T00:01:00Z", "status_code": "OK", "action": "Blocked",
            "unmapped": [{"key": "sublocation_id", "value": "-"}]}),
    };
    members.extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn ocsf_gives_the_record_back_that_it_was_made_of_in_every_version() {
    for version in ["0.39.0", "1.0.0-rc.2", "1.1.0", "1.5.0"] {
        for egress in [true, false] {
            let read = read(&ocsf(egress, version).to_string());
            assert_eq!(read.wrapper, Some(Wrapper::OcsfJson));
            assert_eq!((read.tally.counts.ok, read.reasons()), (1, vec![]), "{version}");
            let direction = if egress { "egress" } else { "ingress" };
            let path = if egress { "8" } else { "-" };
            for (id, expected) in [
                (FieldId::VERSION, "5"),
                (FieldId::ACCOUNT_ID, "123456789012"),
                (FieldId::SRCADDR, "10.0.1.5"),
                (FieldId::PKT_SRCADDR, "10.0.1.5"),
                (FieldId::DSTADDR, "10.0.0.220"),
                (FieldId::PKT_DSTADDR, "203.0.113.9"),
                (FieldId::SRCPORT, "49152"),
                (FieldId::BYTES, "8400"),
                (FieldId::ACTION, "REJECT"),
                (FieldId::LOG_STATUS, "OK"),
                (FieldId::INTERFACE_ID, "eni-0a1b2c3d4e5f60001"),
                (FieldId::INSTANCE_ID, "i-0aaaabbbbcccc0001"),
                (FieldId::TYPE, "IPv4"),
                (FieldId::PKT_DST_AWS_SERVICE, "S3"),
                (FieldId::PKT_SRC_AWS_SERVICE, "-"),
                (FieldId::FLOW_DIRECTION, direction),
                (FieldId::TRAFFIC_PATH, path),
                (FieldId::START, "2025-06-01T00:00:00Z"),
                (FieldId::END, "2025-06-01T00:01:00Z"),
            ] {
                assert_eq!(read.text(id), expected, "{version} {egress} {}", id.field().name);
            }
        }
    }
}

#[test]
fn ocsf_without_traffic_is_idle_and_has_no_action() {
    let mut event = ocsf(true, "0.39.0");
    event["unmapped"][0][1] = "NODATA".into();
    event["activity_id"] = 0.into();
    event["connection_info"]["direction_id"] = 0.into();
    for (side, name) in [("src_endpoint", "ip"), ("dst_endpoint", "ip")] {
        event[side][name] = "-".into();
        event[side]["intermediate_ips"] = Value::Null;
    }
    let read = read(&event.to_string());
    assert_eq!((read.tally.counts.nodata, read.reasons()), (1, vec![]));
    assert_eq!(read.texts(FieldId::ACTION), [None]);
    assert_eq!(read.text(FieldId::INTERFACE_ID), "eni-0a1b2c3d4e5f60001");
}

/// Records as plain lines of the default format, good and bad.
fn any_line() -> impl Strategy<Value = String> {
    let ok = (0u8..4, 0u8..4, any::<u16>(), any::<u64>(), 0u32..1000, any::<bool>()).prop_map(
        |(from, to, port, bytes, time, accept)| {
            let start = 1_748_736_000 + time;
            let action = if accept { "ACCEPT" } else { "REJECT" };
            format!(
                "2 123456789012 eni-{from} 10.0.1.{from} 2001:db8::{to} {port} 443 6 1 {bytes} {start} \
                 {} {action} OK",
                start + 60
            )
        },
    );
    prop_oneof![4 => ok, 1 => Just(IDLE.to_owned()), 1 => Just(LINE.replace("443", "65536"))]
}

/// Ways to wrap lines.
const WRAPPINGS: usize = 12;

fn wrap(lines: &[String], wrapping: usize) -> String {
    let join = |values: Vec<String>, between: &str| values.join(between);
    let events: Vec<Value> = lines.iter().map(|line| event(line)).collect();
    let rows: Vec<Value> = lines.iter().map(|line| Value::Object(members_of(line))).collect();
    let refs: Vec<&str> = lines.iter().map(String::as_str).collect();
    let csv_header = DEFAULT_FORMAT.map(|id| id.field().column).join(",");
    match wrapping {
        0 => join(events.iter().map(Value::to_string).collect(), "\n"),
        1 => join(events.iter().map(Value::to_string).collect(), ""),
        2 => join(events.iter().map(|event| format!("{event:#}")).collect(), "\n"),
        3 => format!("{:#}", Value::from(events)),
        4 => json!({"events": events, "searchedLogStreams": [{}]}).to_string(),
        5 => join(refs.chunks(2).map(|lines| envelope(lines).to_string()).collect(), ""),
        6 => join(
            refs.iter().map(|line| json!({"message": format!("{line}\n")}).to_string()).collect(),
            "",
        ),
        7 => join(rows.iter().map(Value::to_string).collect(), "\n"),
        8 => format!("{:#}", Value::from(rows)),
        9 => format!("timestamp,message\r\n1,\"{}\"\r\n", refs.join("\"\r\n1,\"")),
        10 => format!("{csv_header}\n{}\n", refs.join("\n").replace(' ', ",")),
        _ => format!("{csv_header}\r\n\"{}\"", refs.join("\"\r\n\"").replace(' ', "\",\"")),
    }
}

/// Members as tools write them: odd names, values of every type, more or fewer.
fn any_members() -> impl Strategy<Value = Vec<(String, Value)>> {
    let name = prop::sample::select(vec![
        "bytes",
        "account_id",
        "instanceId",
        "instance_tag",
        "log_status",
        "startTime",
        "start",
        "note",
        "more",
        "message",
        "query_name",
        "query_type",
        "class_uid",
        "tgw_id",
        "by\u{7}tes",
    ]);
    let value = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!("OK")),
        Just(json!("a b")),
        Just(json!(LINE)),
        Just(json!([1, {"a": []}])),
        Just(json!(-1)),
        Just(json!(1.5)),
        Just(json!(8400.0)),
        Just(json!(u64::MAX)),
        Just(json!(1_748_736_000)),
        Just(json!("1748736000")),
    ];
    prop::collection::vec((name.prop_map(str::to_owned), value), 0..6)
}

proptest! {
    #[test]
    fn a_record_among_its_like_is_read_as_one_alone(
        records in prop::collection::vec((any_members(), any::<bool>()), 1..6),
    ) {
        let ends = json!({"srcaddr": "10.0.1.5", "dstaddr": "203.0.113.9"});
        let print = |(members, is_record): &(Vec<(String, Value)>, bool)| {
            // Members may come twice, so the object is put together as text.
            let ends = ends.as_object().unwrap().iter().filter(|_| *is_record);
            let ends = ends.map(|(name, value)| (name.clone(), value.clone()));
            let members = ends.chain(members.iter().cloned());
            let print = |(name, value): (String, Value)| format!("{}:{value}", Value::from(name));
            format!("{{{}}}", members.map(print).collect::<Vec<_>>().join(","))
        };
        let texts: Vec<String> = records.iter().map(print).collect();
        let text = texts.join("\n");
        let unwrap = |mut reader: JsonReader| {
            let (mut notes, mut lines) = (Notes::default(), vec![]);
            reader.push(text.as_bytes(), &mut notes, &mut lines);
            reader.finish(false, &mut notes, &mut lines);
            (String::from_utf8(lines).unwrap(), format!("{notes:?}"))
        };
        prop_assert_eq!(unwrap(JsonReader::new()), unwrap(JsonReader::by_tree()));
    }

    #[test]
    fn every_wrapper_gives_what_the_plain_lines_give_whatever_the_cut(
        records in prop::collection::vec(any_line(), 1..20),
        wrapping in 0..WRAPPINGS,
        lengths in prop::collection::vec(1usize..300, 1..5),
    ) {
        let header = DEFAULT_FORMAT.map(|id| id.field().name).join(" ");
        // A bad line must not come first where the format is to be assumed.
        let records: Vec<_> = [LINE.to_owned()].into_iter().chain(records).collect();
        let plain = read(&format!("{header}\n{}\n", records.join("\n")));
        let wrapped = wrap(&records, wrapping);
        let read = read_in_pieces(wrapped.as_bytes(), &lengths, false);
        prop_assert_eq!(&read.batch, &plain.batch);
        let (mut ours, mut theirs) = (read.tally.counts, plain.tally.counts);
        (ours.headers, theirs.headers) = (0, 0);
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!((read.refusal, read.cut), (None, None));
        let reasons = |tally: &Tally| {
            tally.rejects.iter().map(|reject| reject.reason.clone()).collect::<Vec<_>>()
        };
        prop_assert_eq!(reasons(&read.tally), reasons(&plain.tally));
    }

    #[test]
    fn any_bytes_give_the_same_whatever_the_cut(
        start in "(\u{feff})?[ \n]{0,2}(\\{|\\[|message,|\"srcaddr\",dstaddr,|\\{\"events\":\\[|x)?",
        parts in prop::collection::vec(prop_oneof![
            Just("{\"message\":\"".to_owned()),
            Just(event(LINE).to_string()),
            Just(LINE.to_owned()),
            Just("\"srcaddr\":\"10.0.1.5\",\"dstaddr\":\"203.0.113.9\"}".to_owned()),
            Just("10.0.1.5,203.0.113.9\r\n".to_owned()),
            "[a\\\\\"{}\\[\\],:\n 1\r]{0,6}",
            ".{0,3}",
        ], 0..12),
        lengths in prop::collection::vec(1usize..30, 1..5),
        is_cut in any::<bool>(),
    ) {
        let text = start + &parts.concat();
        let whole = read_in_pieces(text.as_bytes(), &[usize::MAX], is_cut);
        let pieces = read_in_pieces(text.as_bytes(), &lengths, is_cut);
        prop_assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    }

    #[test]
    fn bytes_that_are_no_text_give_the_same_whatever_the_cut(
        start in prop_oneof![Just("{"), Just("message,"), Just("")],
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        lengths in prop::collection::vec(1usize..30, 1..5),
    ) {
        let bytes = [start.as_bytes(), &bytes].concat();
        let whole = read_in_pieces(&bytes, &[usize::MAX], false);
        let pieces = read_in_pieces(&bytes, &lengths, false);
        prop_assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    }
}
