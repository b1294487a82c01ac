//! Records handed out as they stand in the text, to callers that need no columns of them.

use crate::field::FieldId;
use crate::line::Layout;
use crate::scan::ipv4;
use crate::sheet::{Block, Sheet};

/// Takes records where they stand. What a sink does not take becomes rows of batches, as do the
/// records whose lines are read one by one: none of them is lost, and none is given twice.
pub trait RecordSink {
    /// Takes the records, and says so. A sink takes all of those that it is given or none: whether it
    /// does may depend on which fields they have.
    fn take(&mut self, records: &RecordGroup<'_>) -> bool;

    /// Whether it is to be shown all records, those too that do not pass the predicate.
    fn notices(&self) -> bool {
        false
    }

    /// Looks at records that lie in the range, before the predicate is asked. The same record may be
    /// shown twice.
    fn notice(&mut self, _records: &RecordGroup<'_>) {}
}

/// Takes nothing: all records become rows.
pub(crate) struct NoSink;

impl RecordSink for NoSink {
    fn take(&mut self, _: &RecordGroup<'_>) -> bool {
        false
    }
}

/// Records of one format with traffic and of good form, each at a line of its own: what is told of
/// them is by line.
#[derive(Debug, Clone, Copy)]
pub struct RecordGroup<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) sheet: &'a Sheet,
    pub(crate) block: Block<'a>,
    pub(crate) lines: &'a [usize],
}

impl<'a> RecordGroup<'a> {
    /// Stands among [`RecordGroup::numbers`] for an address that is not IPv4, and for a whole number that is
    /// missing. Counters and times are never missing.
    pub const NONE: u64 = ipv4::NOT_IPV4;

    /// The lines of the records.
    #[must_use]
    pub fn lines(&self) -> &'a [usize] {
        self.lines
    }

    /// The texts of a field; `None` where the format lacks it.
    #[must_use]
    pub fn texts(&self, id: FieldId) -> Option<RecordTexts<'a>> {
        let [before, ends] = self.sheet.tokens(self.layout.column(id)?);
        Some(RecordTexts { bytes: self.block.bytes, before, ends })
    }

    /// The numbers of a field that is among the decoder's columns, by line: times in seconds since
    /// 1970, IPv4 addresses as `0xcb007109` for `203.0.113.9`. `None` where the format lacks the field,
    /// or it is one of texts.
    #[must_use]
    pub fn numbers(&self, id: FieldId) -> Option<&'a [u64]> {
        let column = self.layout.column(id)?;
        self.layout.checks().reads(column).then(|| self.sheet.numbers(column))
    }
}

/// The texts of a field.
#[derive(Debug, Clone, Copy)]
pub struct RecordTexts<'a> {
    bytes: &'a [u8],
    before: &'a [u32],
    ends: &'a [u32],
}

impl<'a> RecordTexts<'a> {
    /// The text at a line of the records, ASCII; `-` for none.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, line: usize) -> &'a [u8] {
        let (start, end) = (self.before[line].wrapping_add(1), self.ends[line]);
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }
}
