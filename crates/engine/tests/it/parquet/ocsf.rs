//! Security Lake's events give the answers of the records that they were made of.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, ListBuilder, MapBuilder, RecordBatch, StringArray,
    StringBuilder, StructArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field};
use flowproof_engine::Answer;
use flowproof_evidence::Window;
use tempfile::TempDir;

use super::twin::{Writer, write};
use crate::support::*;

const V5_ALL: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
    action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
    sublocation-type pkt-src-aws-service flow-direction traffic-path";

/// What differs between versions of Security Lake.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Version {
    /// No action and no status: an activity, and a status beside the columns.
    Rc,
    /// Source version 2, OCSF 1.1.
    Two,
}

fn lines() -> Vec<String> {
    let record = |n: i64| {
        let (start, out) = (T0 + 60 * n, n % 2 == 0);
        let end = start + 60;
        let action = if n % 5 == 0 { "REJECT" } else { "ACCEPT" };
        let (source, destination) = ("10.0.1.5", "203.0.113.9");
        let (source, destination) = if out { (source, destination) } else { (destination, source) };
        // Every third record went by something in between.
        let packet = if n % 3 == 0 { "198.51.100.7" } else { source };
        let (direction, path) = if out { ("egress", "8") } else { ("ingress", "-") };
        format!(
            "5 123456789012 {ENI} {source} {destination} 49152 443 6 {n} {} {start} {end} {action} OK vpc-1 \
             subnet-1 {INSTANCE} 2 IPv4 {packet} {destination} eu-west-1 euw1-az1 - S3 {direction} {path}",
            100 * n
        )
    };
    let idle = format!(
        "5 123456789012 {ENI} - - - - - - - {T0} {} - NODATA vpc-1 subnet-1 - - - - - eu-west-1 euw1-az1 - - - -",
        T0 + 60
    );
    (1..40).map(record).chain([idle]).collect()
}

fn group(parts: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields = parts
        .iter()
        .map(|(name, part)| Arc::new(Field::new(*name, part.data_type().clone(), true)));
    let fields: Vec<_> = fields.collect();
    Arc::new(StructArray::new(
        fields.into(),
        parts.into_iter().map(|(_, part)| part).collect(),
        None,
    ))
}

/// The records as Security Lake keeps them.
fn events(lines: &[String], version: Version) -> Vec<u8> {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    let place = |name: &str| V5_ALL.split_whitespace().position(|other| other == name).unwrap();
    let value = |row: &[&str], name: &str| {
        let value = row[place(name)];
        (value != "-").then(|| value.to_owned())
    };
    let text = |name: &str| -> ArrayRef {
        Arc::new(rows.iter().map(|row| value(row, name)).collect::<StringArray>())
    };
    let int = |name: &str| -> ArrayRef {
        let int = |row: &Vec<&str>| value(row, name).map(|text| text.parse::<i32>().unwrap());
        Arc::new(rows.iter().map(int).collect::<Int32Array>())
    };
    let long = |name: &str, scale: i64| -> ArrayRef {
        let long =
            |row: &Vec<&str>| value(row, name).map(|text| text.parse::<i64>().unwrap() * scale);
        Arc::new(rows.iter().map(long).collect::<Int64Array>())
    };
    let choose = |choose: &dyn Fn(&[&str]) -> Option<i32>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| choose(row)).collect::<Int32Array>())
    };
    let endpoint = |side: &str, service: Option<&str>, own: &str| {
        let (packet, seen) = (format!("pkt-{side}addr"), format!("{side}addr"));
        let mut between = ListBuilder::new(StringBuilder::new());
        for row in &rows {
            if value(row, &packet) != value(row, &seen) {
                between.values().append_option(value(row, &seen));
                between.append(true);
            } else {
                between.append(false);
            }
        }
        let own_text = |name: &str| -> ArrayRef {
            let is_own = |row: &Vec<&str>| value(row, "flow-direction").is_none_or(|d| d == own);
            let texts = rows.iter().map(|row| value(row, name).filter(|_| is_own(row)));
            Arc::new(texts.collect::<StringArray>())
        };
        let mut parts = vec![
            ("ip", text(&packet)),
            ("port", int(&format!("{side}port"))),
            ("intermediate_ips", Arc::new(between.finish()) as ArrayRef),
            ("interface_uid", own_text("interface-id")),
            ("vpc_uid", own_text("vpc-id")),
            ("subnet_uid", own_text("subnet-id")),
            ("instance_uid", own_text("instance-id")),
        ];
        if let Some(service) = service {
            parts.push(("svc_name", text(service)));
        }
        group(parts)
    };
    let mut unmapped = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in &rows {
        unmapped.keys().append_value("log_status");
        unmapped.values().append_option(value(row, "log-status"));
        unmapped.append(true).unwrap();
    }
    let account = match version {
        Version::Rc => ("account_uid", text("account-id")),
        Version::Two => ("account", group(vec![("uid", text("account-id"))])),
    };
    let constant = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|_| text)))
    };
    let mut columns = vec![
        (
            "metadata",
            group(vec![
                (
                    "product",
                    group(vec![("version", text("version")), ("name", constant("Amazon VPC"))]),
                ),
                ("version", constant("1.1.0")),
            ]),
        ),
        ("cloud", group(vec![account, ("region", text("region")), ("zone", text("az-id"))])),
        ("src_endpoint", endpoint("src", Some("pkt-src-aws-service"), "egress")),
        ("dst_endpoint", endpoint("dst", None, "ingress")),
        (
            "connection_info",
            group(vec![
                ("protocol_num", int("protocol")),
                ("tcp_flags", int("tcp-flags")),
                ("protocol_ver", text("type")),
                (
                    "direction_id",
                    choose(&|row| match row[place("flow-direction")] {
                        "ingress" => Some(1),
                        "egress" => Some(2),
                        _ => Some(0),
                    }),
                ),
                (
                    "boundary_id",
                    choose(&|row| match row[place("traffic-path")] {
                        "-" => Some(99),
                        path => path.parse::<i32>().ok().map(|path| path + 3),
                    }),
                ),
            ]),
        ),
        ("traffic", group(vec![("packets", long("packets", 1)), ("bytes", long("bytes", 1))])),
        ("class_uid", choose(&|_| Some(4001))),
    ];
    match version {
        Version::Rc => columns.extend([
            (
                "activity_id",
                choose(&|row| match row[place("action")] {
                    "ACCEPT" => Some(1),
                    "REJECT" => Some(5),
                    _ => Some(0),
                }),
            ),
            ("start_time", long("start", 1000)),
            ("end_time", long("end", 1000)),
            ("unmapped", Arc::new(unmapped.finish()) as ArrayRef),
        ]),
        Version::Two => {
            let moments = |name: &str| -> ArrayRef {
                let moment =
                    |row: &Vec<&str>| value(row, name).map(|t| t.parse::<i64>().unwrap() * 1000);
                Arc::new(rows.iter().map(moment).collect::<TimestampMillisecondArray>())
            };
            columns.extend([
                ("activity_id", choose(&|_| Some(6))),
                ("action", text("action")),
                ("start_time_dt", moments("start")),
                ("end_time_dt", moments("end")),
                ("status_code", text("log-status")),
            ]);
        }
    }
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    );
    write(
        &batch.unwrap(),
        &Writer {
            codec: parquet::basic::Compression::ZSTD(Default::default()),
            ..Writer::default()
        },
    )
}

fn inspect(folder: &TempDir) -> Answer<flowproof_engine::LoggedInterfaces> {
    block_on(async { open(folder, Window::ALWAYS, options()).await.inspect().await.unwrap() })
}

#[test]
fn events_are_the_records_that_they_were_made_of() {
    let text = log(V5_ALL, &lines());
    for version in [Version::Rc, Version::Two] {
        let lake = tempfile::tempdir().unwrap();
        std::fs::write(lake.path().join("a.gz.parquet"), events(&lines(), version)).unwrap();
        let names: Vec<String> =
            V5_ALL.split_whitespace().map(|name| name.replace('-', "_")).collect();
        let names = names.join(", ").replace(" end,", " \"end\",");
        for sql in [
            format!("select {names} from flow_logs order by start, bytes"),
            "select local, remote, direction, instance, sum(bytes), count(*) from traffic where action = 'ACCEPT' \
             and start >= '2025-06-01T00:05:00Z' group by 1, 2, 3, 4 order by 1, 2, 3".to_owned(),
            "select count(*) from flow_logs where interface_id is null or srcaddr = '203.0.113.9'".to_owned(),
        ] {
            let answers = [&text, &lake].map(|folder| texts(&query(folder, &sql).unwrap().value));
            assert_eq!(answers[0], answers[1], "{version:?} {sql}");
        }
        let (text, lake) = (inspect(&text), inspect(&lake));
        let mut expected = text.coverage.records;
        if version == Version::Rc {
            expected.milliseconds = expected.ok + expected.nodata;
        }
        assert_eq!(lake.coverage.records, expected);
    }
}

#[test]
fn events_of_another_class_are_refused_by_name() {
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![4003]));
    let query_text: ArrayRef = Arc::new(StringArray::from(vec!["example.org"]));
    let batch = RecordBatch::try_from_iter([
        ("class_uid", Arc::clone(&ids)),
        ("metadata", group(vec![("version", query_text.clone())])),
        ("query", group(vec![("hostname", query_text)])),
    ]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), write(&batch.unwrap(), &Writer::default())).unwrap();
    let answer = inspect(&folder);
    assert_eq!(answer.objects.iter().next().unwrap().outcome, "not_a_flow_log");
    assert_eq!(
        answer.coverage.samples[0].reason,
        "Parquet with OCSF events that are not flow logs'"
    );
    assert_eq!(DataType::Int32, *ids.data_type());
}
