//! [`List`]: one file of addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use crate::content::{Content, MOST_PREFIXES};
use crate::entry::Entry;
use crate::error::ListError;
use crate::format::ListFormat;
use crate::input;
use crate::note::{Indicator, Reject, Tally, Warning, WarningKind};

#[cfg(test)]
mod tests;

/// What a list says about the addresses on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListRole {
    /// Traffic with them is to be reported.
    Threat,
    /// Traffic with them is expected, whatever threat lists say.
    Trusted,
}

impl fmt::Display for ListRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Threat => "threat",
            Self::Trusted => "trusted",
        })
    }
}

/// How a list is read. The default recognises its format and lets nothing doubtful through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListOptions {
    /// Reads the list in this format, whatever it looks like.
    pub format: Option<ListFormat>,
    /// The column of a CSV list that holds the addresses: its name, or its number from 1.
    pub column: Option<String>,
    /// The moment that tells which entries have expired; now if it is none.
    pub now: Option<Timestamp>,
    /// Takes entries that hold more addresses than an IPv4 /8 or an IPv6 /16. They are refused
    /// otherwise, since one such entry makes nearly every record a match.
    pub allow_wide: bool,
    /// Takes a list without any entry. It is an error otherwise.
    pub allow_empty: bool,
}

/// One list: where it came from, its entries, and what is to be said about its lines.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The name it goes by in answers: its path as given.
    pub name: String,
    /// Threat or trusted.
    pub role: ListRole,
    /// Hex SHA-256 of the file's bytes as they are stored, so compressed if it is compressed.
    pub sha256: String,
    /// Bytes of the file as they are stored.
    pub size: u64,
    /// The format it was read in.
    pub format: ListFormat,
    /// The entries in use, in the order of the file. Repeated entries are all kept.
    pub entries: Vec<Entry>,
    /// Indicators of other kinds, counted.
    pub not_addresses: BTreeMap<Indicator, u64>,
    /// Entries that are not in use since their time is over.
    pub expired: u64,
    /// Entries that are not in use since the list has taken them back or does not mean them for
    /// detection.
    pub revoked: u64,
    /// Lines that are not in use.
    pub rejects: Tally<Reject>,
    /// How many of the refused lines are entries that hold too many addresses.
    pub too_wide: u64,
    /// How many warnings there are of each kind.
    pub warning_kinds: BTreeMap<WarningKind, u64>,
    /// Entries that are in use but not read the way they stand.
    pub warnings: Tally<Warning>,
}

impl List {
    /// Reads a list from a file; its path becomes its name.
    ///
    /// # Errors
    ///
    /// As [`Self::read_with`].
    pub fn read(path: impl AsRef<Path>, role: ListRole) -> Result<Self, ListError> {
        Self::read_with(path, role, &ListOptions::default())
    }

    /// Reads a list from a file, at most 1 GiB of it; its path becomes its name.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and as [`Self::from_bytes_with`].
    pub fn read_with(
        path: impl AsRef<Path>,
        role: ListRole,
        options: &ListOptions,
    ) -> Result<Self, ListError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::from_reader(&name, role, file, options),
            Err(source) => Err(ListError::Read { name, source }),
        }
    }

    /// Reads a list from the bytes of its file.
    ///
    /// # Errors
    ///
    /// As [`Self::from_reader`].
    pub fn from_bytes(name: &str, role: ListRole, bytes: &[u8]) -> Result<Self, ListError> {
        Self::from_bytes_with(name, role, bytes, &ListOptions::default())
    }

    /// Reads a list from the bytes of its file.
    ///
    /// # Errors
    ///
    /// As [`Self::from_reader`].
    pub fn from_bytes_with(
        name: &str,
        role: ListRole,
        bytes: &[u8],
        options: &ListOptions,
    ) -> Result<Self, ListError> {
        Self::from_reader(name, role, bytes, options)
    }

    /// Reads a list as it comes, and inflates it if it is gzip. Only its entries are kept.
    ///
    /// # Errors
    ///
    /// When the bytes are no list that we read (damaged gzip, a web page, UTF-16, another format),
    /// and when there is no entry in it, unless the options allow that. A line that is no entry is
    /// no error; it is counted in [`Self::rejects`].
    pub fn from_reader(
        name: &str,
        role: ListRole,
        bytes: impl Read,
        options: &ListOptions,
    ) -> Result<Self, ListError> {
        let read = input::read(name, bytes, options)?;
        if let Some(looks_like) = read.content.other_format() {
            return Err(ListError::UnsupportedFormat { name: name.to_owned(), looks_like });
        }
        if read.content.has_too_many_prefixes() {
            return Err(ListError::TooManyPrefixes { name: name.to_owned(), limit: MOST_PREFIXES });
        }
        if read.content.entries.is_empty() && !options.allow_empty {
            return Err(no_entries(name, read.content));
        }
        let mut content = read.content;
        content.entries.shrink_to_fit();
        Ok(Self {
            name: name.to_owned(),
            role,
            sha256: read.stored.sha256,
            size: read.stored.size,
            format: read.format,
            entries: content.entries,
            not_addresses: content.not_addresses,
            expired: content.expired,
            revoked: content.revoked,
            rejects: content.rejects,
            too_wide: content.too_wide,
            warning_kinds: content.warning_kinds,
            warnings: content.warnings,
        })
    }
}

fn no_entries(name: &str, content: Content) -> ListError {
    ListError::NoEntries {
        name: name.to_owned(),
        lines: content.lines,
        rejected: content.rejects.total,
        others: content.not_addresses,
        left_out: content.expired + content.revoked,
        first_reject: content.rejects.samples.into_iter().next().map(Box::new),
    }
}
