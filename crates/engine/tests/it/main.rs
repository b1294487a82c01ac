//! The engine over real files: what it answers, by whatever way.

mod determinism;
mod exactness;
mod lists;
mod orientation;
mod pushdown;
mod subject;
mod support;
