//! [`PrefixMap`]: the public face of the two tables.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::bits::Prefix;
use crate::canonical::{self, Family};
use crate::table::Table;

#[cfg(test)]
mod large;
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
        let entries = entries.into_iter();
        // Room that is not used is never touched, so it takes no memory.
        let room = entries.size_hint().0;
        let (mut v4, mut v6) = (Vec::with_capacity(room), Vec::with_capacity(room));
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

    /// The value of the most specific prefix that holds `address`. Where the prefix itself is of no
    /// interest this is a little faster than [`Self::longest_match`].
    #[inline]
    #[must_use]
    pub fn lookup(&self, address: IpAddr) -> Option<&V> {
        match canonical::address(address) {
            Family::V4(bits) => self.v4.lookup(bits),
            Family::V6(bits) => self.v6.lookup(bits),
        }
    }

    /// [`Self::lookup`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    #[inline]
    #[must_use]
    pub fn lookup_v4(&self, bits: u32) -> Option<&V> {
        self.v4.lookup(bits)
    }

    /// [`Self::lookup`] of an IPv6 address in host order. IPv4-mapped ones are IPv4.
    #[inline]
    #[must_use]
    pub fn lookup_v6(&self, bits: u128) -> Option<&V> {
        match canonical::address_v6(bits) {
            Family::V4(bits) => self.v4.lookup(bits),
            Family::V6(bits) => self.v6.lookup(bits),
        }
    }

    /// [`Self::lookup_v4`] of many addresses, each answered in the same place of `values`. Much faster
    /// than one by one where a map is large or many addresses are in it: the reads of one look-up are
    /// not waited for before the next one begins.
    ///
    /// ```
    /// use flowproof_prefix::PrefixMap;
    ///
    /// let map: PrefixMap<&str> = [("203.0.113.0/24".parse()?, "hosting")].into_iter().collect();
    /// let mut values = [None; 2];
    /// map.lookup_batch_v4(&[0xcb00_7109, 0xcb00_7209], &mut values);
    /// assert_eq!(values, [Some(&"hosting"), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn lookup_batch_v4<'map>(&'map self, addresses: &[u32], values: &mut [Option<&'map V>]) {
        assert_eq!(addresses.len(), values.len(), "a place for each answer");
        self.v4.lookup_batch(addresses, values);
    }

    /// [`Self::lookup_v6`] of many addresses; see [`Self::lookup_batch_v4`].
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn lookup_batch_v6<'map>(&'map self, addresses: &[u128], values: &mut [Option<&'map V>]) {
        assert_eq!(addresses.len(), values.len(), "a place for each answer");
        self.v6.lookup_batch(addresses, values);
        each_mapped(addresses, |at, bits| values[at] = self.v4.lookup(bits));
    }

    /// The most specific prefix that holds `address`, and its value.
    #[must_use]
    pub fn longest_match(&self, address: IpAddr) -> Option<(IpNet, &V)> {
        match canonical::address(address) {
            Family::V4(bits) => self.v4.longest_match(bits),
            Family::V6(bits) => self.v6.longest_match(bits),
        }
    }

    /// [`Self::longest_match`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    #[inline]
    #[must_use]
    pub fn longest_match_v4(&self, bits: u32) -> Option<(IpNet, &V)> {
        self.v4.longest_match(bits)
    }

    /// [`Self::longest_match`] of an IPv6 address in host order. IPv4-mapped ones are IPv4.
    #[inline]
    #[must_use]
    pub fn longest_match_v6(&self, bits: u128) -> Option<(IpNet, &V)> {
        match canonical::address_v6(bits) {
            Family::V4(bits) => self.v4.longest_match(bits),
            Family::V6(bits) => self.v6.longest_match(bits),
        }
    }

    /// Every prefix that holds `address`, with its value, the most specific first.
    pub fn matches(&self, address: IpAddr) -> impl Iterator<Item = (IpNet, &V)> {
        let (v4, v6) = apart(canonical::address(address));
        let v4 = v4.into_iter().flat_map(|bits| self.v4.matches(bits));
        v4.chain(v6.into_iter().flat_map(|bits| self.v6.matches(bits)))
    }

    /// Whether any prefix holds `address`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match canonical::address(address) {
            Family::V4(bits) => self.v4.contains(bits),
            Family::V6(bits) => self.v6.contains(bits),
        }
    }

    /// [`Self::contains`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    #[inline]
    #[must_use]
    pub fn contains_v4(&self, bits: u32) -> bool {
        self.v4.contains(bits)
    }

    /// [`Self::contains`] of an IPv6 address in host order. IPv4-mapped ones are IPv4.
    #[inline]
    #[must_use]
    pub fn contains_v6(&self, bits: u128) -> bool {
        match canonical::address_v6(bits) {
            Family::V4(bits) => self.v4.contains(bits),
            Family::V6(bits) => self.v6.contains(bits),
        }
    }

    /// [`Self::contains_v4`] of many addresses, each answered in the same place of `contained`; see
    /// [`Self::lookup_batch_v4`].
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn contains_batch_v4(&self, addresses: &[u32], contained: &mut [bool]) {
        assert_eq!(addresses.len(), contained.len(), "a place for each answer");
        self.v4.contains_batch(addresses, contained);
    }

    /// [`Self::contains_v6`] of many addresses; see [`Self::lookup_batch_v4`].
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn contains_batch_v6(&self, addresses: &[u128], contained: &mut [bool]) {
        assert_eq!(addresses.len(), contained.len(), "a place for each answer");
        self.v6.contains_batch(addresses, contained);
        each_mapped(addresses, |at, bits| contained[at] = self.v4.contains(bits));
    }

    /// Every prefix that holds the whole of `prefix`, itself if it is there, with its value, the most
    /// specific first.
    pub fn covering(&self, prefix: &IpNet) -> impl Iterator<Item = (IpNet, &V)> {
        let (v4, v6) = apart(canonical::prefix(*prefix));
        let v4 = v4.into_iter().flat_map(|prefix| self.v4.covering(prefix));
        v4.chain(v6.into_iter().flat_map(|prefix| self.v6.covering(prefix)))
    }

    /// Every prefix that lies within `prefix`, itself if it is there, with its value, in the order of
    /// [`Self::iter`].
    pub fn covered(&self, prefix: &IpNet) -> impl Iterator<Item = (IpNet, &V)> {
        let (v4, v6) = apart(canonical::prefix(*prefix));
        let v4 = v4.into_iter().flat_map(|prefix| self.v4.covered(prefix));
        v4.chain(v6.into_iter().flat_map(|prefix| self.v6.covered(prefix)))
    }

    /// The value of exactly this prefix (masked, as the map keeps it), whatever else holds it.
    #[must_use]
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
    #[must_use]
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is no prefix at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl PrefixMap<()> {
    pub(crate) fn of_sets(v4: Vec<Prefix<u32>>, v6: Vec<Prefix<u128>>) -> Self {
        let v4 = v4.into_iter().map(|prefix| (prefix, ())).collect();
        let v6 = v6.into_iter().map(|prefix| (prefix, ())).collect();
        Self {
            v4: Arc::new(Table::build(v4, &mut |(), ()| ())),
            v6: Arc::new(Table::build(v6, &mut |(), ()| ())),
        }
    }

    pub(crate) fn v4(&self) -> &Table<u32, ()> {
        &self.v4
    }

    pub(crate) fn v6(&self) -> &Table<u128, ()> {
        &self.v6
    }
}

/// The one or the other.
fn apart<Four, Six>(family: Family<Four, Six>) -> (Option<Four>, Option<Six>) {
    match family {
        Family::V4(four) => (Some(four), None),
        Family::V6(six) => (None, Some(six)),
    }
}

/// Tells `each` the places of IPv4-mapped addresses, and the addresses that they stand for.
fn each_mapped(addresses: &[u128], mut each: impl FnMut(usize, u32)) {
    for (at, bits) in addresses.iter().enumerate() {
        if let Family::V4(bits) = canonical::address_v6(*bits) {
            each(at, bits);
        }
    }
}

impl<V> Clone for PrefixMap<V> {
    fn clone(&self) -> Self {
        Self { v4: Arc::clone(&self.v4), v6: Arc::clone(&self.v6) }
    }
}

/// Maps are equal that have the same prefixes with equal values.
impl<V: PartialEq> PartialEq for PrefixMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<V: Eq> Eq for PrefixMap<V> {}

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
