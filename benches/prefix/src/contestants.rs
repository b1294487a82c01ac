//! Everybody, by family. `ours` is first, then the crates, then what was written here.

mod bitmap;
mod direct;
mod dxr;
mod exact;
mod eytzinger;
mod hashing;
mod ipnet_trie;
mod iptrie;
mod ours;
mod poptrie;
mod prefix_trie;
pub(crate) mod ranges;
mod top_bits;
mod treebitmap;

use crate::contestant::{Contestant, Entry, Group, Kind};

/// The name of our row, which others are compared with.
pub(crate) const OURS: &str = "ours";
pub(crate) const OURS_BATCH: &str = "ours, in batches of 1,024";
pub(crate) const DIR_24_8: &str = "DIR-24-8";

/// The most entries for `poptrie`, whose insertion copies all that is there.
const POPTRIE: Option<(usize, &str)> = Some((1_000, "its build is quadratic"));

pub(crate) fn v4() -> Vec<Kind<u32>> {
    use Group::{Crate, ExactOnly, Ours, Reference};
    vec![
        kind::<u32, ours::Single>(OURS, Ours),
        kind::<u32, ours::Batch>(OURS_BATCH, Ours),
        kind::<u32, treebitmap::Table4>("ip_network_table-deps-treebitmap", Crate),
        kind::<u32, prefix_trie::Trie<u32>>("prefix-trie", Crate),
        kind::<u32, iptrie::Compressed4>("iptrie, LC-trie", Crate),
        kind::<u32, iptrie::Patricia4>("iptrie, Patricia", Crate),
        kind::<u32, ipnet_trie::Trie>("ipnet-trie", Crate),
        Kind { most: POPTRIE, ..kind::<u32, poptrie::Trie<u32>>("poptrie", Crate) },
        kind::<u32, ranges::Ranges<u32>>("sorted ranges", Reference),
        kind::<u32, eytzinger::Eytzinger<u32>>("ranges in Eytzinger's order", Reference),
        kind::<u32, dxr::Dxr>("/16 index, then ranges (DXR-like)", Reference),
        kind::<u32, bitmap::Bitmap>("/24 bitmap, then DXR-like", Reference),
        kind::<u32, direct::Direct<16>>("DIR-16-8-8", Reference),
        kind::<u32, direct::Direct<24>>(DIR_24_8, Reference),
        kind::<u32, exact::Exact>("hash map of /32 only", ExactOnly),
    ]
}

pub(crate) fn v6() -> Vec<Kind<u128>> {
    use Group::{Crate, Ours, Reference};
    vec![
        kind::<u128, ours::Single>(OURS, Ours),
        kind::<u128, ours::Batch>(OURS_BATCH, Ours),
        kind::<u128, treebitmap::Table6>("ip_network_table-deps-treebitmap", Crate),
        kind::<u128, prefix_trie::Trie<u128>>("prefix-trie", Crate),
        kind::<u128, iptrie::Compressed6>("iptrie, LC-trie", Crate),
        kind::<u128, iptrie::Patricia6>("iptrie, Patricia", Crate),
        kind::<u128, ipnet_trie::Trie>("ipnet-trie", Crate),
        Kind { most: POPTRIE, ..kind::<u128, poptrie::Trie<u128>>("poptrie", Crate) },
        kind::<u128, ranges::Ranges<u128>>("sorted ranges", Reference),
        kind::<u128, eytzinger::Eytzinger<u128>>("ranges in Eytzinger's order", Reference),
        kind::<u128, top_bits::TopBits>("hash of the top 32 bits, then ranges", Reference),
    ]
}

/// What a contestant's file provides: how it is built.
trait Build<A> {
    fn build(entries: &[Entry<A>]) -> Self;
}

fn kind<A: Copy, C: Build<A> + Contestant<A> + 'static>(
    name: &'static str,
    group: Group,
) -> Kind<A> {
    Kind { name, group, build: |entries| Box::new(C::build(entries)), most: None }
}
