//! S3 over a real connection: one suite that every store passes alike, and each fault by itself
//! and all at once.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, which Clippy cannot tell

mod chain;
mod conformance;
mod faults;
mod keys;
mod mix;
mod places;
mod server;
mod uploads;
