//! Maps and sets as sequences of what is in them, by `serde`.

use core::fmt;
use core::marker::PhantomData;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{PrefixMap, PrefixSet};

/// A sequence of pairs of prefix and value, in the order of [`PrefixMap::iter`].
impl<V: Serialize> Serialize for PrefixMap<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Of pairs in any order. Of a prefix that occurs again the last value counts.
impl<'de, V: Deserialize<'de>> Deserialize<'de> for PrefixMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Collected::<(IpNet, V), Self>(PhantomData))
    }
}

/// A sequence of prefixes, in the order of [`PrefixSet::iter`].
impl Serialize for PrefixSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Of prefixes in any order.
impl<'de> Deserialize<'de> for PrefixSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Collected::<IpNet, Self>(PhantomData))
    }
}

/// What a sequence of items is collected into.
struct Collected<Item, All>(PhantomData<(Item, All)>);

impl<'de, Item: Deserialize<'de>, All: FromIterator<Item>> Visitor<'de> for Collected<Item, All> {
    type Value = All;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a sequence of prefixes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<All, A::Error> {
        core::iter::from_fn(|| items.next_element().transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{PrefixMap, PrefixSet};

    #[test]
    fn maps_and_sets_are_sequences_and_come_back_whole() {
        let map: PrefixMap<u32> =
            [("2001:db8::/32", 1), ("203.0.113.0/24", 2), ("203.0.113.9/32", 3)]
                .map(|(prefix, value)| (prefix.parse().expect("a prefix"), value))
                .into_iter()
                .collect();
        let text = serde_json::to_string(&map).expect("it is written");
        assert_eq!(text, r#"[["203.0.113.0/24",2],["203.0.113.9/32",3],["2001:db8::/32",1]]"#);
        let back: PrefixMap<u32> = serde_json::from_str(&text).expect("it is read");
        assert!(back.iter().eq(map.iter()));

        let set: PrefixSet = map.iter().map(|(prefix, _)| prefix).collect();
        let text = serde_json::to_string(&set).expect("it is written");
        assert_eq!(text, r#"["203.0.113.0/24","203.0.113.9/32","2001:db8::/32"]"#);
        let back: PrefixSet = serde_json::from_str(&text).expect("it is read");
        assert!(back.iter().eq(set.iter()));
    }

    #[test]
    fn what_is_no_prefix_is_an_error_that_names_it() {
        let error =
            serde_json::from_str::<PrefixSet>(r#"["203.0.113.0/33"]"#).expect_err("a bad one");
        assert!(error.to_string().contains("IP"), "{error}");
        assert!(serde_json::from_str::<PrefixMap<u32>>(r#"{"203.0.113.0/24": 2}"#).is_err());
    }
}
