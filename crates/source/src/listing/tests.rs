use std::fs;
use std::path::Path;

use super::*;
use crate::error::path_text;
use crate::plan::Slack;

const NAME: &str = "123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0";
const CLASSIC: &str = "AWSLogs/123456789012/vpcflowlogs/us-east-1";
const HIVE: &str =
    "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1";

/// A folder with files at the given keys, each with one byte, or none if the key begins with `!`.
fn tree(keys: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for key in keys {
        let (key, content) = key.strip_prefix('!').map_or((*key, "x"), |key| (key, ""));
        let path = root.path().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn at(root: &Path, places: &[&str]) -> Selection {
    let wheres = places.iter().map(|place| path_text(&root.join(place))).collect();
    Selection { wheres, slack: Slack { seconds: 0 }, ..Selection::default() }
}

fn window(from: &str, to: &str) -> Window {
    Window::new(from.parse().unwrap(), to.parse().unwrap())
}

/// The keys of the objects, from the root on.
fn keys<'l>(listing: &'l Listing, root: &Path) -> Vec<&'l str> {
    let root = path_text(root) + "/";
    listing.objects.iter().map(|object| object.key.strip_prefix(&root).unwrap()).collect()
}

fn skipped<'l>(listing: &'l Listing, root: &Path) -> Vec<(&'l str, &'l str)> {
    let root = path_text(root) + "/";
    let parts =
        |skipped: &'l Skipped| (skipped.key.strip_prefix(&root).unwrap(), skipped.reason.as_str());
    listing.skipped.iter().map(parts).collect()
}

#[tokio::test]
async fn a_folder_is_walked_and_all_but_flow_logs_counted_by_kind() {
    let root = tree(&[
        "b/flow.log",
        "a.log.gz",
        "!b/empty.log",
        "_SUCCESS",
        "manifest.json",
        "log.gz.bak",
        ".git/config",
        ".hidden.log",
        "AWSLogs/123456789012/CloudTrail/us-east-1/x.json.gz",
        "AWSLogs/123456789012/CloudTrail/us-east-1/y.json.gz",
        "x_CloudTrail_y.json.gz",
    ]);
    let listing = list(&at(root.path(), &[""])).await.unwrap();
    // `join("")` leaves a slash at the end, as people type it; keys do not double it.
    assert_eq!(keys(&listing, root.path()), ["a.log.gz", "b/flow.log"]);
    let expected = ListCounts { listed: 10, not_a_flow_log: 7, empty: 1, ..ListCounts::default() };
    assert_eq!(listing.counts, expected);
    assert_eq!(
        skipped(&listing, root.path()),
        [
            (".git/", "hidden"),
            (".hidden.log", "hidden"),
            ("AWSLogs/123456789012/CloudTrail/", "of another AWS service"),
            ("_SUCCESS", "a job's marker"),
            ("b/empty.log", "zero bytes"),
            ("log.gz.bak", "a backup or an unfinished copy"),
            ("manifest.json", "a manifest"),
            ("x_CloudTrail_y.json.gz", "of another AWS service"),
        ]
    );
    assert_eq!(listing.nearest, None);

    let all = Selection { include_all: true, ..at(root.path(), &[""]) };
    let listing = list(&all).await.unwrap();
    assert_eq!((listing.objects.len(), listing.counts.empty), (10, 1));
}

#[tokio::test]
async fn what_a_finding_is_about_may_lie_beside_the_logs() {
    let root = tree(&[
        "logs/flows.json",
        "logs/flows.csv.gz",
        "logs/flow.log.zst",
        "finding.json",
        "inventory.json",
        "answer.json",
        "tor-exits.txt",
        "threats.txt",
        "report.html",
    ]);
    let listing = list(&at(root.path(), &[""])).await.unwrap();
    let logs = ["logs/flow.log.zst", "logs/flows.csv.gz", "logs/flows.json"];
    assert_eq!(keys(&listing, root.path()), logs);
    assert_eq!((listing.counts.listed, listing.counts.not_a_flow_log), (9, 6));
}

#[tokio::test]
async fn objects_carry_size_place_and_layout() {
    let key = format!("{CLASSIC}/2025/06/01/{NAME}_20250601T0005Z_1a.log.gz");
    let root = tree(&[&key]);
    let listing = list(&at(root.path(), &["AWSLogs"])).await.unwrap();
    let [object] = &listing.objects[..] else { panic!("one object") };
    assert_eq!((object.size, &object.etag), (1, &None));
    assert!(matches!(&object.location, Location::Local(path) if fs::read(path).unwrap() == b"x"));
    let layout = object.layout.as_ref().unwrap();
    assert_eq!(layout.stamp.unwrap().to_string(), "2025-06-01T00:05:00Z");
}

#[tokio::test]
async fn a_named_file_is_taken_whatever_its_name() {
    let root = tree(&["notes.md", ".hidden", "!nothing"]);
    let listing = list(&at(root.path(), &["notes.md", ".hidden", "nothing"])).await.unwrap();
    assert_eq!(keys(&listing, root.path()), [".hidden", "notes.md"]);
    assert_eq!((listing.counts.listed, listing.counts.empty), (3, 1));
}

#[tokio::test]
async fn a_file_reached_twice_is_listed_once_in_whatever_order() {
    let root = tree(&["a/x.log", "a/y.md", "a/_SUCCESS"]);
    let mut listings = Vec::new();
    for places in [["a/x.log", "a", "*", "a/y.md"], ["a/y.md", "*", "a", "a/x.log"]] {
        let listing = list(&at(root.path(), &places)).await.unwrap();
        assert_eq!(keys(&listing, root.path()), ["a/x.log", "a/y.md"]);
        assert_eq!((listing.counts.listed, listing.counts.not_a_flow_log), (3, 1));
        listings.push(listing);
    }
    assert_eq!(listings[0].skipped, listings[1].skipped);
}

#[tokio::test]
async fn globs_match_files_and_folders() {
    let root = tree(&["a/1.log", "a/2.log", "a/2.md", "b/sub/3.log", "c/4.log", ".h/5.log"]);
    let listing = list(&at(root.path(), &["[ab]/*"])).await.unwrap();
    assert_eq!(keys(&listing, root.path()), ["a/1.log", "a/2.log", "b/sub/3.log"]);
    assert_eq!(listing.counts.not_a_flow_log, 1);
    let listing = list(&at(root.path(), &["**/*.log"])).await.unwrap();
    assert!(keys(&listing, root.path()).starts_with(&[".h/5.log", "a/1.log"]));
}

#[tokio::test]
async fn an_existing_name_wins_over_its_meaning_as_a_glob() {
    let root = tree(&["part[1].log", "part1.log", "d[2]/x.log", "d2/y.log"]);
    let listing = list(&at(root.path(), &["part[1].log", "d[2]"])).await.unwrap();
    assert_eq!(keys(&listing, root.path()), ["d[2]/x.log", "part[1].log"]);
}

#[tokio::test]
async fn places_that_lead_nowhere_are_errors_that_name_them() {
    let root = tree(&["a.log"]);
    for place in ["gone", "*.gz", "a.log/below"] {
        let error = list(&at(root.path(), &["a.log", place])).await.unwrap_err();
        assert!(matches!(&error, SourceError::NotFound { place: named } if named.ends_with(place)));
    }
    let error = list(&at(root.path(), &["a***b"])).await.unwrap_err();
    assert!(matches!(error, SourceError::BadPattern { .. }));
    let wheres = vec!["https://bucket/prefix".to_owned()];
    let error = list(&Selection { wheres, ..Selection::default() }).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Unsupported { place, .. } if place == "https://bucket/prefix")
    );
}

#[tokio::test]
async fn an_empty_folder_is_no_error() {
    let root = tempfile::tempdir().unwrap();
    let listing = list(&at(root.path(), &["."])).await.unwrap();
    assert!(listing.objects.is_empty() && listing.nearest.is_none());
    assert_eq!(listing.counts, ListCounts::default());
}

#[tokio::test]
async fn time_prunes_files_and_whole_folders_in_every_layout() {
    let folders = [
        format!("team a/{CLASSIC}/2025/05/31"),
        format!("team a/{CLASSIC}/2025/06/01"),
        format!("team a/{CLASSIC}/2025/06/02"),
        format!("h/{CLASSIC}/2025/06/01/22"),
        format!("h/{CLASSIC}/2025/06/01/23"),
        format!("{HIVE}/year=2025/month=06/day=01"),
        format!("h/{HIVE}/year=2025/month=06/day=02/hour=00"),
        format!("h/{HIVE}/year=2025/month=06/day=02/hour=01"),
    ];
    let stamp = |folders: &str, stamp: &str| format!("{folders}/{NAME}_{stamp}_1a.log.gz");
    let keys_made = [
        stamp(&folders[0], "20250531T2355Z"),
        stamp(&folders[1], "20250601T2300Z"),
        stamp(&folders[1], "20250601T2255Z"),
        stamp(&folders[2], "20250602T0000Z"), // BR-41
        stamp(&folders[2], "20250602T0015Z"),
        stamp(&folders[3], "20250601T2255Z"),
        stamp(&folders[4], "20250601T2300Z"),
        stamp(&folders[5], "20250601T2330Z"),
        stamp(&folders[6], "20250602T0010Z"),
        stamp(&folders[7], "20250602T0100Z"),
        "flow.log".to_owned(),
    ];
    let root = tree(&keys_made.each_ref().map(String::as_str));
    let selection = Selection {
        window: window("2025-06-01T23:00:00Z", "2025-06-02T00:00:00Z"),
        ..at(root.path(), &["."])
    };
    let listing = list(&selection).await.unwrap();
    let mut expected = [1, 3, 6, 7, 8, 10].map(|index| keys_made[index].as_str());
    expected.sort_unstable();
    let found: Vec<&str> = keys(&listing, root.path())
        .iter()
        .map(|key| key.strip_prefix("./").unwrap_or(key))
        .collect();
    assert_eq!(found, expected);
    let counts =
        ListCounts { listed: 6, pruned_by_time: 2, pruned_folders: 3, ..ListCounts::default() };
    assert_eq!(listing.counts, counts);
}

#[tokio::test]
async fn accounts_and_regions_prune_folders_and_flat_files() {
    let other = "210987654321";
    let keys_made = [
        format!("{CLASSIC}/2025/06/01/{NAME}_20250601T0005Z_1.log.gz"),
        format!("{CLASSIC}/2025/06/01/{NAME}_20250601T0010Z_1.log.gz")
            .replace("us-east-1", "eu-west-1"),
        format!("AWSLogs/{other}/vpcflowlogs/us-east-1/2025/06/01/a.log.gz"),
        format!("flat/{NAME}_20250601T0005Z_2.log.gz").replace("123456789012", other),
        format!("flat/{NAME}_20250601T0005Z_2.log.gz").replace("us-east-1", "eu-west-1"),
        "flat/unknown.log".to_owned(),
    ];
    let root = tree(&keys_made.each_ref().map(String::as_str));
    let selection = Selection {
        accounts: vec!["123456789012".into()],
        regions: vec!["us-east-1".into()],
        ..at(root.path(), &[""])
    };
    let listing = list(&selection).await.unwrap();
    assert_eq!(keys(&listing, root.path()), [&keys_made[0], &keys_made[5]]);
    let counts = ListCounts {
        listed: 2,
        pruned_by_account: 1,
        pruned_by_region: 1,
        pruned_folders: 2,
        ..ListCounts::default()
    };
    assert_eq!(listing.counts, counts);
}

#[tokio::test]
async fn when_nothing_is_left_the_nearest_dates_are_told() {
    let stamped = |stamp: &str| format!("flat/{NAME}_{stamp}_1.log.gz");
    let keys_made = [
        format!("{CLASSIC}/2025/05/28/a.log.gz"),
        format!("{CLASSIC}/2025/05/30/a.log.gz"),
        format!("{CLASSIC}/2025/07/04/a.log.gz"),
        stamped("20250629T1200Z"),
        stamped("20250629T1205Z"),
    ];
    let root = tree(&keys_made.each_ref().map(String::as_str));
    let selection = Selection {
        window: window("2025-06-10T00:00:00Z", "2025-06-11T00:00:00Z"),
        ..at(root.path(), &[""])
    };
    let nearest = list(&selection).await.unwrap().nearest.unwrap();
    assert_eq!(nearest.before, Some(window("2025-05-30T00:00:00Z", "2025-05-31T00:00:00Z")));
    assert_eq!(nearest.after, Some(window("2025-06-29T12:00:00Z", "2025-06-29T12:05:00Z")));

    let regions = vec!["us-east1".to_owned()];
    let wrong_region = Selection { regions, ..at(root.path(), &[""]) };
    let nearest = list(&wrong_region).await.unwrap().nearest.unwrap();
    assert_eq!((nearest.before, nearest.after), (None, None));
    assert_eq!(nearest.regions, ["us-east-1"]);
}

#[tokio::test]
async fn thousands_of_objects_are_all_listed_and_samples_stay_few() {
    let root = tempfile::tempdir().unwrap();
    for index in 0..2500 {
        fs::write(root.path().join(format!("{index:04}.log")), "x").unwrap();
        if index % 10 == 0 {
            fs::write(root.path().join(format!("{index:04}.md")), "x").unwrap();
        }
    }
    let listing = list(&at(root.path(), &[""])).await.unwrap();
    assert_eq!((listing.objects.len(), listing.counts.not_a_flow_log), (2500, 250));
    assert_eq!(listing.skipped.len(), Listing::MAX_SKIPPED);
    assert_eq!(skipped(&listing, root.path())[19].0, "0190.md");
    assert!(listing.objects.is_sorted_by(|a, b| a.key < b.key));
}

#[cfg(unix)]
mod unix {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn links_are_followed_once_loops_end_and_dead_ones_have_vanished() {
        let root = tree(&["a/x.log"]);
        symlink(root.path().join("a"), root.path().join("b")).unwrap();
        symlink(root.path(), root.path().join("a/loop")).unwrap();
        symlink(root.path().join("gone"), root.path().join("dead.log")).unwrap();
        symlink(root.path().join("gone"), root.path().join("dead.md")).unwrap();
        let listing = list(&at(root.path(), &["", "*", "dead.l*"])).await.unwrap();
        assert_eq!(keys(&listing, root.path()), ["a/x.log"]);
        let counts = ListCounts { listed: 4, not_a_flow_log: 2, vanished: 1, ..listing.counts };
        assert_eq!(listing.counts, counts);
        let found = skipped(&listing, root.path());
        assert!(found.contains(&("dead.log", "gone, or a link that leads nowhere")));
        assert!(found.contains(&("a/loop", "a link back to a folder it lies in")));
        assert!(found.contains(&("dead.md", "an extension that flow logs do not have")));
    }

    #[tokio::test]
    async fn a_locked_folder_is_denied_and_the_rest_is_listed() {
        let root = tree(&["locked/x.log", "open.log"]);
        let locked = root.path().join("locked");
        let mode = |mode| fs::set_permissions(&locked, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o000);
        // The superuser is kept out by nothing; there the rule is covered by the finder's own test.
        let is_superuser = fs::read_dir(&locked).is_ok();
        let listing = list(&at(root.path(), &[""])).await.unwrap();
        mode(0o700);
        assert!(keys(&listing, root.path()).contains(&"open.log"));
        assert_eq!(listing.counts.denied, u64::from(!is_superuser));
    }

    #[tokio::test]
    async fn a_socket_in_a_folder_is_passed_over() {
        let root = tree(&["a.log"]);
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        let listing = list(&at(root.path(), &[""])).await.unwrap();
        assert_eq!(keys(&listing, root.path()), ["a.log"]);
        assert_eq!(skipped(&listing, root.path()), [("socket", "a pipe, socket or device")]);
    }

    #[tokio::test]
    async fn a_named_pipe_is_read_as_standard_input_is() {
        let root = tempfile::tempdir().unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"2 123456789012\n").unwrap();
        drop(writer);
        let place = format!("/dev/fd/{}", reader.as_raw_fd());
        let listing = list(&at(root.path(), &[&place])).await.unwrap();
        let [object] = &listing.objects[..] else { panic!("one object") };
        assert_eq!((object.key.as_str(), object.size), (place.as_str(), 15));
        assert!(matches!(object.location, Location::Spooled(_)));
    }
}
