//! An object read line by line: which line is a header, which one a record, and what is wrong with the
//! others. Whoever cuts the object into lines asks here, so that a line means the same to all of them.

use std::sync::Arc;

use crate::field::FieldId;
use crate::format::{Format, FormatSource, is_export_timestamp};
use crate::line::{Fault, Layout, LogStatus, Row, RowValues, excerpt, text_of};
use crate::refusal::{LooksLike, Refusal};
use crate::scan::{Index, Kernel};
use crate::tally::{RejectKind, Tally};

/// Longer lines are malformed. The longest record of all fields is a few KiB.
pub const MAX_LINE: usize = 64 * 1024;
/// Lines at an object's beginning that may be neither header nor record before the object is refused.
const STRANGE_LINES: u64 = 16;

/// What was met so far in one object, and what its next line is to be read as.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The format of objects without a header.
    given: Option<Format>,
    /// Fields whose numbers are wanted.
    wanted: Vec<FieldId>,
    pub(crate) layout: Option<Arc<Layout>>,
    pub(crate) refusal: Option<Refusal>,
    /// What the first line that was neither header nor record looks like.
    first_strange: Option<LooksLike>,
    pub(crate) line_number: u64,
    pub(crate) tally: Tally,
}

/// What a line is.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Blank, a header, or of an object that was refused.
    Passed,
    /// A record of good form, which is yet to be counted.
    Record,
    /// Counted as a reject.
    Bad(Bad),
}

/// What is wrong with a line.
#[derive(Debug)]
pub(crate) enum Bad {
    TooLong,
    NoFormat,
    Fault(Arc<Layout>, Fault),
}

impl Reader {
    pub(crate) fn new(given: Option<Format>, wanted: Vec<FieldId>) -> Reader {
        Reader {
            given,
            wanted,
            layout: None,
            refusal: None,
            first_strange: None,
            line_number: 0,
            tally: Tally::default(),
        }
    }

    /// Reads the next line. `tokens` are all of its tokens; of a record, they and `values` are what it
    /// holds.
    pub(crate) fn read(
        &mut self,
        line: &[u8],
        tokens: &mut Vec<(u32, u32)>,
        values: &mut RowValues,
    ) -> Seen {
        if line.len() > MAX_LINE {
            return self.over_long();
        }
        self.line_number += 1;
        if self.refusal.is_some() {
            return Seen::Passed;
        }
        if self.line_number == 1 {
            skip_byte_order_mark(line, tokens);
        }
        if tokens.is_empty() { Seen::Passed } else { self.read_tokens(line, tokens, values) }
    }

    /// The next line is too long, whatever it is.
    pub(crate) fn over_long(&mut self) -> Seen {
        self.line_number += 1;
        self.reject(Bad::TooLong, &[], &[])
    }

    /// The object is over.
    pub(crate) fn finish(&mut self) {
        if self.layout.is_none() && self.tally.counts.malformed > 0 {
            self.refuse();
        }
    }

    /// A line with something on it: header, record or neither.
    fn read_tokens(&mut self, line: &[u8], tokens: &[(u32, u32)], values: &mut RowValues) -> Seen {
        let Some(layout) = self.layout.clone() else {
            return self.read_first_line(line, tokens, values);
        };
        if starts_like_header(&layout, line, tokens) && self.take_header(line, tokens) {
            return Seen::Passed;
        }
        match layout.read(line, tokens, values) {
            Ok(()) => Seen::Record,
            // A header with other columns is no record of the format before it.
            Err(_) if self.take_header(line, tokens) => Seen::Passed,
            Err(fault) => self.reject(Bad::Fault(layout, fault), line, tokens),
        }
    }

    /// The first line decides the format: header, the caller's format, or the default where it fits.
    fn read_first_line(
        &mut self,
        line: &[u8],
        tokens: &[(u32, u32)],
        values: &mut RowValues,
    ) -> Seen {
        if self.take_header(line, tokens) {
            return Seen::Passed;
        }
        let stamped = is_export_timestamp(text_of(line, tokens[0]));
        let with_stamp =
            |format: Format| if stamped { format.with_export_timestamp() } else { format };
        if let Some(format) = self.given.clone() {
            self.adopt(FormatSource::Given, with_stamp(format));
            return self.read_tokens(line, tokens, values);
        }
        let default = self.layout_of(with_stamp(Format::default_v2()));
        match default.read(line, tokens, values) {
            Ok(()) | Err(Fault::BadTime(_)) => {
                self.adopt(FormatSource::AssumedDefault, default.format().clone());
                self.read_tokens(line, tokens, values)
            }
            Err(_) => {
                self.first_strange.get_or_insert_with(|| LooksLike::of(line));
                self.reject(Bad::NoFormat, line, tokens)
            }
        }
    }

    /// Takes the line as a header, if it is one.
    fn take_header(&mut self, line: &[u8], tokens: &[(u32, u32)]) -> bool {
        let texts: Vec<&[u8]> = tokens.iter().map(|token| text_of(line, *token)).collect();
        let Some(format) = Format::from_header(&texts) else { return false };
        self.tally.counts.headers += 1;
        self.adopt(FormatSource::Header, format);
        true
    }

    fn adopt(&mut self, source: FormatSource, format: Format) {
        self.tally.meet(source, &format);
        self.layout = Some(Arc::new(self.layout_of(format)));
    }

    fn layout_of(&self, format: Format) -> Layout {
        Layout::new(format, |id| self.wanted.contains(&id))
    }

    /// Counts a bad line. While no format is known, too many of them mean that this is no flow log.
    fn reject(&mut self, bad: Bad, line: &[u8], tokens: &[(u32, u32)]) -> Seen {
        self.tally.reject(bad.kind(), self.line_number, || bad.explain(line, tokens));
        if self.layout.is_none() && self.tally.counts.malformed >= STRANGE_LINES {
            self.refuse();
        }
        Seen::Bad(bad)
    }

    fn refuse(&mut self) {
        let looks_like = self.first_strange.unwrap_or(LooksLike::Nothing);
        self.refusal.get_or_insert(Refusal { looks_like });
    }

    /// Counts a record of good form.
    pub(crate) fn count(&mut self, row: &Row<'_>, in_range: bool) {
        let counts = &mut self.tally.counts;
        counts.milliseconds += u64::from(row.values.milliseconds);
        match row.values.status {
            LogStatus::NoData => counts.nodata += 1,
            LogStatus::SkipData => counts.skipdata += 1,
            LogStatus::Ok if row.layout.transit_gateway => counts.transit_gateway += 1,
            LogStatus::Ok => {
                let missing = |id| u64::from(row.column(id).is_none());
                counts.ok += 1;
                counts.in_range += u64::from(in_range);
                counts.bytes_missing += missing(FieldId::BYTES);
                counts.action_missing += missing(FieldId::ACTION);
                counts.time_missing += u64::from(row.values.span().is_none());
            }
        }
        if let Some((start, end)) = row.values.span() {
            self.tally.widen_span(start, end);
        }
    }
}

impl Bad {
    pub(crate) fn kind(&self) -> RejectKind {
        match self {
            Bad::Fault(_, Fault::BadTime(_)) => RejectKind::BadTime,
            _ => RejectKind::Malformed,
        }
    }

    /// Says what is wrong with the line, for people.
    pub(crate) fn explain(&self, line: &[u8], tokens: &[(u32, u32)]) -> String {
        match self {
            Bad::TooLong => format!("a line of more than {MAX_LINE} bytes"),
            Bad::NoFormat => format!("no header and not the default format: `{}`", excerpt(line)),
            Bad::Fault(layout, fault) => layout.explain(fault, line, tokens),
        }
    }
}

/// Finds the tokens of a line that stands alone.
pub(crate) fn split(kernel: Kernel, line: &[u8], index: &mut Index, tokens: &mut Vec<(u32, u32)>) {
    kernel.index(line, index);
    tokens.clear();
    let mut start = 0;
    // The line is at most 64 KiB long.
    let ends = index.offsets()[1..].iter().copied().chain([line.len() as u32]);
    for end in ends {
        if end > start {
            tokens.push((start, end));
        }
        start = end + 1;
    }
}

/// Whether a line's first token is the name of its format's first column. A format of text columns
/// alone would take its own header, met again in mid file, for a record.
fn starts_like_header(layout: &Layout, line: &[u8], tokens: &[(u32, u32)]) -> bool {
    let first_name = layout.format().names().first();
    first_name.is_some_and(|name| text_of(line, tokens[0]) == name.as_bytes())
}

/// Takes a UTF-8 byte order mark off the first token.
fn skip_byte_order_mark(line: &[u8], tokens: &mut Vec<(u32, u32)>) {
    if !line.starts_with(b"\xef\xbb\xbf") {
        return;
    }
    if let Some(first) = tokens.first_mut() {
        first.0 += 3;
        if first.0 >= first.1 {
            tokens.remove(0);
        }
    }
}
