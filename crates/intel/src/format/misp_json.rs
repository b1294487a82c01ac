//! MISP's JSON: events, or the attributes that a search found.
//!
//! ```text
//!   {"Event": {"info": "..", "Attribute": [..], "Object": [{"Attribute": [..]}]}}
//!   {"response": [{"Event": ..}]}        [{"Event": ..}]
//!   {"response": {"Attribute": [{"type": "ip-dst", "value": "..", "Event": {"info": ".."}}]}}
//! ```
//!
//! Attributes that are deleted, or that are context and not meant for detection (`to_ids` is false),
//! are left out and counted.

use std::borrow::Cow;
use std::io::BufRead;

use super::Broken;
use super::json::{self, Item, Items, Place, Scalar, Shape, label};
use super::kind::{Kind, of_type};
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::Indicator;

#[cfg(test)]
mod tests;

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut events = Events { items: Items::new(options), found_in: String::new() };
    json::read(text, &mut events)?;
    Ok(events.items.into_content())
}

struct Events<'a> {
    items: Items<'a>,
    /// What the event inside the attribute at hand says of itself.
    found_in: String,
}

impl Shape for Events<'_> {
    const ENTERED: &'static [&'static str] = &["response", "Event", "Attribute", "Object"];
    const KEPT: &'static [&'static str] =
        &["type", "value", "to_ids", "deleted", "comment", "category", "info"];

    /// Events are about the entries between their beginning and their end.
    fn mark(&self) -> usize {
        self.items.entries()
    }

    fn object(&mut self, item: &Item, place: &Place<'_>) {
        let is_bare_attribute = item.has("type") && item.has("value");
        match place.key() {
            Some("Event") if place.is_within("Attribute") => {
                self.found_in = item.text("info").to_owned();
            }
            Some("Attribute") => self.attribute(item, place),
            Some("Object") if item.get("deleted").truth() == Some(true) => {
                self.items.revoke_from(item.mark);
            }
            _ if is_bare_attribute => self.attribute(item, place),
            _ => self.items.label_from(item.mark, item.text("info")),
        }
    }

    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        self.items.reject_scalar(scalar, place);
    }
}

impl Events<'_> {
    fn attribute(&mut self, item: &Item, place: &Place<'_>) {
        let found_in = std::mem::take(&mut self.found_in);
        match of_type(item.text("type")) {
            _ if !item.has("type") || !item.has("value") => {
                self.items.reject_shape(item.line, place);
            }
            Some(Kind::Other(kind)) => self.items.count(kind),
            None => self.items.count(Indicator::Other),
            Some(kind) => {
                self.address(kind == Kind::DomainAndAddress, &found_in, item, place);
            }
        }
    }

    fn address(&mut self, has_domain: bool, found_in: &str, item: &Item, place: &Place<'_>) {
        let value = item.get("value").to_string();
        let (text, domain) = composite(&value, has_domain);
        let is_context = item.get("to_ids").truth() == Some(false);
        if is_context || item.get("deleted").truth() == Some(true) {
            return self.items.revoke(item.line, &text);
        }
        let comment = match item.text("comment") {
            "" => item.text("category"),
            comment => comment,
        };
        self.items.add(Candidate {
            line: item.line,
            text: &text,
            label: &label([domain, comment, found_in]),
            details: Details { path: place.path("value"), ..Details::default() },
        });
    }
}

/// `203.0.113.9|8443` with the port as it is written elsewhere, and the domain of
/// `c2.example.com|203.0.113.9`.
pub(super) fn composite(value: &str, has_domain: bool) -> (Cow<'_, str>, &str) {
    let Some((first, second)) = value.split_once('|') else { return (value.into(), "") };
    let (first, second) = (first.trim(), second.trim());
    if has_domain {
        return (second.into(), first);
    }
    let is_v6 = first.contains(':') && !first.starts_with('[');
    let text = if is_v6 { format!("[{first}]:{second}") } else { format!("{first}:{second}") };
    (text.into(), "")
}
