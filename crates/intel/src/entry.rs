//! One entry of a list.

use ipnet::IpNet;

/// One entry of a list: an address, a prefix or a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line of the list, counted from 1.
    pub line: u64,
    /// The entry as the list wrote it, without its label.
    pub text: String,
    /// The prefixes that together hold its addresses: one, or for a range as many as it takes.
    /// They are masked, disjoint, ascending and never IPv4-mapped.
    pub prefixes: Vec<IpNet>,
    /// What the list says of it; empty if nothing.
    pub label: String,
}

impl Entry {
    /// How many addresses it holds, at most `u128::MAX` (one less than `::/0` holds).
    pub fn addresses(&self) -> u128 {
        addresses(&self.prefixes)
    }
}

/// How many addresses disjoint prefixes hold together.
pub(crate) fn addresses(prefixes: &[IpNet]) -> u128 {
    prefixes.iter().fold(0, |sum: u128, prefix| {
        let host_bits = u32::from(prefix.max_prefix_len() - prefix.prefix_len());
        sum.saturating_add(1_u128.checked_shl(host_bits).unwrap_or(u128::MAX))
    })
}
