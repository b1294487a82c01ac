//! Why a whole list was refused.

use std::collections::BTreeMap;
use std::io;

use crate::format::ListFormat;
use crate::note::{Indicator, Reject};

/// Why a list cannot be used at all. Single lines that cannot be used are counted in
/// [`List::rejects`](crate::List::rejects) instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The file could not be read: check the path and its permissions.
    #[error("cannot read list {name}")]
    Read {
        /// The list's name, its path.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The gzip data is damaged or cut off: fetch the list again. Half a list is not matched, since
    /// "no match" would mean nothing.
    #[error("cannot inflate list {name}")]
    Gzip {
        /// The list's name.
        name: String,
        /// What the inflater said.
        source: io::Error,
    },
    /// The list, inflated, is larger than any list that fits in memory with its entries.
    #[error("list {name} is larger than {limit} bytes")]
    TooLarge {
        /// The list's name.
        name: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The entries would fill the memory. A range counts as all the prefixes that it takes.
    #[error(
        "list {name} takes more than {limit} prefixes: write its ranges as prefixes, or leave out \
         what you do not need"
    )]
    TooManyPrefixes {
        /// The list's name.
        name: String,
        /// The most prefixes that the entries may take together.
        limit: usize,
    },
    /// A web page was saved in place of the list: fetch it again, and look at the page.
    #[error("list {name} looks like HTML, an error page saved as the list?")]
    Html {
        /// The list's name.
        name: String,
    },
    /// The text is not UTF-8 or ASCII: convert it. Windows PowerShell's `>` writes UTF-16.
    #[error(
        "list {name} is encoded as {encoding}: save it as UTF-8, \
         as `iconv -f {encoding} -t UTF-8` does"
    )]
    Encoding {
        /// The list's name.
        name: String,
        /// The encoding that the byte order mark or the zeros between the letters tell.
        encoding: &'static str,
    },
    /// The list is in a format that is not read here.
    #[error("list {name} is in no format that is read here: looks like {looks_like}")]
    UnsupportedFormat {
        /// The list's name.
        name: String,
        /// The format it looks like, for people.
        looks_like: &'static str,
    },
    /// The list breaks off or breaks the rules of its format: fetch it again. Half a list is not
    /// matched.
    #[error("list {name} is damaged, read as {format}: line {line}: {message}")]
    Damaged {
        /// The list's name.
        name: String,
        /// The format that it was read in.
        format: ListFormat,
        /// Where, counted from 1.
        line: u64,
        /// What the parser said.
        message: String,
    },
    /// The list has no column of the name or number that was asked for, or that its format has, or
    /// several that may hold its addresses: name one of those that the message tells.
    #[error("list {name}, read as {format}: line {line}: {message}")]
    Column {
        /// The list's name.
        name: String,
        /// The format that it was read in.
        format: ListFormat,
        /// Where the columns begin, counted from 1.
        line: u64,
        /// What is missing or in doubt, and the columns that are there.
        message: String,
    },
    /// Nothing in the list is an address. Matching against it would find nothing and look fine.
    /// [`ListOptions::allow_empty`](crate::ListOptions::allow_empty) lifts this.
    #[error(
        "list {name} has no entry (lines: {lines}, refused: {rejected}, expired or revoked: \
         {left_out}{}){}",
        kinds(.others), first(.first_reject)
    )]
    NoEntries {
        /// The list's name.
        name: String,
        /// Lines that are not blank, comments included.
        lines: u64,
        /// Lines that were refused.
        rejected: u64,
        /// Indicators of other kinds.
        others: BTreeMap<Indicator, u64>,
        /// Entries whose time is over, or that the list has taken back.
        left_out: u64,
        /// The first line that was refused.
        first_reject: Option<Box<Reject>>,
    },
}

fn kinds(others: &BTreeMap<Indicator, u64>) -> String {
    others.iter().map(|(kind, count)| format!(", {kind}: {count}")).collect()
}

fn first(reject: &Option<Box<Reject>>) -> String {
    reject.as_ref().map(|reject| format!(", first {reject}")).unwrap_or_default()
}
