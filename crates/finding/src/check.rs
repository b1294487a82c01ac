//! One check for property tests and fuzzers.

use std::time::Duration;

use flowproof_evidence::Observations;

use crate::{Status, corroborate, read_findings, window};

/// Reads any bytes and goes all the way with what comes out.
///
/// # Panics
///
/// If something in the way panics, if reading is not repeatable, or if a verdict on no evidence at all
/// claims to know something.
pub fn check_never_panics(bytes: &[u8]) {
    let read = read_findings(bytes);
    assert_eq!(read, read_findings(bytes), "the same bytes give the same findings");
    let Ok(read) = read else { return };
    for finding in &read.findings {
        let nothing = Observations::default();
        let verdict = corroborate(finding, &nothing);
        let status = verdict.map(|verdict| verdict.status);
        let knows_nothing = [Ok(Status::NotObservable), Ok(Status::Inconclusive)];
        assert!(knows_nothing.contains(&status), "{status:?} without evidence");
        let json = serde_json::to_value(finding.summary());
        assert!(json.is_ok_and(|json| json["claims"].is_array()));
        if let Some(window) = window(finding, Duration::from_secs(900)) {
            assert!(window.core.from < window.core.to && window.search.from <= window.core.from);
        }
        // One of them alone is told as such; see `window`.
        let times = finding.first_seen.zip(finding.last_seen);
        assert!(times.is_none_or(|(first, last)| first <= last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIXTURES: &[&[u8]] = &[
        include_bytes!("../../../testdata/findings/getfindings-tor-outbound.json"),
        include_bytes!("../../../testdata/findings/eventbridge-portprobe.json"),
        include_bytes!("../../../testdata/findings/export.jsonl"),
        include_bytes!("../../../testdata/findings/export.jsonl.gz"),
        include_bytes!("../../../testdata/findings/sample-finding.json"),
        include_bytes!("../../../testdata/findings/dns-request.json"),
        include_bytes!("../../../testdata/findings/api-call.json"),
    ];

    /// Replaces the `target`-th value of a document, counted depth first.
    fn replace(json: &mut serde_json::Value, target: &mut usize, with: &serde_json::Value) {
        if *target == 0 {
            *json = with.clone();
        }
        *target = target.wrapping_sub(1);
        match json {
            serde_json::Value::Array(items) => {
                items.iter_mut().for_each(|item| replace(item, target, with));
            }
            serde_json::Value::Object(object) => {
                object.values_mut().for_each(|item| replace(item, target, with));
            }
            _ => {}
        }
    }

    fn odd_value() -> impl Strategy<Value = serde_json::Value> {
        prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "\\PC{0,12}".prop_map(Into::into),
            Just(serde_json::json!([])),
            Just(serde_json::json!({})),
            Just(serde_json::json!([{"port": -1}, "x", [[]]])),
            Just(serde_json::json!("999999-12-31T23:59:59Z")),
            Just(serde_json::json!("-009999-01-01T00:00:00Z")),
        ]
    }

    #[test]
    fn a_finding_with_one_of_its_times_is_read() {
        for time in ["eventFirstSeen", "eventLastSeen"] {
            let json = format!(
                r#"{{"type": "A:EC2/B", "service": {{"{time}": "2025-06-01T00:00:00Z"}}}}"#
            );
            assert_eq!(read_findings(json.as_bytes()).unwrap().findings.len(), 1);
            check_never_panics(json.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            check_never_panics(&bytes);
        }

        #[test]
        fn fixtures_with_changed_bytes_never_panic(
            fixture in prop::sample::select(FIXTURES),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<Option<prop::sample::Index>>(),
        ) {
            let mut bytes = fixture.to_vec();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            check_never_panics(&bytes);
        }

        #[test]
        fn fixtures_with_odd_values_never_panic(
            fixture in prop::sample::select(vec![FIXTURES[0], FIXTURES[1], FIXTURES[4], FIXTURES[5]]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), odd_value()), 1..4),
        ) {
            let mut json: serde_json::Value = serde_json::from_slice(fixture).unwrap();
            for (place, with) in changes {
                replace(&mut json, &mut place.index(150), &with);
            }
            check_never_panics(json.to_string().as_bytes());
        }
    }
}
