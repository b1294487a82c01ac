//! What `docs/s3.md` says of policies, of the environment, and of what is fetched beside the logs.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use flowproof_s3_testing::{Fault, Rule};
use serde_json::Value;

use super::cloud::{Cloud, request, respond};
use super::page::Page;
use crate::program::{Run, arg, run_in};

/// Keys that the server does not know.
const STRANGER: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "of-a-stranger")];

#[test]
fn the_policies_allow_what_is_asked_for_and_nothing_else() {
    let page = Page::read("docs/s3.md");
    let policies: Vec<Value> = page.json().iter().map(|text| policy(text)).collect();
    assert_eq!(policies.len(), 8);
    let mut actions = BTreeSet::new();
    for statement in policies.iter().flat_map(|policy| policy["Statement"].as_array().unwrap()) {
        assert_eq!(statement["Effect"], "Allow");
        let action = statement["Action"].as_str().unwrap();
        actions.insert(action.to_owned());
        // On what: a bucket for listing, what is in it for reading and writing, two objects alone for
        // deleting, the key itself in its own policy.
        let resource = statement["Resource"].as_str().unwrap_or_default();
        let fits = match action {
            "s3:ListBucket" => resource.starts_with("arn:aws:s3:::") && !resource.contains('/'),
            "s3:GetObject" | "s3:PutObject" | "s3:AbortMultipartUpload" => {
                resource.starts_with("arn:aws:s3:::") && resource.ends_with("/*")
            }
            "s3:DeleteObject" => ["/.flowproof-work/lock", "/flowproof-unfinished.parquet"]
                .iter()
                .any(|name| resource == format!("arn:aws:s3:::example-case/collected{name}")),
            "kms:Decrypt" | "kms:GenerateDataKey" => {
                resource == "*" || resource.starts_with("arn:aws:kms:")
            }
            _ => resource.is_empty() || resource.starts_with("arn:aws:iam:"),
        };
        assert!(fits, "{statement}");
    }
    let expected = [
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sts:AssumeRole",
    ];
    assert_eq!(actions, expected.map(str::to_owned).into());
}

fn policy(text: &str) -> Value {
    let policy: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(policy["Version"], "2012-10-17", "{text}");
    policy
}

#[test]
fn requests_are_those_that_the_policies_allow() {
    let cloud = Cloud::new();
    let args = ["investigate", "--logs=s3://example-logs/AWSLogs", "--format=json"];
    let found = run_in(
        &[&args[..], &["--finding=s3://example-case/finding.json"]].concat(),
        &cloud.environment(),
    );
    assert_eq!(found.code, Some(0), "{found:?}");
    let counts = cloud.server.counts();
    assert!(counts.list > 0 && counts.get > 31, "{counts:?}");
    // HEAD would tell no more, and writing needs other rights.
    assert_eq!((counts.head, counts.write), (0, 0));
}

#[test]
fn an_answer_from_a_bucket_names_the_etag_of_every_object() {
    let cloud = Cloud::new();
    let args = ["investigate", "--logs=s3://example-logs", "--instance=i-0aaaabbbbcccc0001"];
    let found = run_in(&[&args[..], &["--format=json"]].concat(), &cloud.environment()).json();
    let evidence = found["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty());
    for object in evidence {
        let name = object["object"].as_str().unwrap();
        let key = name.strip_prefix("s3://example-logs/").unwrap();
        let stored = cloud.objects.get("example-logs", key).unwrap();
        assert_eq!(object["etag"], format!("\"{}\"", stored.etag), "{name}");
        assert_eq!(object["size"], stored.bytes.len(), "{name}");
    }
}

#[test]
fn what_is_read_beside_the_logs_is_read_whole_or_there_is_no_answer() {
    let cloud = Cloud::new();
    let scan = |list: &str| {
        let list = format!("--list=s3://example-case/{list}");
        run_in(&["scan", "--logs=s3://example-logs", &list, "--format=csv"], &cloud.environment())
    };
    let right = scan("tor-exits.txt");
    assert_eq!(right.code, Some(0), "{right:?}");
    assert_eq!(scan("tor-*.txt").out, right.out);
    let refused = |run: Run, word: &str| {
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
        assert!(run.err.contains("tor-exits.txt") && run.err.contains(word), "{run:?}");
    };
    cloud.server.faults().add(Rule::new(Fault::Denied).gets().key("tor-exits"));
    refused(scan("tor-exits.txt"), "s3:GetObject");
    cloud.server.faults().clear();
    let stored = cloud.objects.get("example-case", "tor-exits.txt").unwrap();
    cloud.objects.store("example-case", "tor-exits.txt", stored.class("GLACIER"));
    refused(scan("tor-exits.txt"), "GLACIER");
    refused(scan("tor-*.txt"), "GLACIER");
}

#[test]
fn a_profile_that_is_named_wins_over_keys_in_the_environment() {
    let cloud = Cloud::new();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let [(_, strange_key), (_, strange_secret)] = STRANGER;
    let text = format!(
        "[profile stranger]\naws_access_key_id = {strange_key}\n\
         aws_secret_access_key = {strange_secret}\n"
    );
    fs::write(&config, text).unwrap();
    let list = |profile: &str, environment: &[(&str, String)]| {
        let args = ["inspect", "--dry-run", "--logs=s3://example-logs/AWSLogs", "--profile"];
        run_in(&[&args[..], &[profile]].concat(), environment)
    };
    let strange: Vec<(&str, String)> = STRANGER.map(|(name, key)| (name, key.to_owned())).into();
    let own = cloud.environment();
    let found = list("forensics", &[own.clone(), strange].concat());
    assert_eq!(found.code, Some(0), "{found:?}");
    // Nor does it fall back on keys that would do.
    let elsewhere = [own, vec![("AWS_CONFIG_FILE", arg(&config))]].concat();
    for profile in ["stranger", "forensics"] {
        let found = list(profile, &elsewhere);
        assert_eq!(found.code, Some(1), "{profile}: {found:?}");
    }
}

#[test]
fn the_environment_names_endpoints_and_proxies() {
    let list = |more: &[(&'static str, String)]| {
        let keys = STRANGER.map(|(name, key)| (name, key.to_owned()));
        // Nothing of this machine's.
        let own = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("NO_PROXY", "127.0.0.1"),
            ("no_proxy", "127.0.0.1"),
        ];
        let own = own.map(|(name, value)| (name, value.to_owned()));
        let environment = [&keys[..], &own, more].concat();
        run_in(
            &["inspect", "--dry-run", "--logs=s3://example-logs/", "--s3-attempts=1"],
            &environment,
        )
    };
    let on = || "true".to_owned();
    for (more, host) in [
        (None, "example-logs.s3.us-east-1.amazonaws.com:443"),
        (Some("AWS_USE_FIPS_ENDPOINT"), "example-logs.s3-fips.us-east-1.amazonaws.com:443"),
        (
            Some("AWS_USE_DUALSTACK_ENDPOINT"),
            "example-logs.s3.dualstack.us-east-1.amazonaws.com:443",
        ),
    ] {
        let (proxy, asked) = listener();
        let more = more.map(|name| (name, on()));
        let found = list(
            &[&[("HTTPS_PROXY", proxy.clone()), ("https_proxy", proxy)][..], more.as_slice()]
                .concat(),
        );
        assert_eq!(found.code, Some(1), "{found:?}");
        let asked = asked.try_recv().unwrap();
        assert!(asked.starts_with(&format!("CONNECT {host} ")), "{asked}");
    }
    for name in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
        let (endpoint, asked) = listener();
        let style = ("FLOWPROOF_PATH_STYLE", on());
        list(&[(name, endpoint), style, ("HTTPS_PROXY", "http://127.0.0.1:9".to_owned())]);
        let asked = asked.try_recv().unwrap_or_else(|_| panic!("{name} is not looked at"));
        assert!(asked.starts_with("GET /example-logs/?"), "{asked}");
    }
}

/// A server that refuses everything. What it was asked comes out of the channel.
fn listener() -> (String, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = request(&mut stream);
            // The test may be over.
            let _ = sender.send(asked);
            respond(&mut stream, "403 Forbidden", "");
        }
    });
    (endpoint, receiver)
}
