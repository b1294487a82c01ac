//! What was usual at the hours of a window, drawn up from the days before.

use std::collections::BTreeSet;

use flowproof_evidence::{Baseline as Before, TimelineHour, Traffic};
use jiff::Timestamp;

use crate::format::counted;
use crate::{Band, Baseline, BaselineHour, WindowView};

/// Hours of a window for which a range is drawn up; a longer one is not drawn hour by hour.
const HOURS: i64 = 24 * 31;

/// The range of the same hours of the days before, for each hour of the window for which a day is known.
pub(crate) fn usual(before: &Before, window: &WindowView) -> Option<Baseline> {
    let (from, to) = (before.window.from?, before.window.to?);
    let first = window.from?.as_second().div_euclid(3600);
    let last = window.to?.as_second().saturating_sub(1).div_euclid(3600);
    if last.saturating_sub(first) >= HOURS {
        return None;
    }
    let hours = (first..=last).filter_map(|hour| {
        let of_day: Vec<&TimelineHour> = before
            .hours
            .iter()
            .filter(|known| {
                known.start.as_second().div_euclid(3600).rem_euclid(24) == hour.rem_euclid(24)
            })
            .collect();
        let band =
            |of: fn(&Traffic) -> u64| band(of_day.iter().map(|hour| of(&hour.traffic)).collect());
        Some(BaselineHour {
            start: Timestamp::from_second(hour * 3600).ok()?,
            bytes_in: band(|traffic| traffic.bytes_in)?,
            bytes_out: band(|traffic| traffic.bytes_out)?,
        })
    });
    let hours: Vec<BaselineHour> = hours.collect();
    if hours.is_empty() {
        return None;
    }
    let day = |hour: &TimelineHour| hour.start.as_second().div_euclid(86_400);
    let days = before.hours.iter().map(day).collect::<BTreeSet<_>>().len() as u64;
    Some(Baseline {
        from,
        to,
        method: format!(
            "median and range of the same hours on {}",
            counted(days, "known day", "known days")
        ),
        hours,
    })
}

/// The least, the median and the most; none of nothing.
fn band(mut bytes: Vec<u64>) -> Option<Band> {
    bytes.sort_unstable();
    let (low, high) = (*bytes.first()?, *bytes.last()?);
    // Of an even number, half-way between the two in the middle.
    let (below, above) = (bytes[(bytes.len() - 1) / 2], bytes[bytes.len() / 2]);
    Some(Band { low, middle: below + (above - below) / 2, high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;
    use flowproof_evidence::Window;

    #[test]
    fn an_hour_is_compared_with_the_same_hour_of_each_day() {
        let hour = |start: &str, bytes_out| TimelineHour {
            start: at(start),
            traffic: Traffic { bytes_in: 1, bytes_out, ..Traffic::default() },
        };
        let before = Before {
            window: Window::new(at("2025-05-29T00:00:00Z"), at("2025-06-01T00:00:00Z")),
            hours: vec![
                hour("2025-05-29T09:00:00Z", 50),
                hour("2025-05-30T09:00:00Z", 10),
                hour("2025-05-31T09:00:00Z", 30),
                hour("2025-05-31T10:00:00Z", 9),
            ],
            ..Before::default()
        };
        let window = |from: &str, to: &str| WindowView {
            from: Some(at(from)),
            to: Some(at(to)),
            slack_seconds: 0,
        };
        let usual_hours = usual(&before, &window("2025-06-01T09:30:00Z", "2025-06-01T12:00:00Z"));
        let usual_hours = usual_hours.unwrap();
        assert_eq!(usual_hours.method, "median and range of the same hours on 3 known days");
        let told: Vec<_> =
            usual_hours.hours.iter().map(|hour| (hour.start.to_string(), hour.bytes_out)).collect();
        let band = |low, middle, high| Band { low, middle, high };
        let expected = [
            ("2025-06-01T09:00:00Z".to_owned(), band(10, 30, 50)),
            ("2025-06-01T10:00:00Z".to_owned(), band(9, 9, 9)),
        ];
        assert_eq!(told, expected, "nothing is known of 11:00");
        assert_eq!(usual(&before, &window("2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z")), None);
    }

    #[test]
    fn the_middle_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(band(vec![90, 10]), Some(Band { low: 10, middle: 50, high: 90 }));
        assert_eq!(band(vec![5, 1, 9, 3]), Some(Band { low: 1, middle: 4, high: 9 }));
        assert_eq!(band(Vec::new()), None);
    }
}
