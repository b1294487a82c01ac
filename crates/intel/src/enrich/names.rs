//! Which column or key holds the addresses, by its name.

use crate::format::columns::{Holds, indicators};

pub(super) use crate::format::columns::normal;

/// The rank of a column with this name, as [`normal`] gives it: of several, the one of the lowest rank
/// is meant. None if it is not one of addresses.
pub(super) fn rank(name: &str) -> Option<u8> {
    match name {
        "inetnum" | "inet6num" | "netrange" | "net_range" | "range" | "cidr_block"
        | "ip_network" | "ipprefix" | "ipv6_prefix" | "ipv4prefix" | "ipv6prefix" => Some(2),
        // What passive DNS calls the answer to a question for a name.
        "rdata" | "rrvalue" | "rr_value" | "rdata_ip" | "answer" | "resolved_ip" | "resolution" => {
            Some(4)
        }
        _ => match indicators(name)? {
            (rank, Holds::Addresses) => Some(rank),
            // They may be anything, so that what is meant for addresses comes before them.
            (rank, Holds::Indicators(None)) => Some(rank + 1),
            (_, Holds::Indicators(Some(_))) => None,
        },
    }
}

/// Names of the first and the last address of a range, in columns beside each other.
const RANGES: [(&str, &str); 7] = [
    ("start_ip", "end_ip"),
    ("ip_start", "ip_end"),
    ("ip_from", "ip_to"),
    ("range_start", "range_end"),
    ("first_ip", "last_ip"),
    ("start_address", "end_address"),
    ("start", "end"),
];

/// The columns of the first and the last address, if there are such.
pub(super) fn range(names: &[String]) -> Option<(usize, usize)> {
    let place = |name: &str| names.iter().position(|other| other == name);
    RANGES.iter().find_map(|(first, last)| place(first).zip(place(last)))
}
