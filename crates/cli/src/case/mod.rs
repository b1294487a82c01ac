//! The folder of a case: an investigation with all that it stands on, which can be checked again years
//! later, by this program and, as to its bytes, by any `sha256sum`.
//!
//! `draft` writes it, whole or not at all; `check` checks it; `again` asks its question once more.
//! What is in it is told in `docs/case.md`.

mod about;
mod again;
mod asked;
mod check;
mod draft;
mod manifest;
mod names;
mod records;
mod sources;
mod sums;
mod target;
mod typed;

pub(crate) use again::ask_again;
pub(crate) use check::{Checked, check};
pub(crate) use draft::Draft;
pub(crate) use typed::command_line;
