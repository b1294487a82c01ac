//! The program from the outside: what it prints and how it exits, against answers that owe nothing to
//! its own crates.

// All of it is tests; clippy only exempts what is marked as one.
#![allow(clippy::unwrap_used)]

mod case;
#[cfg(feature = "cluster")]
mod cluster;
mod collect;
mod collect_s3;
mod damaged;
mod docs;
mod ended;
mod enrich;
mod fixtures;
#[cfg(target_os = "linux")]
mod hostile;
mod list_formats;
mod lists;
mod man;
mod naive;
mod poison;
mod program;
mod reports;
mod s3;
mod sample;
mod scan;
mod scheduled;
mod together;
mod volumes;
mod worked;
