//! `flowproof cluster`, and `--cluster`: reading on several machines.
//!
//! What is typed is the same whether this program was built with the feature `cluster` or not; without it,
//! it says so.

mod args;
#[cfg(feature = "cluster")]
mod log;
#[cfg_attr(feature = "cluster", path = "on.rs")]
#[cfg_attr(not(feature = "cluster"), path = "off.rs")]
mod work;

pub(crate) use args::ClusterCommand;
pub(crate) use work::{fleet, run};
