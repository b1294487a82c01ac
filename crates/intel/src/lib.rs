//! Threat and trusted address lists, read and compiled into one matcher.
//!
//! The principal types are [`List`], one file of addresses with every entry, refusal and warning in
//! it, and [`Matcher`], which answers for any address which entries of which lists hold it. The
//! binary reads the lists and hands the matcher to `engine`, which asks it about the addresses of
//! flow log records. [`Enrichment`] is apart from both: what other files say of addresses, told beside
//! them and never matched. The only I/O here is reading such files.
//!
//! A list decides who gets accused, so an entry is parsed as a whole token or not at all: a damaged
//! address is refused with its line and the reason, and is never read as something near it. What is
//! read differently from how it stands (host bits, a port, a defanged address) is a warning.
//!
//! Prefixes are those of [`ipnet`], times those of [`jiff`]; both are re-exported.
//!
//! ```
//! use flowproof_intel::{List, ListRole, Matcher};
//!
//! let text = b"203.0.113.0/24 ; hosting\n203.0.113.9 # command and control\n";
//! let threats = List::from_bytes("threats.txt", ListRole::Threat, text)?;
//! let trusted = List::from_bytes("ours.txt", ListRole::Trusted, b"203.0.113.128/25\n")?;
//! let matcher = Matcher::new(vec![threats, trusted]);
//!
//! let labels: Vec<&str> =
//!     matcher.matches("203.0.113.9".parse()?).iter().map(|hit| &*hit.entry.label).collect();
//! assert_eq!(labels, ["command and control", "hosting"]);
//! assert!(matcher.threat_contains("203.0.113.9".parse()?));
//! assert!(!matcher.threat_contains("203.0.113.200".parse()?), "the trusted list wins");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;
mod counted;
mod enrich;
mod entry;
mod error;
mod format;
#[doc(hidden)] // Not part of the API: the fuzz targets and the tests share it.
pub mod fuzz;
mod head;
mod input;
mod lint;
mod list;
mod matcher;
mod note;
mod pack;
mod special;
mod token;

pub use {ipnet, jiff};

pub use list::{List, ListOptions, ListRole};

pub use entry::{Cover, Details, Entry};
pub use format::{ListFormat, UnknownListFormat};
pub use note::{Indicator, Reject, RejectReason, Tally, Warning, WarningKind};

pub use matcher::{Match, Matcher};

pub use enrich::{
    DatabaseDamage, Enrichment, EnrichmentError, EnrichmentKind, EnrichmentOptions,
    EnrichmentSource, Note,
};

pub use lint::{
    Lint, LintKind, Lints, Severity, covered_addresses, internal_entries, lint, overlapping_entries,
};

pub use error::ListError;

pub use pack::UnpackError;

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
