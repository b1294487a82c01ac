//! Which column of a line is which field.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::field::{DEFAULT_FORMAT, FieldId};

/// Where a format came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FormatSource {
    /// The object's own header line.
    Header,
    /// The caller's format string, since the object has no header.
    Given,
    /// The default format, since the object has no header and its first line fits.
    AssumedDefault,
}

/// The columns of a flow log, in the order of its lines. Clones share them. Serialized as it is
/// [restored](Format::restore).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Told", into = "Told")]
pub struct Format {
    /// Names as written, with hyphens.
    names: Arc<[String]>,
    /// The field of each column; `None` for a field that this version does not know.
    fields: Arc<[Option<FieldId>]>,
    /// Whether each line begins with a timestamp that CloudWatch's export task put before it.
    export_timestamp: bool,
}

/// What is told of a format: its names, and whether its lines begin with an export timestamp.
#[derive(Serialize, Deserialize)]
struct Told(Vec<String>, bool);

impl From<Format> for Told {
    fn from(format: Format) -> Told {
        Told(format.names.to_vec(), format.export_timestamp)
    }
}

impl From<Told> for Format {
    fn from(Told(names, export_timestamp): Told) -> Format {
        Format::restore(names.iter().map(String::as_str), export_timestamp)
    }
}

/// A format string that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatStringError {
    /// `${` without its `}`.
    #[error("`${{` at character {position} of the format string is not closed: `{near}`")]
    Unclosed {
        /// Characters before the `$`, plus one.
        position: usize,
        /// The text from there on.
        near: String,
    },
    /// No field of it is known.
    #[error("the format string names no known flow log field: `{given}`")]
    NoKnownField {
        /// The string as given.
        given: String,
    },
}

impl Format {
    /// The default format of version 2.
    #[must_use]
    pub fn default_v2() -> Format {
        Format::from_names(DEFAULT_FORMAT.iter().map(|id| id.field().name))
    }

    /// Reads a format string as AWS writes it, `${version} ${account-id} ...`. Bare names, commas,
    /// quotes and blanks around are tolerated.
    ///
    /// # Errors
    ///
    /// [`FormatStringError`] if a brace is not closed or no name is a flow log field.
    pub fn parse_format_string(given: &str) -> Result<Format, FormatStringError> {
        let mut names = Vec::new();
        let mut rest = given;
        while let Some(at) = rest.find("${") {
            names.extend(bare_names(&rest[..at]));
            let open = &rest[at + 2..];
            let closed = open.find('}').filter(|end| !open[..*end].contains(['$', '{']));
            let Some(end) = closed else {
                let before = given.len() - rest.len() + at;
                return Err(FormatStringError::Unclosed {
                    position: given[..before].chars().count() + 1,
                    near: rest[at..].to_owned(),
                });
            };
            names.extend(bare_names(&open[..end]));
            rest = &open[end + 1..];
        }
        names.extend(bare_names(rest));
        let format = Format::from_names(names.iter().copied());
        if format.fields.iter().all(Option::is_none) {
            return Err(FormatStringError::NoKnownField { given: given.to_owned() });
        }
        Ok(format)
    }

    /// The format with these [names](Format::names), as they were told of another one.
    pub fn restore<'a>(names: impl Iterator<Item = &'a str>, export_timestamp: bool) -> Format {
        Format { export_timestamp, ..Format::from_names(names) }
    }

    /// Reads a header line from its tokens. `None` if the tokens are not a header: a header's tokens
    /// are all identifiers, and at least half of them are known field names.
    pub(crate) fn from_header(tokens: &[&[u8]]) -> Option<Format> {
        let names: Option<Vec<&str>> = tokens.iter().map(|token| identifier(token)).collect();
        let format = Format::from_names(names?.into_iter());
        let known = format.fields.iter().flatten().count();
        (known > 0 && known * 2 >= tokens.len()).then_some(format)
    }

    fn from_names<'a>(names: impl Iterator<Item = &'a str>) -> Format {
        let (mut own, mut fields) = (Vec::new(), Vec::new());
        for name in names {
            let id = FieldId::by_name(name.as_bytes());
            // A column named twice keeps its first place; the second is skipped as unknown.
            let id = id.filter(|id| !fields.contains(&Some(*id)));
            own.push(id.map_or_else(|| name.to_owned(), |id| id.field().name.to_owned()));
            fields.push(id);
        }
        Format { names: own.into(), fields: fields.into(), export_timestamp: false }
    }

    /// The same format for lines that begin with an export timestamp.
    pub(crate) fn with_export_timestamp(mut self) -> Format {
        self.export_timestamp = true;
        self
    }

    /// Whether each line begins with CloudWatch's export timestamp, which is no column.
    #[must_use]
    pub fn has_export_timestamp(&self) -> bool {
        self.export_timestamp
    }

    /// The names of the columns, in order, with hyphens.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The fields of the columns, in order; `None` where the name is not known.
    #[must_use]
    pub fn fields(&self) -> &[Option<FieldId>] {
        &self.fields
    }

    /// Names of columns that are not known fields.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let pairs = self.names.iter().zip(self.fields.iter());
        pairs.filter(|(_, id)| id.is_none()).map(|(name, _)| name.as_str())
    }

    /// Whether the format has the field.
    #[must_use]
    pub fn has(&self, id: FieldId) -> bool {
        self.fields.contains(&Some(id))
    }

    /// Whether these are transit gateway records, which have no interface of ours.
    #[must_use]
    pub fn is_transit_gateway(&self) -> bool {
        self.has(FieldId::TGW_ID) || self.has(FieldId::TGW_ATTACHMENT_ID)
    }
}

/// As [`Format::parse_format_string`].
impl FromStr for Format {
    type Err = FormatStringError;

    fn from_str(given: &str) -> Result<Format, FormatStringError> {
        Format::parse_format_string(given)
    }
}

/// The names of the columns, as a header line has them.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join(" "))
    }
}

/// The names in a stretch of a format string.
fn bare_names(text: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\'' | '`');
    text.split(apart).filter(|name| !name.is_empty())
}

/// The token as a field name, with `${...}` taken off; `None` if no field could have that name.
fn identifier(token: &[u8]) -> Option<&str> {
    let bare = token.strip_prefix(b"${").and_then(|t| t.strip_suffix(b"}")).unwrap_or(token);
    let starts_well = bare.first()?.is_ascii_alphabetic();
    let goes_on = bare.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if starts_well && goes_on { std::str::from_utf8(bare).ok() } else { None }
}

/// Whether a token looks like the time that CloudWatch's export task puts before each line:
/// `2025-06-01T00:00:00.000Z`.
pub(crate) fn is_export_timestamp(token: &[u8]) -> bool {
    let shape = b"dddd-dd-ddTdd:dd:dd";
    token.len() > shape.len()
        && token.last() == Some(&b'Z')
        && shape.iter().zip(token).all(|(want, got)| match want {
            b'd' => got.is_ascii_digit(),
            other => got == other,
        })
        && token[shape.len()..token.len() - 1].iter().all(|b| *b == b'.' || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(line: &str) -> Vec<&[u8]> {
        line.split_whitespace().map(str::as_bytes).collect()
    }

    #[test]
    fn a_header_maps_by_name_and_names_what_it_does_not_know() {
        let header = "version srcaddr dstaddr bytes some-future-field start end pkt_srcaddr";
        let format = Format::from_header(&tokens(header)).unwrap();
        assert_eq!(format.fields()[1], Some(FieldId::SRCADDR));
        assert_eq!(format.fields()[7], Some(FieldId::PKT_SRCADDR));
        assert_eq!(format.unknown().collect::<Vec<_>>(), ["some-future-field"]);
        assert_eq!(format.to_string(), header.replace('_', "-"));
    }

    #[test]
    fn a_record_is_no_header() {
        for line in [
            "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 8400 1 2 ACCEPT OK",
            "unknown eni-0a1b2c3d4e5f60001 ACCEPT OK",
            "bogus line",
            "<!DOCTYPE html>",
            "",
        ] {
            assert_eq!(Format::from_header(&tokens(line)), None, "{line}");
        }
    }

    #[test]
    fn a_format_string_is_read_with_braces_or_without() {
        let expected = Format::from_header(&tokens("version srcaddr bytes")).unwrap();
        for given in [
            "${version} ${srcaddr} ${bytes}",
            "version srcaddr bytes ",
            "'${version}, ${srcaddr}, ${bytes}'",
            "${version}${srcaddr}${bytes}",
        ] {
            assert_eq!(given.parse().as_ref(), Ok(&expected), "{given}");
        }
    }

    #[test]
    fn an_open_brace_is_named_with_its_place() {
        for given in ["${version} ${srcaddr} ${bytes", "${version} ${srcaddr} ${bytes ${start}"] {
            let error = Format::parse_format_string(given).unwrap_err();
            assert!(matches!(error, FormatStringError::Unclosed { position: 23, .. }), "{error}");
        }
        assert!(matches!(
            Format::parse_format_string("nothing of ours"),
            Err(FormatStringError::NoKnownField { .. })
        ));
    }

    #[test]
    fn a_field_named_twice_keeps_its_first_column() {
        let format = Format::from_header(&tokens("bytes version bytes")).unwrap();
        assert_eq!(format.fields(), [Some(FieldId::BYTES), Some(FieldId::VERSION), None]);
    }

    #[test]
    fn export_timestamps_are_told_from_other_tokens() {
        assert!(is_export_timestamp(b"2025-06-01T00:00:00.000Z"));
        assert!(is_export_timestamp(b"2025-06-01T00:00:00Z"));
        for token in ["2025-06-01", "2", "2025-06-01T00:00:00.000", "2025-06-01Tab:00:00.000Z"] {
            assert!(!is_export_timestamp(token.as_bytes()), "{token}");
        }
    }
}
