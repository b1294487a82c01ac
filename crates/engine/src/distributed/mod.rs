//! What a scan needs and what it tells, as bytes for another process of the same version.

#![cfg_attr(not(test), allow(dead_code))] // What sends and runs them comes with the cluster.

mod bytes;
mod setup;
mod told;
