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
mod tests;
