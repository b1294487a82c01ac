//! The same plans with their scans on other machines.
//!
//! A plan is made here as always. Then what is done row by row above each scan, up to and with partial
//! aggregates, is cut out (`cut`) and run in parts on a [`Cluster`] (`remote`). On an executor, a part of
//! the scan is an ordinary scan of some of the objects (`part`). What it tells beside its rows ends the
//! part's rows as one more row (`tell`), and is taken in here when those rows are (`told`): whatever is run
//! again, a part's rows and what is told of it are taken together and once.

mod bytes;
mod cluster;
mod cut;
mod fleet;
mod functions;
mod job;
mod part;
mod remote;
mod setup;
mod site;
mod tell;
mod told;

pub use cluster::{Cluster, ClusterError, Done, Home};
pub use fleet::Fleet;
pub use functions::{aggregate_named, function_named, name_aggregate, name_function};
pub use part::{PartScan, PartScanExec};
pub use site::Site;
pub use tell::TellExec;
