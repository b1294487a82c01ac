//! Records one by one, where they stand in the text: for whoever wants no batches of them.

use std::fmt;
use std::iter::FusedIterator;
use std::net::IpAddr;
use std::sync::Arc;

use memchr::memchr;

use crate::field::{FieldId, Kind};
use crate::format::Format;
use crate::line::{Layout, LogStatus, Row, RowValues, text_of};
use crate::reader::{MAX_LINE, Reader, Seen, split};
use crate::refusal::Refusal;
use crate::scan::{Index, Kernel};
use crate::tally::{Reject, Tally};

/// The records in the inflated text of one flow log object, in their order.
///
/// Every line is read as [`Decoder`](crate::Decoder) reads it: the header maps columns by name, and what
/// is no record of its format is an error with its line and the reason. NODATA and SKIPDATA records are
/// records; see [`Record::is_traffic`].
///
/// ```
/// use flowproof_record::records;
///
/// let log = b"version srcaddr dstaddr bytes log-status\n\
///             2 10.0.1.5 203.0.113.9 8400 OK\n\
///             2 - - - NODATA\n\
///             2 10.0.1.5 203.0.113.9 many OK\n";
/// let (mut bytes, mut errors) = (0, Vec::new());
/// for record in records(log) {
///     match record {
///         Ok(record) => bytes += record.bytes().unwrap_or(0),
///         Err(error) => errors.push(error.to_string()),
///     }
/// }
/// assert_eq!(bytes, 8400);
/// assert_eq!(errors, ["line 4: bytes: expected a whole number of 64 bits, got `many`"]);
/// ```
///
/// Text that is still wrapped in JSON or CSV is refused; an [`Unwrapper`](crate::Unwrapper) takes it
/// out first. A text that was cut off ends within a line, which may look like a good one: cut it behind
/// its last line feed.
#[must_use]
pub fn records(text: &[u8]) -> Records<'_> {
    let layout = Arc::new(Layout::new(Format::default_v2(), |_| false));
    Records {
        rest: text,
        reader: Reader::new(None, Vec::new()),
        kernel: Kernel::best(),
        index: Index::default(),
        parsed: Arc::new(Parsed { layout, tokens: Vec::new(), values: RowValues::default() }),
        is_over: false,
    }
}

/// The iterator that [`records`] gives. Iterate by `&mut` to look at the [`Tally`] afterwards.
#[derive(Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    reader: Reader,
    kernel: Kernel,
    index: Index,
    /// What was found on the last line. Written over by the next, unless a record holds on to it.
    parsed: Arc<Parsed>,
    is_over: bool,
}

/// What was found on a line.
#[derive(Debug, Clone)]
struct Parsed {
    layout: Arc<Layout>,
    tokens: Vec<(u32, u32)>,
    values: RowValues,
}

/// What stands in a text and is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A line is no good record of its format. Lines behind it may be.
    #[error(transparent)]
    Line(#[from] Reject),
    /// The text is no flow log. Nothing comes behind this error: the rest was not read.
    #[error("no flow log: {0}")]
    Text(#[from] Refusal),
}

impl<'a> Records<'a> {
    /// Reads a text without a header in this format, and not in the default one.
    #[must_use]
    pub fn with_format(self, format: Format) -> Records<'a> {
        Records { reader: Reader::new(Some(format), Vec::new()), ..self }
    }

    /// What was met so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.reader.tally
    }

    /// The next line without its line feed; `None` behind the last.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(line)
    }

    fn read(&mut self, line: &'a [u8]) -> Option<Result<Record<'a>, RecordError>> {
        let parsed = Arc::make_mut(&mut self.parsed);
        parsed.tokens.clear();
        if line.len() <= MAX_LINE {
            split(self.kernel, line, &mut self.index, &mut parsed.tokens);
        }
        match self.reader.read(line, &mut parsed.tokens, &mut parsed.values) {
            Seen::Passed => None,
            Seen::Bad(bad) => {
                let reason = bad.explain(line, &parsed.tokens);
                let reject = Reject { kind: bad.kind(), line: self.reader.line_number, reason };
                Some(Err(reject.into()))
            }
            Seen::Record => {
                parsed.layout.clone_from(self.reader.layout.as_ref()?);
                let line_number = self.reader.line_number;
                let record = Record { line, line_number, parsed: Arc::clone(&self.parsed) };
                self.reader.count(&record.row(), true);
                self.reader.tally.counts.selected += 1;
                Some(Ok(record))
            }
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.reader.refusal.is_none()
            && let Some(line) = self.next_line()
        {
            if let Some(item) = self.read(line) {
                return Some(item);
            }
        }
        if std::mem::replace(&mut self.is_over, true) {
            return None;
        }
        self.reader.finish();
        self.reader.refusal.map(|refusal| Err(refusal.into()))
    }
}

impl FusedIterator for Records<'_> {}

/// One record where it stands in the text. A value is `None` where the record has `-` or its format lacks
/// the field; so are the counters of a record that is not OK, whatever stands there.
#[derive(Clone)]
pub struct Record<'a> {
    line: &'a [u8],
    line_number: u64,
    parsed: Arc<Parsed>,
}

impl<'a> Record<'a> {
    /// The text of a field as it is written, UTF-8. Addresses of version 6 have many spellings: compare
    /// what [`Record::address`] gives.
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<&'a [u8]> {
        let column = self.row().column(id)?;
        Some(text_of(self.line, self.row().tokens[column]))
    }

    /// The same as a string.
    #[must_use]
    pub fn text(&self, id: FieldId) -> Option<&'a str> {
        self.get(id).and_then(|text| std::str::from_utf8(text).ok())
    }

    /// The number in a field of numbers: times in seconds since 1970, as they stand in batches, those
    /// written in milliseconds too.
    #[must_use]
    pub fn number(&self, id: FieldId) -> Option<u64> {
        let is_number = matches!(id.field().kind, Kind::Int(_) | Kind::Counter | Kind::Time);
        let column = self.row().column(id).filter(|_| is_number)?;
        Some(self.parsed.values.number(column))
    }

    /// The address in a field of addresses. One of version 6 that stands for one of version 4 is that.
    #[must_use]
    pub fn address(&self, id: FieldId) -> Option<IpAddr> {
        let text = self.text(id).filter(|_| id.field().kind == Kind::Address)?;
        text.parse().ok().map(|address: IpAddr| address.to_canonical())
    }

    /// `srcaddr`.
    #[must_use]
    pub fn srcaddr(&self) -> Option<IpAddr> {
        self.address(FieldId::SRCADDR)
    }

    /// `dstaddr`.
    #[must_use]
    pub fn dstaddr(&self) -> Option<IpAddr> {
        self.address(FieldId::DSTADDR)
    }

    /// `srcport`.
    #[must_use]
    pub fn srcport(&self) -> Option<u16> {
        self.number(FieldId::SRCPORT)?.try_into().ok()
    }

    /// `dstport`.
    #[must_use]
    pub fn dstport(&self) -> Option<u16> {
        self.number(FieldId::DSTPORT)?.try_into().ok()
    }

    /// `protocol`, IANA's number: 6 for TCP, 17 for UDP.
    #[must_use]
    pub fn protocol(&self) -> Option<u8> {
        self.number(FieldId::PROTOCOL)?.try_into().ok()
    }

    /// `packets`.
    #[must_use]
    pub fn packets(&self) -> Option<u64> {
        self.number(FieldId::PACKETS)
    }

    /// `bytes`, from `srcaddr` to `dstaddr`.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.number(FieldId::BYTES)
    }

    /// `start`, when the first packet was seen, seconds since 1970.
    #[must_use]
    pub fn start(&self) -> Option<i64> {
        self.parsed.values.start
    }

    /// `end`, when the last packet was seen, seconds since 1970.
    #[must_use]
    pub fn end(&self) -> Option<i64> {
        self.parsed.values.end
    }

    /// Whether security groups and network ACLs let the traffic through.
    #[must_use]
    pub fn is_accepted(&self) -> Option<bool> {
        self.get(FieldId::ACTION).map(|action| action == b"ACCEPT")
    }

    /// What `log-status` says.
    #[must_use]
    pub fn log_status(&self) -> LogStatus {
        self.parsed.values.status
    }

    /// Whether the record is of traffic: its status is OK, and it is not a transit gateway's, which counts
    /// what interfaces count too.
    #[must_use]
    pub fn is_traffic(&self) -> bool {
        self.row().is_traffic()
    }

    /// The columns of the line.
    #[must_use]
    pub fn format(&self) -> &Format {
        self.parsed.layout.format()
    }

    /// The whole line, without its line feed.
    #[must_use]
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// The number of the line in the text, counted from 1.
    #[must_use]
    pub fn line_number(&self) -> u64 {
        self.line_number
    }

    fn row(&self) -> Row<'_> {
        let Parsed { layout, tokens, values } = &*self.parsed;
        Row::new(layout, values, self.line, tokens)
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format_args!("`{}`", self.line.escape_ascii());
        f.debug_struct("Record")
            .field("line_number", &self.line_number)
            .field("line", &line)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::LooksLike;
    use crate::tally::RejectKind;

    const LOG: &[u8] =
        b"version interface-id srcaddr dstaddr dstport bytes start end action log-status\n\
        2 eni-1 10.0.1.5 2001:DB8::9 443 8400 1748736000 1748736060000 ACCEPT OK\n\
        2 eni-1 - - - 1 1748736000 1748736060 - NODATA\n\
        2 eni-1 10.0.1.5 203.0.113.9 443 8400 1748736060 1748736000 REJECT OK\n\
        2 eni-2 ::ffff:10.0.1.5 203.0.113.9 - - - - - SKIPDATA";

    #[test]
    fn a_record_tells_its_values_as_their_types() {
        let record = records(LOG).next().unwrap().unwrap();
        assert_eq!(record.get(FieldId::DSTADDR), Some(&b"2001:DB8::9"[..]), "as it is written");
        assert_eq!(record.dstaddr(), "2001:db8::9".parse().ok());
        assert_eq!((record.dstport(), record.bytes()), (Some(443), Some(8400)));
        assert_eq!((record.start(), record.end()), (Some(1_748_736_000), Some(1_748_736_060)));
        assert_eq!((record.is_accepted(), record.is_traffic()), (Some(true), true));
        assert_eq!(record.number(FieldId::INTERFACE_ID), None, "a text is no number");
        assert_eq!(record.address(FieldId::DSTPORT), None);
        assert_eq!(record.text(FieldId::INSTANCE_ID), None, "the format lacks it");
        assert_eq!(record.line_number(), 2);
    }

    #[test]
    fn records_of_other_status_are_told_apart_and_have_no_counters() {
        let others: Vec<_> = records(LOG).flatten().filter(|record| !record.is_traffic()).collect();
        let told: Vec<_> =
            others.iter().map(|r| (r.log_status(), r.bytes(), r.srcaddr())).collect();
        let mapped = "10.0.1.5".parse().ok();
        assert_eq!(told, [(LogStatus::NoData, None, None), (LogStatus::SkipData, None, mapped)]);
    }

    #[test]
    fn a_bad_line_is_an_error_with_its_kind_and_the_next_goes_on() {
        let errors: Vec<_> = records(LOG).filter_map(Result::err).collect();
        let [RecordError::Line(reject)] = &errors[..] else { panic!("{errors:?}") };
        assert_eq!((reject.kind, reject.line), (RejectKind::BadTime, 4));
        assert!(
            errors[0].to_string().starts_with("line 4: end lies before start"),
            "{}",
            errors[0]
        );
    }

    #[test]
    fn what_is_no_flow_log_ends_with_a_refusal() {
        let page = "<!DOCTYPE html>\n".repeat(1000);
        let mut read = records(page.as_bytes());
        let last = read.by_ref().last().unwrap().unwrap_err();
        assert_eq!(last, RecordError::Text(Refusal { looks_like: LooksLike::Markup }));
        assert_eq!(read.tally().counts.malformed, 16);
        assert!(read.next().is_none());
    }

    #[test]
    fn records_that_are_kept_stay_what_they_are() {
        let kept: Vec<Record<'_>> = records(LOG).flatten().collect();
        let interfaces: Vec<_> = kept.iter().map(|r| r.text(FieldId::INTERFACE_ID)).collect();
        assert_eq!(interfaces, [Some("eni-1"), Some("eni-1"), Some("eni-2")]);
    }

    #[test]
    fn a_text_without_a_header_is_read_in_the_format_that_was_given() {
        let format = Format::parse_format_string("${dstaddr} ${bytes}").unwrap();
        let mut read = records(b"203.0.113.9 8400\n").with_format(format);
        assert_eq!(read.next().unwrap().unwrap().bytes(), Some(8400));
        assert!(read.next().is_none());
    }
}
