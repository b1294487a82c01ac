//! Which column holds what.

use super::sample::{Sample, address, is_word};
use super::time;
use crate::content::Content;
use crate::entry::Details;
use crate::format::columns::{self, Holds};
use crate::format::kind::{self, Kind};
use crate::format::rows::Row;
use crate::format::table::{CUT_OFF, Filing, Header, confidence, label};
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};
use crate::token::Token;

pub(super) struct Layout {
    indicator: usize,
    holds: Holds,
    /// The column that names each indicator's kind, where there are several.
    kind: Option<usize>,
    /// Columns of indicators of other kinds, which count where there is no address.
    others: Vec<(usize, Indicator)>,
    labels: Labels,
    confidence: Option<usize>,
    valid_from: Option<usize>,
    valid_until: Option<usize>,
    /// The first row, where it is a header though none of its names is known.
    pub(super) title: Option<Header>,
}

enum Labels {
    /// All columns with words in them: there are no names to choose by.
    Any,
    /// These, and the others where these say nothing.
    Named([Vec<usize>; 2]),
}

impl Layout {
    /// `named` is the name or number of the column of addresses. The error says why there is none.
    pub(super) fn of(sample: &Sample, named: Option<&str>) -> Result<Self, String> {
        let names = sample.header.as_ref().map_or(&[][..], Header::names);
        let indicator = match named {
            Some(named) => named_column(names, sample, named)?,
            None => guessed_column(names, sample)?,
        };
        if let Some(length) = names.iter().find(|name| columns::is_prefix_length(name)) {
            return Err(format!(
                "the lengths of its prefixes stand in a column of their own, {length:?}: join the two, \
                 as 203.0.113.0/24"
            ));
        }
        let known = names.get(indicator).and_then(|name| columns::indicators(name));
        let holds = known.map_or(Holds::Indicators(None), |(_, holds)| holds);
        let position = |is_meant: fn(&str) -> bool| names.iter().position(|name| is_meant(name));
        Ok(Self {
            indicator,
            holds,
            // Beside addresses alone, a type says something else.
            kind: position(columns::is_type).filter(|_| holds != Holds::Addresses),
            others: others(names),
            labels: labels(names, |at| {
                at != indicator && (holds == Holds::Addresses || !columns::is_type(&names[at]))
            }),
            confidence: position(columns::is_confidence),
            valid_from: position(columns::is_valid_from),
            valid_until: position(columns::is_valid_until),
            title: title(sample, indicator),
        })
    }

    /// Takes in what `filing` holds, or counts it as what it is.
    pub(super) fn take(&self, filing: &Filing<'_>, options: &ListOptions, content: &mut Content) {
        content.lines += 1;
        if let Some(kind) = self.other_kind(filing) {
            return content.not_an_address(kind);
        }
        match self.details(filing) {
            Ok(details) => {
                let label = self.label(filing.row);
                filing.take(self.indicator, &label, details, options, content);
            }
            Err(reason) => filing.reject(self.indicator, reason, content),
        }
    }

    /// What the indicator is, if it is not meant to be an address.
    fn other_kind(&self, filing: &Filing<'_>) -> Option<Indicator> {
        let row = filing.row;
        let value = row.get(self.indicator);
        if value.is_empty() && !filing.is_cut_off() {
            let other = self.others.iter().find(|(at, _)| !row.get(*at).is_empty());
            return other.map(|(_, kind)| *kind);
        }
        let Holds::Indicators(usual) = self.holds else { return None };
        match self.kind.and_then(|at| kind::of_type(row.get(at))) {
            Some(Kind::Other(kind)) => Some(kind),
            Some(Kind::Address | Kind::DomainAndAddress) => None,
            None => kind::of_value(value).or(usual.filter(|_| !could_be_address(value))),
        }
    }

    fn details(&self, filing: &Filing<'_>) -> Result<Details, RejectReason> {
        let row = filing.row;
        if filing.is_cut_off() && self.valid_until.is_some_and(|at| at >= row.len()) {
            return Err(CUT_OFF);
        }
        let time = |column: Option<usize>| match column {
            Some(at) => time::parse(row.get(at)),
            None => Ok(None),
        };
        Ok(Details {
            confidence: self.confidence.and_then(|at| confidence(row.get(at))),
            valid_from: time(self.valid_from)?,
            valid_until: time(self.valid_until)?,
            ..Details::default()
        })
    }

    fn label(&self, row: &Row) -> String {
        match &self.labels {
            Labels::Any => {
                let others = (0..row.len()).filter(|at| *at != self.indicator);
                let has_letters = |cell: &&str| cell.contains(char::is_alphabetic);
                label(others.map(|at| row.get(at)).filter(has_letters))
            }
            Labels::Named(ranks) => ranks
                .iter()
                .map(|columns| label(columns.iter().map(|at| row.get(*at))))
                .find(|label| !label.is_empty())
                .unwrap_or_default(),
        }
    }
}

/// Digits between dots or colons, damaged or not.
fn could_be_address(value: &str) -> bool {
    value.contains(['.', ':'])
        && value.chars().all(|sign| sign.is_ascii_hexdigit() || ".:/-[]() ".contains(sign))
}

fn named_column(names: &[String], sample: &Sample, named: &str) -> Result<usize, String> {
    let name = columns::normal(named);
    let by_name = names.iter().position(|other| *other == name);
    let by_number = || {
        let index = named.trim().parse::<usize>().ok()?.checked_sub(1)?;
        (index < sample.width).then_some(index)
    };
    by_name
        .or_else(by_number)
        .ok_or_else(|| format!("no column {named:?}, there are {}", all_columns(names, sample)))
}

fn all_columns(names: &[String], sample: &Sample) -> String {
    match names {
        [] => format!("{} without names", sample.width),
        _ => names.join(", "),
    }
}

/// What the rows of the sample have in one column.
#[derive(Clone, Copy, Default)]
struct Seen {
    addresses: usize,
    /// Loopback and unspecified addresses.
    placeholders: usize,
}

impl Seen {
    fn is_placeholder(self) -> bool {
        self.placeholders > self.addresses
    }

    fn is_of_addresses(self) -> bool {
        self.addresses > 0 && !self.is_placeholder()
    }
}

fn seen(sample: &Sample) -> Vec<Seen> {
    let mut seen = vec![Seen::default(); sample.width];
    for row in &sample.rows {
        for (cell, seen) in row.cells().zip(&mut seen) {
            match address(cell) {
                Some(token) if is_placeholder(&token) => seen.placeholders += 1,
                Some(_) => seen.addresses += 1,
                None => {}
            }
        }
    }
    seen
}

fn is_placeholder(token: &Token) -> bool {
    token.prefixes.iter().all(|prefix| {
        let is_host = prefix.prefix_len() == prefix.max_prefix_len();
        prefix.addr().is_loopback() || (is_host && prefix.addr().is_unspecified())
    })
}

/// The column whose name tells that it holds addresses, or that does hold them.
fn guessed_column(names: &[String], sample: &Sample) -> Result<usize, String> {
    let seen = seen(sample);
    let of_addresses = |at: usize| seen.get(at).is_some_and(|seen| seen.is_of_addresses());
    let mut named: Vec<(u8, usize)> = names
        .iter()
        .enumerate()
        .filter(|(at, _)| !seen.get(*at).is_some_and(|seen| seen.is_placeholder()))
        .filter_map(|(at, name)| Some((columns::indicators(name)?.0, at)))
        .collect();
    named.sort_unstable();

    if let Some((rank, first)) = named.iter().copied().find(|(_, at)| of_addresses(*at)) {
        let same = named.iter().filter(|(other, at)| *other == rank && of_addresses(*at));
        let columns: Vec<usize> = same.map(|(_, at)| *at).collect();
        return if columns.len() == 1 { Ok(first) } else { Err(ambiguous(&columns, names)) };
    }
    let by_name = named.first().copied();
    if let Some((_, first)) = by_name.filter(|(rank, _)| *rank < columns::OTHER_KINDS) {
        return Ok(first);
    }
    let columns: Vec<usize> = (0..seen.len()).filter(|at| of_addresses(*at)).collect();
    match (&columns[..], by_name) {
        ([only], _) => Ok(*only),
        ([], Some((_, first))) => Ok(first),
        ([], None) if sample.width == 0 => Ok(0),
        ([], None) => {
            Err(format!("no column of addresses, there are {}", all_columns(names, sample)))
        }
        _ => Err(ambiguous(&columns, names)),
    }
}

fn ambiguous(columns: &[usize], names: &[String]) -> String {
    let told: Vec<String> = columns
        .iter()
        .map(|at| names.get(*at).cloned().unwrap_or_else(|| (at + 1).to_string()))
        .collect();
    format!("addresses in several columns ({}), name the one to read", told.join(", "))
}

fn others(names: &[String]) -> Vec<(usize, Indicator)> {
    let other = |(at, name): (usize, &String)| match columns::indicators(name)? {
        (_, Holds::Indicators(Some(kind))) => Some((at, kind)),
        _ => None,
    };
    names.iter().enumerate().filter_map(other).collect()
}

/// `is_free` tells columns that have no other use.
fn labels(names: &[String], is_free: impl Fn(usize) -> bool) -> Labels {
    if !names.iter().any(|name| columns::is_known(name)) {
        return Labels::Any;
    }
    let ranked = |rank: u8| {
        let is_meant = |at: &usize| is_free(*at) && columns::label(&names[*at]) == Some(rank);
        (0..names.len()).filter(is_meant).collect()
    };
    Labels::Named([ranked(0), ranked(1)])
}

/// The first row as a header, where a word stands in the column of addresses.
fn title(sample: &Sample, indicator: usize) -> Option<Header> {
    let first = sample.rows.first().filter(|_| sample.header.is_none())?;
    is_word(first.get(indicator)).then(|| Header::new(first.cells()))
}
