//! Files that become objects: whole, or not at all.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flowproof_s3_testing::{Fault, Memory, Rule};
use flowproof_source::s3::{S3FailureKind as Kind, S3Options};

use crate::server::{noise, read, serve, serve_with};

/// Two parts and some bytes.
const LARGE: usize = (16 << 20) + 7;

fn file(bytes: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Arc::new(file)
}

#[tokio::test]
async fn a_file_becomes_an_object_in_one_request_or_in_parts() {
    let objects = Memory::default();
    let (server, store) = serve(&objects).await;
    for (size, requests) in [(0, 1), (11, 1), (8 << 20, 1), (LARGE, 5)] {
        let (bytes, before) = (noise(3, size), server.counts().write);
        store.put_file("a b", file(&bytes), size as u64).await.unwrap();
        assert!(read(&store, "a b").await.unwrap() == bytes, "{size}");
        assert_eq!(server.counts().write - before, requests, "{size}");
    }
    assert_eq!(objects.uploads(), 0);
}

#[tokio::test]
async fn what_is_lost_on_the_way_is_sent_again() {
    let objects = Memory::default();
    let (server, store) = serve(&objects).await;
    let faults = server.faults();
    faults.add(Rule::new(Fault::HangUp).method("PUT").times(1));
    faults.add(Rule::new(Fault::LoseAnswer).method("PUT").skip(1).times(1));
    let bytes = noise(4, LARGE);
    store.put_file("a", file(&bytes), LARGE as u64).await.unwrap();
    assert!(read(&store, "a").await.unwrap() == bytes);
    assert_eq!((faults.done("hang up"), faults.done("lose answer")), (1, 1));
}

#[tokio::test]
async fn an_upload_that_fails_leaves_neither_an_object_nor_parts() {
    for (size, skip) in [(11, 0), (LARGE, 1)] {
        let objects = Memory::default();
        let (server, store) = serve(&objects).await;
        server.faults().add(Rule::new(Fault::Denied).method("PUT").skip(skip));
        let failure = store.put_file("a", file(&noise(5, size)), size as u64).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Denied);
        assert!(failure.text.contains("s3:PutObject"), "{failure}");
        assert_eq!((objects.keys("logs").len(), objects.uploads()), (0, 0), "{size}");
    }
}

#[tokio::test]
async fn an_upload_that_is_dropped_is_aborted() {
    let objects = Memory::default();
    let (server, store) = serve(&objects).await;
    let late = Rule::new(Fault::Delay(Duration::from_secs(60)));
    server.faults().add(late.method("PUT").skip(1));
    let sending = store.put_file("a", file(&noise(6, LARGE)), LARGE as u64);
    let ended = tokio::time::timeout(Duration::from_secs(1), sending).await;
    assert!(ended.is_err(), "it waits for the second part");
    store.s3().cleaned_up().await;
    assert_eq!((objects.keys("logs").len(), objects.uploads()), (0, 0));
}

#[tokio::test]
async fn an_object_is_created_once() {
    let objects = Memory::default();
    let (server, store) = serve_with(&objects, S3Options::default()).await;
    store.create("lock", "first".into()).await.unwrap();
    let again = store.create("lock", "second".into()).await.unwrap_err();
    assert_eq!(again.kind, Kind::Changed);
    assert_eq!(read(&store, "lock").await.unwrap(), b"first");
    // The answer that it is there is lost; made again, the request meets what it wrote itself.
    server.faults().add(Rule::new(Fault::LoseAnswer).method("PUT").times(1));
    assert_eq!(store.create("own", "own".into()).await.unwrap_err().kind, Kind::Changed);
    assert_eq!(read(&store, "own").await.unwrap(), b"own");
    server.faults().clear();
    let unknown = Fault::Answer(501, "NotImplemented", "A header is not implemented.");
    server.faults().add(Rule::new(unknown).method("PUT"));
    let before = server.counts().write;
    let failure = store.create("new", "new".into()).await.unwrap_err();
    assert_eq!((failure.kind, server.counts().write - before), (Kind::NotImplemented, 1));
}

#[tokio::test]
async fn an_object_is_replaced_only_if_it_is_the_one_that_was_read() {
    let objects = Memory::default();
    let (server, store) = serve(&objects).await;
    let first = store.create("head", "first".into()).await.unwrap().unwrap();
    let second = store.replace("head", "second".into(), &first).await.unwrap().unwrap();
    let (bytes, stat) = store.get_whole("head").await.unwrap();
    assert_eq!((&*bytes, stat.etag.as_ref()), (&b"second"[..], Some(&second)));
    let refused = store.replace("head", "third".into(), &first).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Changed);
    let nothing = store.replace("other", "third".into(), &first).await.unwrap_err();
    assert_eq!(nothing.kind, Kind::NotFound);
    // Made again after its answer was lost, it meets what it wrote itself.
    server.faults().add(Rule::new(Fault::LoseAnswer).method("PUT").times(1));
    let lost = store.replace("head", "third".into(), &second).await.unwrap_err();
    assert_eq!(lost.kind, Kind::Changed);
    assert_eq!(read(&store, "head").await.unwrap(), b"third");
    server.faults().clear();
    let under_way = Fault::Answer(409, "ConditionalRequestConflict", "Another write is under way.");
    server.faults().add(Rule::new(under_way).method("PUT").times(1));
    let before = server.counts().write;
    let failure = store.replace("head", "fourth".into(), &second).await.unwrap_err();
    assert_eq!((failure.kind, server.counts().write - before), (Kind::Changed, 1));
    server.faults().clear();
    server.faults().add(Rule::new(Fault::Denied).method("PUT"));
    let denied = store.replace("head", "fourth".into(), &second).await.unwrap_err();
    assert!(denied.text.contains("s3:PutObject and s3:GetObject"), "{denied}");
    assert_eq!(objects.keys("logs"), ["head"]);
}
