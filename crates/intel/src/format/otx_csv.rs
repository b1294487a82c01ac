//! GuardDuty's `OTX_CSV`, the export of AlienVault's Open Threat Exchange.
//!
//! ```text
//!   Indicator type, Indicator, Description
//!   CIDR, 192.0.2.0/24, example
//!   Domain name, c2.example.net, example
//! ```

use std::io::BufRead;

use super::Broken;
use super::kind::{Kind, of_type};
use super::table::{Filing, Header, label, parse as parse_table};
use crate::content::Content;
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};

#[cfg(test)]
mod tests;

struct Columns {
    kind: usize,
    indicator: usize,
    description: Option<usize>,
}

/// Whether a list with this header is an OTX export.
pub(super) fn is_header(header: &Header) -> bool {
    header.names().starts_with(&["indicator_type".to_owned(), "indicator".to_owned()])
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    parse_table(text, Columns::find, |columns, filing, content| {
        content.lines += 1;
        columns.row(filing, options, content);
    })
}

impl Columns {
    fn find(header: &Header) -> Result<Self, String> {
        Ok(Self {
            kind: header.demand("indicator_type")?,
            indicator: header.demand("indicator")?,
            description: header.find(|name| name == "description"),
        })
    }

    fn row(&self, filing: &Filing<'_>, options: &ListOptions, content: &mut Content) {
        let kind = filing.row.get(self.kind);
        match of_type(kind) {
            Some(Kind::Address | Kind::DomainAndAddress) => {
                let description = self.description.map_or("", |at| filing.row.get(at));
                let label = label([description].into_iter());
                filing.take(self.indicator, &label, Details::default(), options, content);
            }
            Some(Kind::Other(kind)) => content.not_an_address(kind),
            None if kind.is_empty() => {
                filing.reject(self.indicator, RejectReason::Malformed("it has no type"), content);
            }
            None => content.not_an_address(Indicator::Other),
        }
    }
}
