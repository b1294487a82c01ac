//! OpenIOC 1.0 and 1.1.
//!
//! ```text
//! <IndicatorItem id="..." condition="is">
//!   <Context document="PortItem" search="PortItem/remoteIP" type="mir"/>   where to look
//!   <Content type="IP">203.0.113.9</Content>                               for what
//! ```
//!
//! MISP leaves the content empty and writes the value as the id. How items are joined (`AND`, `OR`)
//! is not looked at: an address is an entry whatever else has to be found beside it.

use std::io::BufRead;

use super::Broken;
use super::shape::is_address_shaped;
use super::xml::{self, Element, Visit, one_line};
use crate::content::Content;
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};

#[cfg(test)]
mod tests;

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut document =
        Document { label: String::new(), item: None, content: Content::default(), options };
    xml::read(text, &mut document)?;
    Ok(document.content)
}

struct Document<'a> {
    /// The short description.
    label: String,
    /// The item that has begun and not ended.
    item: Option<Item>,
    content: Content,
    options: &'a ListOptions,
}

#[derive(Default)]
struct Item {
    line: u64,
    id: String,
    condition: String,
    is_negated: bool,
    search: String,
    content_type: String,
    content: String,
}

impl Visit for Document<'_> {
    fn open(&mut self, element: &Element<'_>) {
        let attribute = |name| element.attribute(name).unwrap_or_default();
        match (element.name, &mut self.item) {
            ("ioc" | "OpenIOC", _) => self.label.clear(),
            ("IndicatorItem", _) => {
                self.item = Some(Item {
                    line: element.line,
                    id: attribute("id"),
                    condition: attribute("condition").to_ascii_lowercase(),
                    is_negated: element.is("negate"),
                    ..Item::default()
                });
            }
            ("Context", Some(item)) => item.search = attribute("search").to_ascii_lowercase(),
            ("Content", Some(item)) => item.content_type = attribute("type").to_ascii_lowercase(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match (name, &mut self.item) {
            ("Content", Some(item)) => item.content = one_line(text),
            ("IndicatorItem", item) => {
                if let Some(item) = item.take() {
                    self.take(&item);
                }
            }
            ("short_description", None) if self.label.is_empty() => self.label = one_line(text),
            _ => {}
        }
    }
}

impl Document<'_> {
    fn take(&mut self, item: &Item) {
        self.content.lines += 1;
        let value = if item.content.is_empty() { item.id.trim() } else { &*item.content };
        if let Some(kind) = kind(item, value) {
            return self.content.not_an_address(kind);
        }
        match &*item.condition {
            "isnot" | "containsnot" => self.content.revoked += 1,
            _ if item.is_negated => self.content.revoked += 1,
            "" | "is" | "contains" => self.content.add(item.line, value, &self.label, self.options),
            _ => self.content.reject(item.line, value, RejectReason::Condition),
        }
    }
}

/// What the value is if it is not meant as an address.
fn kind(item: &Item, value: &str) -> Option<Indicator> {
    match meaning(&item.search, &item.content_type) {
        Meaning::Address => None,
        Meaning::Not(kind) => Some(kind),
        Meaning::ByLook(_) if is_address_shaped(value) => None,
        Meaning::ByLook(kind) => Some(kind),
    }
}

/// What a search term looks for.
enum Meaning {
    /// The address of the other side.
    Address,
    /// Perhaps an address, otherwise this.
    ByLook(Indicator),
    Not(Indicator),
}

/// By the last part of the search term, such as `remoteip`, and by the type of the content.
fn meaning(search: &str, content_type: &str) -> Meaning {
    const HASHES: [&str; 6] = ["md5", "sha1", "sha256", "sha512", "ssdeep", "imphash"];
    let (place, field) = search.rsplit_once('/').unwrap_or(("", search));
    if HASHES.iter().any(|hash| field.starts_with(hash) || content_type == *hash) {
        return Meaning::Not(Indicator::Hash);
    }
    match field {
        // The machine that is searched and its neighbours, not who it talks to.
        _ if field.starts_with("local") || place.starts_with("arpentry") => {
            Meaning::Not(Indicator::Other)
        }
        "netmask" | "gateway" => Meaning::Not(Indicator::Other),
        "remoteip" | "ipv4address" | "ipv6address" => Meaning::Address,
        "destination" if place.ends_with("routeentryitem") => Meaning::Address,
        _ if content_type == "ip" => Meaning::Address,
        "dns" | "host" | "hostname" | "recordname" | "remotehost" | "domain" => {
            Meaning::ByLook(Indicator::Domain)
        }
        "uri" | "url" => Meaning::ByLook(Indicator::Url),
        "string" if place == "network" => Meaning::ByLook(Indicator::Other),
        "from" | "to" | "cc" | "bcc" | "replyto" if place.starts_with("email") => {
            Meaning::Not(Indicator::Email)
        }
        "filename" | "filepath" | "fullpath" | "path" => Meaning::Not(Indicator::File),
        _ => Meaning::Not(Indicator::Other),
    }
}
