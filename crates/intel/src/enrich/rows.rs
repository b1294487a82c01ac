//! [`Rows`]: what a table says, by address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use flowproof_prefix::PrefixMap;
use ipnet::IpNet;

use crate::content::sample;
use crate::entry::addresses;
use crate::list::ListOptions;
use crate::note::{Reject, RejectReason, Tally};
use crate::token;

/// The fields of a row, in its order. Rows of one table share the names.
pub(super) type Fields = Arc<[(Arc<str>, Box<str>)]>;

/// One row: the addresses that it is about, and what it says of them.
#[derive(Debug)]
pub(super) struct Row {
    prefixes: Box<[IpNet]>,
    pub(super) fields: Fields,
}

impl Row {
    fn new(prefixes: Vec<IpNet>, fields: Fields) -> Self {
        Self { prefixes: prefixes.into(), fields }
    }

    /// The address, prefix or range that it is about.
    pub(super) fn text(&self) -> String {
        token::canonical_text(&self.prefixes)
    }

    /// Whether it is about all addresses from one to another.
    fn holds(&self, first: IpAddr, last: IpAddr) -> bool {
        let ends = self.prefixes.first().zip(self.prefixes.last());
        ends.is_some_and(|(low, high)| low.network() <= first && last <= high.broadcast())
    }
}

/// Rows by address.
#[derive(Debug)]
pub(super) struct Rows {
    rows: Vec<Row>,
    /// The numbers of the rows of each prefix.
    by_prefix: PrefixMap<Vec<u32>>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows that are about each of the addresses from `first` to `last`: those about the fewest
    /// addresses first, then in the order of the table. `around` is a prefix that holds them all or
    /// the first of them.
    pub(super) fn about(&self, around: &IpNet, first: IpAddr, last: IpAddr) -> Vec<&Row> {
        let mut found: Vec<(u128, u32)> = Vec::new();
        for (_, numbers) in self.by_prefix.covering(around) {
            for number in numbers {
                let row = &self.rows[*number as usize];
                if row.holds(first, last) {
                    found.push((addresses(&row.prefixes), *number));
                }
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, number)| &self.rows[number as usize]).collect()
    }
}

/// Rows as they are read.
#[derive(Debug, Default)]
pub(super) struct Builder {
    rows: Vec<Row>,
    pub(super) rejects: Tally<Reject>,
}

impl Builder {
    /// A row about the address, prefix or range of a text, or about several of them with commas between.
    pub(super) fn add(&mut self, line: u64, text: &str, fields: &Fields) {
        match keys(text) {
            Ok(keys) => {
                self.rows.extend(keys.into_iter().map(|key| Row::new(key, Arc::clone(fields))));
            }
            Err(reason) => self.reject(line, text, reason),
        }
    }

    /// Counts a row that is not in use.
    pub(super) fn reject(&mut self, line: u64, text: &str, reason: RejectReason) {
        self.rejects.count(|| Reject { line, text: sample(text), reason });
    }

    /// Makes one row of those that differ in the field `name` only; it has all values of it.
    pub(super) fn join_by(&mut self, name: &str) {
        let mut joined: Vec<(Row, Vec<Box<str>>)> = Vec::new();
        let mut places = HashMap::new();
        for row in std::mem::take(&mut self.rows) {
            let (own, others): (Vec<_>, Vec<_>) =
                row.fields.iter().cloned().partition(|(field, _)| &**field == name);
            let own = own.into_iter().map(|(_, value)| value);
            let place = *places.entry((row.prefixes.clone(), others)).or_insert(joined.len());
            if place == joined.len() {
                joined.push((row, own.collect()));
            } else {
                let known = &mut joined[place].1;
                own.for_each(|value| {
                    if !known.contains(&value) {
                        known.push(value)
                    }
                });
            }
        }
        self.rows = joined.into_iter().map(|(row, values)| with(row, name, &values)).collect();
    }

    pub(super) fn finish(mut self) -> (Rows, Tally<Reject>) {
        self.rows.shrink_to_fit();
        let numbered = (0_u32..).zip(&self.rows);
        let prefixes = numbered
            .flat_map(|(number, row)| row.prefixes.iter().map(move |net| (*net, vec![number])));
        let by_prefix = PrefixMap::build(prefixes, |numbers, more| numbers.extend(more));
        (Rows { rows: self.rows, by_prefix }, self.rejects)
    }
}

fn with(row: Row, name: &str, values: &[Box<str>]) -> Row {
    let joined = values.join(", ");
    let field = |(field, value): &(Arc<str>, Box<str>)| {
        let value = if &**field == name { joined.as_str().into() } else { value.clone() };
        (Arc::clone(field), value)
    };
    Row { fields: row.fields.iter().map(field).collect(), prefixes: row.prefixes }
}

/// What `text` is about. A registry's row may be about several prefixes: `192.0.2.0/25, 192.0.2.192/26`.
pub(super) fn keys(text: &str) -> Result<Vec<Vec<IpNet>>, RejectReason> {
    // The Internet's registries do say something of a /8.
    let options = ListOptions { allow_wide: true, ..ListOptions::default() };
    let key = |text: &str| {
        if text.contains(char::is_control) {
            return Err(RejectReason::NotAnAddress);
        }
        token::parse(text, &options).map(|token| token.prefixes)
    };
    match key(text) {
        Err(_) if text.contains(',') => text.split(',').map(|part| key(part.trim())).collect(),
        whole => whole.map(|prefixes| vec![prefixes]),
    }
}

/// Whether [`keys`] finds something.
pub(super) fn is_key(text: &str) -> bool {
    keys(text).is_ok()
}
