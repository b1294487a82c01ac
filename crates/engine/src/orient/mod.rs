//! Which side of a record is the interface's own: from the record's `flow-direction`, else from the
//! address book, else from what the records themselves teach, else not known and counted so.

mod batch;
mod book;
mod desk;
mod ends;
mod glance;
mod learn;
mod pending;
mod texts;
mod timeline;

pub(crate) use batch::{ORIENTATION_FIELDS, Orientation, Oriented, Side, effective, spellings};
pub use book::AddressBook;
pub(crate) use book::PackedBook;
pub(crate) use desk::Desk;
pub(crate) use ends::RawEnds;
pub(crate) use glance::{Glance, Seen};
pub(crate) use learn::Learner;
pub(crate) use pending::{Pending, PendingCodes, PendingPair};
pub(crate) use timeline::{Sighting, Timeline};
