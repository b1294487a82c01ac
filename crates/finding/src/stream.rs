//! Text to JSON values: one document, or many after one another.
//!
//! A broken value does not end the stream. Exports hold one finding a line, so reading goes on at the
//! next line that begins with `{` or `[`: inner lines of a printed document are indented, and a raw
//! line end cannot stand inside a JSON string.

use flowproof_evidence::end_of_values;
use serde_json::{Deserializer, Value};

use crate::text::newlines;

/// The most values of one JSON document. Each costs up to 300 bytes of memory, and a finding has some 200.
pub const MAX_VALUES: usize = 2_000_000;

/// One value of a stream, or what is wrong with it.
pub(crate) struct Part {
    /// The line on which it begins, counted from 1.
    pub(crate) line: u64,
    pub(crate) value: Result<Value, Wrong>,
}

/// Why a value could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    Json(Fault),
    /// More than [`MAX_VALUES`] are in it. Nothing behind it is read.
    TooManyValues,
}

/// Where and why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) reason: String,
}

/// The values of a text, in order.
pub(crate) struct Parts<'t> {
    text: &'t str,
    offset: usize,
    /// The line of `offset`, counted from 1.
    line: u64,
    /// No document that begins before it holds too many values.
    counted: usize,
}

impl<'t> Parts<'t> {
    pub(crate) fn new(text: &'t str) -> Parts<'t> {
        Parts { text, offset: 0, line: 1, counted: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.offset..]
    }

    fn advance(&mut self, bytes: usize) {
        self.line += newlines(&self.rest().as_bytes()[..bytes]);
        self.offset += bytes;
    }

    /// Whether the document at `offset` is one to be held in memory.
    fn is_counted(&mut self) -> bool {
        if self.offset < self.counted {
            return true;
        }
        let end = end_of_values(self.rest().as_bytes(), MAX_VALUES);
        end.inspect(|end| self.counted = self.offset + end).is_some()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start().len());
    }

    fn skip_broken_value(&mut self) {
        let rest = self.rest();
        // One scan for both: two would each run to the end if one of the marks never comes.
        let mut line_ends = rest.match_indices('\n').map(|(line_end, _)| line_end + 1);
        let next = line_ends.find(|&start| rest[start..].starts_with(['{', '[']));
        self.advance(next.unwrap_or(rest.len()));
    }

    fn fault(&self, error: &serde_json::Error) -> Fault {
        let text = error.to_string();
        // The parser's own words end with its own idea of the place, which counts from `offset`.
        let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
        let before = &self.text[..self.offset];
        let column_of_offset = before.len() - before.rfind('\n').map_or(0, |line_end| line_end + 1);
        let shift = if error.line() <= 1 { column_of_offset } else { 0 };
        Fault {
            line: self.line + (error.line() as u64).saturating_sub(1),
            column: (error.column() + shift) as u64,
            reason,
        }
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        self.skip_blanks();
        let line = self.line;
        if !self.is_counted() {
            self.offset = self.text.len();
            return Some(Part { line, value: Err(Wrong::TooManyValues) });
        }
        let mut values = Deserializer::from_str(self.rest()).into_iter::<Value>();
        let value = match values.next()? {
            Ok(value) => {
                self.advance(values.byte_offset());
                Ok(value)
            }
            Err(error) => {
                let fault = self.fault(&error);
                self.skip_broken_value();
                Err(Wrong::Json(fault))
            }
        };
        Some(Part { line, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the values that were read, and line:column of those that were not.
    fn outline(text: &str) -> Vec<String> {
        Parts::new(text)
            .map(|part| match part.value {
                Ok(value) => format!("{} {value}", part.line),
                Err(Wrong::Json(fault)) => {
                    format!("{} fault {}:{}", part.line, fault.line, fault.column)
                }
                Err(Wrong::TooManyValues) => format!("{} too many", part.line),
            })
            .collect()
    }

    #[test]
    fn values_may_follow_each_other_with_or_without_line_ends() {
        assert_eq!(
            outline("{\"a\":1}{\"b\":2}\r\n\n[3] "),
            ["1 {\"a\":1}", "1 {\"b\":2}", "3 [3]"]
        );
        assert_eq!(outline(" \n\t"), Vec::<String>::new());
    }

    #[test]
    fn a_broken_line_costs_only_itself() {
        let text = "{\"a\":1}\n{\"cut\": \n{\"b\":2}\n{\"c\":3} x\n[4]\n";
        let expected =
            ["1 {\"a\":1}", "2 fault 4:1", "3 {\"b\":2}", "4 {\"c\":3}", "4 fault 4:9", "5 [4]"];
        assert_eq!(outline(text), expected);
    }

    #[test]
    fn a_broken_printed_document_is_one_fault() {
        let text = "{\n  \"a\": {\n    \"b\": 1,\n  },\n  \"c\": {\n  }\n}\n";
        assert_eq!(outline(text), ["1 fault 4:3"]);
    }

    #[test]
    fn a_depth_bomb_is_a_fault() {
        let text = "[".repeat(100_000);
        let parts: Vec<_> = Parts::new(&text).collect();
        assert_eq!(parts.len(), 1);
        let wrong = parts[0].value.as_ref().unwrap_err();
        assert!(matches!(wrong, Wrong::Json(fault) if fault.reason == "recursion limit exceeded"));
    }

    #[test]
    fn a_document_of_too_many_values_ends_the_reading() {
        let most = ",0".repeat(MAX_VALUES - 1);
        assert!(outline(&format!("[0{most}]\n[1]"))[1..] == ["2 [1]"]);
        assert_eq!(outline(&format!("[1]\n\n[0{most},0]\n[1]")), ["1 [1]", "3 too many"]);
    }
}
