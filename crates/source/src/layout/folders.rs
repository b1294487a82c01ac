//! The folder part of a key, level by level.

use flowproof_evidence::Window;
use jiff::Timestamp;
use jiff::civil::Date;

use super::LayoutKind;
use crate::names;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What the folders of a key tell, as far down as they go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Folders<'k> {
    hive: bool,
    pub(crate) account: Option<&'k str>,
    service: Option<&'k str>,
    pub(crate) region: Option<&'k str>,
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
}

impl<'k> Folders<'k> {
    /// Reads a key without its file name. Levels are read in order and reading ends at the first
    /// that does not fit, so that a half-known path tells what it can.
    pub(crate) fn parse(folders: &'k str) -> Folders<'k> {
        let levels: Vec<&str> = folders.split('/').filter(|level| !level.is_empty()).collect();
        let levels = without_organization(&levels[anchor(&levels)..]);
        match levels.first() {
            Some(level) if level.starts_with("aws-account-id=") => hive(levels),
            Some(level) if is_account(level) => classic(levels),
            _ => Folders::default(),
        }
    }

    /// Whether the folders belong to another AWS service that writes under `AWSLogs` too.
    pub(crate) fn is_foreign(&self) -> bool {
        match self.service {
            // The name of a Hive level cannot be mistaken, so that its value must be right too.
            Some(service) if self.hive => service != names::FLOW_LOGS,
            Some(service) => names::is_other_service(service),
            None => false,
        }
    }

    pub(crate) fn kind(&self) -> LayoutKind {
        match (self.hive, self.day, self.hour) {
            (_, None, _) => LayoutKind::Flat,
            (false, _, None) => LayoutKind::Classic,
            (false, _, Some(_)) => LayoutKind::ClassicHourly,
            (true, _, None) => LayoutKind::Hive,
            (true, _, Some(_)) => LayoutKind::HiveHourly,
        }
    }

    /// The first day and the last of the year, the month or the day that the folders name.
    pub(crate) fn days(&self) -> Option<(Date, Date)> {
        let (year, month, day) =
            (i16::try_from(self.year?).ok()?, small(self.month)?, small(self.day)?);
        let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
        Some(match (month, day) {
            (None, _) => (first, first.last_of_year()),
            (_, None) => (first, first.last_of_month()),
            (_, Some(_)) => (first, first),
        })
    }

    /// The day or the hour that the folders name, if they name one that exists.
    pub(crate) fn span(&self) -> Option<Window> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        let from = utc(year, month, day, self.hour.unwrap_or(0), 0)?;
        let length = if self.hour.is_some() { HOUR } else { DAY };
        let to = Timestamp::from_second(from.as_second() + length).ok()?;
        Some(Window::new(from, to))
    }
}

/// A number that is there and fits, or that is not there.
fn small(number: Option<u32>) -> Option<Option<i8>> {
    number.map(|number| i8::try_from(number).ok()).map_or(Some(None), |number| number.map(Some))
}

/// An instant by its UTC parts, or `None` if there is no such instant.
pub(super) fn utc(year: u32, month: u32, day: u32, hour: u32, minute: u32) -> Option<Timestamp> {
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z").parse().ok()
}

/// A number of exactly `length` digits.
pub(super) fn digits(text: &str, length: usize) -> Option<u32> {
    let all_digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The index of the level from which on AWS names the folders.
///
/// That is what follows the last `AWSLogs`; or, where only what lies below it was copied, the
/// account's own level.
fn anchor(levels: &[&str]) -> usize {
    if let Some(index) = levels.iter().rposition(|level| *level == "AWSLogs") {
        return index + 1;
    }
    let is_account_level = |index: &usize| {
        levels[*index].starts_with("aws-account-id=")
            || (is_account(levels[*index]) && levels.get(index + 1) == Some(&names::FLOW_LOGS))
    };
    (0..levels.len()).find(is_account_level).unwrap_or(levels.len())
}

/// Drops the organisation's level (`o-` and its id), which some central buckets have.
fn without_organization<'l, 'k>(levels: &'l [&'k str]) -> &'l [&'k str] {
    match levels {
        [first, rest @ ..] if first.starts_with("o-") => rest,
        _ => levels,
    }
}

fn classic<'k>(levels: &[&'k str]) -> Folders<'k> {
    let mut folders = Folders::default();
    for (index, level) in levels.iter().enumerate() {
        match index {
            0 => folders.account = Some(level),
            1 => folders.service = Some(level),
            2 => folders.region = Some(level),
            3 => folders.year = digits(level, 4),
            4 if folders.year.is_some() => folders.month = digits(level, 2),
            5 if folders.month.is_some() => folders.day = digits(level, 2),
            6 if folders.day.is_some() => folders.hour = digits(level, 2),
            _ => break,
        }
    }
    folders
}

fn hive<'k>(levels: &[&'k str]) -> Folders<'k> {
    let mut folders = Folders { hive: true, ..Folders::default() };
    for level in levels {
        match level.split_once('=') {
            Some(("aws-account-id", account)) => folders.account = Some(account),
            Some(("aws-service", service)) => folders.service = Some(service),
            Some(("aws-region", region)) => folders.region = Some(region),
            Some(("year", year)) => folders.year = digits(year, 4),
            Some(("month", month)) => folders.month = digits(month, 2),
            Some(("day", day)) => folders.day = digits(day, 2),
            Some(("hour", hour)) => folders.hour = digits(hour, 2),
            _ => break,
        }
    }
    folders
}
