//! What every store does alike: in memory, on disk, and S3 over each of the two servers.

use bytes::Bytes;
use flowproof_s3_testing::{Memory, S3Server};
use flowproof_source::s3::S3Options;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion,
};

use crate::server::{noise, store};

/// Where the stores differ.
#[derive(Debug, Clone, Copy)]
struct Knows {
    /// Conditions on reading. `s3s-fs` does not look at them.
    read_conditions: bool,
    /// Replacing a certain content only. Files cannot.
    update: bool,
    /// Copying only where nothing is. Both servers overwrite.
    copy_if_new: bool,
    /// That what is deleted was not there. S3 does not tell.
    absence: bool,
    /// The last bytes where there are fewer. `s3s-fs` fails.
    long_suffix: bool,
    /// ETags in listings. `s3s-fs` gives none.
    listed_etags: bool,
}

const ALL: Knows = Knows {
    read_conditions: true,
    update: true,
    copy_if_new: true,
    absence: true,
    long_suffix: true,
    listed_etags: true,
};

async fn conforms(store: &dyn ObjectStore, knows: Knows) {
    reads_what_was_written(store).await;
    reads_ranges(store, knows).await;
    lists_below_a_prefix(store, knows).await;
    lists_folders(store).await;
    creates_once(store).await;
    copies_and_deletes(store, knows).await;
    keeps_keys(store).await;
    if knows.read_conditions {
        reads_under_conditions(store).await;
    }
    if knows.update {
        replaces_only_what_it_means(store).await;
    }
    writes_in_parts(store).await;
}

#[tokio::test]
async fn memory_conforms() {
    conforms(&InMemory::new(), Knows { absence: false, ..ALL }).await;
}

#[tokio::test]
async fn files_conform() {
    let folder = tempfile::tempdir().unwrap();
    let files = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    conforms(&files, Knows { update: false, ..ALL }).await;
}

#[tokio::test]
async fn s3_over_memory_conforms() {
    let objects = Memory::default();
    objects.create("logs");
    let server = S3Server::memory(objects).await.unwrap();
    let knows = Knows { copy_if_new: false, absence: false, ..ALL };
    conforms(&store(&server, S3Options::default()), knows).await;
}

#[tokio::test]
async fn s3_over_files_conforms() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    let server = S3Server::files(folder.path()).await.unwrap();
    let knows = Knows { copy_if_new: false, absence: false, ..ALL };
    let knows = Knows { read_conditions: false, long_suffix: false, listed_etags: false, ..knows };
    conforms(&store(&server, S3Options::default()), knows).await;
}

async fn put(store: &dyn ObjectStore, key: &str, bytes: impl Into<Bytes>) -> UpdateVersion {
    let bytes: Bytes = bytes.into();
    store.put(&Path::parse(key).unwrap(), bytes.into()).await.unwrap().into()
}

async fn bytes(store: &dyn ObjectStore, key: &str) -> Bytes {
    store.get(&Path::parse(key).unwrap()).await.unwrap().bytes().await.unwrap()
}

async fn list(store: &dyn ObjectStore, prefix: &str) -> Vec<String> {
    let prefix = Path::parse(prefix).unwrap();
    let listed: Vec<_> = store.list(Some(&prefix)).try_collect().await.unwrap();
    let mut keys: Vec<_> = listed.into_iter().map(|meta| meta.location.to_string()).collect();
    keys.sort_unstable();
    keys
}

async fn reads_what_was_written(store: &dyn ObjectStore) {
    for (key, length) in [("w/empty", 0), ("w/small", 11), ("w/large", 400_000)] {
        let written = noise(7, length);
        put(store, key, written.clone()).await;
        assert_eq!(bytes(store, key).await, written, "{key}");
        let meta = store.head(&Path::from(key)).await.unwrap();
        assert_eq!((meta.size, meta.location.as_ref()), (length as u64, key));
        let got = store.get(&Path::from(key)).await.unwrap();
        assert_eq!((got.meta.size, got.range.clone()), (length as u64, 0..length as u64));
        assert_eq!(got.meta.e_tag, meta.e_tag);
    }
    let pieces = PutPayload::from_iter(["one ", "", "two"].map(Bytes::from));
    store.put(&Path::from("w/pieces"), pieces).await.unwrap();
    assert_eq!(bytes(store, "w/pieces").await, "one two");
    put(store, "w/small", "another").await;
    assert_eq!(bytes(store, "w/small").await, "another", "overwritten");
    let missing = Path::from("w/none");
    assert!(matches!(store.get(&missing).await, Err(Error::NotFound { .. })));
    assert!(matches!(store.head(&missing).await, Err(Error::NotFound { .. })));
}

async fn reads_ranges(store: &dyn ObjectStore, knows: Knows) {
    put(store, "r/ten", "0123456789").await;
    let path = Path::from("r/ten");
    for (range, expected) in [
        (GetRange::Bounded(2..5), "234"),
        (GetRange::Bounded(0..10), "0123456789"),
        (GetRange::Bounded(8..20), "89"),
        (GetRange::Offset(7), "789"),
        (GetRange::Suffix(3), "789"),
        (GetRange::Suffix(30), "0123456789"),
    ] {
        if range == GetRange::Suffix(30) && !knows.long_suffix {
            continue;
        }
        let options = GetOptions { range: Some(range.clone()), ..GetOptions::default() };
        let got = store.get_opts(&path, options).await;
        let got = got.unwrap_or_else(|error| panic!("{range:?}: {error}"));
        assert_eq!(got.meta.size, 10, "{range:?}");
        assert_eq!(got.range.end - got.range.start, expected.len() as u64, "{range:?}");
        assert_eq!(got.bytes().await.unwrap(), expected, "{range:?}");
    }
    for beyond in [GetRange::Offset(10), GetRange::Bounded(11..12), GetRange::Bounded(3..3)] {
        let options = GetOptions { range: Some(beyond.clone()), ..GetOptions::default() };
        assert!(store.get_opts(&path, options).await.is_err(), "{beyond:?}");
    }
    let several = store.get_ranges(&path, &[8..10, 0..2, 4..5]).await.unwrap();
    assert_eq!(several, ["89", "01", "4"]);
}

async fn lists_below_a_prefix(store: &dyn ObjectStore, knows: Knows) {
    for key in ["l/a/1", "l/a/2", "l/a_b/1", "l/a/deep/er/1"] {
        put(store, key, key.to_owned()).await;
    }
    assert_eq!(list(store, "l/a").await, ["l/a/1", "l/a/2", "l/a/deep/er/1"]);
    assert_eq!(list(store, "l/a/1").await, [""; 0], "an object is not below itself");
    assert_eq!(list(store, "l/none").await, [""; 0]);
    let offset = store.list_with_offset(Some(&Path::from("l/a")), &Path::from("l/a/1"));
    let mut after: Vec<_> =
        offset.map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
    after.sort_unstable();
    assert_eq!(after, ["l/a/2", "l/a/deep/er/1"]);
    let listed: Vec<_> = store.list(Some(&Path::from("l/a_b"))).try_collect().await.unwrap();
    let head = store.head(&Path::from("l/a_b/1")).await.unwrap();
    assert_eq!((listed[0].size, head.size), (7, 7));
    if knows.listed_etags {
        assert_eq!(listed[0].e_tag, head.e_tag);
    }
}

async fn lists_folders(store: &dyn ObjectStore) {
    for key in ["d/x", "d/y", "d/day=1/a", "d/day=1/b", "d/day=2/deep/a"] {
        put(store, key, key.to_owned()).await;
    }
    let mut result = store.list_with_delimiter(Some(&Path::from("d"))).await.unwrap();
    result.objects.sort_by(|a, b| a.location.cmp(&b.location));
    result.common_prefixes.sort();
    let objects: Vec<_> = result.objects.iter().map(|meta| meta.location.as_ref()).collect();
    let folders: Vec<_> = result.common_prefixes.iter().map(AsRef::as_ref).collect();
    assert_eq!((objects, folders), (vec!["d/x", "d/y"], vec!["d/day=1", "d/day=2"]));
}

async fn creates_once(store: &dyn ObjectStore) {
    let path = Path::from("c/once");
    let create = || PutMode::Create.into();
    store.put_opts(&path, "first".into(), create()).await.unwrap();
    let again = store.put_opts(&path, "second".into(), create()).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    assert_eq!(bytes(store, "c/once").await, "first");
}

async fn copies_and_deletes(store: &dyn ObjectStore, knows: Knows) {
    put(store, "m/from", "1").await;
    let (from, to) = (Path::from("m/from"), Path::from("m/to a+b"));
    store.copy(&from, &to).await.unwrap();
    assert_eq!(bytes(store, "m/to a+b").await, "1");
    if knows.copy_if_new {
        let again = store.copy_if_not_exists(&from, &to).await;
        assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    }
    let missing = store.copy(&Path::from("m/none"), &to).await;
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
    store.delete(&from).await.unwrap();
    assert_eq!(list(store, "m").await, ["m/to a+b"]);
    assert_eq!(store.delete(&from).await.is_err(), knows.absence);
}

async fn keeps_keys(store: &dyn ObjectStore) {
    let keys = ["k/a b", "k/a+b", "k/a=b", "k/day=1/é日", "k/x&y", "k/x'(y)!"];
    for key in keys {
        put(store, key, key.to_owned()).await;
    }
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    assert_eq!(list(store, "k").await, sorted);
    for key in keys {
        assert_eq!(bytes(store, key).await, key);
    }
}

async fn reads_under_conditions(store: &dyn ObjectStore) {
    put(store, "i/a", "1").await;
    let path = Path::from("i/a");
    let etag = store.head(&path).await.unwrap().e_tag;
    let matching = |if_match: Option<&str>| GetOptions {
        if_match: if_match.map(str::to_owned),
        ..GetOptions::default()
    };
    assert!(store.get_opts(&path, matching(etag.as_deref())).await.is_ok());
    let other = store.get_opts(&path, matching(Some("\"other\""))).await;
    assert!(matches!(other, Err(Error::Precondition { .. })), "{other:?}");
    let known = GetOptions { if_none_match: etag, ..GetOptions::default() };
    let known = store.get_opts(&path, known).await;
    assert!(matches!(known, Err(Error::NotModified { .. })), "{known:?}");
}

async fn replaces_only_what_it_means(store: &dyn ObjectStore) {
    let first = put(store, "u/a", "1").await;
    let path = Path::from("u/a");
    let update = |version: &UpdateVersion| PutMode::Update(version.clone()).into();
    store.put_opts(&path, "22".into(), update(&first)).await.unwrap();
    let stale = store.put_opts(&path, "333".into(), update(&first)).await;
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    assert_eq!(bytes(store, "u/a").await, "22");
    let gone = store.put_opts(&Path::from("u/none"), "1".into(), update(&first)).await;
    assert!(matches!(gone, Err(Error::Precondition { .. })), "{gone:?}");
}

async fn writes_in_parts(store: &dyn ObjectStore) {
    let path = Path::from("p/parts");
    let (first, second) = (noise(1, 5 << 20), noise(2, 1_000));
    let mut upload = store.put_multipart(&path).await.unwrap();
    // The second may arrive before the first.
    let (one, two) =
        (upload.put_part(first.clone().into()), upload.put_part(second.clone().into()));
    let (two, one) = tokio::join!(two, one);
    one.and(two).unwrap();
    assert!(matches!(store.head(&path).await, Err(Error::NotFound { .. })), "not there yet");
    upload.complete().await.unwrap();
    assert_eq!(bytes(store, "p/parts").await, [first, second].concat());

    let path = Path::from("p/aborted");
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.put_part("1".into()).await.unwrap();
    upload.abort().await.unwrap();
    assert!(matches!(store.head(&path).await, Err(Error::NotFound { .. })));

    let path = Path::from("p/empty");
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(bytes(store, "p/empty").await, "");
}
