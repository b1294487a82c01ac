use super::*;

fn shelf(max_bytes: u64, keep: Duration) -> Arc<Shelf> {
    Shelf::new(ShelfOptions { folder: None, max_bytes, keep }).unwrap()
}

/// Puts a blob of a length, all of one byte.
async fn put(shelf: &Arc<Shelf>, byte: u8, length: u64) -> Result<BlobName, String> {
    use tokio::io::AsyncWriteExt;
    let bytes = vec![byte; length as usize];
    let name = BlobName::of(&bytes);
    let mut draft = shelf.begin().map_err(|error| error.to_string())?;
    draft.grow(length).map_err(|error| error.to_string())?;
    draft.file.write_all(&bytes).await.unwrap();
    draft.file.flush().await.unwrap();
    draft.finish(name).unwrap();
    Ok(name)
}

#[tokio::test]
async fn the_least_recently_used_goes_first_and_only_as_many_as_must() {
    let shelf = shelf(30_000, Duration::ZERO);
    let first = put(&shelf, 1, 10_000).await.unwrap();
    let second = put(&shelf, 2, 10_000).await.unwrap();
    let third = put(&shelf, 3, 10_000).await.unwrap();
    assert!(shelf.open(&first).is_some());
    let fourth = put(&shelf, 4, 9_000).await.unwrap();
    assert_eq!(shelf.missing(vec![first, second, third, fourth]), [second]);
    assert!(!shelf.path(&second).exists() && shelf.path(&third).exists());
    assert_eq!(shelf.taken(), (29_000, 3));
}

#[tokio::test]
async fn what_was_used_lately_stays_and_the_new_one_is_refused() {
    let shelf = shelf(20_000, Duration::from_secs(3600));
    let first = put(&shelf, 1, 15_000).await.unwrap();
    let refused = put(&shelf, 2, 6_000).await.unwrap_err();
    assert!(refused.contains("20000 bytes"), "{refused}");
    assert!(put(&shelf, 3, 5_000).await.is_ok());
    assert_eq!(shelf.missing(vec![first]), []);
    assert_eq!(shelf.taken(), (20_000, 2));
}

#[tokio::test]
async fn asking_for_a_blob_counts_as_using_it() {
    let keep = Duration::from_millis(300);
    let shelf = shelf(10_000, keep);
    let first = put(&shelf, 1, 10_000).await.unwrap();
    tokio::time::sleep(keep).await;
    assert_eq!(shelf.missing(vec![first]), []);
    assert!(put(&shelf, 2, 10_000).await.is_err());
    tokio::time::sleep(keep).await;
    assert!(put(&shelf, 2, 10_000).await.is_ok());
    assert_eq!(shelf.missing(vec![first]), [first]);
}

#[tokio::test]
async fn a_draft_that_is_dropped_leaves_neither_file_nor_room() {
    let shelf = shelf(10_000, Duration::from_secs(3600));
    let mut draft = shelf.begin().unwrap();
    draft.grow(9_000).unwrap();
    assert_eq!(shelf.taken(), (9_000, 1));
    assert!(draft.grow(2_000).is_err());
    drop(draft);
    assert_eq!(shelf.taken(), (0, 0));
}

#[tokio::test]
async fn small_blobs_take_a_block_so_that_their_number_is_bounded() {
    let shelf = shelf(3 * LEAST_BYTES, Duration::ZERO);
    for byte in 0..5 {
        put(&shelf, byte, 1).await.unwrap();
    }
    assert_eq!(shelf.taken(), (3 * LEAST_BYTES, 3));
    assert_eq!(shelf.counts().len(), 3);
}

#[tokio::test]
async fn a_blob_that_two_put_at_once_is_there_once() {
    let shelf = shelf(100_000, Duration::ZERO);
    let name = BlobName::of(b"");
    let (first, second) = (shelf.begin().unwrap(), shelf.begin().unwrap());
    assert!(first.finish(name).unwrap());
    assert!(!second.finish(name).unwrap());
    assert_eq!(shelf.taken(), (LEAST_BYTES, 1));
    assert_eq!(shelf.counts()[&name].puts, 2);
}

#[tokio::test]
async fn the_folder_goes_with_the_shelf() {
    let within = tempfile::tempdir().unwrap();
    let options =
        ShelfOptions { folder: Some(within.path().to_owned()), ..ShelfOptions::default() };
    let shelf = Shelf::new(options).unwrap();
    let name = put(&shelf, 1, 10).await.unwrap();
    assert!(shelf.path(&name).starts_with(within.path()));
    drop(shelf);
    assert_eq!(std::fs::read_dir(within.path()).unwrap().count(), 0);
}
