//! `ip-ranges.json`, the addresses of AWS.
//!
//! One prefix stands there once for each service that uses it. All of these are entries, since which
//! services they are is what there is to know.

use std::io::BufRead;

use super::Broken;
use super::json::{self, Item, Items, Place, Scalar, Shape, label};
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;

#[cfg(test)]
mod tests;

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut ranges = IpRanges { items: Items::new(options) };
    json::read(text, &mut ranges)?;
    Ok(ranges.items.into_content())
}

struct IpRanges<'a> {
    items: Items<'a>,
}

impl Shape for IpRanges<'_> {
    const ENTERED: &'static [&'static str] = &["prefixes", "ipv6_prefixes"];
    const KEPT: &'static [&'static str] = &["ip_prefix", "ipv6_prefix", "service", "region"];

    fn object(&mut self, item: &Item, place: &Place<'_>) {
        if place.key().is_none() {
            return;
        }
        let Some(key) = ["ip_prefix", "ipv6_prefix"].into_iter().find(|key| item.has(key)) else {
            return self.items.reject_shape(item.line, place);
        };
        let words = [item.text("service"), item.text("region")];
        self.items.add(Candidate {
            line: item.line,
            text: &item.get(key).to_string(),
            label: &label([&*words.join(" ")]),
            details: Details { path: place.path(key), ..Details::default() },
        });
    }

    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        self.items.reject_scalar(scalar, place);
    }
}
