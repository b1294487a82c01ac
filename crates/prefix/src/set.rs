//! [`PrefixSet`]: a [`PrefixMap`] whose values say nothing.

use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::map::PrefixMap;

mod algebra;

/// A set of distinct IP prefixes, IPv4 and IPv6. Built once by `collect()`, then only read; a clone
/// shares the prefixes. What [`PrefixMap`] says about order, cost and rules holds here as well.
///
/// ```
/// use flowproof_prefix::PrefixSet;
///
/// let set: PrefixSet = ["198.51.100.0/24".parse()?, "2001:db8::/32".parse()?].into_iter().collect();
/// assert!(set.contains("198.51.100.7".parse()?));
/// assert!(set.contains_v4(0xc633_6407)); // 198.51.100.7
/// assert!(!set.contains("2001:db9::1".parse()?));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PrefixSet {
    map: PrefixMap<()>,
}

impl PrefixSet {
    /// Whether any prefix holds `address`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.map.contains(address)
    }

    /// [`Self::contains`] of an IPv4 address in host order: `203.0.113.9` is `0xcb007109`.
    #[must_use]
    pub fn contains_v4(&self, bits: u32) -> bool {
        self.map.contains_v4(bits)
    }

    /// [`Self::contains`] of an IPv6 address in host order. IPv4-mapped ones are IPv4.
    #[must_use]
    pub fn contains_v6(&self, bits: u128) -> bool {
        self.map.contains_v6(bits)
    }

    /// [`Self::contains_v4`] of many addresses; see [`PrefixMap::lookup_batch_v4`].
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn contains_batch_v4(&self, addresses: &[u32], contained: &mut [bool]) {
        self.map.contains_batch_v4(addresses, contained);
    }

    /// [`Self::contains_v6`] of many addresses; see [`PrefixMap::lookup_batch_v4`].
    ///
    /// # Panics
    ///
    /// If the slices differ in length.
    pub fn contains_batch_v6(&self, addresses: &[u128], contained: &mut [bool]) {
        self.map.contains_batch_v6(addresses, contained);
    }

    /// The most specific prefix that holds `address`.
    #[must_use]
    pub fn longest_match(&self, address: IpAddr) -> Option<IpNet> {
        self.map.longest_match(address).map(|(prefix, ())| prefix)
    }

    /// Whether exactly this prefix (masked, as the set keeps it) is in the set, whatever else holds it.
    #[must_use]
    pub fn contains_prefix(&self, prefix: &IpNet) -> bool {
        self.map.get(prefix).is_some()
    }

    /// Every prefix that holds the whole of `prefix`, the most specific first.
    pub fn covering(&self, prefix: &IpNet) -> impl Iterator<Item = IpNet> {
        self.map.covering(prefix).map(|(prefix, ())| prefix)
    }

    /// Every prefix that lies within `prefix`, in the order of [`Self::iter`].
    pub fn covered(&self, prefix: &IpNet) -> impl Iterator<Item = IpNet> {
        self.map.covered(prefix).map(|(prefix, ())| prefix)
    }

    /// The addresses of this set or of the other, in the fewest prefixes.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, |one, other| one || other)
    }

    /// The addresses of this set that the other holds as well, in the fewest prefixes.
    ///
    /// ```
    /// use flowproof_prefix::PrefixSet;
    ///
    /// let set: PrefixSet = ["203.0.113.0/24".parse()?].into_iter().collect();
    /// let other: PrefixSet = ["203.0.113.7/32".parse()?, "192.0.2.0/24".parse()?].into_iter().collect();
    /// assert!(set.intersection(&other).iter().eq(["203.0.113.7/32".parse()?]));
    /// assert_eq!(set.difference(&other).len(), 8);
    /// assert_eq!(set.union(&other).len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |one, other| one && other)
    }

    /// The addresses of this set that the other does not hold, in the fewest prefixes.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, |one, other| one && !other)
    }

    /// The same addresses in the fewest prefixes: nothing nested, neighbours joined.
    #[must_use]
    pub fn aggregate(&self) -> Self {
        self.union(&Self::default())
    }

    fn combine(&self, other: &Self, keep: fn(bool, bool) -> bool) -> Self {
        let v4 = algebra::combine(self.map.v4(), other.map.v4(), keep);
        let v6 = algebra::combine(self.map.v6(), other.map.v6(), keep);
        Self { map: PrefixMap::of_sets(v4, v6) }
    }

    /// Every prefix: IPv4 before IPv6, by address, then the shorter prefix first.
    pub fn iter(&self) -> impl Iterator<Item = IpNet> {
        self.map.iter().map(|(prefix, ())| prefix)
    }

    /// Distinct prefixes of both families.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is no prefix at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl FromIterator<IpNet> for PrefixSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(prefixes: I) -> Self {
        Self { map: prefixes.into_iter().map(|prefix| (prefix, ())).collect() }
    }
}

impl fmt::Debug for PrefixSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::PrefixSet;

    #[test]
    fn a_set_keeps_each_prefix_once_in_order() {
        let written = ["2001:db8::/32", "203.0.113.9/24", "203.0.113.0/24", "::ffff:192.0.2.1/128"];
        let set: PrefixSet = written.iter().map(|net| net.parse().expect("a prefix")).collect();
        let kept: Vec<String> = set.iter().map(|net| net.to_string()).collect();
        assert_eq!(kept, ["192.0.2.1/32", "203.0.113.0/24", "2001:db8::/32"]);
        assert_eq!((set.len(), set.is_empty()), (3, false));
        assert!(set.contains_v6(0xffff_c000_0201), "the mapped form of 192.0.2.1");
        assert!(!set.contains_v6(0xc000_0201), "the compatible form is IPv6");
        let address = "203.0.113.77".parse().expect("an address");
        assert_eq!(set.longest_match(address), Some("203.0.113.0/24".parse().expect("a prefix")));
        assert_eq!(set, set.iter().collect(), "sets of the same prefixes are equal");
        assert_ne!(set, set.iter().skip(1).collect());
    }

    #[test]
    fn an_empty_set_holds_nothing() {
        let set = PrefixSet::default();
        assert!(set.is_empty());
        assert!(!set.contains_v4(0) && !set.contains_v6(u128::MAX));
    }
}
