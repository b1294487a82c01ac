//! STIX 2.0 and 2.1: the patterns of indicators, in a bundle, in an array, or one object a line.
//!
//! Only indicators are entries. An address object beside them was seen somewhere, which is no reason
//! to look for it.

use std::io::BufRead;

use ipnet::IpNet;

use super::Broken;
use super::json::{self, Item, Items, Place, Scalar, Shape, label};
use super::kind;
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};
use crate::token;
use pattern::{Comparison, Operator};
use subject::{Subject, subject};

mod pattern;
mod subject;
#[cfg(test)]
mod tests;

const OPERATOR: &str = "an address is compared in a way that names no address, prefix or range";

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut bundle = Bundle { items: Items::new(options) };
    json::read(text, &mut bundle)?;
    Ok(bundle.items.into_content())
}

struct Bundle<'a> {
    items: Items<'a>,
}

impl Shape for Bundle<'_> {
    const ENTERED: &'static [&'static str] = &["objects"];
    #[rustfmt::skip]
    const KEPT: &'static [&'static str] = &[
        "type", "pattern", "pattern_type", "revoked", "valid_from", "valid_until", "confidence",
        "name", "description",
    ];

    fn object(&mut self, item: &Item, place: &Place<'_>) {
        if item.text("type") != "indicator" {
            return;
        }
        // STIX 2.0 knows no other patterns and has no key for that.
        let written_in = item.text("pattern_type");
        if !written_in.is_empty() && !written_in.eq_ignore_ascii_case("stix") {
            return self.items.count(Indicator::Other);
        }
        let pattern = item.text("pattern");
        match pattern::comparisons(pattern) {
            Ok(comparisons) => self.indicator(&comparisons, item, place),
            Err(fault) => self.items.reject(item.line, pattern, RejectReason::Pattern(fault)),
        }
    }

    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        self.items.reject_scalar(scalar, place);
    }
}

impl Bundle<'_> {
    fn indicator(&mut self, comparisons: &[Comparison], item: &Item, place: &Place<'_>) {
        let (before, entries) = (self.items.len(), self.items.entries());
        for comparison in comparisons {
            match subject(&comparison.path) {
                Subject::Condition => {}
                Subject::Other(kind) if !comparison.is_negated => self.items.count(kind),
                Subject::Other(_) => {}
                Subject::Address => self.addresses(comparison, item, place),
            }
        }
        self.exclude(comparisons, item, entries);
        // An indicator of ports or of what something is not.
        if self.items.len() == before {
            self.items.count(Indicator::Other);
        }
    }

    /// Takes what the pattern excludes out of the entries that it led to.
    fn exclude(&mut self, comparisons: &[Comparison], item: &Item, before: usize) {
        // Where one of several will do, an exclusion excludes nothing from the others.
        let words = item.text("pattern").split(|sign: char| !sign.is_ascii_alphabetic());
        if words.into_iter().any(|word| word.eq_ignore_ascii_case("or")) {
            return;
        }
        let options = ListOptions { allow_wide: true, ..ListOptions::default() };
        let negated = comparisons.iter().filter(|comparison| {
            comparison.is_negated && matches!(subject(&comparison.path), Subject::Address)
        });
        let values = negated.flat_map(|comparison| &comparison.values);
        let tokens = values.filter_map(|value| token::parse(value, &options).ok());
        let excluded: Vec<IpNet> = tokens.flat_map(|token| token.prefixes).collect();
        self.items.take_out(before, &excluded);
    }

    fn addresses(&mut self, comparison: &Comparison, item: &Item, place: &Place<'_>) {
        if comparison.is_negated {
            return;
        }
        for value in &comparison.values {
            match (comparison.operator, kind::of_value(value)) {
                (Operator::Unreadable, _) => {
                    self.items.reject(item.line, value, RejectReason::Pattern(OPERATOR));
                }
                // A destination may be a domain; an address object is an address or damaged.
                (_, Some(kind)) if comparison.path.starts_with("network-traffic:") => {
                    self.items.count(kind);
                }
                _ => self.address(value, item, place),
            }
        }
    }

    fn address(&mut self, text: &str, item: &Item, place: &Place<'_>) {
        if item.get("revoked").truth() == Some(true) {
            return self.items.revoke(item.line, text);
        }
        let Ok(details) = details(item, place) else {
            return self.items.reject(item.line, text, RejectReason::Validity);
        };
        let name = match item.text("name") {
            "" => item.text("description"),
            name => name,
        };
        self.items.add(Candidate { line: item.line, text, label: &label([name]), details });
    }
}

fn details(item: &Item, place: &Place<'_>) -> Result<Details, jiff::Error> {
    Ok(Details {
        path: place.path("pattern"),
        confidence: item.get("confidence").number(),
        valid_from: json::time(item.get("valid_from"))?,
        valid_until: json::time(item.get("valid_until"))?,
    })
}
