//! Each fault by itself: what comes of it, and what it costs in requests.

use std::sync::Arc;
use std::time::Duration;

use flowproof_s3_testing::{Fault, Memory, Rule, S3Server, Stored};
use flowproof_source::s3::{ListRequest, S3, S3Failure, S3FailureKind as Kind, S3Options, S3Store};
use object_store::{GetOptions, GetRange};

use crate::server::{noise, read, serve, serve_with, store};

/// A server with one object of 300,000 bytes at `a`, and these rules.
async fn one_object(rules: impl IntoIterator<Item = Rule>) -> (S3Server, S3Store, Memory) {
    let objects = Memory::default();
    objects.put("logs", "a", noise(1, 300_000));
    let (server, store) = serve(&objects).await;
    for rule in rules {
        server.faults().add(rule);
    }
    (server, store, objects)
}

/// The failure of reading that object.
async fn failure(rules: impl IntoIterator<Item = Rule>) -> S3Failure {
    let (_server, store, _) = one_object(rules).await;
    read(&store, "a").await.unwrap_err()
}

#[tokio::test]
async fn a_broken_body_is_taken_up_where_it_broke() {
    for fault in [Fault::Reset(100_000), Fault::Truncate(100_000)] {
        let name = fault.name();
        let (server, store, _) = one_object([Rule::new(fault).gets().times(2)]).await;
        assert_eq!(read(&store, "a").await.unwrap(), noise(1, 300_000), "{name}");
        assert_eq!(server.counts().get, 3, "{name}: the first and two more");
        let counts = store.s3().counts();
        assert_eq!((counts.get, counts.resumed), (3, 2), "{name}");
    }
}

#[tokio::test]
async fn a_range_is_taken_up_within_its_bounds() {
    let (server, store, _) = one_object([Rule::new(Fault::Reset(1_000)).gets().times(1)]).await;
    for (range, expected) in [
        (GetRange::Bounded(50_000..90_000), 50_000..90_000),
        (GetRange::Offset(299_000), 299_000..300_000),
        (GetRange::Suffix(40_000), 260_000..300_000),
        (GetRange::Bounded(290_000..400_000), 290_000..300_000),
    ] {
        server.faults().clear();
        server.faults().add(Rule::new(Fault::Reset(700)).gets().times(1));
        let options = GetOptions { range: Some(range.clone()), ..GetOptions::default() };
        let body = store.get("a", &options).await.unwrap();
        assert_eq!((body.range(), body.stat().size), (expected.clone(), 300_000), "{range:?}");
        let bytes = body.read_all().await.unwrap();
        assert_eq!(bytes, noise(1, 300_000)[expected.start as usize..expected.end as usize]);
    }
    assert_eq!(server.counts().get, 8);
    let beyond = GetOptions { range: Some(GetRange::Offset(300_000)), ..GetOptions::default() };
    assert_eq!(store.get("a", &beyond).await.unwrap_err().kind, Kind::BeyondEnd);
}

#[tokio::test]
async fn a_body_that_breaks_at_once_each_time_is_given_up() {
    let (server, store, _) = one_object([Rule::new(Fault::Reset(0)).gets()]).await;
    let failure = read(&store, "a").await.unwrap_err();
    assert_eq!(failure.kind, Kind::Truncated, "{failure}");
    assert!(failure.text.contains("byte 0 of 300000"), "{failure}");
    assert_eq!(server.counts().get, 9, "the first and eight more");
}

#[tokio::test]
async fn after_a_failure_there_is_no_end_that_looks_like_one() {
    let (_server, store, _) = one_object([Rule::new(Fault::Truncate(10)).gets().times(20)]).await;
    let mut body = store.get("a", &GetOptions::default()).await.unwrap();
    let failure = loop {
        match body.next().await {
            Ok(bytes) => assert!(bytes.is_some(), "the end was not reached"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.kind, Kind::Truncated, "{failure}");
    assert_eq!(body.next().await, Err(failure));
}

#[tokio::test]
async fn an_object_that_is_replaced_while_it_is_read_is_not_joined() {
    // Once by a server that knows conditions, once by one that does not.
    for ignore in [false, true] {
        let (server, store, objects) = one_object([]).await;
        let replace = move || objects.put("logs", "a", noise(2, 300_000));
        server.faults().add(Rule::new(Fault::Reset(100_000)).gets().times(1));
        server.faults().add(Rule::new(Fault::Then(Arc::new(replace))).gets().skip(1));
        if ignore {
            server.faults().add(Rule::new(Fault::IgnoreIfMatch).gets());
        }
        let failure = read(&store, "a").await.unwrap_err();
        assert_eq!(failure.kind, Kind::Changed, "{failure}");
    }
}

#[tokio::test]
async fn an_object_that_goes_while_it_is_read_is_not_found() {
    let rules =
        [Rule::new(Fault::Reset(1_000)).gets().times(1), Rule::new(Fault::Gone).gets().skip(1)];
    assert_eq!(failure(rules).await.kind, Kind::NotFound);
}

#[tokio::test]
async fn a_server_that_knows_no_ranges_cannot_make_bytes_come_twice() {
    let rules = [
        Rule::new(Fault::Reset(1_000)).gets().times(1),
        Rule::new(Fault::IgnoreRange).gets().ranged(true),
    ];
    let failure = failure(rules).await;
    assert_eq!(failure.kind, Kind::Other);
    assert!(failure.text.contains("were asked for"), "{failure}");
}

#[tokio::test]
async fn an_answer_without_length_is_refused() {
    let failure = failure([Rule::new(Fault::NoLength).gets()]).await;
    assert!(failure.text.contains("length"), "{failure}");
}

#[tokio::test]
async fn a_stalled_body_is_taken_up() {
    let (server, store, _) = one_object([Rule::new(Fault::Stall(1_000)).gets().times(1)]).await;
    let read = tokio::time::timeout(Duration::from_secs(60), read(&store, "a")).await;
    assert_eq!(read.unwrap().unwrap(), noise(1, 300_000));
    assert_eq!(server.counts().get, 2);
}

#[tokio::test]
async fn a_flipped_bit_does_not_pass_the_checksum() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    let server = S3Server::files(folder.path()).await.unwrap();
    let store = store(&server, S3Options::default());
    let path = object_store::path::Path::from("a");
    // The SDK sends a checksum, the server keeps it and tells it again.
    object_store::ObjectStoreExt::put(&store, &path, noise(3, 100_000).into()).await.unwrap();
    assert_eq!(read(&store, "a").await.unwrap(), noise(3, 100_000));
    server.faults().add(Rule::new(Fault::Flip(70_000)).gets());
    let failure = read(&store, "a").await.unwrap_err();
    assert_eq!(failure.kind, Kind::Checksum, "{failure}");
}

#[tokio::test]
async fn checksums_that_cannot_be_compared_are_passed_over() {
    for (name, value) in [
        ("x-amz-checksum-xxhash64", "AAAAAAAAAAA="),
        ("x-amz-checksum-crc32", "AAAAAA==-3"), // of the checksums of three parts
    ] {
        let (_server, store, _) = one_object([Rule::new(Fault::Header(name, value)).gets()]).await;
        assert_eq!(read(&store, "a").await.unwrap(), noise(1, 300_000), "{name}");
    }
    let wrong = Fault::Header("x-amz-checksum-crc32", "AAAAAA==");
    let (_server, store, _) = one_object([Rule::new(wrong).gets()]).await;
    assert_eq!(read(&store, "a").await.unwrap_err().kind, Kind::Checksum);
}

#[tokio::test]
async fn a_version_is_told() {
    let objects = Memory::default();
    let version = Some("3sL4kqtJlcpXroDTDmJ".to_owned());
    objects.store("logs", "a", Stored { version: version.clone(), ..Stored::new("x") });
    let (_server, store) = serve(&objects).await;
    let body = store.get("a", &GetOptions::default()).await.unwrap();
    assert_eq!(body.stat().version_id, version);
    assert_eq!(store.head("a", &GetOptions::default()).await.unwrap().version_id, version);
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_tried_again() {
    for (fault, kind, advice) in [
        (Fault::Denied, Kind::Denied, "--requester-pays"),
        (Fault::KmsDenied, Kind::KmsDenied, "kms:Decrypt"),
        (
            Fault::Archived("DEEP_ARCHIVE"),
            Kind::Archived { class: Some("DEEP_ARCHIVE".into()) },
            "restored",
        ),
        (Fault::Gone, Kind::NotFound, "NoSuchKey"),
        (Fault::ExpiredToken, Kind::ExpiredToken, "log in again"),
        (Fault::Answer(403, "InvalidAccessKeyId", ""), Kind::NoCredentials, "--profile"),
        (Fault::Answer(404, "NoSuchBucket", ""), Kind::NoSuchBucket, "name"),
        (Fault::Answer(409, "New", "told"), Kind::Other, "New: told"),
    ] {
        let (server, store, _) = one_object([Rule::new(fault)]).await;
        let failure = read(&store, "a").await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.text.contains(advice), "{failure}");
        assert_eq!(server.counts().get, 1, "{failure}");
        if !matches!(kind, Kind::NotFound) {
            let listed = store.list_page(&ListRequest::default()).await.unwrap_err();
            assert_eq!(listed.kind, kind, "{listed}");
        }
    }
}

#[tokio::test]
async fn archived_objects_are_refused_by_the_server_too() {
    let objects = Memory::default();
    objects.store("logs", "a", Stored::new("x").class("GLACIER"));
    objects.store("logs", "b", Stored::new("x").class("GLACIER_IR"));
    let (_server, store) = serve(&objects).await;
    assert_eq!(read(&store, "a").await.unwrap_err().kind, Kind::Archived { class: None });
    assert_eq!(read(&store, "b").await.unwrap(), b"x");
}

#[tokio::test]
async fn the_requester_pays_for_every_kind_of_request() {
    let objects = Memory::default();
    objects.put("logs", "a", "x");
    for requester_pays in [false, true] {
        let options = S3Options { requester_pays, ..S3Options::default() };
        let (server, store) = serve_with(&objects, options).await;
        server.faults().add(Rule::new(Fault::PayerWanted));
        let answers = [
            read(&store, "a").await.map(|_| ()),
            store.head("a", &GetOptions::default()).await.map(|_| ()),
            store.list_page(&ListRequest::default()).await.map(|_| ()),
        ];
        for answer in answers {
            match answer {
                Ok(()) => assert!(requester_pays),
                Err(failure) => {
                    assert!(!requester_pays, "{failure}");
                    assert_eq!(failure.kind, Kind::Denied);
                    assert!(failure.text.contains("--requester-pays"), "{failure}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_region_of_a_bucket_is_found_once_and_remembered() {
    for fault in [Fault::Redirect("eu-west-1"), Fault::WrongRegion("eu-west-1")] {
        let (server, store, _) = one_object([Rule::new(fault)]).await;
        for _ in 0..5 {
            read(&store, "a").await.unwrap();
            store.list_page(&ListRequest::default()).await.unwrap();
            store.head("a", &GetOptions::default()).await.unwrap();
        }
        let counts = server.counts();
        assert_eq!((counts.get, counts.list, counts.head), (6, 5, 5), "one request more in all");
    }
}

#[tokio::test]
async fn a_bucket_that_is_always_elsewhere_is_told_and_not_followed_for_ever() {
    let rules = [Rule::new(Fault::Redirect("eu-west-1")), Rule::new(Fault::Redirect("eu-west-2"))];
    let (server, store, _) = one_object(rules).await;
    let failure = read(&store, "a").await.unwrap_err();
    assert!(matches!(failure.kind, Kind::WrongRegion { region: Some(_) }), "{failure}");
    assert!(failure.text.contains("--s3-region"), "{failure}");
    assert_eq!(server.counts().get, 2);
}

#[tokio::test]
async fn throttling_is_waited_out_up_to_a_limit() {
    for (fault, times) in [(Fault::SlowDown, 3), (Fault::InternalError, 2)] {
        let (server, store, _) = one_object([Rule::new(fault).times(times)]).await;
        assert_eq!(read(&store, "a").await.unwrap(), noise(1, 300_000));
        assert_eq!(server.counts().get, times + 1);
        assert_eq!(store.s3().counts().throttled, times);
    }
    let objects = Memory::default();
    objects.put("logs", "a", "x");
    let options = S3Options { attempts: 3, ..S3Options::default() };
    let (server, store) = serve_with(&objects, options).await;
    server.faults().add(Rule::new(Fault::SlowDown));
    let failure = read(&store, "a").await.unwrap_err();
    assert_eq!(failure.kind, Kind::Throttled, "{failure}");
    assert!(failure.text.contains("SlowDown"), "{failure}");
    assert_eq!(server.counts().get, 3);
}

#[tokio::test]
async fn a_late_answer_is_waited_for() {
    let delay = Rule::new(Fault::Delay(Duration::from_millis(300)));
    let (server, store, _) = one_object([delay]).await;
    assert_eq!(read(&store, "a").await.unwrap(), noise(1, 300_000));
    assert_eq!(server.counts().get, 1);
}

#[tokio::test]
async fn what_ends_the_run_is_told_apart_from_an_objects_fault() {
    let objects = Memory::default();
    let server = {
        let (server, _) = serve(&objects).await;
        server
    };
    let config = server.config();
    let options = || S3Options { path_style: true, attempts: 1, ..S3Options::default() };

    let bucket = S3::with_config(config.clone(), options()).bucket("no-such-bucket");
    let failure = bucket.list_page(&ListRequest::default()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::NoSuchBucket, "{failure}");
    assert!(failure.ends_the_run());

    let without_keys = aws_config::SdkConfig::builder()
        .region(aws_config::Region::new("us-east-1"))
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(server.endpoint())
        .http_client(config.http_client().unwrap());
    let keys = aws_sdk_s3::config::Credentials::new("AKIA0", "wrong", None, None, "test");
    let keys = aws_sdk_s3::config::SharedCredentialsProvider::new(keys);
    let stranger = without_keys.credentials_provider(keys).build();
    let stranger = S3::with_config(stranger, options()).bucket("logs");
    let failure = stranger.list_page(&ListRequest::default()).await.unwrap_err();
    assert!(matches!(failure.kind, Kind::NoCredentials | Kind::Denied), "{failure:?}");

    let nowhere = config.into_builder().endpoint_url("http://127.0.0.1:9").build();
    let nowhere = S3::with_config(nowhere, options()).bucket("logs");
    let failure = nowhere.list_page(&ListRequest::default()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::WrongEndpoint, "{failure}");
    assert!(failure.ends_the_run());
}
