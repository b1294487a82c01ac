//! Flowproof for Python: each question of the engine is a function, each answer an Arrow table that knows
//! what it stands on.
//!
//! The principal type is `Answer`: rows that any library takes by the Arrow PyCapsule interface, with their
//! coverage. A function's way is always the same: keyword arguments become plain Rust values (`keywords`,
//! `logs`, `lists`), a future asks the engine (`volumes`, `query`, `scan`, `investigate`), and `running` waits
//! for it without the interpreter's lock, and for signals. What can go wrong is a `Failure`. The docstrings are
//! in `python/flowproof/_flowproof.pyi` once more, for tools that do not run the module; a test compares them.

mod answer;
mod column;
mod failure;
mod inputs;
mod investigate;
mod investigation;
mod keywords;
mod lists;
mod logs;
mod prefix_map;
mod query;
mod running;
mod scan;
mod standing;
mod table;
mod volumes;

use pyo3::prelude::*;

/// What `python/flowproof/__init__.py` shows to people.
#[pymodule]
mod _flowproof {
    #[pymodule_export]
    use crate::answer::Answer;
    #[pymodule_export]
    use crate::column::Column;
    #[pymodule_export]
    use crate::investigate::investigate;
    #[pymodule_export]
    use crate::investigation::Investigation;
    #[pymodule_export]
    use crate::prefix_map::PrefixMap;
    #[pymodule_export]
    use crate::query::query;
    #[pymodule_export]
    use crate::scan::{ScanAnswer, scan};
    #[pymodule_export]
    use crate::volumes::volumes;

    /// The version of the program whose answers these are.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python has for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
