//! The engine over real files: what it answers, by whatever way.

// Clippy exempts the tests themselves, not the helpers that they share; a failure there is a failed test.
#![allow(clippy::unwrap_used)]

mod closely;
mod collected;
mod determinism;
mod duplicates;
mod early;
mod elsewhere;
mod embedded;
mod exactness;
mod gathered;
mod large;
mod listed;
mod lists;
mod moved;
mod order;
mod orientation;
mod parquet;
mod pushdown;
mod subject;
mod sums;
mod support;
