//! The findings against the limits of Security Hub, as `testdata/asff.schema.json` has them in our
//! words.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{built, faults, optional};
use crate::bulletin::fixture::{
    GENERATOR, any_bulletin, bulletin, digits, hostile, of, owner, tor,
};
use crate::bulletin::{Asff, AsffOwner, Bulletin, ListedFinding, asff};
use crate::escape::is_unsafe;

const REQUEST: &str = include_str!("../../../testdata/asff.schema.json");
static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| built(REQUEST));

fn told(bulletin: &Bulletin) -> Asff {
    asff(bulletin, &GENERATOR, &owner())
}

fn findings(asff: &Asff) -> Vec<Value> {
    let batches = asff.batches.iter().map(|it| serde_json::from_str::<Vec<Value>>(it).unwrap());
    batches.flatten().collect()
}

/// Everything that the documentation limits and JSON Schema cannot: sizes, and lengths in UTF-16.
fn check(asff: &Asff) {
    for batch in &asff.batches {
        assert!(batch.len() <= 6_000_000, "{}", batch.len());
        assert!(!batch.contains(is_unsafe));
        let batch: Value = serde_json::from_str(batch).unwrap();
        assert_eq!(faults(&VALIDATOR, &batch), Vec::<String>::new());
        for finding in batch.as_array().unwrap() {
            assert!(serde_json::to_string(finding).unwrap().len() <= 240_000);
            for (key, limit) in [("Title", 256), ("Description", 1024), ("GeneratorId", 512)] {
                assert!(finding[key].as_str().unwrap().encode_utf16().count() <= limit, "{key}");
            }
            assert!(finding["CreatedAt"].as_str() <= finding["UpdatedAt"].as_str());
        }
    }
}

#[test]
fn findings_are_told_to_security_hub() {
    let asff = told(&bulletin());
    check(&asff);
    let findings: Vec<String> =
        findings(&asff).iter().map(|it| serde_json::to_string_pretty(it).unwrap()).collect();
    insta::assert_snapshot!(format!("{}\nleft out: {:#?}", findings.join("\n"), asff.left_out));
}

#[test]
fn no_finding_is_no_batch() {
    assert_eq!(told(&of(vec![])), Asff::default());
}

#[test]
fn an_update_keeps_its_id_and_when_it_was_created() {
    let again = ListedFinding { is_update: true, event_id: digits('d'), ..tor() };
    let later =
        Bulletin { number: 8, at: "2025-06-02T00:00:00Z".parse().unwrap(), findings: vec![again] };
    let (first, second) =
        (findings(&told(&bulletin())).remove(0), findings(&told(&later)).remove(0));
    for key in ["Id", "ProductArn", "GeneratorId", "CreatedAt", "FirstObservedAt", "Title"] {
        assert_eq!(first[key], second[key], "{key}");
    }
    assert_eq!(first["CreatedAt"], "2025-06-01T01:02:03Z");
    assert_eq!(second["UpdatedAt"], "2025-06-02T00:00:00Z");
}

#[test]
fn a_clock_that_is_wrong_creates_nothing_after_it_was_told() {
    let mut late = tor();
    late.traffic.first_seen = Some("2035-01-01T00:00:00Z".parse().unwrap());
    let mut ancient = tor();
    ancient.traffic.first_seen = Some("-000300-01-01T00:00:00Z".parse().unwrap());
    for finding in [late, ancient] {
        let asff = told(&of(vec![finding]));
        check(&asff);
        assert_eq!(findings(&asff)[0]["CreatedAt"], "2025-06-01T06:10:00.25Z");
    }
}

#[test]
fn what_security_hub_would_refuse_is_left_out_with_the_reason() {
    let reason = |finding: ListedFinding, owner: &AsffOwner| {
        let asff = asff(&of(vec![finding]), &GENERATOR, owner);
        assert_eq!(asff.batches, Vec::<String>::new());
        asff.left_out[0].1.clone()
    };
    let account =
        |account: Option<&str>| ListedFinding { account: account.map(Into::into), ..tor() };
    let own = owner();
    assert!(reason(account(None), &own).contains("names an account"));
    assert!(reason(account(Some("unknown")), &own).contains("not 12 digits"));
    assert!(reason(account(Some("210987654321")), &own).contains("another account"));
    assert!(reason(ListedFinding { id: "x".into(), ..tor() }, &own).contains("64 hexadecimal"));
    let spoilt = AsffOwner { account: "1".into(), ..owner() };
    assert!(reason(tor(), &spoilt).contains("that imports"));
    let spoilt = AsffOwner { region: "us east".into(), ..owner() };
    assert!(reason(tor(), &spoilt).contains("region"));
    let spoilt = AsffOwner { partition: Some("a:b".into()), ..owner() };
    assert!(reason(tor(), &spoilt).contains("partition"));
}

#[test]
fn the_partition_is_that_of_the_region_unless_it_is_given() {
    let arn = |region: &str, partition: Option<&str>| {
        let owner = AsffOwner {
            region: region.to_owned(),
            partition: partition.map(Into::into),
            ..owner()
        };
        let asff = asff(&of(vec![tor()]), &GENERATOR, &owner);
        check(&asff);
        findings(&asff)[0]["ProductArn"].as_str().unwrap().split(':').nth(1).unwrap().to_owned()
    };
    assert_eq!(arn("eu-west-1", None), "aws");
    assert_eq!(arn("cn-north-1", None), "aws-cn");
    assert_eq!(arn("us-gov-east-1", None), "aws-us-gov");
    assert_eq!(arn("eu-west-1", Some("aws-cn")), "aws-cn");
}

#[test]
fn hundreds_of_findings_are_told_in_batches_of_a_hundred() {
    let one = |n: usize| ListedFinding { id: format!("{n:064}"), ..tor() };
    let asff = told(&of((0..250).map(one).collect()));
    check(&asff);
    let ids: Vec<Value> = findings(&asff).iter().map(|it| it["Id"].clone()).collect();
    assert_eq!(asff.batches.len(), 3);
    assert_eq!(ids, (0..250).map(|n| json!(format!("{n:064}"))).collect::<Vec<_>>());
}

#[test]
fn large_findings_are_told_in_batches_of_a_few_megabytes() {
    let mut one = hostile(&"\u{20ac}".repeat(10_000));
    one.account = tor().account;
    one.instances = vec![one.label.clone(); 40];
    let one = |n: usize| ListedFinding { id: format!("{n:064}"), ..one.clone() };
    let asff = told(&of((0..150).map(one).collect()));
    assert!(asff.batches.iter().all(|batch| batch.len() <= 6_000_000));
    assert_eq!((findings(&asff).len(), asff.left_out.len()), (150, 0));
    assert!(asff.batches[0].len() > 5_900_000 && asff.batches.len() == 2, "{}", asff.batches.len());
}

#[test]
fn hostile_texts_are_cut_and_do_not_act() {
    for text in [
        "x".repeat(10_000),
        "\u{1f980}".repeat(10_000),
        "\u{1b}\u{9b}\u{202e}\n".repeat(3_000),
        "<script>\"|`".to_owned(),
        " \u{3000}".to_owned(),
        String::new(),
    ] {
        let mut finding = hostile(&text);
        finding.id = digits('4');
        finding.account = tor().account;
        finding.instances = (0..5_000).map(|n| format!("{text}{n}")).collect();
        let asff = told(&of(vec![finding]));
        assert_eq!(asff.left_out, vec![]);
        check(&asff);
        let finding = findings(&asff).remove(0);
        assert_eq!(finding["Resources"].as_array().unwrap().len(), 32);
        assert_eq!(finding["ProductFields"]["flowproof/instances"], "5000");
    }
}

#[test]
fn a_finding_of_no_interface_is_of_its_account() {
    let finding = ListedFinding { interface: None, instances: vec![], region: None, ..tor() };
    let asff = told(&of(vec![finding]));
    check(&asff);
    let resources = json!([
        { "Type": "AwsAccount", "Id": "AWS::::Account:123456789012", "Partition": "aws" }
    ]);
    assert_eq!(findings(&asff)[0]["Resources"], resources);
}

/// The data of the test misses what the format requires, and nothing else.
#[test]
fn the_format_misses_each_required_field() {
    let batch: Value = serde_json::from_str(&told(&bulletin()).batches[0]).unwrap();
    let optional: BTreeSet<String> = optional(&VALIDATOR, &batch).into_iter().collect();
    for required in [
        "AwsAccountId",
        "CreatedAt",
        "Description",
        "GeneratorId",
        "Id",
        "ProductArn",
        "Resources",
        "Resources/N/Id",
        "Resources/N/Type",
        "SchemaVersion",
        "Severity",
        "Title",
        "Types",
        "UpdatedAt",
    ] {
        assert!(!optional.contains(&format!("/N/{required}")), "{required}");
    }
    assert!(optional.contains("/N/ProductFields"));
    for (key, value) in [
        ("Title", json!("x".repeat(257))),
        ("Description", json!("")),
        ("CreatedAt", json!("yesterday")),
        ("Severity", json!({ "Label": "High" })),
        ("Types", json!(["Odd"])),
        ("ThreatIntelIndicators", json!([{}, {}, {}, {}, {}, {}])),
        ("AwsAccountId", json!("12345")),
        ("Resources", json!([])),
        ("Colour", json!("red")),
    ] {
        let mut broken = batch.clone();
        broken[0][key] = value;
        assert!(!VALIDATOR.is_valid(&broken), "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_finding_is_told_within_the_limits_or_left_out(bulletin in any_bulletin()) {
        let asff = told(&bulletin);
        check(&asff);
        let findings = findings(&asff);
        prop_assert_eq!(findings.len() + asff.left_out.len(), bulletin.findings.len());
        for finding in &findings {
            let of = bulletin.findings.iter().find(|it| finding["Id"] == it.id).unwrap();
            prop_assert_eq!(of.account.as_deref(), Some("123456789012"));
            let fields = &finding["ProductFields"];
            prop_assert_eq!(&fields["flowproof/bytes_out"], &json!(of.traffic.bytes_out.to_string()));
            prop_assert_eq!(&fields["flowproof/flows"], &json!(of.traffic.flows.to_string()));
        }
    }
}
