//! Clauses on what is counted, and how answers are written.

use super::logs::{BEGIN, HEADER, Logs, OWN, record};
use crate::program::{Run, arg, run, testdata};

const REMOTE: &str = "203.0.113.9";

/// Runs a command over one fixture, rows as CSV.
fn on_fixture(command: &str, fixture: &str, more: &[&str]) -> Run {
    let logs = format!("--logs={}", arg(testdata().join(fixture)));
    let mut args = vec![command, &logs, "--format=csv"];
    args.extend(more);
    run(&args)
}

fn query(fixture: &str, sql: &str) -> Run {
    on_fixture("query", fixture, &[sql])
}

/// The rows of a CSV answer.
fn rows(run: &Run) -> Vec<&str> {
    run.out.lines().skip(1).collect()
}

#[test]
fn idle_records_are_in_flow_logs_and_not_in_traffic() {
    let count = |table| query("nodata.log", &format!("select count(*) from {table}"));
    assert_eq!(rows(&count("flow_logs")), ["3"]);
    assert_eq!(rows(&count("traffic")), ["1"]);
}

#[test]
fn a_dash_is_null() {
    let run = query("nodata.log", "select count(*) from flow_logs where srcaddr is null");
    assert_eq!(rows(&run), ["2"]);
}

#[test]
fn a_record_without_a_byte_count_is_a_flow_that_adds_no_bytes() {
    let text = format!("2 123456789012 eni-1 {OWN} {REMOTE} 1 2 6 - - {BEGIN} {BEGIN} ACCEPT OK");
    let logs = Logs::of(&[text, record(OWN, REMOTE, 8400, 0)]);
    let row = &logs.rows("volumes", &["--by=remote"])[0];
    assert_eq!((&row["flows"], &row["bytes_out"]), (&2.into(), &8400.into()), "{row}");
}

#[test]
fn a_record_without_an_action_counts_as_accepted_and_is_noted() {
    let run = on_fixture("volumes", "no_log_status.log", &["--by=interface"]);
    assert!(run.out.contains("\neni-0a1b2c3d4e5f60001,14200,8736,0,12,14,0,3,0,0,0,"), "{run:?}");
    assert!(run.err.contains("3 records without an action: they are counted as accepted"));
}

#[test]
fn a_rejected_byte_is_no_transferred_byte() {
    let run = on_fixture("volumes", "v2_default.log", &["--by=action"]);
    let rows = rows(&run);
    assert!(rows[0].starts_with("ACCEPT,14200,8802,0,"), "{rows:?}");
    assert!(rows[1].starts_with("REJECT,0,0,0,0,0,0,0,180,3,1,"), "{rows:?}");
}

#[test]
fn the_hour_of_a_record_is_the_hour_of_its_start() {
    let logs = Logs::of(&[record(OWN, REMOTE, 8400, 3570)]);
    let row = &logs.rows("volumes", &["--by=hour"])[0];
    assert_eq!(row["hour"], "2025-06-01T00:00:00Z");
    assert_eq!(row["last_seen"], "2025-06-01T01:00:30Z");
}

#[test]
fn a_record_that_overlaps_the_window_counts_with_all_of_its_bytes() {
    let logs = Logs::of(&[record(OWN, REMOTE, 8400, 0)]);
    let flows = |from: i64, to: i64| {
        let times = [format!("--from={}", BEGIN + from), format!("--to={}", BEGIN + to)];
        let rows = logs.rows("volumes", &["--by=remote", &times[0], &times[1]]);
        rows.iter().map(|row| row["bytes_out"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(flows(30, 40), [8400], "within the record");
    assert_eq!(flows(60, 90), [8400], "from the second in which it ends");
    assert!(flows(61, 90).is_empty(), "from the second after");
    assert_eq!(flows(-60, 1), [8400], "to the second after its start");
    assert!(flows(-60, 0).is_empty(), "`to` is not included");
}

#[test]
fn a_record_without_times_is_in_no_bounded_window() {
    let flows = |more: &[&str]| {
        let mut args = vec!["--by=interface"];
        args.extend(more);
        let run = on_fixture("volumes", "no_log_status.log", &args);
        rows(&run)[0].split(',').nth(7).unwrap().to_owned()
    };
    assert_eq!(flows(&[]), "3");
    assert_eq!(flows(&["--from=2000-01-01"]), "2");
}

#[test]
fn transit_gateway_records_are_in_flow_logs_and_in_no_total() {
    let run = query("tgw.log", "select count(*) from flow_logs where log_status = 'OK'");
    assert_eq!(rows(&run), ["2"]);
    assert!(run.err.contains("2 records of transit gateways, kept apart"), "{}", run.err);
    assert!(rows(&on_fixture("volumes", "tgw.log", &["--by=account"])).is_empty());
}

#[test]
fn what_was_assumed_or_skipped_is_said() {
    let run = query("headerless.log", "select count(*) from traffic");
    assert!(run.err.contains("no header: the default format was assumed"), "{}", run.err);
    let run = query("unknown_field.log", "select count(*) from traffic");
    assert!(run.err.contains("field `some-future-field` is not known"), "{}", run.err);
}

#[test]
fn a_total_beyond_64_bits_is_an_error_and_no_number() {
    let run = on_fixture("volumes", "counters.log", &["--by=interface"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
    assert!(run.err.contains("a total does not fit in 64 bits"));
    let run = query("counters.log", "select max(bytes) from flow_logs");
    assert_eq!(rows(&run), ["18446744073709551615"]);
}

#[test]
fn rows_without_an_order_are_sorted_by_all_columns() {
    let run = query("v2_default.log", "select protocol, bytes from flow_logs");
    assert_eq!(rows(&run), ["1,336", "6,180", "6,8400", "6,14200", "17,66"]);
    let run = query("v2_default.log", "select protocol, bytes from flow_logs limit 2");
    assert_eq!(rows(&run), ["1,336", "6,180"]);
    let sql = "select protocol, bytes from flow_logs order by protocol desc";
    assert_eq!(rows(&query("v2_default.log", sql))[..3], ["17,66", "6,180", "6,8400"]);
}

#[test]
fn neither_threads_nor_the_order_of_places_change_a_byte() {
    let day = "worked/logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01";
    let objects = std::fs::read_dir(testdata().join(day)).unwrap();
    let mut places: Vec<_> =
        objects.map(|object| format!("--logs={}", arg(object.unwrap().path()))).collect();
    places.sort();
    let finding = format!("--finding={}", arg(testdata().join("worked/finding.json")));
    let sql = "select interface_id, srcaddr, bytes from flow_logs";
    for question in [
        vec!["investigate", "--format=json", &finding],
        vec!["volumes", "--format=csv", "--by=interface,remote,hour"],
        vec!["query", "--format=csv", sql],
    ] {
        let answer = |places: &[String], threads: &str| {
            let mut args = question.clone();
            args.extend(places.iter().map(String::as_str));
            args.push(threads);
            let run = run(&args);
            assert_eq!(run.code, Some(0), "{run:?}");
            run.out
        };
        let expected = answer(&places, "--threads=1");
        assert!(expected.len() > 1000);
        places.reverse();
        assert!(answer(&places, "--threads=2") == expected, "{question:?}");
        places.rotate_left(7);
        assert!(answer(&places, "--threads=7") == expected, "{question:?}");
    }
}

#[test]
fn a_filter_on_raw_bytes_means_the_same_as_one_on_columns() {
    // Left: done on raw bytes. Right: the same, hidden from the pushdown by an expression.
    for (raw, columns) in [
        ("srcaddr = '10.0.1.5'", "concat(srcaddr, '') = '10.0.1.5'"),
        ("srcaddr <> '10.0.1.5'", "concat(srcaddr, '') <> '10.0.1.5' and srcaddr is not null"),
        (
            "dstaddr in ('203.0.113.9', '10.0.1.6')",
            "ip_in(dstaddr, '203.0.113.9') or ip_in(dstaddr, '10.0.1.6')",
        ),
        ("bytes > 4000", "bytes + 0 > 4000"),
        ("bytes between 180 and 60000", "bytes + 0 >= 180 and bytes + 0 <= 60000"),
        ("action = 'REJECT' or protocol = 17", "upper(action) = 'REJECT' or protocol + 0 = 17"),
        ("srcaddr is null", "coalesce(srcaddr, '') = ''"),
        ("log_status = 'NODATA'", "lower(log_status) = 'nodata'"),
        (
            "start < timestamp '2025-06-01T10:00:00Z'",
            "date_trunc('second', start) < timestamp '2025-06-01T10:00:00Z'",
        ),
        ("instance_id = 'i-0aaaabbbbcccc0001'", "concat(instance_id, '') = 'i-0aaaabbbbcccc0001'"),
    ] {
        let answer = |filter: &str| {
            let sql = format!("select count(*), sum(bytes) from flow_logs where {filter}");
            let run = query("worked/logs", &sql);
            assert_eq!(run.code, Some(0), "{run:?}");
            run.out
        };
        let (raw_answer, answer) = (answer(raw), answer(columns));
        assert_eq!(raw_answer, answer, "{raw} against {columns}");
        let count = answer.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
        assert!(!["0", "67"].contains(&count.as_str()), "{raw} tells nothing apart: {count}");
    }
}

#[test]
fn each_exit_code_has_its_cause() {
    let code = |fixture| on_fixture("volumes", fixture, &["--by=interface"]).code;
    assert_eq!(code("v2_default.log"), Some(0));
    assert_eq!(code("header_only.log"), Some(0), "a flow log without records is an answer");
    assert_eq!(code("skipdata.log"), Some(0), "what AWS lost was read whole");
    assert_eq!(code("not there"), Some(1));
    assert_eq!(on_fixture("volumes", "v2_default.log", &["--by=colour"]).code, Some(2));
    for partial in [
        "malformed.log",
        "bad_time.log",
        "truncated.log.gz",
        "wrong_checksum.log.gz",
        "headerless_custom.log",
    ] {
        assert_eq!(code(partial), Some(3), "{partial}");
    }
    for nothing in ["empty.log", "blank_lines.log", "html_page.log"] {
        assert_eq!(code(nothing), Some(4), "{nothing}");
    }
    let early = ["--by=interface", "--to=2025-05-01"];
    assert_eq!(on_fixture("volumes", "worked/logs", &early).code, Some(4), "pruned to nothing");
}

#[test]
fn all_members_of_a_gzip_object_are_read() {
    let volumes = |fixture| on_fixture("volumes", fixture, &["--by=remote,action,hour"]);
    let (whole, members) = (volumes("v2_default.log"), volumes("multi_member.log.gz"));
    assert_eq!((members.code, members.out), (Some(0), whole.out));
}

#[test]
fn an_object_that_was_cut_gives_its_whole_lines_and_is_named() {
    let sql = "select log_status, count(*) from flow_logs group by 1";
    let run = query("truncated.log.gz", sql);
    assert_eq!((run.code, rows(&run)), (Some(3), vec!["NODATA,2", "OK,14"]), "{run:?}");
    assert!(run.err.contains("1 object truncated; first: "), "{}", run.err);
    assert!(run.err.contains("truncated.log.gz: ends within the data"), "{}", run.err);
}

#[test]
fn a_damaged_object_gives_what_came_before_and_is_called_unverified() {
    let run = query("wrong_checksum.log.gz", "select count(*) from flow_logs");
    assert_eq!((run.code, rows(&run)), (Some(3), vec!["39"]), "{run:?}");
    assert!(run.err.contains("39 records before that are counted, unverified"), "{}", run.err);
}

#[test]
fn a_bad_line_is_counted_with_its_place_and_reason() {
    let text = format!("{HEADER}\n{}\nnonsense\n", record(OWN, REMOTE, 8400, 0));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.log"), text).unwrap();
    let logs = format!("--logs={}", arg(folder.path()));
    let run = run(&["volumes", &logs, "--format=csv", "--by=remote"]);
    assert_eq!(run.code, Some(3));
    assert!(run.out.contains("\n203.0.113.9,0,8400,"), "the other lines count: {run:?}");
    assert!(run.err.contains("a.log:3: expected 14 fields, got 1: `nonsense`"), "{run:?}");
}

#[test]
fn a_query_that_needs_no_object_is_answered_whole() {
    for sql in ["select 1", "select count(*) from flow_logs where false", "describe traffic"] {
        let run = query("v2_default.log", sql);
        assert_eq!(run.code, Some(0), "{sql}");
        assert!(run.err.contains("1 object not read to the end"), "{sql}: {run:?}");
    }
    let read =
        query("v2_default.log", "select count(*) from (select 1 from flow_logs limit 1) as t");
    assert!(!read.err.contains("not read to the end"), "{read:?}");
}

#[test]
fn a_column_of_lists_is_text_in_csv() {
    let list = format!("--list={}", arg(testdata().join("worked/tor-exits.txt")));
    let sql = "select list_matches('203.0.113.9') from flow_logs limit 1";
    let run = on_fixture("query", "v2_default.log", &[sql, &list]);
    assert!(run.out.contains("entry: 203.0.113.9"), "{run:?}");
}
