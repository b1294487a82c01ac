use proptest::prelude::*;

use jiff::Timestamp;

use super::*;

const NO_SLACK: Slack = Slack { seconds: 0 };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plan(from: &str, to: &str, slack: Slack) -> Plan {
    let window = Window::new(at(from), at(to));
    Plan::new(&Selection { window, slack, ..Selection::default() })
}

/// The folders of an instant in each of the four layouts.
fn folders(stamp: Timestamp) -> [String; 4] {
    let text = |format: &str| stamp.strftime(format).to_string();
    let classic = "own prefix/AWSLogs/123456789012/vpcflowlogs/us-east-1";
    let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1";
    [
        format!("{classic}/{}", text("%Y/%m/%d")),
        format!("{classic}/{}", text("%Y/%m/%d/%H")),
        format!("{hive}/{}", text("year=%Y/month=%m/day=%d")),
        format!("{hive}/{}", text("year=%Y/month=%m/day=%d/hour=%H")),
    ]
}

fn file_name(stamp: Timestamp) -> String {
    let stamp = stamp.strftime("%Y%m%dT%H%MZ");
    format!("123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_{stamp}_1a2b3c4d.log.gz")
}

/// Whether an object with that stamp is reached and taken; the same in every layout, or the test
/// fails.
fn kept(plan: &Plan, stamp: Timestamp) -> bool {
    let by_name = is_taken(plan, &file_name(stamp));
    for folders in folders(stamp) {
        let key = format!("{folders}/{}", file_name(stamp));
        assert_eq!(is_taken(plan, &key), by_name, "{key}");
        if by_name {
            // Its folders must not be left out, nor a renamed file in them.
            assert_eq!(plan.folder(&folders), FolderVerdict::Enter, "{folders}");
            assert!(is_taken(plan, &format!("{folders}/renamed.log.gz")), "{folders}");
        }
    }
    by_name
}

fn is_taken(plan: &Plan, key: &str) -> bool {
    matches!(plan.object(key, 1, false), ObjectVerdict::Take { .. })
}

fn is_entered(plan: &Plan, folders: &str) -> bool {
    plan.folder(folders) == FolderVerdict::Enter
}

#[test]
fn stamps_are_kept_from_the_bucket_of_from_to_eleven_minutes_after_to() {
    let plan = plan("2025-06-01T00:02:00Z", "2025-06-02T00:00:00Z", NO_SLACK);
    for (stamp, expected) in [
        ("2025-05-31T23:55:00Z", false),
        ("2025-06-01T00:00:00Z", true), // ends until 00:04:59
        ("2025-06-01T12:00:00Z", true),
        ("2025-06-02T00:00:00Z", true), // BR-41
        ("2025-06-02T00:05:00Z", true),
        ("2025-06-02T00:10:00Z", true), // started 23:59:59, lasted 600 s, and up to 60 s late
        ("2025-06-02T00:15:00Z", false),
    ] {
        assert_eq!(kept(&plan, at(stamp)), expected, "{stamp}");
    }
}

#[test]
fn a_fraction_of_a_second_at_the_end_of_the_window_counts() {
    // A record may start at 00:04:00, within the window, and end 660 s later, at 00:15:00.
    let window = ("2025-06-01T00:00:00Z", "2025-06-01T00:04:00.5Z");
    assert!(kept(&plan(window.0, window.1, NO_SLACK), at("2025-06-01T00:15:00Z")));
    let window = ("2025-06-01T00:00:00Z", "2025-06-01T00:03:59.5Z");
    assert!(!kept(&plan(window.0, window.1, NO_SLACK), at("2025-06-01T00:15:00Z")));
}

#[test]
fn slack_widens_both_sides() {
    let plan = plan("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z", Slack::default());
    for (stamp, expected) in [
        ("2025-05-31T23:40:00Z", false),
        ("2025-05-31T23:45:00Z", true),
        ("2025-06-02T00:25:00Z", true),
        ("2025-06-02T00:30:00Z", false),
    ] {
        assert_eq!(kept(&plan, at(stamp)), expected, "{stamp}");
    }
}

#[test]
fn a_record_before_midnight_is_found_in_the_next_days_first_file() {
    // BR-41: start 23:59:00, end 23:59:50 of 1 June, stored under 2 June.
    let plan = plan("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z", NO_SLACK);
    assert!(kept(&plan, at("2025-06-02T00:00:00Z")));
}

#[test]
fn days_and_hours_that_can_hold_no_wanted_stamp_are_not_entered() {
    let plan = plan("2024-12-31T23:30:00Z", "2025-01-01T00:30:00Z", NO_SLACK);
    let classic = "AWSLogs/123456789012/vpcflowlogs/us-east-1/";
    for (date, expected) in [
        ("2024", true),
        ("2024/11", true), // only days and hours are judged
        ("2024/12/30", false),
        ("2024/12/31", true),
        ("2024/12/31/22", false),
        ("2024/12/31/23", true),
        ("2025/01/01", true),
        ("2025/01/01/00", true),
        ("2025/01/01/01", false),
        ("2025/01/02", false),
        ("2025/02/30", true), // no such day: nothing is known
        ("2025/01/01/24", true),
    ] {
        assert_eq!(is_entered(&plan, &format!("{classic}{date}")), expected, "{date}");
        let hive = hive_folders(date);
        assert_eq!(is_entered(&plan, &hive), expected, "{hive}");
    }
}

fn hive_folders(date: &str) -> String {
    let mut key =
        "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1"
            .to_owned();
    for (name, value) in ["year", "month", "day", "hour"].iter().zip(date.split('/')) {
        key.push_str(&format!("/{name}={value}"));
    }
    key
}

#[test]
fn month_and_leap_day_edges_lead_to_the_next_day() {
    for (from, to, next) in [
        ("2025-06-30T12:00:00Z", "2025-07-01T00:00:00Z", "2025-07-01T00:10:00Z"),
        ("2024-02-28T12:00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T00:10:00Z"),
        ("2025-02-28T12:00:00Z", "2025-03-01T00:00:00Z", "2025-03-01T00:10:00Z"),
        ("2025-12-31T12:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z"),
    ] {
        assert!(kept(&plan(from, to, NO_SLACK), at(next)), "{next}");
    }
}

#[test]
fn accounts_and_regions_are_pruned_where_the_layout_tells_them() {
    let plan = Plan::new(&Selection {
        accounts: vec!["123456789012".into()],
        regions: vec!["us-east-1".into()],
        ..Selection::default()
    });
    let account = |account: &str| Pruned::Account { account: account.into() };
    let region = |region: &str| Pruned::Region { region: region.into() };
    for (key, expected) in [
        ("AWSLogs/123456789012/vpcflowlogs/us-east-1", None),
        ("AWSLogs/123456789012", None),
        ("AWSLogs", None),
        ("AWSLogs/210987654321", Some(account("210987654321"))),
        ("AWSLogs/123456789012/vpcflowlogs/eu-west-1", Some(region("eu-west-1"))),
        ("AWSLogs/aws-account-id=210987654321", Some(account("210987654321"))),
        (
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1",
            Some(region("eu-west-1")),
        ),
    ] {
        let expected = expected.map_or(FolderVerdict::Enter, FolderVerdict::Pruned);
        assert_eq!(plan.folder(key), expected, "{key}");
    }
    let stamp = at("2025-06-01T00:05:00Z");
    assert!(kept(&plan, stamp));
    let other = file_name(stamp).replace("123456789012", "210987654321");
    let verdict = plan.object(&other, 1, false);
    assert_eq!(verdict, ObjectVerdict::Pruned(account("210987654321")));
}

#[test]
fn an_object_without_layout_is_never_pruned() {
    let plan = Plan::new(&Selection {
        window: Window::new(at("2025-06-01T00:00:00Z"), at("2025-06-02T00:00:00Z")),
        accounts: vec!["123456789012".into()],
        regions: vec!["us-east-1".into()],
        ..Selection::default()
    });
    let verdict = plan.object("2019/01/01/flow.log", 1, false);
    assert_eq!(verdict, ObjectVerdict::Take { layout: None });
}

#[test]
fn the_name_decides_before_the_size_and_a_named_object_is_taken_whatever_its_name() {
    let plan = Plan::new(&Selection::default());
    let marker = ObjectVerdict::NotAFlowLog { reason: "a job's marker" };
    assert_eq!(plan.object("p/_SUCCESS", 0, false), marker);
    assert_eq!(plan.object("p/_SUCCESS", 9, true), ObjectVerdict::Take { layout: None });
    assert_eq!(plan.object("p/_SUCCESS", 0, true), ObjectVerdict::Empty);
    assert_eq!(plan.object("p/flow.log", 0, false), ObjectVerdict::Empty);
    let all = Plan::new(&Selection { include_all: true, ..Selection::default() });
    assert_eq!(all.object("p/_SUCCESS", 9, false), ObjectVerdict::Take { layout: None });
    assert_eq!(all.hidden(".x"), None);
    assert!(is_entered(&all, "AWSLogs/123456789012/CloudTrail"));
    assert!(!is_entered(&plan, "AWSLogs/123456789012/CloudTrail"));
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    let window = Window::new(Timestamp::MIN, Timestamp::MAX);
    let slack = Slack { seconds: u32::MAX };
    let plan = Plan::new(&Selection { window, slack, ..Selection::default() });
    assert!(is_taken(&plan, &file_name(at("9999-12-30T00:00:00Z"))));
}

proptest! {
    /// The stamp of a record is its end rounded down to five minutes; whatever overlaps is kept.
    #[test]
    fn pruning_never_loses_a_record_that_overlaps(
        start in 1_700_000_000i64..1_700_400_000,
        lasts in 0i64..=660,
        from in prop::option::of(-1_500i64..1_500),
        length in 0i64..2_000,
        nanosecond in 0i32..1_000_000_000,
        is_open in any::<bool>(),
    ) {
        let end = start + lasts;
        let from = from.map(|offset| start + offset);
        let to = from.unwrap_or(start) + length;
        let window = Window {
            from: from.map(|second| Timestamp::new(second, nanosecond).unwrap()),
            to: (!is_open).then(|| Timestamp::new(to, nanosecond).unwrap()),
        };
        let plan = Plan::new(&Selection { window, slack: NO_SLACK, ..Selection::default() });
        let stamp = Timestamp::from_second(end / 300 * 300).unwrap();
        if window.overlaps_seconds(start, end) {
            prop_assert!(kept(&plan, stamp));
        }
    }
}

#[test]
fn folders_are_skipped_if_all_their_days_are() {
    let june = (1..=30).map(|day| jiff::civil::date(2025, 6, day));
    let days: BTreeSet<Date> = june.chain([jiff::civil::date(2025, 7, 1)]).collect();
    let plan = Plan::new(&Selection { skip_days: Arc::new(days), ..Selection::default() });
    let classic = "AWSLogs/123456789012/vpcflowlogs/us-east-1";
    let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1";
    for (folder, is_skipped) in [
        (format!("{classic}/2025/06"), true),
        (format!("{hive}/year=2025/month=06"), true),
        (format!("{classic}/2025/06/30"), true),
        (format!("{classic}/2025/06/30/23"), true),
        (format!("{hive}/year=2025/month=07/day=01"), true),
        (format!("{classic}/2025/07"), false),
        (format!("{classic}/2025/07/02"), false),
        (format!("{classic}/2025"), false),
        (format!("{classic}/2024/06"), false),
        (format!("{classic}/2025/13"), false),
        (classic.to_owned(), false),
        ("2025/06".to_owned(), false),
    ] {
        let expected = if is_skipped { FolderVerdict::Skipped } else { FolderVerdict::Enter };
        assert_eq!(plan.folder(&folder), expected, "{folder}");
    }
    let year = jiff::civil::date(2024, 1, 1).series(Span::new().days(1)).take(366).collect();
    let plan = Plan::new(&Selection { skip_days: Arc::new(year), ..Selection::default() });
    assert_eq!(plan.folder(&format!("{classic}/2024")), FolderVerdict::Skipped);
}
