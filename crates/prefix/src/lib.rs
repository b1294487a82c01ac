//! IP-prefix maps: which of these prefixes hold this address?
//!
//! The principal type is [`PrefixMap`], built once from prefixes in any order and then only read,
//! hundreds of millions of times a second and from as many threads as wanted; [`PrefixSet`] is the
//! same without values. `intel` feeds it with threat and trusted lists; the engine asks it about every
//! address of every flow log record, most of them as integers that it parsed from raw bytes
//! ([`parse_ip`]). There is no I/O here, no Arrow, no `unsafe` and no standard library but `alloc`.
//!
//! Three rules hold everywhere in this crate:
//!
//! - A prefix with host bits set is masked: `203.0.113.9/24` is `203.0.113.0/24`.
//! - An IPv4-mapped IPv6 address (`::ffff:203.0.113.9`) is the IPv4 address, and a prefix inside
//!   `::ffff:0:0/96` is the IPv4 prefix.
//! - The families are apart otherwise: `0.0.0.0/0` holds every IPv4 address and no IPv6 address,
//!   `::/0` the reverse.
//!
//! ```
//! use flowproof_prefix::PrefixMap;
//!
//! let map: PrefixMap<&str> = [
//!     ("203.0.113.0/24".parse()?, "hosting"),
//!     ("203.0.113.9/32".parse()?, "command and control"),
//! ]
//! .into_iter()
//! .collect();
//!
//! let (prefix, label) = map.longest_match("203.0.113.9".parse()?).unwrap();
//! assert_eq!((prefix.to_string(), *label), ("203.0.113.9/32".into(), "command and control"));
//!
//! let all: Vec<&str> = map.matches("203.0.113.9".parse()?).map(|(_, label)| *label).collect();
//! assert_eq!(all, ["command and control", "hosting"]);
//! assert!(!map.contains("198.51.100.7".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to call
//!
//! | question | call |
//! | --- | --- |
//! | Is the address in any prefix? | [`PrefixMap::contains`] |
//! | The value of the most specific prefix | [`PrefixMap::lookup`] |
//! | That prefix as well | [`PrefixMap::longest_match`] |
//! | All prefixes that hold it, outwards | [`PrefixMap::matches`] |
//! | The same of many addresses | [`PrefixMap::lookup_batch_v4`], [`PrefixMap::contains_batch_v4`] |
//! | Exactly this prefix | [`PrefixMap::get`] |
//! | What lies around a prefix, or in it | [`PrefixMap::covering`], [`PrefixMap::covered`] |
//! | Text to an address, or to a prefix | [`parse_ip`], [`parse_prefix`] |
//! | Lists against lists | [`PrefixSet::union`], [`PrefixSet::intersection`], [`PrefixSet::difference`], [`PrefixSet::aggregate`] |
//!
//! Addresses that are integers already are asked for with `_v4` and `_v6`, which saves the enum.
//!
//! It is not for tables that change: a map is built anew (a million prefixes in a tenth of a second),
//! and whoever must add routes while others read wants a trie that can be changed. Nor for exact
//! addresses only, of which a hash map takes less memory and, for hits in large sets, less time.
//!
//! # How it is laid out
//!
//! The prefixes of a family stand sorted by address, first addresses apart from the rest (`table.rs`).
//! Before them is an index that is small enough to stay in the cache, and answers most questions: most
//! addresses that are looked up are in no prefix (`near/`). IPv4 has a bit for every piece of the
//! address line, and every 32 pieces know where the prefixes that begin there stand:
//!
//! ```text
//!  203.0.113.9 = 1100101 100000000 011 | 10001 | 00001001        (pieces of a /24, as for 300,000)
//!                203.0.96.0/19           piece 17
//!        v
//!  words   ...  | held ..1........ | first 417 | ...        8 bytes for each 32 pieces
//!                        ^ bit 17 is not set: no prefix reaches into 203.0.113.0/24. That is all.
//!                          It is set: see the prefixes from 417 onwards
//!                                       v
//!  networks  ...  203.0.112.0  203.0.113.0  203.0.113.9  203.0.114.128  ...      4 bytes each
//!                      416          417          418          419
//!                                            ^ the last that begins no later: all eight that are near
//!                                              are compared at once
//!  entries   ...               /24 hosting  /32 control                 ...      value and length
//!                                   ^ if 418 did not hold the address, then 417 around it might
//! ```
//!
//! IPv6 is all but empty, and listed prefixes crowd in few networks. So there are hashed leading bits
//! instead of pieces: one filter of 32 leading bits answers most questions; the longest of 64, 48 and
//! 32 leading bits that are known lead to the prefixes that begin with them.
//!
//! Most prefixes lie in no other, so a bit tells those that do, and only they have a parent (4 bytes).
//!
//! | | time | memory a prefix, beside its value |
//! | --- | --- | --- |
//! | build | O(n log n); O(n) if sorted | twice the entries for the time being |
//! | look-up, miss | O(1), one read, a few of IPv6 | |
//! | look-up, hit | O(1) as lists are; O(log n) where prefixes crowd, and a step for each prefix that begins in between | |
//! | all matches | the look-up and a step for each match | |
//! | IPv4 | | 4 bytes an address, 1 a length (which a value may pad), 4 to 16 of index |
//! | IPv6 | | 16 bytes an address, 1 a length (which a value may pad), 10 to 24 of index |
//! | either, nested | | 4 bytes a parent |
//!
//! What lost, measured on the same data (`benches/prefix`, `docs/BENCHMARKS.md`):
//!
//! - A direct table of /24 (DIR-24-8) finds what is there faster, and takes 30 to 3,000 times the
//!   memory, so that a miss costs a read from far away.
//! - Tries of any kind read a node for each level, and each waits for the one before.
//! - Disjoint ranges without gaps need no way outwards, but twice the entries.
//! - Networks, lengths and parents in blocks of a cache line: one place to read instead of two, but
//!   the search crosses from block to block, which a processor cannot foresee.
//! - A level of every sixteenth network above the networks: fewer reads where prefixes crowd, more
//!   work everywhere else.
//!
//! There is no form to be mapped into memory from a file: building is about as fast as reading one.
//!
//! # Features
//!
//! `serde`: maps and sets as sequences of their entries. `rayon`: large inputs are sorted on all cores.
//! Neither is on by default; [`ipnet`], whose types are the prefixes here, is the only dependency. It is
//! re-exported, so that its version need not be looked for.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod bits;
mod canonical;
#[doc(hidden)] // Not part of the API: the fuzz targets and the tests share it.
pub mod fuzz;
#[cfg(feature = "serde")]
mod interchange;
mod map;
// The twin is no part of the product. It is reachable because it is the oracle for the tests of
// every crate that compiles prefixes, and test code of one crate cannot see `cfg(test)` of another.
#[doc(hidden)]
pub mod naive;
mod near;
mod parents;
mod parse;
mod range;
mod set;
mod table;

pub use canonical::canonical_prefix;
pub use map::PrefixMap;
pub use parse::{parse_ip, parse_prefix};
pub use range::{RangeError, range_to_prefixes};
pub use set::PrefixSet;

pub use ipnet;
pub use ipnet::IpNet;

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
