//! Places that are not to be relied on, and work whose sums tell what is missing.

mod bucket;
mod memory;
mod mortal;
mod places;
mod unlocked;
mod work;

pub(crate) use bucket::Buckets;
pub(crate) use memory::Memory;
pub(crate) use mortal::{Fault, Mortal};
pub(crate) use places::{InMemory, Places};
pub(crate) use unlocked::Unlocked;
pub(crate) use work::{Seen, Snapshot, all, day, key, object_row, read};
