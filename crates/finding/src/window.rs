//! The time that a finding asks about.

use std::time::Duration;

use flowproof_evidence::Window;
use jiff::{SignedDuration, Timestamp};

use crate::Finding;

/// The time that a finding asks about, and the time to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingWindow {
    /// From the first occurrence to the last. Coverage is judged over it.
    pub core: Window,
    /// The same, widened by the slack at both ends: a record's times may lag behind the packets, and
    /// GuardDuty's times behind both.
    pub search: Window,
}

/// The window of a finding; `None` if it has no times. If only one of its times is known, that stands
/// for both. Occurrences that all fall into one instant give
/// a core of one second, since an empty stretch of time can hold no record.
#[must_use]
pub fn window(finding: &Finding, slack: Duration) -> Option<FindingWindow> {
    let from = finding.first_seen.or(finding.last_seen)?;
    let last = finding.last_seen.unwrap_or(from);
    let to = if last > from { last } else { later(from, Duration::from_secs(1)) };
    let search = Window::new(earlier(from, slack), later(to, slack));
    Some(FindingWindow { core: Window::new(from, to), search })
}

/// `by` before `time`, or the beginning of the calendar.
pub(crate) fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| time.checked_sub(by).ok())
        .unwrap_or(Timestamp::MIN)
}

/// `by` after `time`, or the end of the calendar.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| time.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_findings;

    fn finding(first: &str, last: &str) -> Finding {
        let text = format!(
            r#"{{"type":"A:EC2/B","service":{{"eventFirstSeen":"{first}","eventLastSeen":"{last}"}}}}"#
        );
        read_findings(text.as_bytes()).unwrap().findings.remove(0)
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn the_core_spans_the_occurrences_and_the_search_is_wider_by_the_slack() {
        let finding = finding("2025-06-01T00:00:00Z", "2025-06-01T00:10:00Z");
        let window = window(&finding, Duration::from_secs(900)).unwrap();
        let (from, to) = (at("2025-06-01T00:00:00Z"), at("2025-06-01T00:10:00Z"));
        assert_eq!(window.core, Window::new(from, to));
        let (from, to) = (at("2025-05-31T23:45:00Z"), at("2025-06-01T00:25:00Z"));
        assert_eq!(window.search, Window::new(from, to));
    }

    #[test]
    fn one_instant_is_a_second_long() {
        let finding = finding("2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z");
        let core = window(&finding, Duration::ZERO).unwrap().core;
        assert_eq!(core, Window::new(at("2025-06-01T00:00:00Z"), at("2025-06-01T00:00:01Z")));
    }

    #[test]
    fn no_times_give_no_window_and_no_slack_is_too_long() {
        assert_eq!(window(&finding("", ""), Duration::ZERO), None);
        let finding = finding("2025-06-01T00:00:00Z", "2025-06-01T00:10:00Z");
        let search = window(&finding, Duration::MAX).unwrap().search;
        assert_eq!(search, Window::new(Timestamp::MIN, Timestamp::MAX));
    }
}
