//! Volumes: bytes, packets and flows, relative to the interface that logged them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A total that does not fit in 64 bits. It is an error; a wrapped number is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a total of {counter} exceeds 64 bits")]
pub struct Overflow {
    /// The counter that would have wrapped, for example `bytes_out`.
    pub counter: &'static str,
}

/// Bytes, packets and flows of a set of records, relative to the interface that logged them.
///
/// `bytes` are layer 3 bytes (IP header included), as flow logs count them. `*_in`, `*_out` and
/// `*_unoriented` come from records that are not REJECT; those of REJECT records are in `rejected_*`
/// and were never transferred.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Bytes towards the interface.
    pub bytes_in: u64,
    /// Bytes from the interface.
    pub bytes_out: u64,
    /// Bytes whose direction cannot be known from the records.
    pub bytes_unoriented: u64,
    /// Packets towards the interface.
    pub packets_in: u64,
    /// Packets from the interface.
    pub packets_out: u64,
    /// Packets whose direction cannot be known from the records.
    pub packets_unoriented: u64,
    /// Records that are not REJECT.
    pub flows: u64,
    /// Bytes of REJECT records: blocked, not transferred.
    pub rejected_bytes: u64,
    /// Packets of REJECT records.
    pub rejected_packets: u64,
    /// REJECT records.
    pub rejected_flows: u64,
    /// The earliest `start` of the records, accepted or rejected.
    pub first_seen: Option<Timestamp>,
    /// The latest `end` of the records, accepted or rejected.
    pub last_seen: Option<Timestamp>,
}

impl Traffic {
    /// Adds `other` to this.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if a counter would exceed 64 bits; `self` is then partly added and must be
    /// thrown away.
    pub fn merge(&mut self, other: &Traffic) -> Result<(), Overflow> {
        add(&mut self.bytes_in, other.bytes_in, "bytes_in")?;
        add(&mut self.bytes_out, other.bytes_out, "bytes_out")?;
        add(&mut self.bytes_unoriented, other.bytes_unoriented, "bytes_unoriented")?;
        add(&mut self.packets_in, other.packets_in, "packets_in")?;
        add(&mut self.packets_out, other.packets_out, "packets_out")?;
        add(&mut self.packets_unoriented, other.packets_unoriented, "packets_unoriented")?;
        add(&mut self.flows, other.flows, "flows")?;
        add(&mut self.rejected_bytes, other.rejected_bytes, "rejected_bytes")?;
        add(&mut self.rejected_packets, other.rejected_packets, "rejected_packets")?;
        add(&mut self.rejected_flows, other.rejected_flows, "rejected_flows")?;
        self.first_seen = earliest(self.first_seen, other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        Ok(())
    }

    /// Bytes that were transferred, whichever way.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if the sum exceeds 64 bits.
    pub fn bytes(&self) -> Result<u64, Overflow> {
        let overflow = Overflow { counter: "bytes" };
        let both = self.bytes_in.checked_add(self.bytes_out).ok_or(overflow)?;
        both.checked_add(self.bytes_unoriented).ok_or(overflow)
    }

    /// Whether no record, accepted or rejected, is in this total.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flows == 0 && self.rejected_flows == 0
    }
}

fn add(total: &mut u64, more: u64, counter: &'static str) -> Result<(), Overflow> {
    *total = total.checked_add(more).ok_or(Overflow { counter })?;
    Ok(())
}

/// The earlier of two times, where `None` means "no record", not "the beginning of time".
fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn traffic() -> impl Strategy<Value = Traffic> {
        (any::<[u32; 10]>(), any::<Option<(u32, u32)>>()).prop_map(|(n, seen)| Traffic {
            bytes_in: n[0].into(),
            bytes_out: n[1].into(),
            bytes_unoriented: n[2].into(),
            packets_in: n[3].into(),
            packets_out: n[4].into(),
            packets_unoriented: n[5].into(),
            flows: n[6].into(),
            rejected_bytes: n[7].into(),
            rejected_packets: n[8].into(),
            rejected_flows: n[9].into(),
            first_seen: seen.map(|s| Timestamp::from_second(s.0.into()).unwrap()),
            last_seen: seen.map(|s| Timestamp::from_second(s.1.into()).unwrap()),
        })
    }

    fn merged(parts: &[Traffic]) -> Traffic {
        let mut total = Traffic::default();
        for part in parts {
            total.merge(part).unwrap();
        }
        total
    }

    proptest! {
        #[test]
        fn merge_is_associative_and_commutative(a in traffic(), b in traffic(), c in traffic()) {
            let left = merged(&[merged(&[a, b]), c]);
            let right = merged(&[a, merged(&[c, b])]);
            prop_assert_eq!(left, right);
        }
    }

    #[test]
    fn a_total_that_would_wrap_is_an_error() {
        let mut total = Traffic { bytes_in: u64::MAX, ..Traffic::default() };
        let one = Traffic { bytes_in: 1, ..Traffic::default() };
        assert_eq!(total.merge(&one), Err(Overflow { counter: "bytes_in" }));
    }
}
