//! [`List`]: one file of addresses.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::content::Content;
use crate::decode::{self, LARGEST, Undecodable};
use crate::entry::Entry;
use crate::error::ListError;
use crate::format::{self, Foreign, ListFormat};
use crate::note::{Reject, Tally, Warning};

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

/// What is let through when a list is read. The default lets through neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListOptions {
    /// Takes entries that hold more addresses than an IPv4 /8 or an IPv6 /16. They are refused
    /// otherwise, since one such entry makes nearly every record a match.
    pub allow_wide: bool,
    /// Takes a list without any entry. It is an error otherwise.
    pub allow_empty: bool,
}

/// One list: where it came from, its entries, and what is to be said about its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The name it goes by in answers: its path as given.
    pub name: String,
    /// Threat or trusted.
    pub role: ListRole,
    /// Hex SHA-256 of the file's bytes as they are stored, so compressed if it is compressed.
    pub sha256: String,
    /// The format it was read in.
    pub format: ListFormat,
    /// The entries in use, in the order of the file. Repeated entries are all kept.
    pub entries: Vec<Entry>,
    /// Lines that are not in use.
    pub rejects: Tally<Reject>,
    /// Entries that are in use but not read the way they stand.
    pub warnings: Tally<Warning>,
}

impl List {
    /// Reads a list from a file; its path becomes its name. See [`Self::read_with`].
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
        let mut bytes = Vec::new();
        // One byte more than is allowed tells a list at the limit from one beyond it.
        let read = File::open(path).and_then(|f| f.take(LARGEST + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) => Self::from_bytes_with(&name, role, &bytes, options),
            Err(source) => Err(ListError::Read { name, source }),
        }
    }

    /// Reads a list from the bytes of its file. See [`Self::from_bytes_with`].
    pub fn from_bytes(name: &str, role: ListRole, bytes: &[u8]) -> Result<Self, ListError> {
        Self::from_bytes_with(name, role, bytes, &ListOptions::default())
    }

    /// Reads a list from the bytes of its file, which are inflated first if they are gzip.
    ///
    /// # Errors
    ///
    /// When the bytes are no list that we read (damaged gzip, a web page, UTF-16, another format),
    /// and when there is no entry in it, unless the options allow that. A line that is no entry is
    /// no error; it is counted in [`Self::rejects`].
    pub fn from_bytes_with(
        name: &str,
        role: ListRole,
        bytes: &[u8],
        options: &ListOptions,
    ) -> Result<Self, ListError> {
        let (format, content) = read_text(name, bytes, options)?;
        if content.entries.is_empty() && !options.allow_empty {
            return Err(ListError::NoEntries {
                name: name.to_owned(),
                lines: content.lines,
                rejected: content.rejects.total,
                first_reject: content.rejects.samples.into_iter().next(),
            });
        }
        let Content { entries, rejects, warnings, .. } = content;
        let (name, sha256) = (name.to_owned(), sha256(bytes));
        Ok(Self { name, role, sha256, format, entries, rejects, warnings })
    }
}

fn read_text(
    name: &str,
    bytes: &[u8],
    options: &ListOptions,
) -> Result<(ListFormat, Content), ListError> {
    let owned = || name.to_owned();
    if bytes.len() as u64 > LARGEST {
        return Err(ListError::TooLarge { name: owned(), limit: LARGEST });
    }
    let text = decode::text(bytes).map_err(|cause| match cause {
        Undecodable::Gzip(source) => ListError::Gzip { name: owned(), source },
        Undecodable::TooLarge => ListError::TooLarge { name: owned(), limit: LARGEST },
        Undecodable::Encoding(encoding) => ListError::Encoding { name: owned(), encoding },
        Undecodable::Archive(looks_like) => unsupported(name, looks_like),
    })?;
    let format = format::detect(&text).map_err(|foreign| match foreign {
        Foreign::Html => ListError::Html { name: owned() },
        Foreign::Format(looks_like) => unsupported(name, looks_like),
    })?;
    let content = format.parse(&text, options);
    match content.other_format() {
        Some(looks_like) => Err(unsupported(name, looks_like)),
        None => Ok((format, content)),
    }
}

fn unsupported(name: &str, looks_like: &'static str) -> ListError {
    ListError::UnsupportedFormat { name: name.to_owned(), looks_like }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
