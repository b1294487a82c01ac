//! Why a whole list was refused.

use std::io;

use crate::note::Reject;

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
    /// A web page was saved in place of the list: fetch it again, and look at the page.
    #[error("list {name} looks like HTML, an error page saved as the list?")]
    Html {
        /// The list's name.
        name: String,
    },
    /// The text is not UTF-8 or ASCII by its byte order mark: convert it.
    #[error("list {name} is encoded as {encoding}, expected UTF-8")]
    Encoding {
        /// The list's name.
        name: String,
        /// The encoding that the byte order mark names.
        encoding: &'static str,
    },
    /// The list is in a format that is not read (yet).
    #[error("format of list {name} is not supported yet: looks like {looks_like}")]
    UnsupportedFormat {
        /// The list's name.
        name: String,
        /// The format it looks like, for people.
        looks_like: &'static str,
    },
    /// Nothing in the list is an address. Matching against it would find nothing and look fine.
    /// [`ListOptions::allow_empty`](crate::ListOptions::allow_empty) lifts this.
    #[error("list {name} has no entry (lines: {lines}, refused: {rejected}){}", first(.first_reject))]
    NoEntries {
        /// The list's name.
        name: String,
        /// Lines that are not blank, comments included.
        lines: u64,
        /// Lines that were refused.
        rejected: u64,
        /// The first of them.
        first_reject: Option<Reject>,
    },
}

fn first(reject: &Option<Reject>) -> String {
    reject.as_ref().map(|reject| format!(", first {reject}")).unwrap_or_default()
}
