//! Scanning what no earlier run has scanned.
//!
//! [`Increment::look`] lists, and asks the state of each object whether it is known. [`Increment::read`]
//! takes what is not, a batch at a time: the objects that were read become known in the same commit that
//! adds what their records come to. So records count if and only if their object is known, whenever a
//! run dies.

mod batch;
mod candidate;
mod error;
mod frontier;
mod look;
mod rows;

use std::sync::Arc;

use flowproof_intel::Matcher;
use flowproof_source::Selection;
use flowproof_state::State;

use crate::session::SessionOptions;

pub use batch::{BatchLimits, BatchTold, Watch};
pub use error::IncrementError;
pub use frontier::Frontier;
pub use look::{Look, Unlistable};
pub use rows::entry_name;

/// The name of the state's note that says up to which day old folders were listed.
const SWEPT: &str = "swept";

/// One run of a scheduled scan.
#[derive(Debug)]
pub struct Increment<'a> {
    /// What is known.
    pub state: &'a mut State,
    /// Which objects are wanted. Its window must have no end, and standard input cannot be in it.
    pub selection: &'a Selection,
    /// How they are read. Copies are kept.
    pub options: &'a SessionOptions,
    /// What their addresses are matched with.
    pub matcher: &'a Arc<Matcher>,
    /// What names the lists and their content: the same text for the same lists.
    pub lists: &'a str,
    /// Whether internal addresses match.
    pub include_internal: bool,
}
