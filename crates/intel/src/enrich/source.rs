//! [`EnrichmentSource`]: one file that says something of addresses.

use std::fs::File;
use std::io::{BufRead, ErrorKind, Read};
use std::path::Path;

use flowproof_prefix::canonical_prefix;
use ipnet::IpNet;
use jiff::Timestamp;

use super::mmdb::Database;
use super::rows::{Builder, Rows};
use super::{Broken, EnrichmentError, Note, delimited, json};
use crate::format::{self, Foreign, ListFormat};
use crate::head::{self, Unreadable};
use crate::input::{self, Faults, HEAD, LARGEST, Stage};
use crate::note::{Reject, Tally};

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnrichmentKind {
    /// A MaxMind DB file, of whatever kind: ASN, country, city, anonymous IP.
    Mmdb,
    /// `ip-ranges.json` of AWS. What it says of a prefix under several services is one note.
    AwsIpRanges,
    /// CSV with a header, or the same with tabs or semicolons.
    Csv,
    /// JSON objects: one a line, in an array, or in an array under a key such as `data`.
    Json,
}

impl EnrichmentKind {
    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mmdb => "mmdb",
            Self::AwsIpRanges => "aws_ip_ranges",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// How sources are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnrichmentOptions {
    /// The column or key of the address, prefix or range in CSV and JSON: its name, or its number
    /// from 1 in CSV. Found by its name or its content if it is none.
    pub column: Option<String>,
}

/// One file that says something of addresses.
#[derive(Debug)]
pub struct EnrichmentSource {
    /// The name it goes by in answers: its path as given.
    pub name: String,
    /// Hex SHA-256 of the file's bytes as they are stored, so compressed if it is compressed.
    pub sha256: String,
    /// What it is.
    pub kind: EnrichmentKind,
    /// Rows in use; of a MaxMind database, distinct records.
    pub entries: u64,
    /// What a MaxMind database says that it is, as `GeoLite2-ASN`.
    pub database_type: Option<String>,
    /// When a MaxMind database was made, if it says so.
    pub built: Option<Timestamp>,
    /// Rows that are not in use: those without an address, and damaged ones.
    pub rejects: Tally<Reject>,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Database(Database),
    Rows(Rows),
}

impl EnrichmentSource {
    /// Reads a source from a file; its path becomes its name.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and as [`Self::from_reader`].
    pub fn read(
        path: impl AsRef<Path>,
        options: &EnrichmentOptions,
    ) -> Result<Self, EnrichmentError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::from_reader(&name, file, options),
            Err(source) => Err(EnrichmentError::Read { name, source }),
        }
    }

    /// Reads a source as it comes, and inflates it if it is gzip. What it is is told by its content. Of
    /// a table only its rows are kept; a MaxMind database is held as it is. At most 1 GiB is read.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be read or are no source (damaged gzip, a web page, an archive, a damaged
    /// database, a table without a header), when it cannot be told which column or key holds the
    /// addresses, and when no row has one. A single row without an address is no error; it is counted in
    /// [`Self::rejects`].
    pub fn from_reader(
        name: &str,
        bytes: impl Read,
        options: &EnrichmentOptions,
    ) -> Result<Self, EnrichmentError> {
        let fault = |stage, source| fault(name, stage, source);
        let parse =
            |text: &mut dyn BufRead, fault: &Faults<'_, _>| parse(name, text, options, fault);
        let ((kind, store, rejects), stored) = input::inflated(bytes, fault, parse)?;
        let (entries, database_type, built) = match &store {
            Store::Database(database) => {
                (database.records, Some(database.database_type().to_owned()), database.built())
            }
            Store::Rows(rows) => (rows.len() as u64, None, None),
        };
        let name = name.to_owned();
        let sha256 = stored.sha256;
        Ok(Self { name, sha256, kind, entries, database_type, built, rejects, store })
    }

    /// As [`Enrichment::notes_of`](super::Enrichment::notes_of), of this source alone.
    pub(super) fn notes_of(&self, prefixes: &[IpNet]) -> Vec<Note> {
        let Some((first, last)) = prefixes.first().zip(prefixes.last()) else { return Vec::new() };
        let (around, last) = (canonical_prefix(*first), canonical_prefix(*last));
        let (first, last) = (around.network(), last.broadcast());
        match &self.store {
            Store::Database(database) => database
                .look_up(around)
                .filter(|(prefix, _)| prefix.contains(&last))
                .map(|(prefix, fields)| self.note(host_as_address(prefix), fields))
                .into_iter()
                .collect(),
            Store::Rows(rows) => {
                let rows = rows.about(&around, first, last).into_iter();
                rows.map(|row| {
                    let fields = row.fields.iter();
                    let fields = fields.map(|(name, text)| (name.to_string(), text.to_string()));
                    self.note(row.text(), fields.collect())
                })
                .collect()
            }
        }
    }

    fn note(&self, prefix: String, fields: Vec<(String, String)>) -> Note {
        Note { source: self.name.clone(), prefix, fields }
    }
}

fn host_as_address(prefix: IpNet) -> String {
    crate::token::canonical_text(&[prefix])
}

type Parsed = (EnrichmentKind, Store, Tally<Reject>);

/// Recognises what it is and reads all there is.
fn parse(
    name: &str,
    text: &mut dyn BufRead,
    options: &EnrichmentOptions,
    fault: &Faults<'_, EnrichmentError>,
) -> Result<Parsed, EnrichmentError> {
    let head = text.fill_buf().map_err(fault)?;
    // No table has such bytes, and the tree of every database does.
    if head.contains(&0) {
        return database(name, text, fault);
    }
    let (mark, plain) = head::text(head).map_err(|unreadable| refused(name, unreadable))?;
    let unsupported = |looks_like| unsupported(name, looks_like);
    let kind = match format::detect(&plain) {
        Err(Foreign::Html) => return Err(unsupported("a web page")),
        Err(Foreign::Format(looks_like)) => return Err(unsupported(looks_like)),
        Ok(ListFormat::Stix1 | ListFormat::OpenIoc) => return Err(unsupported("XML")),
        Ok(ListFormat::AwsIpRanges) => EnrichmentKind::AwsIpRanges,
        Ok(_) if is_json(&plain) => EnrichmentKind::Json,
        Ok(_) => EnrichmentKind::Csv,
    };
    text.consume(mark);
    let column = options.column.as_deref();
    let read = match kind {
        EnrichmentKind::Csv => delimited::read(text, column),
        _ => json::read(text, column),
    };
    let mut builder = read.map_err(|broken| match broken {
        Broken::Read(source) => fault(source),
        Broken::Syntax { line, message } | Broken::Column { line, message } => {
            EnrichmentError::Damaged { name: name.to_owned(), line, message }
        }
    })?;
    if kind == EnrichmentKind::AwsIpRanges {
        builder.join_by("service");
    }
    finished(name, kind, builder)
}

/// An object, or an array. A table can begin with a bracketed address, `[2001:db8::1]`.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let after = text.strip_prefix('[').map(str::trim_start);
    text.starts_with('{') || after.is_some_and(|after| after.starts_with(['{', '"', '[', ']']))
}

fn database(
    name: &str,
    bytes: &mut dyn BufRead,
    fault: &Faults<'_, EnrichmentError>,
) -> Result<Parsed, EnrichmentError> {
    let mut held = Vec::new();
    bytes.read_to_end(&mut held).map_err(fault)?;
    // What its first bytes look like counts only if it is no database: they can look like anything.
    let other = head::text(&held[..held.len().min(HEAD)]).err();
    let database = Database::open(held).map_err(|damage| match other {
        Some(unreadable) => refused(name, unreadable),
        None => EnrichmentError::Database { name: name.to_owned(), damage: damage.into() },
    })?;
    Ok((EnrichmentKind::Mmdb, Store::Database(database), Tally::default()))
}

fn refused(name: &str, unreadable: Unreadable) -> EnrichmentError {
    match unreadable {
        Unreadable::Encoding(looks_like) | Unreadable::Archive(looks_like) => {
            unsupported(name, looks_like)
        }
    }
}

fn unsupported(name: &str, looks_like: &'static str) -> EnrichmentError {
    EnrichmentError::Unsupported { name: name.to_owned(), looks_like }
}

fn finished(name: &str, kind: EnrichmentKind, builder: Builder) -> Result<Parsed, EnrichmentError> {
    let (rows, rejects) = builder.finish();
    if rows.len() == 0 {
        return Err(EnrichmentError::NoRows {
            name: name.to_owned(),
            rejected: rejects.total,
            first_reject: rejects.samples.into_iter().next().map(Box::new),
        });
    }
    Ok((kind, Store::Rows(rows), rejects))
}

fn fault(name: &str, stage: Stage, source: std::io::Error) -> EnrichmentError {
    let name = name.to_owned();
    match (source.kind(), stage) {
        (ErrorKind::FileTooLarge, _) => EnrichmentError::TooLarge { name, limit: LARGEST },
        (_, Stage::Reading) => EnrichmentError::Read { name, source },
        (_, Stage::Inflating) => EnrichmentError::Gzip { name, source },
    }
}
