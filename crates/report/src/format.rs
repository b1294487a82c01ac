//! Numbers, times and names as people read them.

use std::fmt::{Debug, Display};

use jiff::Timestamp;
use serde::Serialize;

/// The decimal units: a kB is 1000 bytes, as network gear and AWS bills count.
const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];

/// A whole number with a comma at every thousand: `1,234,567`.
#[must_use]
pub fn thousands(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes to about three digits in decimal units (1 kB = 1000 bytes): `999 B`, `1.2 MB`.
#[must_use]
pub fn human_bytes(bytes: impl Into<u128>) -> String {
    let bytes = bytes.into();
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut unit = 0;
    let mut unit_bytes = 1000_u128;
    let mut tenths = rounded_tenths(bytes, unit_bytes);
    // Rounded before the unit is chosen, so that 999,950 bytes are 1.0 MB and not 1000.0 kB.
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        unit += 1;
        unit_bytes *= 1000;
        tenths = rounded_tenths(bytes, unit_bytes);
    }
    format!("{}.{} {}", thousands(tenths / 10), tenths % 10, UNITS[unit])
}

/// `bytes / unit_bytes` in tenths, half a tenth rounded up, without a product that could overflow.
fn rounded_tenths(bytes: u128, unit_bytes: u128) -> u128 {
    let (whole, rest) = (bytes / unit_bytes, bytes % unit_bytes);
    whole.saturating_mul(10).saturating_add((rest * 10 + unit_bytes / 2) / unit_bytes)
}

/// The exact figure first and its size in words after it: `1,234,567 bytes (1.2 MB)`.
#[must_use]
pub fn exact_bytes(bytes: impl Into<u128>) -> String {
    let bytes = bytes.into();
    match bytes {
        1 => "1 byte".to_owned(),
        0..1000 => format!("{bytes} bytes"),
        _ => format!("{} bytes ({})", thousands(bytes), human_bytes(bytes)),
    }
}

/// A count with its noun in the right number: `1 flow`, `1,200 flows`.
#[must_use]
pub fn counted(count: impl Into<u128>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// A stretch of whole seconds, units that are zero left out: `1d 2h`, `15m`, `0s`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, 'd'),
        (seconds / 3600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

/// An instant in UTC: `2025-06-01 00:00:00Z`, with a fraction only if it has one.
#[must_use]
pub fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.fZ").to_string()
}

/// A stretch from one instant to another, either of which may be missing.
#[must_use]
pub fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{} to {}", utc(from), utc(to)),
        (Some(from), None) => format!("from {} on", utc(from)),
        (None, Some(to)) => format!("until {}", utc(to)),
        (None, None) => "all of time".to_owned(),
    }
}

/// The name of an IANA protocol number where people use it, else the number.
#[must_use]
pub fn protocol(number: u8) -> String {
    let name = match number {
        1 => "ICMP",
        2 => "IGMP",
        6 => "TCP",
        17 => "UDP",
        41 => "IPv6-in-IPv4",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPv6",
        132 => "SCTP",
        _ => return format!("protocol {number}"),
    };
    name.to_owned()
}

/// The name that JSON gives to a value of an enum, as words: `not a flow log`. The text can so name
/// whatever kinds are added, and in the words by which programs know them.
pub(crate) fn words(kind: &(impl Serialize + Debug)) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name.replace('_', " "),
        _ => format!("{kind:?}"),
    }
}

/// The values with a comma between them.
pub(crate) fn joined<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    let shown: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thousands_are_set_apart_by_commas() {
        let shown: Vec<String> =
            [0_u64, 7, 999, 1000, 12_345, 1_234_567, u64::MAX].map(thousands).into();
        assert_eq!(
            shown,
            ["0", "7", "999", "1,000", "12,345", "1,234,567", "18,446,744,073,709,551,615"]
        );
    }

    #[test]
    fn human_bytes_are_decimal_and_round_into_the_next_unit() {
        let shown: Vec<String> =
            [0_u64, 999, 1000, 1049, 1050, 999_949, 999_950, 1_234_567, u64::MAX]
                .map(human_bytes)
                .into();
        assert_eq!(
            shown,
            [
                "0 B", "999 B", "1.0 kB", "1.0 kB", "1.1 kB", "999.9 kB", "1.0 MB", "1.2 MB",
                "18.4 EB"
            ]
        );
    }

    #[test]
    fn exact_bytes_never_lose_a_byte() {
        let shown: Vec<String> = [0_u64, 1, 999, 1_234_567].map(exact_bytes).into();
        assert_eq!(shown, ["0 bytes", "1 byte", "999 bytes", "1,234,567 bytes (1.2 MB)"]);
    }

    #[test]
    fn durations_leave_out_units_that_are_zero() {
        let shown: Vec<String> = [0, 59, 900, 3600, 86_400, 93_784].map(duration).into();
        assert_eq!(shown, ["0s", "59s", "15m", "1h", "1d", "1d 2h 3m 4s"]);
    }

    #[test]
    fn times_are_utc_and_keep_a_fraction_only_if_they_have_one() {
        let whole: Timestamp = "2025-06-01T02:00:00+02:00".parse().unwrap();
        let milliseconds: Timestamp = "2025-06-01T00:00:00.120Z".parse().unwrap();
        assert_eq!(utc(whole), "2025-06-01 00:00:00Z");
        assert_eq!(utc(milliseconds), "2025-06-01 00:00:00.12Z");
        assert_eq!(span(Some(whole), None), "from 2025-06-01 00:00:00Z on");
        assert_eq!(span(None, None), "all of time");
    }

    proptest! {
        #[test]
        fn thousands_without_commas_are_the_number(number: u128) {
            prop_assert_eq!(thousands(number).replace(',', ""), number.to_string());
        }

        #[test]
        fn human_bytes_never_panic_and_are_within_half_a_tenth(bytes in 0..u128::from(u64::MAX)) {
            let shown = human_bytes(bytes);
            let (number, unit) = shown.split_once(' ').unwrap();
            let scale = match unit {
                "B" => 1.0,
                unit => 1000_f64.powi(UNITS.iter().position(|u| *u == unit).unwrap() as i32 + 1),
            };
            let told = number.parse::<f64>().unwrap() * scale;
            prop_assert!((told - bytes as f64).abs() <= 0.0501 * scale, "{shown} for {bytes}");
        }
    }
}
