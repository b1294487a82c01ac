//! The vocabulary that all of Flowproof shares: what was seen, over which time, and how much of it
//! could be read.
//!
//! The principal types are [`Traffic`] (bytes, packets and flows each way), [`Conversation`] (one
//! aggregated row of a subject's traffic), [`Coverage`] (what was read and what could not be) and
//! the parts of an answer, [`Remote`] and [`TimelineHour`]. `engine` fills them from flow
//! logs, `finding` judges them, `report` tells them. There is no I/O here and no logic but merging,
//! whether a coverage is [complete](Coverage::completeness), and [`end_of_values`] for JSON that others wrote.
//!
//! Merging is associative and commutative, because threads, runs and cluster nodes meet the same
//! records in different orders and must still come to the same answer.
//!
//! Times are those of [`jiff`], which is re-exported. All types here are for serde.
//!
//! ```
//! use flowproof_evidence::Traffic;
//!
//! let mut total = Traffic { bytes_out: 8400, flows: 1, ..Traffic::default() };
//! total.merge(&Traffic { bytes_in: 1200, flows: 1, ..Traffic::default() })?;
//! assert_eq!((total.bytes_in, total.bytes_out, total.flows), (1200, 8400, 2));
//! # Ok::<(), flowproof_evidence::Overflow>(())
//! ```

mod baseline;
mod connections;
mod conversation;
mod coverage;
mod enrichment;
mod intervals;
mod listed;
mod minute;
mod observations;
mod peer;
mod provenance;
mod subject;
mod traffic;
mod values;
mod window;

pub use jiff;

pub use baseline::{Baseline, BaselinePort};
pub use connections::ConnectionTotals;
pub use conversation::{Conversation, ListMatch, PortSide, Remote, ServicePort, TimelineHour};
pub use coverage::{
    Completeness, Coverage, Gap, ObjectCounts, Observed, RecordCounts, Sample, SampleKind,
};
pub use enrichment::{EnrichmentFile, EnrichmentNote};
pub use intervals::IntervalSet;
pub use listed::ListedRemote;
pub use minute::MinuteTotals;
pub use observations::Observations;
pub use peer::Peer;
pub use provenance::{ListSource, ObjectEvidence};
pub use subject::{InterfaceIdentity, Subject};
pub use traffic::{Overflow, Traffic};
pub use values::end_of_values;
pub use window::Window;

#[cfg(test)]
mod tests {
    use super::{Conversation, Coverage, Observations, Overflow, Traffic};

    #[test]
    fn the_principal_types_can_be_shared_between_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        fn error<E: std::error::Error + Send + Sync + 'static>() {}
        shared::<Traffic>();
        shared::<Conversation>();
        shared::<Coverage>();
        shared::<Observations>();
        error::<Overflow>();
    }
}

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
