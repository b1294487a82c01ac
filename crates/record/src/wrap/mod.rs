//! What flow logs come wrapped in on their way through other services: JSON of CloudWatch Logs and
//! Firehose, records as JSON members or CSV columns, Security Lake's OCSF. Each becomes the lines of a
//! plain flow log, so that the decoder alone decides what is a record.

mod csv;
mod foreign;
mod json;
mod members;
mod notes;
pub mod ocsf;
mod places;
mod row;
mod split;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::tally::Tally;
use csv::CsvReader;
use json::JsonReader;
use notes::Notes;

/// How many bytes may stand before it is clear what the input is wrapped in.
const MOST_HELD: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What flow log records are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Wrapper {
    /// In nothing: lines of text.
    Plain,
    /// Events of CloudWatch Logs: answers of `get-log-events` and `filter-log-events`, one event a
    /// line, subscription envelopes, rows of Logs Insights.
    CloudWatchJson,
    /// Objects with the record's line in `message` (or `body`, `log`), as Firehose writes them.
    MessageJson,
    /// An object for each record, with its fields as members.
    JsonRecords,
    /// OCSF Network Activity, as Security Lake has it.
    OcsfJson,
    /// Comma-separated, with the record's line in the column `message`.
    ConsoleCsv,
    /// Comma-separated, with a column for each field.
    Csv,
}

impl Wrapper {
    /// Every wrapper.
    pub const ALL: [Wrapper; 7] = [
        Wrapper::Plain,
        Wrapper::CloudWatchJson,
        Wrapper::MessageJson,
        Wrapper::JsonRecords,
        Wrapper::OcsfJson,
        Wrapper::ConsoleCsv,
        Wrapper::Csv,
    ];

    /// A short name, for example `cloudwatch-json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Wrapper::Plain => "plain",
            Wrapper::CloudWatchJson => "cloudwatch-json",
            Wrapper::MessageJson => "message-json",
            Wrapper::JsonRecords => "json-records",
            Wrapper::OcsfJson => "ocsf-json",
            Wrapper::ConsoleCsv => "console-csv",
            Wrapper::Csv => "csv",
        }
    }
}

/// What to do with the bytes that were pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Unwrapped {
    /// Decode the lines that were appended, if any, and then the pushed bytes as they are.
    AsPushed,
    /// Decode the lines that were appended, if any; the pushed bytes are done with.
    Lines,
}

/// Takes the inflated bytes of one object and gives plain flow log lines for the
/// [`Decoder`](crate::Decoder).
///
/// What the object is wrapped in shows at its beginning, a byte order mark and blank lines aside. A
/// plain flow log is found out within its first word and from there on passes through untouched. Of
/// anything else no more than one element (1 MiB) is held at a time.
///
/// ```
/// use flowproof_record::{Decoder, DecoderOptions, Unwrapped, Unwrapper, Wrapper};
///
/// let json = br#"{"events":[{"message":"2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 8400 1748736000 1748736060 ACCEPT OK"}]}"#;
/// let mut unwrapper = Unwrapper::new();
/// let mut decoder = Decoder::new(DecoderOptions::default());
/// let (mut lines, mut batches) = (Vec::new(), Vec::new());
/// // A full batch takes no more: what is left is pushed after it was flushed.
/// let mut decode = |decoder: &mut Decoder, mut text: &[u8]| {
///     while !text.is_empty() {
///         text = &text[decoder.decode(text)..];
///         if decoder.is_full() {
///             batches.extend(decoder.flush());
///         }
///     }
/// };
/// for piece in json.chunks(10) {
///     lines.clear();
///     let unwrapped = unwrapper.push(piece, &mut lines);
///     decode(&mut decoder, &lines);
///     if unwrapped == Unwrapped::AsPushed {
///         decode(&mut decoder, piece);
///     }
/// }
/// lines.clear();
/// unwrapper.finish(&mut lines);
/// decode(&mut decoder, &lines);
/// decoder.finish();
/// batches.extend(decoder.flush());
/// assert_eq!(batches[0].num_rows(), 1);
///
/// let mut tally = decoder.tally().clone();
/// unwrapper.settle(&mut tally);
/// assert_eq!((tally.counts.ok, tally.counts.malformed), (1, 0));
/// assert_eq!(unwrapper.wrapper(), Some(Wrapper::CloudWatchJson));
/// ```
#[derive(Debug)]
pub struct Unwrapper {
    state: State,
    notes: Notes,
}

#[derive(Debug)]
enum State {
    /// The input so far, as long as it says nothing.
    Undecided(Vec<u8>),
    Plain,
    Json(Box<JsonReader>),
    Csv(Box<CsvReader>),
}

/// What the beginning of the input says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    Unclear,
    Plain,
    Json,
    Csv,
}

impl Default for Unwrapper {
    fn default() -> Unwrapper {
        Unwrapper::new()
    }
}

impl Unwrapper {
    /// An unwrapper for one object.
    #[must_use]
    pub fn new() -> Unwrapper {
        Unwrapper { state: State::Undecided(Vec::new()), notes: Notes::default() }
    }

    /// Takes the next bytes of the object, cut anywhere, and appends the lines that end in them to
    /// `lines`.
    pub fn push(&mut self, bytes: &[u8], lines: &mut Vec<u8>) -> Unwrapped {
        match &mut self.state {
            State::Plain => Unwrapped::AsPushed,
            State::Undecided(held) if held.is_empty() => match beginning_of(bytes) {
                Beginning::Plain => {
                    self.become_plain();
                    Unwrapped::AsPushed
                }
                beginning => {
                    held.extend_from_slice(bytes);
                    self.decide(beginning, lines)
                }
            },
            State::Undecided(held) => {
                held.extend_from_slice(bytes);
                let beginning = beginning_of(held);
                self.decide(beginning, lines)
            }
            State::Json(_) | State::Csv(_) => {
                self.unwrap(bytes, lines);
                Unwrapped::Lines
            }
        }
    }

    /// Ends the object: what was held back is its last element.
    pub fn finish(&mut self, lines: &mut Vec<u8>) {
        self.end(false, lines);
    }

    /// Ends an object that was cut off: an element that is not whole is not used.
    pub fn finish_cut(&mut self, lines: &mut Vec<u8>) {
        self.end(true, lines);
    }

    /// What the object is wrapped in, as soon as that shows: [`Wrapper::Plain`] with the first word,
    /// any other with the first element that holds a record.
    #[must_use]
    pub fn wrapper(&self) -> Option<Wrapper> {
        self.notes.wrapper
    }

    /// Why the object is no flow log, if it is not: its elements are something else. The rest of it
    /// is passed over. Lines that were given out may still be refused by the decoder.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.notes.refusal.as_ref()
    }

    /// Where the input ended although an array or object was open, in words.
    #[must_use]
    pub fn cut(&self) -> Option<&str> {
        self.notes.cut.as_deref()
    }

    /// Messages by which CloudWatch Logs tests a subscription; they are no records and are skipped.
    #[must_use]
    pub fn control_messages(&self) -> u64 {
        self.notes.control_messages
    }

    /// The first names of members and columns that are no flow log field, in the order of the
    /// alphabet.
    pub fn unknown_fields(&self) -> impl Iterator<Item = &str> {
        self.notes.unknown.iter().map(String::as_str)
    }

    /// Brings the decoder's tally to the object as it was pushed: elements that gave no line are
    /// counted as malformed, headers that only the unwrapping made are not counted, and bad lines are
    /// placed in the object. To be called once, after `finish`.
    pub fn settle(&self, tally: &mut Tally) {
        if !matches!(self.state, State::Plain | State::Undecided(_)) {
            self.notes.settle(tally);
        }
    }

    /// Acts on what the bytes held back say, the pushed ones among them.
    fn decide(&mut self, beginning: Beginning, lines: &mut Vec<u8>) -> Unwrapped {
        let State::Undecided(held) = &mut self.state else { return Unwrapped::Lines };
        let held = std::mem::take(held);
        match beginning {
            Beginning::Unclear if held.len() < MOST_HELD => self.state = State::Undecided(held),
            Beginning::Unclear | Beginning::Plain => {
                self.become_plain();
                lines.extend_from_slice(&held);
            }
            Beginning::Json => {
                self.state = State::Json(Box::new(JsonReader::new()));
                self.unwrap(without_mark(&held), lines);
            }
            Beginning::Csv => {
                self.state = State::Csv(Box::new(CsvReader::new()));
                self.unwrap(without_mark(&held), lines);
            }
        }
        Unwrapped::Lines
    }

    fn become_plain(&mut self) {
        self.state = State::Plain;
        self.notes.recognise(Wrapper::Plain);
    }

    fn unwrap(&mut self, bytes: &[u8], lines: &mut Vec<u8>) {
        match &mut self.state {
            State::Json(reader) => reader.push(bytes, &mut self.notes, lines),
            State::Csv(reader) => reader.push(bytes, &mut self.notes, lines),
            State::Undecided(_) | State::Plain => {}
        }
    }

    fn end(&mut self, cut: bool, lines: &mut Vec<u8>) {
        if let State::Undecided(held) = &self.state {
            // The end of the input is as clear as the end of its first line.
            let whole_line = [held, &b"\n"[..]].concat();
            let beginning = beginning_of(&whole_line);
            if beginning == Beginning::Unclear {
                lines.extend_from_slice(held);
                return self.become_plain();
            }
            _ = self.decide(beginning, lines);
        }
        match &mut self.state {
            State::Json(reader) => reader.finish(cut, &mut self.notes, lines),
            State::Csv(reader) => reader.finish(cut, &mut self.notes, lines),
            State::Undecided(_) | State::Plain => {}
        }
        if !cut && self.notes.cut.is_none() {
            self.notes.refuse_if_barren();
        }
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Looks at the beginning of an object.
fn beginning_of(bytes: &[u8]) -> Beginning {
    if bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(bytes) {
        return Beginning::Unclear;
    }
    let text = without_mark(bytes).trim_ascii_start();
    match text.first() {
        None => Beginning::Unclear,
        // A record separator begins a JSON text sequence.
        Some(b'{' | b'[' | 0x1e) => Beginning::Json,
        // The header of a plain flow log, and its records, have a blank after the first word.
        Some(first) => match text.iter().position(|byte| b", \t\r\n".contains(byte)) {
            Some(end)
                if text[end] != b',' && *first != b'"' && !is_lone_line_column(&text[..end]) =>
            {
                Beginning::Plain
            }
            Some(_) => match memchr::memchr2(b'\n', b'\r', text) {
                Some(end) if csv::is_csv(&text[..end]) => Beginning::Csv,
                Some(_) => Beginning::Plain,
                None => Beginning::Unclear,
            },
            None => Beginning::Unclear,
        },
    }
}

/// Whether the first word may be all of a console CSV's header.
fn is_lone_line_column(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"message") || word.eq_ignore_ascii_case(b"@message")
}
