//! MISP's CSV export: one attribute a row.
//!
//! The columns that matter are `type`, `value`, `to_ids` and `comment`; others may stand between
//! them. `to_ids` is 0 where an attribute is context and not meant for detection.

use std::io::BufRead;

use super::Broken;
use super::kind::{Kind, of_type};
use super::misp_json::composite;
use super::table::{CUT_OFF, Filing, Header, label, parse as parse_table};
use crate::content::{Candidate, Content};
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};
use crate::token;

#[cfg(test)]
mod tests;

struct Columns {
    kind: usize,
    value: usize,
    comment: Option<usize>,
    to_ids: Option<usize>,
    deleted: Option<usize>,
}

/// Whether a list with this header is a MISP export.
pub(super) fn is_header(header: &Header) -> bool {
    ["type", "value", "to_ids"].iter().all(|name| header.demand(name).is_ok())
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    parse_table(text, Columns::find, |columns, filing, content| {
        content.lines += 1;
        columns.row(filing, options, content);
    })
}

impl Columns {
    fn find(header: &Header) -> Result<Self, String> {
        let optional = |name: &str| header.find(|other| other == name);
        Ok(Self {
            kind: header.demand("type")?,
            value: header.demand("value")?,
            comment: optional("comment"),
            to_ids: optional("to_ids"),
            deleted: optional("deleted"),
        })
    }

    fn row(&self, filing: &Filing<'_>, options: &ListOptions, content: &mut Content) {
        // Without its last columns it may be one that is not for detection.
        if filing.is_cut_off() {
            return filing.reject(self.value, CUT_OFF, content);
        }
        let kind = filing.row.get(self.kind);
        match of_type(kind) {
            Some(Kind::Other(kind)) => content.not_an_address(kind),
            None if kind.is_empty() => {
                filing.reject(self.value, RejectReason::Malformed("it has no type"), content);
            }
            None => content.not_an_address(Indicator::Other),
            Some(kind) => self.address(kind == Kind::DomainAndAddress, filing, options, content),
        }
    }

    fn address(
        &self,
        has_domain: bool,
        filing: &Filing<'_>,
        options: &ListOptions,
        content: &mut Content,
    ) {
        let read = filing.value(self.value).and_then(|value| {
            let (text, domain) = composite(value, has_domain);
            token::parse(&text, options).map(|_| (text, domain))
        });
        let (text, domain) = match read {
            Ok(read) => read,
            Err(reason) => return filing.reject(self.value, reason, content),
        };
        if self.is_context(filing) {
            content.revoked += 1;
            return;
        }
        let comment = self.comment.map_or("", |comment| filing.row.get(comment));
        let label = label([domain, comment].into_iter());
        let candidate =
            Candidate { line: filing.row.line, text: &text, label: &label, ..Candidate::default() };
        content.take(candidate, options);
    }

    /// An attribute that is not for detection, or that was deleted.
    fn is_context(&self, filing: &Filing<'_>) -> bool {
        let holds = |column: Option<usize>, words: [&str; 2]| {
            let cell = column.map_or("", |column| filing.row.get(column));
            words.iter().any(|word| cell.eq_ignore_ascii_case(word))
        };
        holds(self.to_ids, ["0", "false"]) || holds(self.deleted, ["1", "true"])
    }
}
