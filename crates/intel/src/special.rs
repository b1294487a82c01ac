//! Addresses that are not of the public Internet (RFC 6890 and its successors).

use flowproof_prefix::{PrefixMap, PrefixSet};
use ipnet::IpNet;

/// A block of addresses with a use of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpecialUse {
    /// What the block is for.
    pub(crate) name: &'static str,
    /// Whether flows within a VPC have such addresses, so that an entry there matches them all.
    pub(crate) is_internal: bool,
}

const fn internal(name: &'static str) -> SpecialUse {
    SpecialUse { name, is_internal: true }
}

const fn other(name: &'static str) -> SpecialUse {
    SpecialUse { name, is_internal: false }
}

const BLOCKS: [(&str, SpecialUse); 27] = [
    ("0.0.0.0/8", internal("this network")),
    ("10.0.0.0/8", internal("private use")),
    ("100.64.0.0/10", internal("shared address space")),
    ("127.0.0.0/8", internal("loopback")),
    ("169.254.0.0/16", internal("link local")),
    ("172.16.0.0/12", internal("private use")),
    ("192.0.0.0/24", other("protocol assignments")),
    ("192.0.2.0/24", other("documentation")),
    ("192.88.99.0/24", other("6to4 relay, deprecated")),
    ("192.168.0.0/16", internal("private use")),
    ("198.18.0.0/15", internal("benchmarking")),
    ("198.51.100.0/24", other("documentation")),
    ("203.0.113.0/24", other("documentation")),
    ("224.0.0.0/4", internal("multicast")),
    ("240.0.0.0/4", internal("reserved and broadcast")),
    ("::/128", internal("unspecified")),
    ("::1/128", internal("loopback")),
    ("64:ff9b::/96", other("IPv4 translation")),
    ("64:ff9b:1::/48", internal("IPv4 translation, local use")),
    ("100::/64", other("discard only")),
    ("2001::/32", other("Teredo")),
    ("2001:db8::/32", other("documentation")),
    ("2002::/16", other("6to4")),
    ("3fff::/20", other("documentation")),
    ("fc00::/7", internal("unique local")),
    ("fe80::/10", internal("link local")),
    ("ff00::/8", internal("multicast")),
];

/// The blocks that flows within a VPC have addresses of.
pub(crate) fn internal_blocks() -> PrefixSet {
    let internal = BLOCKS.iter().filter(|(_, of)| of.is_internal);
    // What does not parse is left out; a test sees to it that all do.
    internal.filter_map(|(net, _)| net.parse().ok()).collect()
}

/// The blocks, for look-ups.
pub(crate) struct SpecialUses(PrefixMap<SpecialUse>);

impl SpecialUses {
    pub(crate) fn new() -> Self {
        // What does not parse is left out; a test sees to it that all do.
        let parsed = BLOCKS.iter().filter_map(|(net, of)| Some((net.parse().ok()?, *of)));
        Self(parsed.collect())
    }

    /// The block that the prefix lies in, or else one that lies in it, an internal one if there is.
    pub(crate) fn of(&self, prefix: &IpNet) -> Option<(IpNet, SpecialUse)> {
        let around = self.0.covering(prefix).next();
        let within = || self.0.covered(prefix);
        let internal = || within().find(|(_, of)| of.is_internal);
        let found = around.or_else(internal).or_else(|| within().next());
        found.map(|(block, of)| (block, *of))
    }

    /// The block of one of the prefixes, an internal one if there is.
    pub(crate) fn of_any(&self, prefixes: &[IpNet]) -> Option<(IpNet, SpecialUse)> {
        let found = || prefixes.iter().filter_map(|prefix| self.of(prefix));
        found().find(|(_, of)| of.is_internal).or_else(|| found().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_a_prefix_and_is_found_from_within_and_from_around() {
        let uses = SpecialUses::new();
        assert_eq!(uses.0.len(), BLOCKS.len());
        for (written, of) in BLOCKS {
            let block: IpNet = written.parse().expect("a prefix");
            assert_eq!(block, block.trunc(), "{written}");
            assert_eq!(uses.of(&IpNet::from(block.network())), Some((block, of)), "{written}");
            assert_eq!(uses.of(&IpNet::from(block.broadcast())), Some((block, of)), "{written}");
        }
        let wide: IpNet = "192.0.0.0/6".parse().expect("a prefix");
        assert_eq!(uses.of(&wide).map(|(_, of)| of.name), Some("private use"));
        let mixed: IpNet = "64:ff9b::/32".parse().expect("a prefix");
        assert!(uses.of(&mixed).is_some_and(|(_, of)| of.is_internal));
        let none: IpNet = "192.0.0.0/16".parse().expect("a prefix");
        assert_eq!(uses.of(&none).map(|(_, of)| of.name), Some("protocol assignments"));
        assert_eq!(uses.of(&"8.0.0.0/8".parse().expect("a prefix")), None);
    }
}
