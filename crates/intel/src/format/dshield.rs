//! The DShield block list: a range a line, between tabs.
//!
//! ```text
//!   Start        End            Netmask  Attacks  Name         Country  email
//!   192.0.2.0    192.0.2.255    24       9471     EXAMPLE-NET  NL       abuse@example.com
//! ```
//!
//! The line that names the columns may be a comment or not, or missing.

use std::io::BufRead;

use super::Broken;
use super::lines::each_line;
use super::table::label;
use crate::content::Content;
use crate::list::ListOptions;
use crate::note::RejectReason;
use crate::token;

#[cfg(test)]
mod tests;

const COLUMNS: RejectReason = RejectReason::Malformed("not the columns start, end and netmask");
const NETMASK: RejectReason = RejectReason::Malformed("its netmask is not that of its range");

/// Whether most lines are ranges in columns.
pub(super) fn is_beginning(head: &str) -> bool {
    let lines = || head.lines().filter(|line| is_data(line));
    let fitting =
        lines().filter(|line| columns(line).is_some_and(|[start, ..]| is_address(start))).count();
    fitting * 2 > lines().count()
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut content = Content::default();
    each_line(text, |line, text| {
        if !is_data(text) {
            return;
        }
        content.lines += 1;
        let label = || label(text.split('\t').skip(4).take(2).map(str::trim));
        match columns(text).ok_or(COLUMNS).and_then(|columns| range(columns, options)) {
            Ok(range) => content.add(line, &range, &label(), options),
            Err(reason) => content.reject(line, text.trim(), reason),
        }
    })?;
    Ok(content)
}

/// Whether a line is not blank, no comment, and does not name the columns.
fn is_data(line: &str) -> bool {
    let line = line.trim();
    let first = line.split('\t').next().unwrap_or_default();
    !line.is_empty() && !line.starts_with('#') && !first.eq_ignore_ascii_case("start")
}

/// Start, end and netmask, the last of them a number.
fn columns(line: &str) -> Option<[&str; 3]> {
    let mut columns = line.split('\t').map(str::trim);
    let [start, end, netmask] = [columns.next()?, columns.next()?, columns.next()?];
    netmask.parse::<u8>().ok()?;
    Some([start, end, netmask])
}

/// The range as one entry. A netmask that does not fit tells that one of the three is damaged.
fn range([start, end, netmask]: [&str; 3], options: &ListOptions) -> Result<String, RejectReason> {
    let range = format!("{start}-{end}");
    let token = token::parse(&range, options)?;
    match token.prefixes[..] {
        [only] if only.prefix_len().to_string() == netmask => Ok(range),
        _ => Err(NETMASK),
    }
}

fn is_address(text: &str) -> bool {
    token::parse(text, &ListOptions::default()).is_ok()
}
