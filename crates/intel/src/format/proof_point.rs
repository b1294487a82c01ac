//! GuardDuty's `PROOF_POINT`, the reputation list of Proofpoint ET Intelligence.
//!
//! ```text
//!   ip, category, score, first_seen, last_seen, ports (|)
//!   198.51.100.1, 1, 100, 2000-01-01, 2000-01-01,
//! ```
//!
//! In the list of domains the first column is `domain`, though addresses may stand there as well.

use std::io::BufRead;

use super::table::{Filing, Header, confidence, parse as parse_table};
use super::{Broken, kind};
use crate::content::Content;
use crate::entry::Details;
use crate::list::ListOptions;

#[cfg(test)]
mod tests;

struct Columns {
    indicator: usize,
    has_domains: bool,
    category: Option<usize>,
    score: Option<usize>,
}

/// Whether a list with this header is Proofpoint's.
pub(super) fn is_header(header: &Header) -> bool {
    let names: Vec<&str> = header.names().iter().map(String::as_str).collect();
    matches!(names[..], ["ip" | "domain", "category", "score", ..])
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    parse_table(text, Columns::find, |columns, filing, content| {
        content.lines += 1;
        columns.row(filing, options, content);
    })
}

impl Columns {
    fn find(header: &Header) -> Result<Self, String> {
        let domains = header.find(|name| name == "domain");
        Ok(Self {
            indicator: domains.map_or_else(|| header.demand("ip"), Ok)?,
            has_domains: domains.is_some(),
            category: header.find(|name| name == "category"),
            score: header.find(|name| name == "score"),
        })
    }

    fn row(&self, filing: &Filing<'_>, options: &ListOptions, content: &mut Content) {
        let row = filing.row;
        if let Some(kind) = kind::of_value(row.get(self.indicator)).filter(|_| self.has_domains) {
            return content.not_an_address(kind);
        }
        let category = self.category.map_or("", |at| row.get(at));
        let label =
            if category.is_empty() { String::new() } else { format!("category {category}") };
        let confidence = self.score.and_then(|at| confidence(row.get(at)));
        let details = Details { confidence, ..Details::default() };
        filing.take(self.indicator, &label, details, options, content);
    }
}
