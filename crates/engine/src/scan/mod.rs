//! The scan: objects in, batches out, and a report of everything that is not in the batches.
//!
//! Objects are dealt out to partitions by size. Each partition reads its objects one after the
//! other: tokio brings a chunk of stored bytes, or a small object whole, a rayon thread inflates and
//! decodes it in steps of a few MiB of text, and the batches go up the plan. At any moment a partition
//! holds one chunk or one small object, one step's batches and the decoder's buffers, however large
//! the objects are.

mod ahead;
mod context;
mod exec;
mod gathering;
mod interner;
mod kept;
mod names;
mod pace;
mod partition;
mod plan;
mod report;
mod reports;
mod shape;
mod step;
mod sums;
mod tasks;
mod text;
mod times;
mod witness;

pub(crate) use context::{CoverageScope, ScanContext};
pub(crate) use exec::FlowLogExec;
pub(crate) use gathering::{Gathering, Harvest, WantedTimes, unpacked};
pub(crate) use interner::{Interner, LocalCodes};
pub(crate) use kept::{Keeping, Kept};
pub(crate) use partition::outcome_of;
pub(crate) use plan::{ScanPlan, SharedSums};
pub use report::Progress;
pub(crate) use report::{
    ObjectReport, Outcome, PartReport, ScanReport, ScanTold, Sides, is_on_its_way,
};
pub(crate) use reports::Reports;
#[cfg(test)]
pub(crate) use reports::any_report;
pub(crate) use shape::{PartShaper, Shaper};
pub(crate) use sums::{Record, RecordFields, Sums};
pub(crate) use tasks::{Part, dealt_out};
pub(crate) use times::{InterfaceTimes, NO_INTERFACE};
