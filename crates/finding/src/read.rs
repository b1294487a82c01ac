//! From a file's bytes to findings.

use std::fmt;

use crate::shape::{self, sentinel};
use crate::stream::{Fault, MAX_VALUES, Parts, Wrong};
use crate::{Finding, FindingError, text};

/// How many refusals are kept with their reasons; more are only counted.
pub const REFUSED_KEPT: usize = 1000;

/// The most findings of an input. Each is judged by itself, and its answer is held until all are told.
pub const MAX_FINDINGS: usize = 100_000;

/// What an input held.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Findings {
    /// The findings, in the order of the input. An answer without findings (`{"Findings": []}`)
    /// leaves this empty, and nothing refused. An export writes a finding again at each update, so
    /// an id may occur more than once.
    pub findings: Vec<Finding>,
    /// Parts that are no finding of a known shape, the first [`REFUSED_KEPT`] of them.
    pub refused: Vec<Refused>,
    /// How many more parts were refused.
    pub refused_more: u64,
}

/// A part of an input that is no finding of a known shape.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The line on which the JSON value that holds the part begins, counted from 1.
    pub line: u64,
    /// Where in that value the part is, for example `Findings[2]`; empty if it is the whole value.
    pub at: String,
    /// What it looks like, or what is wrong with it.
    pub reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.at.is_empty() { "" } else { ", " };
        write!(f, "line {}{separator}{}: {}", self.line, self.at, self.reason)
    }
}

impl Findings {
    pub(crate) fn refuse(&mut self, line: u64, at: &str, reason: impl Into<String>) {
        if self.refused.len() < REFUSED_KEPT {
            self.refused.push(Refused { line, at: at.to_owned(), reason: reason.into() });
        } else {
            self.refused_more += 1;
        }
    }

    /// Whether there is no room for more.
    pub(crate) fn is_full(&self) -> bool {
        self.findings.len() > MAX_FINDINGS || self.refused_more > 10 * MAX_FINDINGS as u64
    }
}

/// Reads all findings of an input, whatever shape they are in.
///
/// Gzip, UTF-8 and UTF-16 are told by their first bytes. What is read as JSON and is no finding of a
/// known shape is listed under its name in [`Findings::refused`]; so is a broken line in a stream of
/// good ones.
///
/// # Errors
///
/// [`FindingError`] if the input as a whole is empty, damaged, no text or no JSON.
pub fn read_findings(bytes: &[u8]) -> Result<Findings, FindingError> {
    let text = text::decode(bytes)?;
    let mut read = Findings::default();
    if sentinel::is_header(text.lines().next().unwrap_or_default()) {
        sentinel::read_csv(&text, &mut read);
        return unless_full(read);
    }
    check_beginning(text.trim_start())?;
    let mut values = 0_u64;
    let mut first_fault = None;
    for part in Parts::new(&text) {
        match part.value {
            Ok(value) => {
                values += 1;
                shape::open(&value, part.line, &mut read);
            }
            Err(Wrong::Json(fault)) => {
                read.refuse(part.line, "", describe(&fault));
                first_fault.get_or_insert(fault);
            }
            Err(Wrong::TooManyValues) => {
                return Err(FindingError::TooManyValues { line: part.line, limit: MAX_VALUES });
            }
        }
        if read.is_full() {
            break;
        }
    }
    match first_fault {
        Some(Fault { line, column, reason }) if values == 0 => {
            Err(FindingError::Json { line, column, reason })
        }
        _ => unless_full(read),
    }
}

fn unless_full(read: Findings) -> Result<Findings, FindingError> {
    match read.is_full() {
        true => Err(FindingError::TooMany { limit: MAX_FINDINGS }),
        false => Ok(read),
    }
}

fn describe(fault: &Fault) -> String {
    format!("invalid JSON at line {} column {}: {}", fault.line, fault.column, fault.reason)
}

/// Names what does not begin like a JSON object or list.
fn check_beginning(text: &str) -> Result<(), FindingError> {
    let first_line = text.lines().next().unwrap_or_default();
    let looks_like = match text.chars().next() {
        None => return Err(FindingError::Empty),
        Some('{' | '[') => return Ok(()),
        Some('<') => "XML or HTML: not supported",
        _ if first_line.matches(',').count() >= 2 => {
            "a CSV table: only Sentinel's table AWSGuardDuty is read"
        }
        Some('"') => "a JSON string; JSON inside a string has to be taken out of it first",
        _ => "text that is not JSON",
    };
    Err(FindingError::Unrecognised { looks_like })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(bytes: &[u8]) -> String {
        read_findings(bytes).unwrap_err().to_string()
    }

    #[test]
    fn an_input_that_is_no_json_is_named() {
        assert_eq!(error_of(b""), "the input is empty");
        assert_eq!(error_of(b" \n\t\n"), "the input is empty");
        assert_eq!(
            error_of(b"TimeGenerated,Type,Title\n1,2,3\n"),
            "expected JSON findings, got a CSV table: only Sentinel's table AWSGuardDuty is read"
        );
        assert!(error_of(b"<html><body>").contains("XML or HTML"));
        assert!(error_of(b"hello").contains("text that is not JSON"));
        assert!(error_of(b"\"{}\"").contains("a JSON string"));
    }

    #[test]
    fn invalid_json_is_an_error_with_line_and_column() {
        let text = b"{\n  \"id\": \"f1\",\n  \"resource\": {\"a\": 1,},\n}\n";
        assert_eq!(error_of(text), "invalid JSON at line 3 column 23: trailing comma");
        assert!(error_of(b"{\"id\": \"f1\"").contains("EOF while parsing an object"));
        assert!(error_of("[".repeat(1000).as_bytes()).contains("recursion limit exceeded"));
    }

    #[test]
    fn an_answer_without_findings_is_read_and_is_empty() {
        for text in ["{\"Findings\":[]}", "{\"findings\": []}", "[]"] {
            assert_eq!(read_findings(text.as_bytes()), Ok(Findings::default()), "{text}");
        }
    }

    #[test]
    fn a_broken_line_between_good_ones_is_refused_with_its_place() {
        let good = r#"{"id":"f1","type":"A:EC2/B","service":{}}"#;
        let text = format!("{good}\n{{\"id\":\"f2\",\n{good}\n");
        let read = read_findings(text.as_bytes()).unwrap();
        assert_eq!(read.findings.len(), 2);
        let refused: Vec<_> = read.refused.iter().map(ToString::to_string).collect();
        assert_eq!(refused, ["line 2: invalid JSON at line 3 column 1: key must be a string"]);
    }

    #[test]
    fn refusals_beyond_the_kept_ones_are_counted() {
        let text = "{}\n".repeat(REFUSED_KEPT + 7);
        let read = read_findings(text.as_bytes()).unwrap();
        assert_eq!((read.refused.len(), read.refused_more), (REFUSED_KEPT, 7));
    }
}
