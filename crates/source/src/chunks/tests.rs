use std::path::Path;

use super::*;
use crate::spool::Spool;

fn local(path: &Path) -> Object {
    Object {
        key: "some/key.log".to_owned(),
        location: Location::Local(path.to_owned()),
        size: path.metadata().map_or(0, |metadata| metadata.len()),
        etag: None,
        layout: None,
    }
}

async fn read(object: &Object) -> (Vec<usize>, Vec<u8>, Chunks) {
    let mut chunks = open(object).await.unwrap();
    let (mut lengths, mut all) = (Vec::new(), Vec::new());
    while let Some(chunk) = chunks.next().await.unwrap() {
        if chunk.len() == 262_144 {
            assert_eq!(chunks.digest(), None, "no digest before the end");
        }
        lengths.push(chunk.len());
        all.extend_from_slice(&chunk);
    }
    (lengths, all, chunks)
}

#[tokio::test]
async fn the_digest_is_the_sha256_of_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc");
    std::fs::write(&path, "abc").unwrap();
    let (_, bytes, mut chunks) = read(&local(&path)).await;
    assert_eq!((bytes.as_slice(), chunks.size()), (&b"abc"[..], 3));
    // The first example of FIPS 180-2.
    let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(chunks.digest(), Some(expected));
    assert!(chunks.next().await.unwrap().is_none(), "the end stays the end");
    assert_eq!(chunks.digest(), Some(expected));
}

#[tokio::test]
async fn large_files_come_in_chunks_of_256_kib_whatever_the_listing_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let content: Vec<u8> = (0..600_000u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    for size in [0, 600_000, u64::MAX] {
        let object = Object { size, ..local(&path) };
        let (lengths, bytes, chunks) = read(&object).await;
        assert_eq!(lengths, [262_144, 262_144, 75_712]);
        assert!(bytes == content);
        assert_eq!(chunks.size(), 600_000);
    }
}

#[tokio::test]
async fn an_empty_file_has_the_digest_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty");
    std::fs::write(&path, "").unwrap();
    let (lengths, _, chunks) = read(&local(&path)).await;
    assert!(lengths.is_empty());
    let expected = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(chunks.digest(), Some(expected));
}

#[tokio::test]
async fn a_file_that_went_after_the_listing_has_vanished() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(&local(&folder.path().join("gone"))).await.unwrap_err();
    assert!(matches!(&error, SourceError::Vanished { place } if place == "some/key.log"));
}

#[tokio::test]
async fn a_read_that_fails_is_an_error_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let Ok(mut chunks) = open(&local(folder.path())).await else {
        return; // Some systems refuse to open a folder at all, which is as good.
    };
    for _ in 0..2 {
        assert!(matches!(chunks.next().await, Err(SourceError::Io { .. })));
    }
    assert_eq!(chunks.digest(), None);
}

#[tokio::test]
async fn spooled_input_can_be_opened_twice() {
    let spool = Spool::fill(&mut &b"2 123456789012\n"[..]).unwrap();
    let object = Object {
        key: "-".to_owned(),
        size: spool.size(),
        location: Location::Spooled(spool),
        etag: None,
        layout: None,
    };
    let (_, first, _) = read(&object).await;
    let (_, second, _) = read(&object).await;
    assert_eq!(first, b"2 123456789012\n");
    assert_eq!(first, second);
}

/// Bytes that begin as gzip does, which is all that matters here.
fn as_gzip(length: usize) -> Vec<u8> {
    (0..length).map(|i| [0x1f, 0x8b].get(i).copied().unwrap_or((i % 251) as u8)).collect()
}

fn file(content: &[u8]) -> (tempfile::TempDir, Object) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("object");
    std::fs::write(&path, content).unwrap();
    let object = local(&path);
    (folder, object)
}

fn whole_gzip(limit: u64) -> OpenOptions {
    OpenOptions { digest: true, whole_gzip: limit }
}

/// What comes by [`Chunks::next`], and how long each chunk is.
async fn rest(chunks: &mut Chunks) -> (Vec<u8>, Vec<usize>) {
    let (mut all, mut lengths) = (Vec::new(), Vec::new());
    while let Some(chunk) = chunks.next().await.unwrap() {
        all.extend_from_slice(&chunk);
        lengths.push(chunk.len());
    }
    (all, lengths)
}

async fn digest_of(content: &[u8]) -> String {
    let (_folder, object) = file(content);
    read(&object).await.2.digest().unwrap().to_owned()
}

#[tokio::test]
async fn a_small_gzip_object_is_taken_whole() {
    for length in [2, 1000, 262_143, 262_144, 262_145, 900_000] {
        let content = as_gzip(length);
        let (_folder, object) = file(&content);
        for limit in [length as u64, u64::MAX] {
            let mut chunks = open_with(&object, whole_gzip(limit)).await.unwrap();
            assert_eq!((chunks.digest(), chunks.size()), (None, 0), "nothing was handed out");
            assert!(chunks.take_whole().unwrap().into_bytes() == content);
            assert_eq!(chunks.size(), length as u64);
            assert_eq!(chunks.digest(), Some(digest_of(&content).await.as_str()));
            assert!(chunks.take_whole().is_none());
            assert!(chunks.next().await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn what_is_not_taken_whole_comes_in_chunks_from_its_first_byte() {
    let text = vec![b'a'; 600_000];
    let cases = [
        ("text", text.clone(), u64::MAX),
        ("small text", text[..100].to_vec(), u64::MAX),
        ("larger than the limit", as_gzip(600_000), 599_999),
        ("small, and larger than the limit", as_gzip(1000), 999),
        ("taken by nobody", as_gzip(600_000), 600_000),
        ("empty", vec![], u64::MAX),
    ];
    for (what, content, limit) in cases {
        let (_folder, object) = file(&content);
        let mut chunks = open_with(&object, whole_gzip(limit)).await.unwrap();
        if what != "taken by nobody" {
            assert!(chunks.take_whole().is_none(), "{what}");
        }
        assert_eq!(chunks.size(), 0, "{what}");
        let (all, _) = rest(&mut chunks).await;
        assert!(all == content, "{what}");
        assert_eq!(chunks.size(), content.len() as u64, "{what}");
        assert_eq!(chunks.digest(), Some(digest_of(&content).await.as_str()), "{what}");
    }
}

#[tokio::test]
async fn the_listed_size_changes_nothing() {
    let content = as_gzip(600_000);
    let (_folder, object) = file(&content);
    for size in [0, 1000, 600_000, 700_000, u64::MAX] {
        let object = Object { size, ..object.clone() };
        let mut chunks = open_with(&object, whole_gzip(600_000)).await.unwrap();
        assert!(chunks.take_whole().unwrap().into_bytes() == content);
        let mut chunks = open_with(&object, whole_gzip(500_000)).await.unwrap();
        assert!(chunks.take_whole().is_none());
        assert!(rest(&mut chunks).await.0 == content);
    }
}

#[tokio::test]
async fn a_spool_that_is_longer_than_it_says_loses_and_doubles_nothing() {
    // As a file that grows between the look at its size and the reading of it.
    let content = as_gzip(600_000);
    let spool = Spool::fill(&mut &content[..]).unwrap();
    let location = Location::Spooled(spool);
    let object = Object { key: "-".into(), size: 10, location, etag: None, layout: None };
    let mut chunks = open_with(&object, whole_gzip(400_000)).await.unwrap();
    assert!(chunks.take_whole().is_none());
    let (all, lengths) = rest(&mut chunks).await;
    assert!(all == content);
    assert_eq!(lengths, [400_001, 199_999]);
    assert_eq!(chunks.digest(), Some(digest_of(&content).await.as_str()));
}

#[tokio::test]
async fn there_is_no_digest_that_was_not_wanted() {
    let (_folder, object) = file(&as_gzip(1000));
    for whole_gzip in [0, 1000] {
        let options = OpenOptions { digest: false, whole_gzip };
        let mut chunks = open_with(&object, options).await.unwrap();
        assert_eq!(rest(&mut chunks).await.0.len(), 1000);
        assert_eq!(chunks.digest(), None);
    }
}

#[tokio::test]
async fn a_read_ahead_that_fails_is_told_by_next() {
    let folder = tempfile::tempdir().unwrap();
    let Ok(mut chunks) = open_with(&local(folder.path()), whole_gzip(u64::MAX)).await else {
        return; // Some systems refuse to open a folder at all, which is as good.
    };
    assert!(chunks.take_whole().is_none());
    for _ in 0..2 {
        assert!(matches!(chunks.next().await, Err(SourceError::Io { .. })));
    }
    assert_eq!(chunks.digest(), None);
}
