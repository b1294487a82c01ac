//! The parts of a cluster, in one process and over the loopback.

// Clippy exempts the tests themselves, not the helpers that they share; a failure there is a failed test.
#![allow(clippy::unwrap_used)]

mod jobs;
mod slow;
mod store;
mod support;
