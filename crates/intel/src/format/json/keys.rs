//! Which format a JSON document is in, by the keys at its beginning.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::format::{Foreign, ListFormat, flat_json};

#[cfg(test)]
mod tests;

const ASN_DROP: &str = "Spamhaus ASN-DROP, a list of AS numbers without addresses";

/// The format of a document that begins with `head`, which may be cut off anywhere. What is none of
/// the known ones is JSON with addresses in it, or is found to have none.
pub(in crate::format) fn recognise(head: &str) -> Result<ListFormat, Foreign> {
    let seen = Seen::in_head(head);
    if seen.is_aws() {
        Ok(ListFormat::AwsIpRanges)
    } else if seen.is_misp() {
        Ok(ListFormat::MispJson)
    } else if seen.is_stix() {
        Ok(ListFormat::Stix2)
    } else if seen.item_has("cidr") && seen.item_has("sblid") {
        Ok(ListFormat::SpamhausJson)
    } else if seen.is_asn_drop() {
        Err(Foreign::Format(ASN_DROP))
    } else {
        Ok(ListFormat::Json)
    }
}

/// What the beginning of a document holds.
#[derive(Debug, Default)]
struct Seen {
    /// Keys with the way to them, as `objects[].type`.
    keys: BTreeSet<String>,
    /// Texts behind the keys `type` and `id`, as `objects[].type=indicator`.
    texts: BTreeSet<String>,
}

impl Seen {
    fn in_head(head: &str) -> Self {
        let mut seen = Self::default();
        // Not as a slice, where each look for the end would count the lines before it anew.
        let mut document = serde_json::Deserializer::from_reader(head.as_bytes());
        // It ends with the head at the latest. What is wrong with the document is told when it is read.
        while document.end().is_err() {
            let look = Look { seen: &mut seen, path: String::new() };
            if look.deserialize(&mut document).is_err() {
                break;
            }
        }
        seen
    }

    /// Whether objects that stand alone or in an array have the key.
    fn item_has(&self, key: &str) -> bool {
        self.keys.contains(key) || self.keys.contains(&format!("[].{key}"))
    }

    fn is_aws(&self) -> bool {
        ["prefixes[].ip_prefix", "ipv6_prefixes[].ipv6_prefix"]
            .iter()
            .any(|path| self.keys.contains(*path))
    }

    fn is_misp(&self) -> bool {
        const EVENT: [&str; 5] =
            ["Event.info", "Event.uuid", "Event.Attribute", "Event.Object", "Event.Orgc"];
        self.keys.iter().any(|path| {
            let last = path.rsplit('.').next().unwrap_or_default();
            last == "to_ids"
                || EVENT.iter().any(|event| path.ends_with(event))
                || path == "response.Attribute"
        })
    }

    /// By the ids, which begin with the type: `indicator--...`.
    fn is_stix(&self) -> bool {
        ["", "[].", "objects[].", "[].objects[]."].iter().any(|item| {
            let (before_type, before_id) = (format!("{item}type="), format!("{item}id="));
            let types = self.texts.iter().filter_map(|text| text.strip_prefix(&before_type));
            types.into_iter().any(|name| {
                let id = format!("{before_id}{name}--");
                self.texts.range(id.clone()..).next().is_some_and(|text| text.starts_with(&id))
                    || name == "bundle"
                    || name == "indicator" && self.keys.contains(&format!("{item}pattern"))
            })
        })
    }

    fn is_asn_drop(&self) -> bool {
        let has_address = flat_json::address_keys().any(|key| self.item_has(key));
        self.item_has("asn") && self.item_has("asname") && !has_address
    }
}

/// Looks at one value, and notes what is in it.
struct Look<'s> {
    seen: &'s mut Seen,
    path: String,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let path = match &*self.path {
                "" => key,
                path => format!("{path}.{key}"),
            };
            if path.len() > LONGEST_PATH {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.seen.keys.insert(path.clone());
            map.next_value_seed(Look { seen: &mut *self.seen, path })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let path = format!("{}[]", self.path);
        while seq.next_element_seed(Look { seen: &mut *self.seen, path: path.clone() })?.is_some() {
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let key = self.path.rsplit('.').next().unwrap_or_default();
        if (key == "type" || key == "id") && text.len() <= LONGEST_PATH {
            self.seen.texts.insert(format!("{}={text}", self.path));
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

/// Paths and texts that are longer tell nothing. This also bounds what is noted of a head that is
/// made to nest deeply.
const LONGEST_PATH: usize = 100;
