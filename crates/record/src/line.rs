//! One line checked against its format: is it a record, and what are its values?

use std::fmt;

use crate::address::is_address;
use crate::checks::Checks;
use crate::field::{FIELDS, FieldId, Kind};
use crate::format::{Format, is_export_timestamp};
use crate::predicate::Values;

/// Times at or above this are milliseconds: as seconds it would be the year 5138.
pub(crate) const MILLISECONDS_FROM: u64 = 100_000_000_000;
/// 2000-01-01, long before there were flow logs.
pub(crate) const EARLIEST: u64 = 946_684_800;
/// 2106-02-07, the end of 32-bit seconds.
pub(crate) const LATEST: u64 = u32::MAX as u64;

/// A format made ready for reading lines.
#[derive(Debug)]
pub(crate) struct Layout {
    format: Format,
    columns: Vec<Option<(FieldId, Kind)>>,
    /// Field number -> column; `None` where the format lacks the field.
    column_of: Vec<Option<u16>>,
    checks: Checks,
    /// Whether these are transit gateway records.
    pub(crate) transit_gateway: bool,
}

/// What `log-status` says. A format without the field means OK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LogStatus {
    /// `OK`: the record is of traffic.
    #[default]
    Ok,
    /// `NODATA`: there was no traffic in the interval.
    NoData,
    /// `SKIPDATA`: records of the interval were lost.
    SkipData,
}

impl fmt::Display for LogStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogStatus::Ok => "OK",
            LogStatus::NoData => "NODATA",
            LogStatus::SkipData => "SKIPDATA",
        })
    }
}

/// The values of a line. Kept from line to line for its allocations.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowValues {
    pub(crate) status: LogStatus,
    /// By column: whether there is a value, and the number if its kind is numeric.
    present: Vec<bool>,
    numbers: Vec<u64>,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
    /// Whether the times were milliseconds.
    pub(crate) milliseconds: bool,
}

/// Why a line is no record, or no good one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `expected` fields, `got` tokens.
    FieldCount { expected: usize, got: usize },
    /// The token in this column is not what its field holds.
    Field { column: usize },
    /// The line is not UTF-8.
    NotUtf8,
    /// The times cannot be.
    BadTime(&'static str),
}

impl Layout {
    /// A layout for a format; `wanted` tells the fields whose numbers are wanted.
    pub(crate) fn new(format: Format, wanted: impl Fn(FieldId) -> bool) -> Layout {
        let columns: Vec<_> =
            format.fields().iter().map(|id| id.map(|id| (id, id.field().kind))).collect();
        let mut column_of = vec![None; FIELDS.len()];
        for (column, id) in format.fields().iter().enumerate() {
            if let Some(id) = id {
                // A line is at most 64 KiB long, so no format that can match has more columns.
                column_of[id.index()] = u16::try_from(column).ok();
            }
        }
        let transit_gateway = format.is_transit_gateway();
        let checks = Checks::new(&columns, wanted);
        Layout { format, columns, column_of, checks, transit_gateway }
    }

    /// Whether lines can be read many at once. Not where a token stands before the columns, not for
    /// transit gateways, and not where a header met again could pass for a record.
    pub(crate) fn is_regular(&self) -> bool {
        !self.format.has_export_timestamp() && !self.transit_gateway && self.checks.tell_headers()
    }

    /// The number of columns.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// What must be looked at in each line.
    pub(crate) fn checks(&self) -> &Checks {
        &self.checks
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    /// The column of a field, if the format has it.
    pub(crate) fn column(&self, id: FieldId) -> Option<usize> {
        self.column_of[id.index()].map(usize::from)
    }

    /// Tokens that stand before the first column.
    pub(crate) fn skipped_tokens(&self) -> usize {
        usize::from(self.format.has_export_timestamp())
    }

    /// Checks a line and takes its values. `tokens` are all of the line's.
    ///
    /// Every column is checked whatever the caller wants of it, so that what counts as malformed
    /// does not depend on the question. NODATA and SKIPDATA records are only checked for their
    /// times: the rest of them is `-`, or leftovers.
    pub(crate) fn read(
        &self,
        line: &[u8],
        tokens: &[(u32, u32)],
        row: &mut RowValues,
    ) -> Result<(), Fault> {
        let tokens = self.columns_of(line, tokens)?;
        if !line.is_ascii() && std::str::from_utf8(line).is_err() {
            return Err(Fault::NotUtf8);
        }
        row.reset(self.columns.len());
        row.status = self.status(line, tokens)?;
        for (column, known) in self.columns.iter().enumerate() {
            let token = text_of(line, tokens[column]);
            let Some((_, kind)) = known else { continue };
            if token == b"-" {
                continue;
            }
            match check(*kind, token) {
                Some(number) => {
                    row.present[column] = true;
                    row.numbers[column] = number;
                }
                None if row.status == LogStatus::Ok => return Err(Fault::Field { column }),
                None => {}
            }
        }
        if row.status != LogStatus::Ok {
            self.clear_counters(row);
        }
        self.settle_times(row)
    }

    /// The tokens of the columns, if there are as many as the format has.
    fn columns_of<'t>(
        &self,
        line: &[u8],
        tokens: &'t [(u32, u32)],
    ) -> Result<&'t [(u32, u32)], Fault> {
        let fault = Fault::FieldCount { expected: self.columns.len(), got: tokens.len() };
        let mut columns = tokens;
        if self.format.has_export_timestamp() {
            match tokens.split_first() {
                Some((first, rest)) if is_export_timestamp(text_of(line, *first)) => columns = rest,
                _ => return Err(fault),
            }
        }
        if columns.len() == self.columns.len() { Ok(columns) } else { Err(fault) }
    }

    fn status(&self, line: &[u8], tokens: &[(u32, u32)]) -> Result<LogStatus, Fault> {
        let Some(column) = self.column(FieldId::LOG_STATUS) else { return Ok(LogStatus::Ok) };
        match text_of(line, tokens[column]) {
            b"OK" => Ok(LogStatus::Ok),
            b"NODATA" => Ok(LogStatus::NoData),
            b"SKIPDATA" => Ok(LogStatus::SkipData),
            _ => Err(Fault::Field { column }),
        }
    }

    /// A record that is not OK carries no traffic, whatever stands in its counters.
    fn clear_counters(&self, row: &mut RowValues) {
        for (column, known) in self.columns.iter().enumerate() {
            if known.is_some_and(|(_, kind)| kind == Kind::Counter) {
                row.present[column] = false;
            }
        }
    }

    /// Brings `start` and `end` to seconds and checks them.
    fn settle_times(&self, row: &mut RowValues) -> Result<(), Fault> {
        row.start = self.settle_time(FieldId::START, row)?;
        row.end = self.settle_time(FieldId::END, row)?;
        match (row.start, row.end) {
            (Some(start), Some(end)) if end < start => Err(Fault::BadTime("end lies before start")),
            _ => Ok(()),
        }
    }

    fn settle_time(&self, id: FieldId, row: &mut RowValues) -> Result<Option<i64>, Fault> {
        let Some(column) = self.column(id).filter(|column| row.present[*column]) else {
            return Ok(None);
        };
        let mut seconds = row.numbers[column];
        if seconds >= MILLISECONDS_FROM {
            seconds /= 1000;
            row.milliseconds = true;
        }
        if !(EARLIEST..=LATEST).contains(&seconds) {
            return Err(Fault::BadTime("a time lies outside 2000 to 2106"));
        }
        row.numbers[column] = seconds;
        Ok(Some(seconds as i64)) // At most 2^32.
    }

    /// Says what is wrong, for people.
    pub(crate) fn explain(&self, fault: &Fault, line: &[u8], tokens: &[(u32, u32)]) -> String {
        match fault {
            Fault::FieldCount { expected, got } => {
                format!("expected {expected} fields, got {got}: `{}`", excerpt(line))
            }
            Fault::Field { column } => {
                let name = &self.format.names()[*column];
                let token = tokens.get(column + self.skipped_tokens());
                let got = token.map_or_else(String::new, |token| excerpt(text_of(line, *token)));
                let expected = self.columns[*column].map_or("", |(_, kind)| expected_of(kind));
                format!("{name}: expected {expected}, got `{got}`")
            }
            Fault::NotUtf8 => format!("not UTF-8: `{}`", excerpt(line)),
            Fault::BadTime(why) => format!("{why}: `{}`", excerpt(line)),
        }
    }
}

impl RowValues {
    fn reset(&mut self, columns: usize) {
        self.present.clear();
        self.present.resize(columns, false);
        self.numbers.resize(columns, 0);
        self.start = None;
        self.end = None;
        self.milliseconds = false;
    }

    pub(crate) fn is_present(&self, column: usize) -> bool {
        self.present[column]
    }

    pub(crate) fn number(&self, column: usize) -> u64 {
        self.numbers[column]
    }

    /// From the first to the last packet; one of the two alone stands for both.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let start = self.start.or(self.end)?;
        Some((start, self.end.unwrap_or(start)))
    }
}

/// A record as predicates see it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) values: &'a RowValues,
    pub(crate) line: &'a [u8],
    /// The tokens of the columns, without what stands before them.
    pub(crate) tokens: &'a [(u32, u32)],
}

impl<'a> Row<'a> {
    /// `tokens` are all of the line's.
    pub(crate) fn new(
        layout: &'a Layout,
        values: &'a RowValues,
        line: &'a [u8],
        tokens: &'a [(u32, u32)],
    ) -> Row<'a> {
        Row { layout, values, line, tokens: &tokens[layout.skipped_tokens()..] }
    }

    /// Whether it is OK, and not of a transit gateway.
    pub(crate) fn is_traffic(&self) -> bool {
        self.values.status == LogStatus::Ok && !self.layout.transit_gateway
    }

    /// The column of a field that has a value.
    pub(crate) fn column(&self, id: FieldId) -> Option<usize> {
        self.layout.column(id).filter(|column| self.values.is_present(*column))
    }
}

impl Values for Row<'_> {
    fn text(&self, id: FieldId) -> Option<&[u8]> {
        self.column(id).map(|column| text_of(self.line, self.tokens[column]))
    }

    fn number(&self, id: FieldId) -> Option<i128> {
        let time = id.field().kind == Kind::Time;
        let scale = if time { 1_000_000_000 } else { 1 };
        self.column(id).map(|column| i128::from(self.values.number(column)) * scale)
    }
}

/// The bytes of a token.
pub(crate) fn text_of(line: &[u8], token: (u32, u32)) -> &[u8] {
    &line[token.0 as usize..token.1 as usize]
}

/// The number in the token, or 0 for text that is as its kind wants it; `None` if it is not.
pub(crate) fn check(kind: Kind, token: &[u8]) -> Option<u64> {
    let fits = |yes: bool| yes.then_some(0);
    match kind {
        Kind::Text => Some(0),
        Kind::Address => fits(is_address(token)),
        Kind::Action => fits(matches!(token, b"ACCEPT" | b"REJECT")),
        Kind::LogStatus => fits(matches!(token, b"OK" | b"NODATA" | b"SKIPDATA")),
        Kind::Int(most) => whole_number(token).filter(|number| *number <= u64::from(most)),
        Kind::Counter | Kind::Time => whole_number(token),
    }
}

/// A decimal number of at most 64 bits, digits only.
fn whole_number(token: &[u8]) -> Option<u64> {
    if token.len() > 19 {
        return long_number(token);
    }
    let mut number = 0u64;
    for byte in token {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit); // 19 digits fit in 64 bits.
    }
    Some(number)
}

fn long_number(token: &[u8]) -> Option<u64> {
    if !token.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(token).ok()?.parse().ok()
}

pub(crate) fn expected_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Address => "an IP address",
        Kind::Action => "ACCEPT or REJECT",
        Kind::LogStatus => "OK, NODATA or SKIPDATA",
        Kind::Int(255) => "a whole number from 0 to 255",
        Kind::Int(65_535) => "a whole number from 0 to 65535",
        Kind::Int(_) => "a whole number from 0 to 2147483647",
        Kind::Counter => "a whole number of 64 bits",
        Kind::Time => "seconds since 1970",
    }
}

/// The beginning of some bytes, safe to print.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    const MOST: usize = 80;
    let cut = &bytes[..bytes.len().min(MOST)];
    let mut text: String = cut.escape_ascii().to_string();
    if bytes.len() > MOST {
        text.push_str("...");
    }
    text
}
