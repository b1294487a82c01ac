//! Where what was read goes, until it wants no more.

use std::ops::ControlFlow;

use super::Noticed;
use super::error::NoticeError;

/// The caller's closure, and whether it still listens.
pub(super) struct Sink<F> {
    each: F,
    open: bool,
}

impl<F> Sink<F>
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    pub(super) fn new(each: F) -> Sink<F> {
        Sink { each, open: true }
    }

    /// Hands one on. Nothing is to come after the one that was enough.
    pub(super) fn give(&mut self, noticed: Result<Noticed, NoticeError>) {
        self.open = (self.each)(noticed).is_continue();
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }
}
