//! The examples say what they are said to say.

#[path = "../../../examples/datafusion.rs"]
#[allow(dead_code)]
mod datafusion_program;
#[path = "../../../examples/s3_event.rs"]
#[allow(dead_code)]
mod s3_event;
#[path = "../../../examples/volumes.rs"]
#[allow(dead_code)]
mod volumes;

use std::sync::Arc;

use flowproof_intel::{List, ListRole, Matcher};
use flowproof_s3_testing::{Memory, S3Server};
use flowproof_source::s3::{S3, S3Options};

use crate::support::*;

#[test]
fn volumes_of_a_folder_are_told_with_what_they_stand_on() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0)]);
    let told = volumes::volumes(&logs.path().display().to_string()).unwrap();
    assert!(told.contains(ENI) && told.contains(" 8400 "), "{told}");
    assert!(told.ends_with("Complete: 1 objects of 1\n"), "{told}");
}

#[test]
fn a_datafusion_program_joins_flow_logs_with_its_own_table() {
    let lines = [
        v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0),
        v2(ENI, "203.0.113.9", "10.0.1.5", 1, T0),
        v2("eni-0a1b2c3d4e5f60002", "10.0.2.9", "203.0.113.9", 2, T0),
    ];
    let logs = log(V2, &lines);
    let told = block_on(datafusion_program::by_team(&logs.path().display().to_string())).unwrap();
    assert!(told.contains("| billing | 8400  |"), "{told}");
    assert!(told.ends_with("Complete\n"), "{told}");
}

#[test]
fn an_event_of_s3_is_scanned_and_nothing_but_what_it_names() {
    let objects = Memory::default();
    let record = |bytes| format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", bytes, T0));
    objects.put("logs", "new object.log", record(8400));
    objects.put("logs", "old.log", record(1));
    let list = List::from_bytes("list.txt", ListRole::Threat, b"203.0.113.0/24\n").unwrap();
    let matcher = Arc::new(Matcher::new(vec![list]));
    let event =
        br#"{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
        "bucket": {"name": "logs"}, "object": {"key": "new+object.log", "size": 150}}}]}"#;
    block_on(async {
        let server = S3Server::memory(objects).await.unwrap();
        let s3 = S3::with_config(
            server.config(),
            S3Options {
                endpoint_url: Some(server.endpoint()),
                path_style: true,
                ..S3Options::default()
            },
        );
        let told = s3_event::handle(event, &matcher, &s3).await.unwrap();
        assert_eq!(told, format!("Complete\n{ENI} sent 8400 bytes to 203.0.113.0/24\n"));
        assert_eq!(
            s3_event::handle(b"{\"Records\": []}", &matcher, &s3).await.unwrap(),
            "nothing new\n"
        );
        assert!(s3_event::handle(b"{\"Records\": [", &matcher, &s3).await.is_err());
    });
}
