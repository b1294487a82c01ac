//! Spamhaus DROP as JSON: one object a line, the last of which tells of the list itself.
//!
//! ```text
//!   {"cidr":"203.0.113.0/24","sblid":"SBL000000","rir":"ripencc"}
//!   {"type":"metadata","timestamp":1748736000,"records":1}
//! ```

use std::io::BufRead;

use super::Broken;
use super::json::{self, Item, Items, Place, Scalar, Shape, label};
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::Indicator;

#[cfg(test)]
mod tests;

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut drop = Drop { items: Items::new(options) };
    json::read(text, &mut drop)?;
    Ok(drop.items.into_content())
}

struct Drop<'a> {
    items: Items<'a>,
}

impl Shape for Drop<'_> {
    const ENTERED: &'static [&'static str] = &[];
    const KEPT: &'static [&'static str] = &["cidr", "sblid", "type", "asn"];

    fn object(&mut self, item: &Item, place: &Place<'_>) {
        if item.has("cidr") {
            self.items.add(Candidate {
                line: item.line,
                text: &item.get("cidr").to_string(),
                label: &label([item.text("sblid")]),
                details: Details { path: path(place), ..Details::default() },
            });
        } else if item.has("asn") {
            self.items.count(Indicator::Asn);
        } else if item.text("type") != "metadata" {
            self.items.reject_shape(item.line, place);
        }
    }

    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        self.items.reject_scalar(scalar, place);
    }
}

/// Lines need no path; someone may have made an array of them.
fn path(place: &Place<'_>) -> String {
    if place.is_root() { String::new() } else { place.path("cidr") }
}
