//! The crate `ip_network_table-deps-treebitmap`.

use std::net::{Ipv4Addr, Ipv6Addr};

use ip_network_table_deps_treebitmap::IpLookupTable;

use super::Build;
use crate::contestant::{Contestant, Entry, NONE};

pub(super) struct Table4(IpLookupTable<Ipv4Addr, u32>);

pub(super) struct Table6(IpLookupTable<Ipv6Addr, u32>);

macro_rules! table {
    ($table:ident, $bits:ty, $address:ty) => {
        impl Build<$bits> for $table {
            fn build(entries: &[Entry<$bits>]) -> Self {
                let mut table = IpLookupTable::new();
                for entry in entries {
                    let prefix = <$address>::from_bits(entry.prefix);
                    table.insert(prefix, u32::from(entry.length), entry.value);
                }
                Self(table)
            }
        }

        impl Contestant<$bits> for $table {
            fn lookup(&self, address: $bits) -> u32 {
                let found = self.0.longest_match(<$address>::from_bits(address));
                found.map_or(NONE, |(_, _, value)| *value)
            }
        }
    };
}

table!(Table4, u32, Ipv4Addr);
table!(Table6, u128, Ipv6Addr);
