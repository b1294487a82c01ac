//! IP-prefix maps: which of these prefixes hold this address?
//!
//! The principal type is [`PrefixMap`], built once from prefixes in any order and then only read,
//! millions of times a second and from as many threads as wanted; [`PrefixSet`] is the same without
//! values. `intel` feeds it with threat and trusted lists; the engine asks it about every address of
//! every flow log record, most of them as integers that it parsed from raw bytes ([`parse_ip`]).
//! There is no I/O here, and no Arrow.
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
pub use parse::parse_ip;
pub use range::{RangeError, range_to_prefixes};
pub use set::PrefixSet;

pub use ipnet::IpNet;
