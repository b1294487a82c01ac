//! The file name that AWS gives to a flow log object.

use jiff::Timestamp;

use super::folders::{digits, is_account, utc};
use crate::names;

/// The parts of `{account}_vpcflowlogs_{region}_{flow log id}_{stamp}_{hash}.log.gz`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Name<'k> {
    pub(super) account: Option<&'k str>,
    pub(super) region: Option<&'k str>,
    pub(super) flow_log_id: Option<&'k str>,
    pub(super) stamp: Option<Timestamp>,
}

impl<'k> Name<'k> {
    /// The parts of `name`, or `None` if it is not built like that.
    ///
    /// People put words before the account (`copy of 1234...`), so that part may be longer than
    /// the account; the hash and all after it are not looked at.
    pub(super) fn parse(name: &'k str) -> Option<Name<'k>> {
        let mut parts = name.split('_');
        let before = parts.next()?;
        if parts.next()? != names::FLOW_LOGS {
            return None;
        }
        let (region, flow_log_id) = (parts.next()?, parts.next()?);
        if region.is_empty() || !flow_log_id.starts_with("fl-") {
            return None;
        }
        let stamp = parts.next()?;
        Some(Name {
            account: trailing_account(before),
            region: Some(region),
            flow_log_id: Some(flow_log_id),
            // Without a hash the extension follows the stamp at once.
            stamp: parse_stamp(stamp.split('.').next().unwrap_or(stamp)),
        })
    }
}

/// The twelve digits at the end of `text`, if there are exactly twelve.
fn trailing_account(text: &str) -> Option<&str> {
    let start = text.len() - text.bytes().rev().take_while(u8::is_ascii_digit).count();
    Some(&text[start..]).filter(|account| is_account(account))
}

/// `YYYYMMDDTHHmmZ`.
fn parse_stamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if !date.is_ascii() || date.len() != 8 || !time.is_ascii() || time.len() != 4 {
        return None;
    }
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let (hour, minute) = (&time[..2], &time[2..]);
    utc(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?, digits(hour, 2)?, digits(minute, 2)?)
}
