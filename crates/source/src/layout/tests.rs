use proptest::prelude::*;

use super::*;

const NAME: &str =
    "123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20250601T2355Z_1a2b3c4d.log.gz";

fn window(from: &str, to: &str) -> Option<Window> {
    Some(Window::new(from.parse().unwrap(), to.parse().unwrap()))
}

fn named(kind: LayoutKind, folder: Option<Window>) -> Layout {
    Layout {
        kind,
        account: Some("123456789012".into()),
        region: Some("us-east-1".into()),
        flow_log_id: Some("fl-0123456789abcdef0".into()),
        stamp: Some("2025-06-01T23:55:00Z".parse().unwrap()),
        folder,
    }
}

#[test]
fn the_four_layouts_are_told_apart_with_and_without_an_own_prefix() {
    let day = window("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z");
    let hour = window("2025-06-01T23:00:00Z", "2025-06-02T00:00:00Z");
    let classic = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01";
    let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/\
                year=2025/month=06/day=01";
    let cases = [
        (classic.to_owned(), LayoutKind::Classic, day),
        (format!("{classic}/23"), LayoutKind::ClassicHourly, hour),
        (hive.to_owned(), LayoutKind::Hive, day),
        (format!("{hive}/hour=23"), LayoutKind::HiveHourly, hour),
    ];
    for (folders, kind, span) in cases {
        for prefix in ["", "team a/", "x/y z/", "/data/AWSLogs/old/", "./"] {
            let key = format!("{prefix}{folders}/{NAME}");
            assert_eq!(key_layout(&key), Some(named(kind, span)), "{key}");
        }
    }
}

#[test]
fn an_organisation_level_is_passed_over() {
    for levels in ["o-a1b2c3d4e5/123456789012", "o-a1b2c3d4e5/aws-account-id=123456789012"] {
        let key = format!("AWSLogs/{levels}/vpcflowlogs/us-east-1/2025/06/01/{NAME}");
        assert_eq!(key_layout(&key).unwrap().account.as_deref(), Some("123456789012"));
    }
}

#[test]
fn a_copy_of_what_lies_below_awslogs_keeps_its_layout() {
    let key = format!("logs/123456789012/vpcflowlogs/us-east-1/2025/06/01/{NAME}");
    assert_eq!(key_layout(&key).unwrap().kind, LayoutKind::Classic);
    let key = "logs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/\
               year=2025/month=06/day=01/part.log.gz";
    let layout = key_layout(key).unwrap();
    assert_eq!((layout.kind, layout.region.as_deref()), (LayoutKind::Hive, Some("eu-west-1")));
}

#[test]
fn a_file_name_alone_tells_all_but_the_folder() {
    assert_eq!(key_layout(NAME), Some(named(LayoutKind::Flat, None)));
    assert_eq!(key_layout(&format!("case 7/{NAME}")), Some(named(LayoutKind::Flat, None)));
    let with_words = key_layout(&format!("sensor-{NAME}")).unwrap();
    assert_eq!(with_words, named(LayoutKind::Flat, None));
    let parquet = key_layout(&NAME.replace(".log.gz", ".log.parquet")).unwrap();
    assert_eq!(parquet, named(LayoutKind::Flat, None));
}

#[test]
fn folders_tell_what_a_foreign_file_name_does_not() {
    let layout =
        key_layout("AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/renamed.log").unwrap();
    let expected = Layout {
        flow_log_id: None,
        stamp: None,
        ..named(LayoutKind::Classic, window("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z"))
    };
    assert_eq!(layout, expected);
}

#[test]
fn dates_that_do_not_exist_tell_nothing() {
    for date in ["2025/13/01", "2025/02/30", "2025/06/1", "25/06/01"] {
        let key = format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/{date}/x.log.gz");
        assert_eq!(key_layout(&key).unwrap().folder, None, "{key}");
    }
    for stamp in
        ["20250230T0000Z", "20250601T2460Z", "20250601T0005", "2025-06-01", "é2506ü1T0005Z"]
    {
        let key = NAME.replace("20250601T2355Z", stamp);
        assert_eq!(key_layout(&key).unwrap().stamp, None, "{key}");
    }
}

#[test]
fn percent_escapes_are_part_of_the_key() {
    let key = format!("a%2FAWSLogs/x{NAME}").replace("us-east-1", "us%2Deast-1");
    assert_eq!(key_layout(&key).unwrap().region.as_deref(), Some("us%2Deast-1"));
}

#[test]
fn other_keys_have_no_layout() {
    for key in [
        "",
        "/",
        "flow.log",
        "AWSLogs/",
        "AWSLogs/123/x.log.gz",
        "AWSLogs/123456789012/CloudTrail/us-east-1/2025/06/01/x.json.gz",
        "AWSLogs/aws-account-id=123456789012/aws-service=other/x.log.gz",
        "exportedlogs/0a1b2c3d-0000-4000-8000-000000000001/eni-0a1b2c3d4e5f60001-all/000000.gz",
        "2025/06/01/23/stream-1-2025-06-01-23-00-00-0a1b2c3d",
        "_vpcflowlogs__fl-1_",
        "x_vpcflowlogs_us-east-1_notes.txt",
    ] {
        assert_eq!(key_layout(key), None, "{key}");
    }
}

proptest! {
    #[test]
    fn no_key_panics(key in "\\PC{0,60}", tail in "[A-Za-z0-9_/=.TZé-]{0,80}") {
        let _ = key_layout(&key);
        let _ = key_layout(&format!("AWSLogs/123456789012/vpcflowlogs/{tail}"));
        let _ = key_layout(&format!("AWSLogs/aws-account-id=1/{tail}"));
        let _ = key_layout(&format!("123456789012_vpcflowlogs_us-east-1_fl-1_{tail}"));
    }
}
