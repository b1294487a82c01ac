//! [`PrefixMap`]: the public face of the two tables.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::canonical::{self, Family};
use crate::table::Table;

#[cfg(test)]
mod tests;

/// A map from distinct IP prefixes, IPv4 and IPv6, to values.
///
/// It is built once, by [`PrefixMap::build`] or by `collect()` (a later value of a prefix replaces
/// an earlier one), and does not change after. The order in which prefixes are given changes no
/// answer. A clone shares the prefixes and values, so it costs next to nothing.
///
/// A look-up of an address costs O(log n). The crate's rules for host bits and IPv4-mapped
/// addresses hold for what is put in and for what is asked.
pub struct PrefixMap<V> {
    v4: Arc<Table<u32, V>>,
    v6: Arc<Table<u128, V>>,
}

impl<V> PrefixMap<V> {
    /// Builds the map. Where a prefix occurs again, `merge` folds the later value into the one that
    /// is there; the values of one prefix arrive in the order of `entries`.
    ///
    /// ```
    /// use flowproof_prefix::PrefixMap;
    ///
    /// let entries = [("192.0.2.0/24", "scanner"), ("192.0.2.7/24", "spam")]
    ///     .map(|(prefix, label)| (prefix.parse().unwrap(), vec![label]));
    /// let map = PrefixMap::build(entries, |labels, more| labels.extend(more));
    /// assert_eq!(map.get(&"192.0.2.0/24".parse()?), Some(&vec!["scanner", "spam"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// With more than 2^32 - 2 distinct prefixes of one family, which would take over 100 GiB.
    pub fn build(
        entries: impl IntoIterator<Item = (IpNet, V)>,
        mut merge: impl FnMut(&mut V, V),
    ) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (net, value) in entries {
            match canonical::prefix(net) {
                Family::V4(prefix) => v4.push((prefix, value)),
                Family::V6(prefix) => v6.push((prefix, value)),
            }
        }
        Self {
            v4: Arc::new(Table::build(v4, &mut merge)),
            v6: Arc::new(Table::build(v6, &mut merge)),
        }
    }

    /// The most specific prefix that holds `address`, and its value.
    pub fn longest_match(&self, address: IpAddr) -> Option<(IpNet, &V)> {
        match canonical::address(address) {
            Family::V4(bits) => self.v4.longest_match(bits),
            Family::V6(bits) => self.v6.longest_match(bits),
        }
    }

    /// [`Self::longest_match`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    pub fn longest_match_v4(&self, bits: u32) -> Option<(IpNet, &V)> {
        self.v4.longest_match(bits)
    }

    /// [`Self::longest_match`] of an IPv6 address in host order. IPv4-mapped ones are IPv4.
    pub fn longest_match_v6(&self, bits: u128) -> Option<(IpNet, &V)> {
        match canonical::address_v6(bits) {
            Family::V4(bits) => self.v4.longest_match(bits),
            Family::V6(bits) => self.v6.longest_match(bits),
        }
    }

    /// Every prefix that holds `address`, with its value, the most specific first.
    pub fn matches(&self, address: IpAddr) -> impl Iterator<Item = (IpNet, &V)> {
        let (v4, v6) = match canonical::address(address) {
            Family::V4(bits) => (Some(bits), None),
            Family::V6(bits) => (None, Some(bits)),
        };
        let v4 = v4.into_iter().flat_map(|bits| self.v4.matches(bits));
        v4.chain(v6.into_iter().flat_map(|bits| self.v6.matches(bits)))
    }

    /// Whether any prefix holds `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        match canonical::address(address) {
            Family::V4(bits) => self.v4.contains(bits),
            Family::V6(bits) => self.v6.contains(bits),
        }
    }

    /// [`Self::contains`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    pub fn contains_v4(&self, bits: u32) -> bool {
        self.v4.contains(bits)
    }

    /// [`Self::contains`] of an IPv6 address in host order. IPv4-mapped ones are IPv4.
    pub fn contains_v6(&self, bits: u128) -> bool {
        match canonical::address_v6(bits) {
            Family::V4(bits) => self.v4.contains(bits),
            Family::V6(bits) => self.v6.contains(bits),
        }
    }

    /// The value of exactly this prefix (masked, as the map keeps it), whatever else holds it.
    pub fn get(&self, prefix: &IpNet) -> Option<&V> {
        match canonical::prefix(*prefix) {
            Family::V4(prefix) => self.v4.get(prefix),
            Family::V6(prefix) => self.v6.get(prefix),
        }
    }

    /// Every prefix and its value: IPv4 before IPv6, by address, then the shorter prefix first.
    pub fn iter(&self) -> impl Iterator<Item = (IpNet, &V)> {
        self.v4.iter().chain(self.v6.iter())
    }

    /// Distinct prefixes of both families.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is no prefix at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<V> Clone for PrefixMap<V> {
    fn clone(&self) -> Self {
        Self { v4: Arc::clone(&self.v4), v6: Arc::clone(&self.v6) }
    }
}

impl<V> Default for PrefixMap<V> {
    fn default() -> Self {
        Self::from_iter([])
    }
}

impl<V> FromIterator<(IpNet, V)> for PrefixMap<V> {
    /// Where a prefix occurs again, the later value replaces the earlier one.
    fn from_iter<I: IntoIterator<Item = (IpNet, V)>>(entries: I) -> Self {
        Self::build(entries, |value, later| *value = later)
    }
}

impl<V: fmt::Debug> fmt::Debug for PrefixMap<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}
