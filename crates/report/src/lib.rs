//! Investigations told to people and programs.
//!
//! The principal type is [`Investigation`]: a finding, what flow logs say of it, and what that
//! stands on. `inquiry` puts it together from what `engine` counted and `finding` judged, and the
//! command or another program hands it to one of the formats here. Each format is a module and one function, from a value to an
//! [`io::Write`](std::io::Write); they choose and arrange, and compute nothing but sums of what they
//! leave out. No format reads a file, a clock or the environment, so the same investigation always
//! gives the same bytes.
//!
//! - [`write_text`]: what an analyst reads in a terminal;
//! - [`write_markdown`]: the same for a ticket;
//! - [`write_html`]: one page for a browser or for paper, of one investigation or of many;
//! - [`write_json`]: what programs read, as `docs/investigation.schema.json` describes it.
//!
//! What a scheduled scan found is a [`Bulletin`], and [`bulletin`] has its formats.
//!
//! What logs, lists and findings hold was written by others, possibly by the intruder. None of it
//! can act on a terminal, become markup or forge a line of a report: see [`printable`].
//!
//! Times are those of [`jiff`], which is re-exported. The rest of an investigation is made of the types of
//! `flowproof_evidence` and `flowproof_finding`, whose versions are that of this crate.
//!
//! ```
//! use flowproof_evidence::{Subject, Traffic};
//! use flowproof_finding::{Status, Verdict};
//! use flowproof_report::{Investigation, TextOptions, write_text};
//!
//! let subject = Subject { instance: Some("i-0aaaabbbbcccc0001".into()), ..Subject::default() };
//! let verdict = Verdict {
//!     status: Status::NotObservable,
//!     reasons: vec!["no record of the instance was found".into()],
//!     next_steps: vec![],
//!     claims: vec![],
//!     tests: vec![],
//!     claimed_traffic: Traffic::default(),
//! };
//! let investigation = Investigation::new(subject, verdict);
//! let mut out = Vec::new();
//! write_text(&investigation, &TextOptions::default(), &mut out)?;
//! let text = String::from_utf8(out)?;
//! assert!(text.starts_with("Verdict: NOT OBSERVABLE\n  - no record of the instance was found\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bulletin;
mod chapter;
mod counts;
mod enrichment;
mod escape;
#[cfg(test)]
mod fixture;
mod fold;
mod format;
mod html;
mod investigation;
mod json;
mod markdown;
mod remarks;
mod size;
mod text;
mod usual;

pub use jiff;

pub use bulletin::{
    Asff, AsffOwner, Bulletin, Generator, ListedFinding, Severity, UnknownSeverity,
};
pub use chapter::{Band, Baseline, BaselineHour, Chapter, Peer};
pub use enrichment::enrichment_line;
pub use escape::{cell, printable};
pub use format::{counted, duration, exact_bytes, human_bytes, protocol, span, thousands, utc};
pub use html::{HtmlOptions, write_html};
pub use investigation::{Enrichment, Investigation, Tool, WindowView};
pub use json::{SCHEMA, SafeJson, write_json};
pub use markdown::{MarkdownOptions, write_markdown};
pub use remarks::{Remark, Remarks};
pub use size::{UnknownSize, parse_size};
pub use text::{TextOptions, write_text};

#[cfg(test)]
mod tests {
    use super::{Bulletin, Investigation, UnknownSeverity};

    #[test]
    fn the_principal_types_can_be_shared_between_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        fn error<E: std::error::Error + Send + Sync + 'static>() {}
        shared::<Investigation>();
        shared::<Bulletin>();
        error::<UnknownSeverity>();
    }
}

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
