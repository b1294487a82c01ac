use super::{created, outline, record};
use crate::fuzz::notices;
use crate::{Notice, Noticed};

/// An event as EventBridge writes it.
fn bridge(kind: &str, key: &str) -> String {
    format!(
        r#"{{"version": "0", "detail-type": "{kind}", "source": "aws.s3", "account": "123456789012",
        "detail": {{"version": "0", "bucket": {{"name": "example-logs"}}, "object": {{"key": "{key}",
        "size": 7, "etag": "0123abcd", "version-id": "v1", "sequencer": "0A"}},
        "reason": "PutObject"}}}}"#
    )
}

#[test]
fn a_record_of_s3_is_read_with_all_that_it_tells() {
    let versioned = created("k").replace(r#""size": 5"#, r#""size": 5, "versionId": "v1""#);
    let notice = Notice {
        bucket: "example-logs".into(),
        key: "k".into(),
        etag: Some("0123abcd".into()),
        size: Some(5),
        version_id: Some("v1".into()),
    };
    assert_eq!(notices(versioned.as_bytes()), [Ok(Noticed::New(notice.clone()))]);
    let unversioned = Notice { version_id: None, ..notice };
    assert_eq!(notices(created("k").as_bytes()), [Ok(Noticed::New(unversioned.clone()))]);
    let of_null = versioned.replace("\"v1\"", "null");
    assert_eq!(notices(of_null.as_bytes()), [Ok(Noticed::New(unversioned))]);
}

#[test]
fn the_key_of_a_record_is_decoded() {
    for (written, key) in [
        ("a+b", "a b"),
        ("a%20b", "a b"),
        ("a%2Bb", "a+b"),
        ("a%2bb", "a+b"),
        ("a%252Bb", "a%2Bb"),
        ("dt%3D2025-06-01/x", "dt=2025-06-01/x"),
        ("%C3%A9", "é"),
        ("\u{e9}", "é"),
        ("%2F/a//b/", "//a//b/"),
        ("%0A", "\n"),
        ("%F0%9F%A6%80", "🦀"),
    ] {
        assert_eq!(outline(&created(written)), [format!("new example-logs {key}")]);
    }
}

#[test]
fn a_key_that_does_not_decode_is_refused_by_name() {
    let escape = "has a `%` without two digits of a byte after it";
    for (written, reason) in [
        ("a%FF", "does not decode to UTF-8"),
        ("a%C3", "does not decode to UTF-8"),
        ("a%zz", escape),
        ("a%4", escape),
        ("a%", escape),
        ("%%20", escape),
        ("", "is empty"),
    ] {
        let expected = format!("line 1, Records[0]: the key {written:?} {reason}");
        assert_eq!(outline(&created(written)), [expected]);
    }
}

#[test]
fn every_name_of_s3_has_its_meaning() {
    let of =
        |event: &str| outline(&format!(r#"{{"Records": [{}]}}"#, record(event, "k+1"))).join("");
    for event in ["ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy"] {
        assert_eq!(of(event), "new example-logs k 1");
    }
    for event in ["ObjectCreated:CompleteMultipartUpload", "ObjectRestore:Completed"] {
        assert_eq!(of(event), "new example-logs k 1");
        assert_eq!(of(&format!("s3:{event}")), "new example-logs k 1", "as other stores write it");
    }
    for event in [
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "LifecycleExpiration:Delete",
        "LifecycleExpiration:DeleteMarkerCreated",
        "ObjectRestore:Delete",
        "ReducedRedundancyLostObject",
    ] {
        assert_eq!(of(event), format!("removed example-logs k 1 by {event}"));
    }
    for event in [
        "LifecycleTransition",
        "IntelligentTiering",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectAcl:Put",
        "ObjectRestore:Post",
        "Replication:OperationReplicatedAfterThreshold",
    ] {
        assert_eq!(of(event), format!("no news of {event}"));
    }
    for event in ["ObjectPainted:Blue", "ObjectRestore:Lost", "objectcreated:Put", ""] {
        assert_eq!(
            of(event),
            format!("line 1, Records[0]: an event of an unknown name: {event:?}")
        );
    }
}

#[test]
fn every_type_of_eventbridge_has_its_meaning_and_its_key_is_not_encoded() {
    let of = |kind: &str| outline(&bridge(kind, "a+b%2B é")).join("");
    for kind in ["Object Created", "Object Restore Completed"] {
        assert_eq!(of(kind), "new example-logs a+b%2B é");
    }
    for kind in ["Object Deleted", "Object Restore Expired"] {
        assert_eq!(of(kind), format!("removed example-logs a+b%2B é by {kind}"));
    }
    for kind in [
        "Object Restore Initiated",
        "Object Storage Class Changed",
        "Object Access Tier Changed",
        "Object Tags Added",
        "Object Tags Deleted",
        "Object ACL Updated",
    ] {
        assert_eq!(of(kind), format!("no news of {kind}"));
    }
    let unknown = "AWS API Call via CloudTrail";
    assert_eq!(of(unknown), format!("line 1: an event of an unknown name: {unknown:?}"));
}

#[test]
fn an_event_of_eventbridge_is_read_with_all_that_it_tells() {
    let notice = Notice {
        bucket: "example-logs".into(),
        key: "k".into(),
        etag: Some("0123abcd".into()),
        size: Some(7),
        version_id: Some("v1".into()),
    };
    let event = bridge("Object Created", "k");
    assert_eq!(notices(event.as_bytes()), [Ok(Noticed::New(notice))]);
    let other = event.replace("aws.s3", "example.app");
    let refused = r#"line 1: no known notification: an event "Object Created" from "example.app""#;
    assert_eq!(outline(&other), [refused]);
}

#[test]
fn an_event_that_lacks_what_it_needs_is_refused() {
    for (cut, lacks) in [
        (r#""name": "example-logs","#, "bucket.name"),
        (r#""key": "k","#, "object.key"),
        (r#""eventName": "ObjectCreated:Put","#, "eventName"),
    ] {
        let event = created("k");
        assert!(event.contains(cut), "{cut}");
        let expected = format!("line 1, Records[0]: the event has no `{lacks}`");
        assert_eq!(outline(&event.replace(cut, "")), [expected]);
    }
    let wrong = created("k").replace("\"k\"", "5");
    assert_eq!(outline(&wrong), ["line 1, Records[0]: the event has no `object.key`"]);
    let bare = r#"{"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}"#;
    assert_eq!(outline(bare), ["line 1, Records[0]: the event has no `bucket.name`"]);
    let detail = r#"{"detail-type": "Object Created"}"#;
    assert_eq!(outline(detail), ["line 1: the event has no `detail`"]);
}

#[test]
fn no_event_names_a_bucket_that_would_be_read_as_a_folder() {
    let event = created("k").replace("example-logs", "a/b");
    assert_eq!(outline(&event), [r#"line 1, Records[0]: no name of a bucket: "a/b""#]);
}

#[test]
fn a_test_event_is_one() {
    let event = r#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "example-logs"}"#;
    assert_eq!(outline(event), ["test event"]);
}
