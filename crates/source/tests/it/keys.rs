//! Keys and listings: nothing is changed on the way, nothing is left out.

use flowproof_s3_testing::{Memory, Stored};
use flowproof_source::s3::{ListRequest, S3Object};
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::server::{read, serve};

/// Keys that encoders, decoders and path libraries like to change.
const ODD_KEYS: [&str; 19] = [
    " leading and trailing ",
    "/leading",
    "a b",
    "a%20b",
    "a%3Db",
    "a+b",
    "a&b=c?d#e",
    "a//b",
    "a/./b",
    "a/../b",
    "a/b/",
    "a\"b'c",
    "a<b>c",
    "a\tb",
    "day=01/hour=02/x.log.gz",
    "zürich/日本/🦀",
    "~",
    "..",
    "x*(),:;@!$",
];

#[tokio::test]
async fn odd_keys_are_listed_and_read_as_they_are() {
    let objects = Memory::default();
    for key in ODD_KEYS {
        objects.put("logs", key, key.to_owned());
    }
    let (_server, store) = serve(&objects).await;
    let mut sorted = ODD_KEYS.to_vec();
    sorted.sort_unstable();
    let listed: Vec<S3Object> = store.objects("").try_collect().await.unwrap();
    let listed: Vec<&str> = listed.iter().map(|object| &*object.key).collect();
    assert_eq!(listed, sorted);
    for key in ODD_KEYS {
        assert_eq!(read(&store, key).await.unwrap(), key.as_bytes(), "{key:?}");
        let alone: Vec<S3Object> = store.objects(key).try_collect().await.unwrap();
        assert!(alone.iter().any(|object| object.key == key), "prefix {key:?}");
        let head = store.head(key, &Default::default()).await.unwrap();
        assert_eq!(head.size, key.len() as u64, "{key:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_no_path_is_an_error_of_the_adapter_and_not_left_out() {
    for key in ["a//b", "/a", "a/../b", "not empty/"] {
        let objects = Memory::default();
        objects.put("logs", key, "x");
        let (_server, store) = serve(&objects).await;
        let listed: Result<Vec<_>, _> = store.list(None).try_collect().await;
        assert!(listed.is_err(), "{key:?}: {listed:?}");
    }
    let objects = Memory::default();
    objects.put("logs", "folder/", "");
    objects.put("logs", "folder/a%3Db c", "x");
    let (_server, store) = serve(&objects).await;
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].location.as_ref(), "folder/a%3Db c");
    let store: &dyn ObjectStore = &store;
    assert_eq!(store.get(&listed[0].location).await.unwrap().bytes().await.unwrap(), "x");
}

#[tokio::test]
async fn every_page_is_asked_for_once() {
    let objects = Memory::default();
    for n in 0..2_500 {
        objects.put("logs", &format!("one/{n:05}"), "x");
    }
    for n in 0..1_200 {
        objects.put("logs", &format!("accounts/{n:012}/a"), "x");
        objects.put("logs", &format!("accounts/{n:012}/b"), "x");
    }
    let (server, store) = serve(&objects).await;
    let listed: Vec<S3Object> = store.objects("one/").try_collect().await.unwrap();
    let keys: Vec<String> = listed.into_iter().map(|object| object.key).collect();
    assert_eq!(keys, (0..2_500).map(|n| format!("one/{n:05}")).collect::<Vec<_>>());
    assert_eq!(server.counts().list, 3);

    let request = ListRequest {
        prefix: "accounts/".into(),
        delimiter: Some("/".into()),
        ..ListRequest::default()
    };
    let pages: Vec<_> = store.pages(request).try_collect().await.unwrap();
    let prefixes: Vec<String> = pages.into_iter().flat_map(|page| page.prefixes).collect();
    assert_eq!(prefixes, (0..1_200).map(|n| format!("accounts/{n:012}/")).collect::<Vec<_>>());
    assert_eq!(server.counts().list, 5);
    assert_eq!(store.s3().counts().list, 5, "the client counts the same");

    let after = ListRequest {
        prefix: "one/".into(),
        start_after: Some("one/02497".into()),
        ..ListRequest::default()
    };
    let page = store.list_page(&after).await.unwrap();
    assert_eq!(page.objects.len(), 2);
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn storage_classes_and_restored_copies_are_told() {
    let objects = Memory::default();
    let archived = || Stored::new("x").class("GLACIER");
    objects.store("logs", "a", archived());
    objects.store("logs", "b", Stored { restored: true, ..archived() });
    objects.store("logs", "c", Stored::new("x").class("GLACIER_IR"));
    objects.store("logs", "d", Stored::new("x"));
    let (_server, store) = serve(&objects).await;
    let listed: Vec<S3Object> = store.objects("").try_collect().await.unwrap();
    let told: Vec<_> = listed.iter().map(|o| (o.storage_class.as_deref(), o.archived())).collect();
    assert_eq!(
        told,
        [
            (Some("GLACIER"), Some("GLACIER")),
            (Some("GLACIER"), None),
            (Some("GLACIER_IR"), None),
            (None, None)
        ]
    );
    let etag = listed[3].etag.as_deref();
    assert_eq!(etag, Some("\"9dd4e461268c8034f5c8564e155c67a6\""), "the MD5 of `x`");
    assert_eq!(listed[3].last_modified.unwrap().as_second(), 1_750_000_000);
}
