//! GuardDuty's `FIRE_EYE`, the indicators of FireEye iSIGHT: 47 columns, most of them empty.
//!
//! An indicator's address stands in `cidr`, `ip` or `sourceIp`. Several of them may be set, and then
//! each is an entry.

use std::io::BufRead;

use super::Broken;
use super::table::{CUT_OFF, Filing, Header, label, parse as parse_table};
use crate::content::Content;
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::Indicator;

#[cfg(test)]
mod tests;

/// Columns that hold indicators of other kinds.
const OTHERS: [(&str, Indicator); 9] = [
    ("domain", Indicator::Domain),
    ("sourcedomain", Indicator::Domain),
    ("url", Indicator::Url),
    ("md5", Indicator::Hash),
    ("sha1", Indicator::Hash),
    ("sha256", Indicator::Hash),
    ("senderaddress", Indicator::Email),
    ("filename", Indicator::File),
    ("asn", Indicator::Asn),
];

struct Columns {
    addresses: Vec<usize>,
    others: Vec<(usize, Indicator)>,
    labels: Vec<usize>,
}

/// Whether a list with this header is FireEye's.
pub(super) fn is_header(header: &Header) -> bool {
    let names: Vec<&str> = header.names().iter().map(String::as_str).collect();
    matches!(names[..], ["reportid", "title", "threatscape", ..])
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    parse_table(text, Columns::find, |columns, filing, content| {
        columns.row(filing, options, content);
    })
}

impl Columns {
    fn find(header: &Header) -> Result<Self, String> {
        let find = |name: &str| header.find(|other| other == name);
        Ok(Self {
            addresses: ["sourceip", "cidr", "ip"]
                .iter()
                .map(|name| header.demand(name))
                .collect::<Result<_, _>>()?,
            others: OTHERS.iter().filter_map(|(name, kind)| Some((find(name)?, *kind))).collect(),
            labels: ["title", "malwarefamily"].iter().filter_map(|name| find(name)).collect(),
        })
    }

    fn row(&self, filing: &Filing<'_>, options: &ListOptions, content: &mut Content) {
        let row = filing.row;
        let is_set = |at: &usize| !row.get(*at).is_empty();
        let label = label(self.labels.iter().map(|at| row.get(*at)));
        let addresses: Vec<usize> = self.addresses.iter().copied().filter(is_set).collect();
        for at in &addresses {
            content.lines += 1;
            filing.take(*at, &label, Details::default(), options, content);
        }
        // What stands beside an address describes it: the domain that led there, a file's digests.
        if addresses.is_empty() {
            content.lines += 1;
            if filing.is_cut_off() {
                return filing.reject(self.addresses[0], CUT_OFF, content);
            }
            let other = self.others.iter().find(|(at, _)| is_set(at));
            content.not_an_address(other.map_or(Indicator::Other, |(_, kind)| *kind));
        }
    }
}
