//! Why an object is no flow log text.

use std::fmt;

use crate::field::{DEFAULT_FORMAT, FieldId};

/// Why an object was refused: no header, and no line that fits the default format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// What its first line looks like.
    pub looks_like: LooksLike,
}

/// What a line looks like that is neither header nor record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LooksLike {
    /// JSON whose objects are no flow log records, as far as this version knows.
    Json,
    /// Comma-separated fields that are no flow log's, as far as this version knows.
    Csv,
    /// What a Lambda function is handed: records may be in it, packed and encoded.
    LambdaEvent,
    /// Another kind of log, by name.
    OtherLog(&'static str),
    /// HTML or XML.
    Markup,
    /// Bytes that are no text.
    Binary,
    /// Nothing in particular: it may be a flow log whose format must be given.
    Nothing,
}

impl LooksLike {
    pub(crate) fn of(line: &[u8]) -> LooksLike {
        let first = line.trim_ascii_start().first();
        match first {
            Some(b'{' | b'[') => LooksLike::Json,
            Some(b'<') => LooksLike::Markup,
            _ if line.contains(&0) || std::str::from_utf8(line).is_err() => LooksLike::Binary,
            _ if is_comma_header(line) => LooksLike::Csv,
            _ => LooksLike::Nothing,
        }
    }

    /// Whether records may be in it that another reader would find.
    #[must_use]
    pub fn may_hold_records(self) -> bool {
        matches!(
            self,
            LooksLike::Json | LooksLike::Csv | LooksLike::LambdaEvent | LooksLike::Nothing
        )
    }
}

/// Whether half of the comma-separated names are flow log fields.
fn is_comma_header(line: &[u8]) -> bool {
    let names = || line.split(|byte| *byte == b',');
    let known = names().filter(|name| FieldId::by_name(name.trim_ascii()).is_some()).count();
    known > 1 && known * 2 >= names().count()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.looks_like.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LooksLike::Json => f.write_str("JSON without flow log records in a form known here"),
            LooksLike::Csv => {
                f.write_str("comma-separated, but not a flow log in a form known here")
            }
            LooksLike::LambdaEvent => f.write_str(
                "a Lambda or Firehose event, whose records are packed in its data: for CloudWatch \
                 Logs, give what `jq -r .awslogs.data | base64 -d` makes of it",
            ),
            LooksLike::OtherLog(name) => write!(f, "{name}, not flow logs"),
            LooksLike::Markup => f.write_str("looks like HTML or XML"),
            LooksLike::Binary => f.write_str("is no text"),
            LooksLike::Nothing => write!(
                f,
                "no header, and no line with the {} fields of the default format; if it is a flow \
                 log, give --format-string",
                DEFAULT_FORMAT.len()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_what_it_looks_like() {
        for (line, expected) in [
            (&b"{\"message\": \"2 1\"}"[..], LooksLike::Json),
            (b"  [", LooksLike::Json),
            (b"<!DOCTYPE html>", LooksLike::Markup),
            (b"account_id,action,az_id,bytes", LooksLike::Csv),
            (b"\x1f\x8b\0\0", LooksLike::Binary),
            (b"203.0.113.9, 203.0.113.10", LooksLike::Nothing),
            (b"123456789012 ACCEPT 8400", LooksLike::Nothing),
        ] {
            assert_eq!(LooksLike::of(line), expected, "{}", line.escape_ascii());
        }
    }
}
