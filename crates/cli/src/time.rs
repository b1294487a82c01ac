//! Times and spans as people type them.

use anyhow::{Result, anyhow, bail};
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// 2000-01-01, long before there were flow logs.
const FLOW_LOGS_BEGIN: i64 = 946_684_800;

/// A time: RFC 3339, a date or date and time in UTC, epoch seconds, or a span back from `now`.
pub(crate) fn parse_time(text: &str, now: Timestamp) -> Result<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i64 = text.parse().map_err(|_| unknown_time(text))?;
        if seconds >= 100_000_000_000 {
            bail!("`{text}` looks like milliseconds; give epoch seconds");
        }
        if seconds < FLOW_LOGS_BEGIN {
            bail!("`{text}` as epoch seconds lies before 2000; a date is written 2025-06-01");
        }
        return Timestamp::from_second(seconds).map_err(|_| unknown_time(text));
    }
    if let Ok(span) = parse_span(text) {
        return now.checked_sub(span).map_err(|_| unknown_time(text));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let civil = text.parse::<civil::DateTime>();
    let civil = civil.or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from));
    let civil = civil.map_err(|_| unknown_time(text))?;
    TimeZone::UTC.to_timestamp(civil).map_err(|_| unknown_time(text))
}

fn unknown_time(text: &str) -> anyhow::Error {
    anyhow!(
        "`{text}` is no time; give RFC 3339 (2025-06-01T00:00:00Z), a date (2025-06-01, UTC), \
         epoch seconds, or a span back from now (24h, 7d)"
    )
}

/// A span: a number and `s`, `m`, `h`, `d` or `w`.
pub(crate) fn parse_span(text: &str) -> Result<SignedDuration> {
    let unknown = || anyhow!("`{text}` is no span; give a number and s, m, h, d or w, like 15m");
    if text == "0" {
        return Ok(SignedDuration::ZERO);
    }
    let unit = text.chars().last().ok_or_else(unknown)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(unknown()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unknown());
    }
    let number: i64 = digits.parse().map_err(|_| unknown())?;
    let seconds = number.checked_mul(seconds).ok_or_else(unknown)?;
    Ok(SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> String {
        let now = "2025-06-08T12:00:00Z".parse().unwrap();
        parse_time(text, now).unwrap().to_string()
    }

    #[test]
    fn times_are_utc_unless_an_offset_is_given() {
        for text in [
            "2025-06-01",
            "2025-06-01T00:00:00Z",
            "2025-06-01 00:00:00",
            "2025-06-01T00:00",
            "2025-06-01T02:00:00+02:00",
            "1748736000",
        ] {
            assert_eq!(at(text), "2025-06-01T00:00:00Z", "{text}");
        }
        assert_eq!(at("7d"), "2025-06-01T12:00:00Z");
        assert_eq!(at("90m"), "2025-06-08T10:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_would_be_one() {
        for text in
            ["", "yesterday", "1748736000000", "2025-13-01", "7y", "-1d", "d", "20250601", "5"]
        {
            assert!(parse_time(text, Timestamp::UNIX_EPOCH).is_err(), "{text}");
        }
    }
}
