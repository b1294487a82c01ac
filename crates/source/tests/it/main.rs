//! S3 over a real connection: one suite that every store passes alike, and each fault by itself
//! and all at once.

mod chain;
mod conformance;
mod faults;
mod keys;
mod mix;
mod server;
