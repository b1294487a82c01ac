//! The forms of an answer, and what is looked at beyond contact, from the outside.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Run, arg, run, testdata};

fn worked() -> [String; 5] {
    let worked = testdata().join("worked");
    let (logs, finding) = (arg(worked.join("logs")), arg(worked.join("finding.json")));
    ["investigate".to_owned(), "--logs".to_owned(), logs, "--finding".to_owned(), finding]
}

fn investigate(more: &[&str]) -> Run {
    let own = worked();
    let own = own.iter().map(String::as_str);
    run(&own.chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn a_page_and_a_ticket_tell_the_verdict_and_the_exact_figures() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let told = investigate(&["--format=html"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    let written = investigate(&["--format=html", "--output", &arg(&page)]);
    assert_eq!((written.code, &*written.out), (Some(0), ""));
    assert_eq!(fs::read_to_string(&page).unwrap(), told.out);
    assert!(told.out.starts_with("<!DOCTYPE html>"));
    let ticket = investigate(&["--format=markdown"]);
    for text in [&told.out, &ticket.out] {
        for figure in ["33,499,988", "2,369,832", "203.0.113.9", "i-0aaaabbbbcccc0001"] {
            assert!(text.contains(figure), "{figure}: {text}");
        }
    }
    assert!(ticket.out.starts_with("## Verdict: CORROBORATED\n"), "{}", ticket.out);
    assert!(!told.out.contains("http://") && !told.out.contains("src="), "nothing is fetched");
}

#[test]
fn peers_and_a_baseline_are_told_if_they_are_asked_for() {
    let plain = investigate(&["--format=json"]).json();
    assert_eq!((&plain["baseline"], plain.get("peers")), (&Value::Null, None));
    let asked = investigate(&["--format=json", "--peers", "--baseline=1d"]).json();
    // The worked logs have 10.0.1.6 as the only other one that talked to the Tor node.
    let peers = asked["peers"].as_array().unwrap();
    let sent = |interface: &str| -> u64 {
        let of = peers.iter().filter(|peer| peer["interface"] == interface);
        of.map(|peer| peer["traffic"]["bytes_out"].as_u64().unwrap()).sum()
    };
    // The subject's own rows, of records with its instance id and without, are what the claim adds up to.
    assert_eq!(sent("eni-0a1b2c3d4e5f60001"), 33_499_988, "{peers:?}");
    let other = |peer: &&Value| peer["interface"] != "eni-0a1b2c3d4e5f60001";
    assert!(peers.iter().filter(other).all(|peer| peer["interface"] == "eni-0a1b2c3d4e5f60002"));
    assert!(sent("eni-0a1b2c3d4e5f60002") > 0);
    // What is within an hour of the window may be the finding's own.
    assert_eq!(asked["baseline"]["window"]["to"], "2025-06-01T08:00:00Z");
    for (option, code) in [("--baseline=soon", 2), ("--baseline=7d", 0)] {
        assert_eq!(investigate(&["--format=json", option]).code, Some(code), "{option}");
    }
}

#[test]
fn types_are_explained_from_the_table() {
    let all = run(&["explain"]);
    assert_eq!((all.code, all.out.lines().count()), (Some(0), 41), "{}", all.out);
    let one = run(&["explain", "UnauthorizedAccess:EC2/SSHBruteForce", "Backdoor:EC2/Spambot"]);
    assert!(
        one.out.contains("Decides (`brute_force`)") && one.out.contains("port 25"),
        "{}",
        one.out
    );
    let unknown = run(&["explain", "New:EC2/Thing\u{1b}[2J"]);
    assert_eq!(unknown.code, Some(0));
    assert!(unknown.out.contains("not in the table") && !unknown.out.contains('\u{1b}'));
}

/// Logins of a remote at the subject's port 22, each of its own port, and a finding that says so.
fn logins(count: u16) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines = (0..count).map(|n| {
        let (port, start) = (50_000 + n, 1_748_768_400 + 10 * i64::from(n));
        format!(
            "2 123456789012 eni-0a1b2c3d4e5f60001 203.0.113.9 10.0.1.5 {port} 22 6 12 2000 {start} {} ACCEPT OK\n",
            start + 5
        )
    });
    fs::create_dir(folder.path().join("logs")).unwrap();
    fs::write(folder.path().join("logs/a.log"), lines.collect::<String>()).unwrap();
    let finding = json!({
        "id": "f1", "type": "UnauthorizedAccess:EC2/SSHBruteForce", "accountId": "123456789012",
        "resource": {"resourceType": "Instance", "instanceDetails": {"instanceId": "i-0aaaabbbbcccc0001",
            "networkInterfaces": [{"networkInterfaceId": "eni-0a1b2c3d4e5f60001", "privateIpAddress": "10.0.1.5"}]}},
        "service": {"eventFirstSeen": "2025-06-01T09:00:00Z", "eventLastSeen": "2025-06-01T09:30:00Z", "count": 1,
            "action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
                "connectionDirection": "INBOUND", "protocol": "TCP",
                "localPortDetails": {"port": 22}, "remotePortDetails": {"port": 50000},
                "remoteIpDetails": {"ipAddressV4": "203.0.113.9"}}}},
    });
    fs::write(folder.path().join("finding.json"), finding.to_string()).unwrap();
    folder
}

#[test]
fn guessing_passwords_is_more_than_a_few_logins() {
    for (count, status, answer) in [(12, "corroborated", "shown"), (3, "inconclusive", "not_shown")]
    {
        let folder = logins(count);
        let (logs, finding) =
            (arg(folder.path().join("logs")), arg(folder.path().join("finding.json")));
        let args = ["investigate", "--logs", &logs, "--finding", &finding, "--format=json"];
        let told = run(&args).json();
        assert_eq!(told["verdict"]["status"], status, "{}", told["verdict"]);
        let tests = told["verdict"]["tests"].as_array().unwrap();
        let test = tests.iter().find(|test| test["test"] == "brute_force").unwrap();
        assert_eq!((&test["answer"], &test["decides"]), (&json!(answer), &json!(true)), "{test}");
        assert_eq!(told["claimed_traffic"]["bytes_in"], 2000 * u64::from(count));
    }
}

#[test]
fn an_address_that_is_named_for_a_domain_is_looked_for_and_the_verdict_stays() {
    let folder = logins(2);
    let place = folder.path().join("finding.json");
    let mut finding: Value = serde_json::from_str(&fs::read_to_string(&place).unwrap()).unwrap();
    finding["type"] = json!("Trojan:EC2/DGADomainRequest.B");
    finding["service"]["action"] =
        json!({"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "example.com"}});
    fs::write(&place, finding.to_string()).unwrap();
    let (logs, finding) = (arg(folder.path().join("logs")), arg(&place));
    let args = ["investigate", "--logs", &logs, "--finding", &finding, "--format=json"];
    let named = [&args[..], &["--named=203.0.113.9"]].concat();
    let (plain, named) = (run(&args).json(), run(&named).json());
    for told in [&plain, &named] {
        assert_eq!(told["verdict"]["status"], "not_observable");
    }
    let follow_up = |told: &Value| {
        let tests = told["verdict"]["tests"].as_array().unwrap();
        let test = tests.iter().find(|test| test["test"] == "follow_up").unwrap();
        (test["answer"].clone(), test["said"].as_str().unwrap().contains("4000 bytes in, 2 flows"))
    };
    assert_eq!(follow_up(&plain), (json!("not_looked_at"), false));
    assert_eq!(follow_up(&named), (json!("shown"), true), "{}", named["verdict"]);
}

#[test]
fn an_answer_never_takes_the_place_of_what_it_is_made_from() {
    let folder = logins(2);
    let (log, finding) = (folder.path().join("logs/a.log"), folder.path().join("finding.json"));
    let before = [fs::read(&log).unwrap(), fs::read(&finding).unwrap()];
    let (log, finding) = (arg(&log), arg(&finding));
    for args in [
        vec!["volumes", "--logs", &log, "--by=interface", "--output", &log],
        vec!["query", "--logs", &log, "--output", &log, "select 1"],
        vec!["investigate", "--logs", &log, "--finding", &finding, "--output", &log],
        vec!["investigate", "--logs", &log, "--finding", &finding, "--output", &finding],
    ] {
        let told = run(&args);
        assert_eq!(told.code, Some(2), "{args:?}: {told:?}");
        assert!(told.err.contains("would take the place of"), "{told:?}");
    }
    assert_eq!([fs::read(&log).unwrap(), fs::read(&finding).unwrap()], before);
}
