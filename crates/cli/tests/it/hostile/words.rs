//! Texts that act: on a terminal, in a browser, in a line of a report.

use super::{HEADER, MEMORY, file, within};
use crate::program::Run;

/// A little of everything.
const EVIL: &str = "\u{1b}[2J\u{1b}]8;;http://198.51.100.7\u{7}\u{9b}31m\u{202e}\u{7f}<script>alert(1)</script>\"'><img/src=x>`|";

/// Whether a text has a character that acts. Lines end, and nothing else.
fn acts(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}'..='\u{2029}')
    })
}

fn is_harmless(run: &Run) {
    assert!(!acts(&run.out) && !acts(&run.err), "{run:?}");
}

#[test]
fn nothing_of_logs_lists_and_names_acts_in_any_format() {
    let header = HEADER.trim_end().replace("account-id", "account-id vpc-id instance-id");
    let evil = EVIL.replace(' ', "");
    let record = format!(
        "2 123456789012 vpc{evil} i-{evil} eni-{evil} 203.0.113.9 10.0.1.5 443 40000 6 1 100 1748768400 1748768460 ACCEPT OK"
    );
    let (_logs, logs) = file("a\u{1b}[31m\u{202e}.log", format!("{header}\n{record}\n{evil}\n"));
    let (_list, list) = file(
        "tor\u{9b}31m.csv",
        format!("ip,label\n203.0.113.9,{}\n", EVIL.replace(['"', '\''], "")),
    );
    for format in ["table", "csv", "json", "jsonl"] {
        let by = ["volumes", "--by", "interface,instance,vpc", "--logs", &logs, "--format", format];
        let run = within(MEMORY, &by);
        assert!(run.code == Some(3) && run.out.contains("vpc"), "{run:?}");
        is_harmless(&run);
        let sql = "SELECT vpc_id, interface_id, list_matches(srcaddr) AS lists FROM flow_logs";
        is_harmless(&within(
            MEMORY,
            &["query", "--logs", &logs, "--list", &list, "--format", format, sql],
        ));
    }
    for format in ["text", "csv", "json", "jsonl"] {
        let run = within(MEMORY, &["scan", "--logs", &logs, "--list", &list, "--format", format]);
        assert!(run.code == Some(3) && run.out.contains("203.0.113.9"), "{run:?}");
        is_harmless(&run);
    }
    for format in ["text", "json"] {
        is_harmless(&within(MEMORY, &["inspect", "--files", "--logs", &logs, "--format", format]));
        is_harmless(&within(MEMORY, &["lists", "check", &list, "--format", format]));
        is_harmless(&within(
            MEMORY,
            &["lists", "lookup", "--list", &list, "--format", format, "203.0.113.9"],
        ));
    }
}

#[test]
fn nothing_of_findings_acts_or_becomes_markup_in_any_report() {
    let evil = serde_json::to_string(EVIL).unwrap();
    let finding = format!(
        "{{\"Id\":{evil},\"Type\":\"UnauthorizedAccess:EC2/TorClient\",\"Title\":{evil},\"Description\":{evil},\"AccountId\":{evil},\
         \"Region\":{evil},\"Resource\":{{\"ResourceType\":\"Instance\",\"InstanceDetails\":{{\"InstanceId\":\"i-0aaaabbbbcccc0001\",\
         \"Tags\":[{{\"Key\":{evil},\"Value\":{evil}}}],\"NetworkInterfaces\":[{{\"NetworkInterfaceId\":{evil},\"PrivateIpAddress\":\"10.0.1.5\"}}]}}}},\
         \"Service\":{{\"EventFirstSeen\":\"2025-06-01T09:00:00Z\",\"EventLastSeen\":\"2025-06-01T10:00:00Z\",\"Count\":1,\
         \"Action\":{{\"ActionType\":\"NETWORK_CONNECTION\",\"NetworkConnectionAction\":{{\"RemoteIpDetails\":{{\"IpAddressV4\":\"203.0.113.9\"}}}}}}}}}}"
    );
    let (_finding, finding) = file("finding\u{1b}[2J.json", finding);
    let (_logs, logs) = file("a.log", format!("{HEADER}{}", super::RECORD));
    for format in ["text", "json", "jsonl", "markdown", "html"] {
        let run = within(
            MEMORY,
            &["investigate", "--logs", &logs, "--finding", &finding, "--format", format],
        );
        assert!(run.out.len() > 500, "{run:?}");
        is_harmless(&run);
        let is_page = format == "html";
        assert!(
            !is_page || !(run.out.contains("<script>alert") || run.out.contains("<img/src")),
            "{}",
            run.out
        );
    }
}

#[test]
fn what_is_typed_is_repeated_without_acting() {
    for args in
        [vec!["inspect", EVIL], vec![EVIL], vec!["volumes", "--logs", EVIL, "--by", "interface"]]
    {
        let run = within(MEMORY, &args);
        assert!(run.code == Some(2) || run.code == Some(1), "{run:?}");
        is_harmless(&run);
    }
    let (_folder, logs) = file("a.log", format!("{HEADER}{}", super::RECORD));
    let run =
        within(MEMORY, &["query", "--logs", &logs, &format!("SELECT \"{EVIL}\" FROM flow_logs")]);
    assert_eq!(run.code, Some(1), "{run:?}");
    is_harmless(&run);
}

#[test]
fn sql_reads_the_logs_and_nothing_else() {
    let (_folder, logs) = file("a.log", format!("{HEADER}{}", super::RECORD));
    let (folder, other) = file("other.csv", "secret\nhidd3n\n");
    let out = folder.path().join("written.csv");
    for sql in [
        format!("SELECT * FROM '{other}'"),
        format!("COPY flow_logs TO '{}'", out.display()),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{other}'"),
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "INSERT INTO flow_logs SELECT * FROM flow_logs".to_owned(),
    ] {
        let run = within(MEMORY, &["query", "--logs", &logs, &sql]);
        assert!(
            run.code == Some(1) && run.out.is_empty() && !run.err.contains("hidd3n"),
            "{sql}: {run:?}"
        );
    }
    assert!(!out.exists());
}
