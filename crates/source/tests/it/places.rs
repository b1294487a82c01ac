//! The same tree on disk and in a bucket: listed and read alike.

use std::fs;

use flowproof_s3_testing::{Fault, Memory, Rule, S3Server};
use flowproof_source::s3::{S3, S3Options};
use flowproof_source::{
    Listing, Object, OpenOptions, Ranges, Selection, SkippedKind, SourceError, list, open_with,
};
use tempfile::TempDir;

use crate::server::noise;

const CLASSIC: &str = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01";

/// Keys of every layout, and of what lies beside flow logs.
fn keys() -> Vec<String> {
    let mut keys = Vec::new();
    for account in ["123456789012", "210987654321"] {
        for (region, day) in [("us-east-1", 1), ("us-east-1", 2), ("eu-west-1", 1)] {
            for minute in [0, 5] {
                let name = format!(
                    "{account}_vpcflowlogs_{region}_fl-0123456789abcdef0_202506{day:02}T00{minute:02}Z_1a2b.log.gz"
                );
                let classic = format!("AWSLogs/{account}/vpcflowlogs/{region}/2025/06/{day:02}");
                let hive = format!(
                    "hive/AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/\
                     aws-region={region}/year=2025/month=06/day={day:02}/hour=00"
                );
                let organization = format!(
                    "org/AWSLogs/o-abc123/{account}/vpcflowlogs/{region}/2025/06/{day:02}/00"
                );
                for folder in [classic, hive, organization] {
                    keys.push(format!("{folder}/{name}"));
                }
            }
        }
    }
    let others = [
        "AWSLogs/123456789012/CloudTrail/us-east-1/2025/06/01/trail.json.gz",
        "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/aws-programmatic-access-test-object",
        "flat/a b+c%3D=é.log",
        "flat/[x]*.log",
        "flat/deep/er/000000",
        "flat/.hidden/a.log",
        "flat/README",
        "flat-2/a.log",
        "flat.log",
        "empty.log",
    ];
    keys.extend(others.map(str::to_owned));
    keys
}

fn content(key: &str) -> Vec<u8> {
    if key == "empty.log" { Vec::new() } else { noise(key.len() as u64, 100 + key.len()) }
}

/// The tree on disk, and a server that has it in the bucket `logs`.
async fn both() -> (TempDir, S3Server) {
    let folder = tempfile::tempdir().unwrap();
    let objects = Memory::default();
    objects.create("logs");
    for key in keys() {
        let path = folder.path().join(&key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content(&key)).unwrap();
        objects.put("logs", &key, content(&key));
    }
    (folder, S3Server::memory(objects).await.unwrap())
}

fn s3(server: &S3Server) -> S3 {
    S3::with_config(server.config(), S3Options { path_style: true, ..S3Options::default() })
}

fn selection(wheres: &[String], server: &S3Server) -> Selection {
    Selection { wheres: wheres.to_vec(), s3: Some(s3(server)), ..Selection::default() }
}

/// All of a listing that does not depend on where the tree is.
fn told(listing: &Listing, root: &str) -> String {
    let key = |key: &str| key.strip_prefix(root).unwrap_or(key).to_owned();
    let objects = listing.objects.iter().map(|o| (key(&o.key), o.size, o.layout.clone()));
    let skipped = listing.skipped.iter().map(|s| (key(&s.key), s.kind, s.reason.clone()));
    format!(
        "{:#?}\n{:#?}\n{:?}\n{:?}",
        objects.collect::<Vec<_>>(),
        skipped.collect::<Vec<_>>(),
        listing.counts,
        listing.nearest
    )
}

#[tokio::test]
async fn every_place_is_listed_in_a_bucket_as_on_disk() {
    let (folder, server) = both().await;
    let disk = format!("{}/", folder.path().display());
    let places: [&[&str]; 14] = [
        &[""],
        &["AWSLogs/"],
        &["AWSLogs"],
        &["hive/AWSLogs", "org"],
        &["AWSLogs", CLASSIC],
        &["flat"],
        &["flat.log"],
        &["flat.log", "flat", "flat.log"],
        &["flat/a b+c%3D=é.log"],
        &["flat/[x]*.log"],
        &["flat*"],
        &["AWSLogs/*/vpcflowlogs/us-*/2025/06/0[12]"],
        &["flat/.hid*"],
        &["flat/.hidden"],
    ];
    let windows = [
        (None, None),
        (Some("2025-06-01T00:06:00Z"), Some("2025-06-01T12:00:00Z")),
        (Some("2025-06-03T00:00:00Z"), None),
        (None, Some("2024-01-01T00:00:00Z")),
    ];
    let mut kept = 0;
    for places in places {
        for (from, to) in windows {
            for account in [None, Some("210987654321")] {
                let mut ask = async |root: &str| {
                    let wheres: Vec<String> =
                        places.iter().map(|place| format!("{root}{place}")).collect();
                    let mut selection = selection(&wheres, &server);
                    selection.window.from = from.map(|time: &str| time.parse().unwrap());
                    selection.window.to = to.map(|time: &str| time.parse().unwrap());
                    selection.accounts = account.map(str::to_owned).into_iter().collect();
                    selection.regions = vec!["us-east-1".to_owned(); account.iter().len()];
                    let mut listing = list(&selection).await.unwrap();
                    if places.iter().any(|place| place.contains('*')) {
                        // In a bucket folders are left out on the way to what matches, on disk what
                        // matches is judged.
                        let counts = &mut listing.counts;
                        counts.pruned_folders = 0;
                        counts.pruned_by_time = 0;
                        counts.pruned_by_account = 0;
                        counts.pruned_by_region = 0;
                        listing.nearest = None;
                    }
                    kept += listing.objects.len();
                    told(&listing, root)
                };
                let (on_disk, in_bucket) = (ask(&disk).await, ask("s3://logs/").await);
                assert_eq!(in_bucket, on_disk, "{places:?} {from:?} {to:?} {account:?}");
            }
        }
    }
    assert!(kept > 500, "{kept}");
}

#[tokio::test]
async fn on_the_way_to_what_a_pattern_matches_folders_are_left_out() {
    let (_folder, server) = both().await;
    let listing = list(&selection(&["s3://logs/**/*.log".to_owned()], &server)).await.unwrap();
    let keys: Vec<&str> = listing.objects.iter().map(|object| object.key.as_str()).collect();
    let expected = ["flat-2/a.log", "flat.log", "flat/[x]*.log", "flat/a b+c%3D=é.log"];
    assert_eq!(keys, expected.map(|key| format!("s3://logs/{key}")));
    let skipped: Vec<&str> = listing.skipped.iter().map(|skipped| skipped.key.as_str()).collect();
    let expected = ["AWSLogs/123456789012/CloudTrail/", "empty.log", "flat/.hidden/"];
    assert_eq!(skipped, expected.map(|key| format!("s3://logs/{key}")));
}

#[tokio::test]
async fn what_a_selection_rules_out_is_not_listed() {
    let (_folder, server) = both().await;
    let mut asked = selection(&["s3://logs/AWSLogs".to_owned()], &server);
    asked.window.from = Some("2025-06-02T01:00:00Z".parse().unwrap());
    asked.accounts = vec!["123456789012".to_owned()];
    let before = server.counts().list;
    let listing = list(&asked).await.unwrap();
    assert_eq!(listing.objects.len(), 0);
    // The key itself; AWSLogs, the account, the service, two Regions, year and month of each, one day.
    assert_eq!(server.counts().list - before, 11);
}

#[tokio::test]
async fn a_place_that_is_not_there_is_not_found() {
    let (_folder, server) = both().await;
    for place in ["s3://logs/nothing", "s3://logs/nothing/", "s3://logs/no*thing", "s3://"] {
        let error = list(&selection(&[place.to_owned()], &server)).await.unwrap_err();
        assert!(matches!(error, SourceError::NotFound { .. }), "{place}: {error}");
    }
    let error = list(&selection(&["s3://no-such-bucket/a".to_owned()], &server)).await.unwrap_err();
    assert!(error.to_string().contains("no-such-bucket"), "{error}");
}

#[tokio::test]
async fn a_folder_that_may_not_be_listed_is_denied_and_the_rest_is_found() {
    let (_folder, server) = both().await;
    let denied = "AWSLogs/210987654321/";
    server.faults().add(Rule::new(Fault::Denied).listings().key(denied));
    let listing = list(&selection(&["s3://logs/AWSLogs".to_owned()], &server)).await.unwrap();
    assert_eq!((listing.objects.len(), listing.counts.denied), (6, 1));
    let skipped = listing.skipped.iter().find(|s| s.kind == SkippedKind::Denied).unwrap();
    assert_eq!(skipped.key, format!("s3://logs/{denied}"));
    let error = list(&selection(&[format!("s3://logs/{denied}")], &server)).await.unwrap_err();
    assert!(matches!(error, SourceError::Denied { .. }), "a place that was named: {error}");
}

async fn read(object: &Object, whole_gzip: u64) -> (Vec<u8>, Option<String>) {
    let options = OpenOptions { digest: true, whole_gzip };
    let mut chunks = open_with(object, options).await.unwrap();
    let mut all = chunks.take_whole().unwrap_or_default().into_bytes().to_vec();
    while let Some(chunk) = chunks.next().await.unwrap() {
        assert!(chunk.len() <= 256 * 1024);
        all.extend_from_slice(&chunk);
    }
    assert_eq!(chunks.size(), all.len() as u64);
    (all, chunks.digest().map(str::to_owned))
}

#[tokio::test]
async fn objects_are_read_in_a_bucket_as_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Memory::default();
    objects.create("logs");
    for length in [1, 2, 1000, 262_143, 262_144, 262_145, 900_000] {
        for gzip in [false, true] {
            let mut bytes = noise(length as u64, length);
            let magic = if gzip { [0x1f, 0x8b] } else { *b"2 " };
            bytes.iter_mut().zip(magic).for_each(|(byte, magic)| *byte = magic);
            let name = format!("{length}-{gzip}.log");
            fs::write(folder.path().join(&name), &bytes).unwrap();
            objects.put("logs", &name, bytes);
        }
    }
    let server = S3Server::memory(objects).await.unwrap();
    let disk = selection(&[folder.path().display().to_string()], &server);
    let bucket = selection(&["s3://logs".to_owned()], &server);
    let (on_disk, in_bucket) = (list(&disk).await.unwrap(), list(&bucket).await.unwrap());
    assert_eq!(on_disk.objects.len(), 14);
    for (one, other) in on_disk.objects.iter().zip(&in_bucket.objects) {
        for limit in [0, 1, 262_144, u64::MAX] {
            assert!(read(one, limit).await == read(other, limit).await, "{} {limit}", one.key);
        }
        let ranges = async |object: &Object| {
            let ranges = Ranges::open(object).await.unwrap();
            let size = ranges.size();
            let asked = vec![size - 1..size, 0..size.min(4), size / 2..size, 0..0];
            let beyond = 0..size + 1;
            assert!(ranges.read(vec![beyond]).await.is_err());
            ranges.read(asked).await.unwrap()
        };
        assert!(ranges(one).await == ranges(other).await, "{}", one.key);
    }
}

#[tokio::test]
async fn an_object_that_was_replaced_or_went_after_the_listing_is_told() {
    let objects = Memory::default();
    objects.put("logs", "a.log", "2 123456789012");
    objects.put("logs", "b.log", "2 123456789012");
    let server = S3Server::memory(objects.clone()).await.unwrap();
    let listing = list(&selection(&["s3://logs".to_owned()], &server)).await.unwrap();
    objects.put("logs", "a.log", "2 210987654321");
    objects.remove("logs", "b.log");
    let error = open_with(&listing.objects[0], OpenOptions::default()).await.unwrap_err();
    assert!(matches!(error, SourceError::Changed { .. }), "{error}");
    let error = open_with(&listing.objects[1], OpenOptions::default()).await.unwrap_err();
    assert!(matches!(error, SourceError::Vanished { .. }), "{error}");
}

#[tokio::test]
async fn thousands_of_objects_and_of_accounts_are_listed_to_the_last() {
    let objects = Memory::default();
    objects.create("logs");
    let name = |account: &str, stamp: &str, n: usize| {
        format!("{account}_vpcflowlogs_us-east-1_fl-0123456789abcdef0_{stamp}_{n:08x}.log.gz")
    };
    // As many in one day as two and a half pages of a listing.
    for n in 0..2500 {
        let stamp = format!("20250601T{:02}{:02}Z", n % 24, n % 12 * 5);
        objects.put("logs", &format!("{CLASSIC}/{}", name("123456789012", &stamp, n)), "x");
    }
    for n in 0..1200 {
        let account = format!("{:012}", 200_000_000_000_u64 + n);
        let folder = format!("AWSLogs/{account}/vpcflowlogs/us-east-1/2025/06/01");
        objects.put("logs", &format!("{folder}/{}", name(&account, "20250601T1200Z", 0)), "x");
    }
    // A record of the last minute of the day ends on the next, and files come late.
    let border = CLASSIC.replace("/01", "/02");
    objects.put("logs", &format!("{border}/{}", name("123456789012", "20250602T0000Z", 1)), "x");
    objects.put("logs", &format!("{border}/{}", name("123456789012", "20250602T0010Z", 2)), "x");
    objects.put("logs", &format!("{border}/{}", name("123456789012", "20250602T0500Z", 3)), "x");
    let server = S3Server::memory(objects).await.unwrap();
    let mut asked = selection(&["s3://logs/AWSLogs".to_owned()], &server);
    let all = list(&asked).await.unwrap();
    assert_eq!(all.objects.len(), 2500 + 1200 + 3);
    assert!(all.objects.windows(2).all(|pair| pair[0].key < pair[1].key), "sorted, each once");
    asked.window.from = Some("2025-06-01T00:00:00Z".parse().unwrap());
    asked.window.to = Some("2025-06-02T00:00:00Z".parse().unwrap());
    let of_day = list(&asked).await.unwrap();
    assert_eq!(of_day.objects.len(), 2500 + 1200 + 2, "with what ends just after midnight");
}
