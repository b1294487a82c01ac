//! The formats of lists: one file each, and here the choice between them.

use std::fmt;
use std::io::{self, BufRead};

use serde::Serialize;

use crate::content::Content;
use crate::list::ListOptions;

mod detect;
mod lines;
mod plain;

pub(crate) use detect::{Foreign, detect};

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListFormat {
    /// One entry a line: an address, a prefix (`203.0.113.0/24`) or a range
    /// (`203.0.113.5-203.0.113.10`, blanks around the dash or not).
    ///
    /// A comment begins with `#`, `;` or `//`, at the beginning of a line or after the entry. What
    /// comes after the entry, behind a comment sign or a blank, is its label. This is also the
    /// syntax of FireHOL `.ipset` and `.netset` files, of Spamhaus DROP as text, of the Tor exit
    /// list and of IPsum.
    PlainText,
}

/// Why the rest of a list cannot be read.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The bytes do not arrive.
    Read(io::Error),
    /// They break the rules of the format.
    Syntax { line: u64, message: String },
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl ListFormat {
    /// Reads all of a list's text, which begins after any byte order mark.
    pub(crate) fn parse(
        self,
        text: &mut dyn BufRead,
        options: &ListOptions,
    ) -> Result<Content, Broken> {
        match self {
            Self::PlainText => plain::parse(text, options),
        }
    }
}

impl fmt::Display for ListFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::PlainText => "plain text",
        })
    }
}
