//! AlienVault's IP reputation, GuardDuty's `ALIEN_VAULT`.
//!
//! Each line has eight fields, and `#` stands between them rather than before a comment:
//!
//! ```text
//!   192.0.2.1#4#2#Malicious Host#KR##37.5,126.9#3   address, reliability, risk, activity, country ...
//!   192.0.2.1 # Malicious Host KR,Seoul,37.5,126.9  the same as reputation.generic
//! ```

use std::io::BufRead;

use super::Broken;
use super::kind;
use super::lines::each_line;
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::RejectReason;

#[cfg(test)]
mod tests;

const FIELDS: RejectReason = RejectReason::Malformed("not the eight fields of reputation data");

/// Whether most lines are reputation data.
pub(super) fn is_beginning(head: &str) -> bool {
    let lines = || head.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    let fitting = lines().filter(|line| data(line).or_else(|| generic(line)).is_some()).count();
    fitting * 2 > lines().count()
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut content = Content::default();
    each_line(text, |line, text| {
        let text = text.trim();
        if text.is_empty() || is_comment(text) {
            return;
        }
        content.lines += 1;
        match data(text).or_else(|| generic(text)) {
            Some(reputation) => take(line, &reputation, options, &mut content),
            None => content.reject(line, text, FIELDS),
        }
    })?;
    Ok(content)
}

struct Reputation<'a> {
    address: &'a str,
    activity: &'a str,
    reliability: Option<u32>,
}

fn take(line: u64, reputation: &Reputation<'_>, options: &ListOptions, content: &mut Content) {
    let Reputation { address: text, activity: label, reliability: confidence } = *reputation;
    match kind::of_value(text) {
        Some(kind) => content.not_an_address(kind),
        None => {
            let details = Details { confidence, ..Details::default() };
            content.take(Candidate { line, text, label, details }, options);
        }
    }
}

/// Comments are in `reputation.generic` only; a line of data that has lost its address is none.
fn is_comment(line: &str) -> bool {
    line.starts_with('#') && data(line).is_none()
}

fn data(line: &str) -> Option<Reputation<'_>> {
    let fields: Vec<&str> = line.split('#').map(str::trim).collect();
    let [address, reliability, risk, activity, _, _, _, _] = fields[..] else { return None };
    let reliability = reliability.parse().ok()?;
    risk.parse::<u32>().ok()?;
    Some(Reputation { address, activity, reliability: Some(reliability) })
}

fn generic(line: &str) -> Option<Reputation<'_>> {
    let (address, rest) = line.split_once(" # ")?;
    let mut from_end = rest.rsplitn(4, ',');
    let is_degrees = |text: &str| text.is_empty() || text.parse::<f64>().is_ok();
    let (longitude, latitude, _city) = (from_end.next()?, from_end.next()?, from_end.next()?);
    let activity = without_country(from_end.next()?);
    let is_place = is_degrees(longitude) && is_degrees(latitude);
    is_place.then_some(Reputation { address: address.trim(), activity, reliability: None })
}

/// `Malicious Host KR` without the country, which may be missing.
fn without_country(text: &str) -> &str {
    let is_country =
        |word: &str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    match text.rsplit_once(' ') {
        Some((activity, country)) if is_country(country) => activity.trim(),
        None if is_country(text) => "",
        _ => text.trim(),
    }
}
