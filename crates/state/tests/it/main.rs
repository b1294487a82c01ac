//! A state as its users see it: dying, rivals, damage, and any way of splitting the work.

// Clippy exempts the tests themselves, not the helpers that they share; a failure there is a failed test.
#![allow(clippy::unwrap_used)]

mod bucket;
mod crash;
mod damage;
mod open;
mod rivals;
mod size;
mod split;
mod support;
