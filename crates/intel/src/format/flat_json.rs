//! JSON without a format of its own: objects with a key for the address, or addresses alone.
//!
//! ```text
//!   [{"ip_address": "203.0.113.9", "port": 443, "malware": "Example"}]     an array, or
//!   {"cidr": "203.0.113.0/24"}                                             one object a line, or
//!   ["203.0.113.9", "198.51.100.0/24"]                                     texts
//!   {"data": [{"ipAddress": "203.0.113.9"}]}                               inside one more object
//! ```

use std::io::BufRead;

use super::Broken;
use super::json::{self, Item, Items, Place, Scalar, Shape, label};
use super::kind::{self, Kind};
use super::misp_json::composite;
use crate::content::{Candidate, Content};
use crate::entry::Details;
use crate::list::ListOptions;
use crate::note::RejectReason;
use crate::token;

#[cfg(test)]
mod tests;

/// Keys of an address, the surest first. Those on one line may stand together, for both families.
const ADDRESS: [&[&str]; 19] = [
    &["ip_address"],
    &["ip"],
    &["ipAddress"],
    &["ipaddress"],
    &["ip_addr"],
    &["ipv4", "ipv6"],
    &["cidr"],
    &["ip_prefix", "ipv6_prefix"],
    &["ipv4Prefix", "ipv6Prefix"],
    &["prefix"],
    &["network"],
    &["netblock"],
    &["subnet"],
    &["ip_range"],
    &["range"],
    &["dst_ip"],
    &["address"],
    &["IP"],
    &["CIDR"],
];

/// Keys of an indicator that may be something else than an address.
const INDICATOR: [&str; 5] = ["indicator", "ioc", "ioc_value", "value", "observable"];

/// Keys of the word for an indicator's type.
const TYPE: [&str; 3] = ["ioc_type", "indicator_type", "type"];

/// Keys of what is there, and of more words about it.
const NAME: [&str; 6] = ["malware", "malware_printable", "threat", "label", "name", "category"];
const DESCRIPTION: [&str; 3] = ["description", "comment", "reason"];

const CONFIDENCE: [&str; 3] = ["confidence", "confidence_level", "abuseConfidenceScore"];

/// Keys of the length of a prefix whose address stands under another one.
const LENGTH: [&str; 8] = [
    "prefixlen",
    "prefix_len",
    "prefix_length",
    "prefixLength",
    "masklen",
    "mask",
    "netmask",
    "bits",
];

const OWN_LENGTH: RejectReason =
    RejectReason::Malformed("the length of its prefix stands apart from the address");

/// Keys that an address is found by.
pub(super) fn address_keys() -> impl Iterator<Item = &'static str> {
    ADDRESS.into_iter().flatten().copied().chain(INDICATOR)
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut objects = Objects { items: Items::new(options), options };
    json::read(text, &mut objects)?;
    Ok(objects.items.into_content())
}

/// Whether a number stands where a prefix should.
fn has_bare_length(item: &Item) -> bool {
    ["prefix", "cidr"].iter().any(|key| {
        let text = item.get(key).to_string();
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
    })
}

struct Objects<'a> {
    items: Items<'a>,
    options: &'a ListOptions,
}

impl Shape for Objects<'_> {
    const ENTERED: &'static [&'static str] =
        &["data", "indicators", "iocs", "results", "items", "entries", "prefixes", "addresses"];
    #[rustfmt::skip]
    const KEPT: &'static [&'static str] = &[
        "ip_address", "ip", "ipAddress", "ipaddress", "ip_addr", "ipv4", "ipv6", "cidr",
        "ip_prefix", "ipv6_prefix", "ipv4Prefix", "ipv6Prefix", "prefix", "network", "netblock",
        "subnet", "ip_range", "range", "dst_ip", "address", "IP", "CIDR",
        "indicator", "ioc", "ioc_value", "value", "observable",
        "ioc_type", "indicator_type", "type",
        "malware", "malware_printable", "threat", "label", "name", "category",
        "description", "comment", "reason",
        "confidence", "confidence_level", "abuseConfidenceScore",
        "valid_until", "revoked",
        "prefixlen", "prefix_len", "prefix_length", "prefixLength", "masklen", "mask", "netmask", "bits",
    ];

    /// An object inside an item is no item: it may be what the address was before.
    fn enters(&self, place: &Place<'_>) -> bool {
        place.is_root()
    }

    fn mark(&self) -> usize {
        self.items.len()
    }

    fn object(&mut self, item: &Item, place: &Place<'_>) {
        let filled = |key: &&&str| !item.get(key).is_empty();
        if LENGTH.iter().any(|key| !item.get(key).is_empty()) || has_bare_length(item) {
            let text = ADDRESS.iter().flat_map(|keys| keys.iter()).find(filled);
            let text = text.map(|key| item.get(key).to_string()).unwrap_or_default();
            return self.items.reject(item.line, &text, OWN_LENGTH);
        }
        let keys = ADDRESS.iter().find(|keys| keys.iter().any(|key| filled(&key)));
        if let Some(keys) = keys {
            for key in keys.iter().filter(filled) {
                self.address(key, &item.get(key).to_string(), "", item, place);
            }
        } else if let Some(key) = INDICATOR.iter().find(filled) {
            self.indicator(key, item, place);
        } else if self.items.len() == item.mark {
            self.items.reject_shape(item.line, place);
        }
    }

    fn scalar(&mut self, scalar: &Scalar, place: &Place<'_>) {
        let details = Details { path: place.path(""), ..Details::default() };
        let text = scalar.to_string();
        self.items.add(Candidate { line: place.line(), text: &text, label: "", details });
    }
}

impl Objects<'_> {
    fn indicator(&mut self, key: &'static str, item: &Item, place: &Place<'_>) {
        let value = item.get(key).to_string();
        let word = TYPE.iter().map(|key| item.text(key)).find(|word| !word.is_empty());
        match word.and_then(kind::of_type) {
            Some(Kind::Other(kind)) => self.items.count(kind),
            Some(kind) => {
                let (text, domain) = composite(&value, kind == Kind::DomainAndAddress);
                self.address(key, &text, domain, item, place);
            }
            None => match kind::of_value(&value) {
                Some(kind) if token::parse(&value, self.options).is_err() => self.items.count(kind),
                _ => self.address(key, &value, "", item, place),
            },
        }
    }

    fn address(
        &mut self,
        key: &'static str,
        text: &str,
        domain: &str,
        item: &Item,
        place: &Place<'_>,
    ) {
        if item.get("revoked").truth() == Some(true) {
            return self.items.revoke(item.line, text);
        }
        let Ok(details) = details(key, item, place) else {
            return self.items.reject(item.line, text, RejectReason::Validity);
        };
        let first =
            |keys: &[&str]| keys.iter().map(|key| item.text(key)).find(|text| !text.is_empty());
        let parts = [Some(domain), first(&NAME), first(&DESCRIPTION)];
        let label = label(parts.into_iter().flatten());
        self.items.add(Candidate { line: item.line, text, label: &label, details });
    }
}

fn details(key: &'static str, item: &Item, place: &Place<'_>) -> Result<Details, jiff::Error> {
    Ok(Details {
        path: place.path(key),
        confidence: CONFIDENCE.iter().find_map(|key| item.get(key).number()),
        valid_from: None,
        valid_until: json::time(item.get("valid_until"))?,
    })
}
