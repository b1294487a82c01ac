//! From a finding's JSON to a [`Finding`].
//!
//! Each format fills in a [`draft::Draft`]: GuardDuty's own, Security Hub's ASFF, OCSF and Sentinel's
//! table. All of them carry what GuardDuty wrote under `service`, some of them in pieces.

mod action;
mod additional;
mod asff;
mod caller;
mod draft;
mod ends;
mod flattened;
mod guardduty;
mod machines;
mod ocsf;
mod product;
mod resources;
mod sentinel;
mod sequence;
mod types;

use serde_json::Value;

use crate::Finding;
use crate::value::{self, Notes, clipped, path};

/// Reads one finding as GuardDuty writes it.
pub(crate) fn guardduty(json: &Value) -> Finding {
    guardduty::draft(json).finish()
}

/// Reads one finding of GuardDuty in Security Hub's format (ASFF). One of another product is refused
/// by its name.
pub(crate) fn asff(json: &Value) -> Result<Finding, String> {
    asff::draft(json).map(draft::Draft::finish)
}

/// Reads one OCSF detection finding of GuardDuty. Other classes and products are refused by name.
pub(crate) fn ocsf(json: &Value) -> Result<Finding, String> {
    ocsf::draft(json).map(draft::Draft::finish)
}

/// Reads one row of Microsoft Sentinel's table `AWSGuardDuty`.
pub(crate) fn sentinel(row: &Value) -> Finding {
    sentinel::finding(row)
}

/// The text at the end of a path.
fn text_at(json: &Value, names: &[&str]) -> Option<String> {
    path(json, names).and_then(value::text).filter(|text| !text.is_empty())
}

/// The account as it is given, else that of the ARN.
fn account(given: Option<&Value>, arn: Option<&str>, notes: &mut Notes) -> Option<String> {
    let mut account = given
        .and_then(value::text)
        .filter(|account| !account.is_empty())
        .or_else(|| arn_part(arn, 4))?;
    let digits = account.bytes().all(|byte| byte.is_ascii_digit());
    if digits && account.len() < 12 && given.is_some_and(Value::is_number) {
        notes.add("the account id was a number: its leading zeros were put back");
        account = format!("{account:0>12}");
    }
    if !digits || account.len() != 12 {
        notes.add("the account id is not 12 digits");
    }
    Some(account)
}

/// A part of `arn:partition:guardduty:region:account:...`.
fn arn_part(arn: Option<&str>, index: usize) -> Option<String> {
    let mut parts = arn?.split(':');
    (parts.next() == Some("arn")).then_some(())?;
    parts.nth(index - 1).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// The id in a finding's ARN, or the text itself if it is no such ARN.
fn id_of_arn(arn: &str) -> String {
    arn.rsplit_once("/finding/").map_or(arn, |(_, id)| id).to_owned()
}

/// The first few of some names, and how many more there are.
fn listed<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 10;
    const LETTERS: usize = 120;
    let short = |name: &S| clipped(name.as_ref(), LETTERS);
    let shown: Vec<String> = names.iter().take(SHOWN).map(short).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests;
