//! One record by its fields' names, and the text lines that such records become.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::notes::Notes;
use crate::field::{FIELDS, FieldId, Kind};

/// Longer names are no field's.
const LONGEST_NAME: usize = 64;

/// Names that others give to fields, in lower case and without marks.
const ALIASES: [(&str, FieldId); 2] = [
    // CloudWatch Logs Insights, for the fields that it finds in flow logs by itself.
    ("starttime", FieldId::START),
    ("endtime", FieldId::END),
];

/// Names in lower case, without marks -> field.
static FOLDED: LazyLock<HashMap<Vec<u8>, FieldId>> = LazyLock::new(|| {
    let names = FieldId::all().map(|id| (id.field().name, id)).chain(ALIASES);
    names.map(|(name, id)| (fold(name.bytes()).collect(), id)).collect()
});

/// How near a name is to AWS's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// `srcAddr`, `startTime`.
    Alike,
    /// `srcaddr`, `account-id`, `ACCOUNT_ID`.
    Exact,
}

impl Likeness {
    /// How a name that means a field is spelled.
    pub(super) fn of(id: FieldId, name: &str) -> Likeness {
        let field = id.field();
        let exact = [field.column, field.name].iter().any(|ours| ours.eq_ignore_ascii_case(name));
        if exact { Likeness::Exact } else { Likeness::Alike }
    }
}

/// The field that a name means in any spelling that people use: hyphens, underscores, camel case.
pub(super) fn field_named(name: &str) -> Option<FieldId> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let mut folded = [0; LONGEST_NAME];
    let mut length = 0;
    for (place, byte) in folded.iter_mut().zip(fold(name.bytes())) {
        *place = byte;
        length += 1;
    }
    FOLDED.get(&folded[..length]).copied()
}

fn fold(name: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    name.filter(|byte| !matches!(byte, b'-' | b'_' | b' ' | b'.'))
        .map(|byte| byte.to_ascii_lowercase())
}

/// The values of one record, by field. Kept from record to record for its allocations.
#[derive(Debug)]
pub(super) struct Row {
    text: String,
    values: Vec<Option<(Likeness, Range<usize>)>>,
    /// The first thing that is wrong with it.
    fault: Option<String>,
}

impl Default for Row {
    fn default() -> Row {
        Row { text: String::new(), values: vec![None; FIELDS.len()], fault: None }
    }
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.values.fill(None);
        self.fault = None;
    }

    /// Takes the value of a member, if its name is a field's; tells whether it is.
    pub(super) fn put_named(&mut self, name: &str, value: &str) -> bool {
        let Some(id) = field_named(name) else { return false };
        self.put_alike(id, Likeness::of(id, name), value);
        true
    }

    /// Takes a value, unless there is one.
    pub(super) fn put_if_missing(&mut self, id: FieldId, value: &str) {
        if self.get(id).is_none_or(|before| before == "-") {
            self.values[id.index()] = None;
            self.put(id, value);
        }
    }

    /// Takes a value; empty text is none.
    pub(super) fn put(&mut self, id: FieldId, value: &str) {
        self.put_alike(id, Likeness::Exact, value);
    }

    /// Takes a value under a name that is as near to the field's as `likeness` says; empty text is none.
    pub(super) fn put_alike(&mut self, id: FieldId, likeness: Likeness, value: &str) {
        let value = plain_number(id, value.trim_ascii());
        let value = if is_missing(id, value) { "-" } else { value };
        if let Some((before, range)) = &self.values[id.index()] {
            let same = &self.text[range.clone()] == value;
            if *before > likeness || same {
                return;
            }
            if *before == likeness {
                self.fail(|| format!("{}: given twice, and not the same", name_of(id)));
            }
        }
        let start = self.text.len();
        self.text.push_str(value);
        self.values[id.index()] = Some((likeness, start..self.text.len()));
    }

    /// Notes that the record is not good.
    pub(super) fn fail(&mut self, reason: impl FnOnce() -> String) {
        self.fault.get_or_insert_with(reason);
    }

    /// Whether [`Row::fail`] was called, or something of the kind happened.
    pub(super) fn has_failed(&self) -> bool {
        self.fault.is_some()
    }

    /// What is wrong with the record, if anything is.
    fn fault(&self) -> Option<String> {
        let blank = |text: &str| text.bytes().any(|byte| byte.is_ascii_whitespace());
        if self.fault.is_some() || !blank(&self.text) {
            return self.fault.clone();
        }
        // It may be a value that a better one took the place of.
        let given = FieldId::all().filter_map(|id| self.get(id).map(|value| (id, value)));
        let (id, value) = given.into_iter().find(|(_, value)| blank(value))?;
        Some(format!("{}: a value with blanks in it: `{}`", name_of(id), shown(value)))
    }

    pub(super) fn get(&self, id: FieldId) -> Option<&str> {
        self.values[id.index()].as_ref().map(|(_, range)| &self.text[range.clone()])
    }

    /// Whether these are the fields of a flow log record: both addresses, or a status and something
    /// to go with it.
    pub(super) fn is_record(&self) -> bool {
        let has = |id: FieldId| self.values[id.index()].is_some();
        let status = matches!(self.get(FieldId::LOG_STATUS), Some("OK" | "NODATA" | "SKIPDATA"));
        (has(FieldId::SRCADDR) && has(FieldId::DSTADDR))
            || (status && self.values.iter().flatten().count() > 1)
    }

    fn is_transit_gateway(&self) -> bool {
        let named = |id| self.get(id).is_some_and(|value| value != "-");
        named(FieldId::TGW_ID) || named(FieldId::TGW_ATTACHMENT_ID)
    }
}

/// Whether a text stands for no value: nothing, or the `None` of programs in Python, except where
/// people choose the text.
fn is_missing(id: FieldId, value: &str) -> bool {
    match value {
        "" => true,
        "None" => !(FieldId::INSTANCE_TAG..=FieldId::ASG_TAG_2).contains(&id),
        _ => false,
    }
}

fn name_of(id: FieldId) -> &'static str {
    id.field().name
}

/// The beginning of a value.
fn shown(value: &str) -> String {
    crate::line::excerpt(value.as_bytes())
}

/// Takes `.0` off a number whose field is a whole one: tables with gaps become floats on their way.
fn plain_number(id: FieldId, value: &str) -> &str {
    if !matches!(id.field().kind, Kind::Int(_) | Kind::Counter | Kind::Time) {
        return value;
    }
    match value.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => value,
    }
}

/// Makes text lines of records by name: a header where the fields are new, then the values.
#[derive(Debug, Default)]
pub(super) struct RowWriter {
    /// The columns of plain records and of transit gateway records: each grows with the fields met,
    /// so that there are not more headers than fields. The two are kept apart as the decoder tells
    /// transit gateways by the header.
    columns: [Vec<FieldId>; 2],
    /// Which of the two the last header was.
    current: Option<usize>,
    line: String,
}

impl RowWriter {
    /// Whether a header was given out: lines from elsewhere would be read by it.
    pub(super) fn has_begun(&self) -> bool {
        self.current.is_some()
    }

    /// Gives out the record, or counts it as malformed.
    pub(super) fn write(
        &mut self,
        row: &Row,
        input_line: u64,
        notes: &mut Notes,
        lines: &mut Vec<u8>,
    ) {
        if let Some(fault) = row.fault() {
            return notes.malformed(input_line, || fault);
        }
        let kind = usize::from(row.is_transit_gateway());
        let grown = self.grow(kind, row);
        if grown || self.current != Some(kind) {
            self.current = Some(kind);
            self.line.clear();
            self.columns[kind].iter().for_each(|id| push_token(&mut self.line, name_of(*id)));
            notes.headers += 1;
            notes.give_out(&self.line, input_line, lines);
        }
        self.line.clear();
        for id in &self.columns[kind] {
            // A record without a status is traffic, as in a format that has none.
            let missing = if *id == FieldId::LOG_STATUS { "OK" } else { "-" };
            push_token(&mut self.line, row.get(*id).unwrap_or(missing));
        }
        notes.give_out(&self.line, input_line, lines);
    }

    /// Takes the record's fields into the columns; tells whether there are more now.
    fn grow(&mut self, kind: usize, row: &Row) -> bool {
        let columns = &mut self.columns[kind];
        let before = columns.len();
        for id in FieldId::all().filter(|id| row.values[id.index()].is_some()) {
            // Fields whose being there would make it a transit gateway's header.
            let telling = matches!(id, FieldId::TGW_ID | FieldId::TGW_ATTACHMENT_ID);
            if !columns[..before].contains(&id) && (kind == 1 || !telling) {
                columns.push(id);
            }
        }
        columns.len() > before
    }
}

fn push_token(line: &mut String, token: &str) {
    if !line.is_empty() {
        line.push(' ');
    }
    line.push_str(token);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(rows: &[&[(&str, &str)]]) -> String {
        let (mut writer, mut notes, mut lines) = <(RowWriter, Notes, Vec<u8>)>::default();
        let mut row = Row::default();
        for (idx, members) in rows.iter().enumerate() {
            row.clear();
            members.iter().for_each(|(name, value)| assert!(row.put_named(name, value), "{name}"));
            writer.write(&row, idx as u64 + 1, &mut notes, &mut lines);
        }
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn a_field_is_known_in_every_spelling() {
        for id in FieldId::all() {
            let field = id.field();
            let camel: String = field
                .name
                .split('-')
                .enumerate()
                .map(|(idx, part)| match idx {
                    0 => part.to_owned(),
                    _ => part[..1].to_uppercase() + &part[1..],
                })
                .collect();
            for name in [field.name, field.column, &camel, &field.name.to_uppercase()] {
                assert_eq!(field_named(name), Some(id), "{name}");
            }
        }
        assert_eq!(field_named("srcAddr"), Some(FieldId::SRCADDR));
        assert_eq!(field_named("pkt_src_addr"), Some(FieldId::PKT_SRCADDR));
        assert_eq!(field_named("startTime"), Some(FieldId::START));
        for name in ["", "-", "source", "query_name", &"srcaddr".repeat(99)] {
            assert_eq!(field_named(name), None, "{name}");
        }
    }

    #[test]
    fn a_header_comes_once_and_again_only_if_a_field_is_new() {
        let text = lines_of(&[
            &[("srcaddr", "10.0.1.5"), ("dstaddr", "203.0.113.9")],
            &[("dstaddr", "10.0.1.5"), ("srcaddr", "203.0.113.9")],
            &[("srcaddr", "10.0.1.5"), ("dstaddr", "203.0.113.9"), ("bytes", "52.0")],
            &[("srcaddr", "10.0.1.6"), ("dstaddr", "203.0.113.9")],
        ]);
        assert_eq!(
            text,
            "srcaddr dstaddr\n10.0.1.5 203.0.113.9\n203.0.113.9 10.0.1.5\nsrcaddr dstaddr bytes\n\
             10.0.1.5 203.0.113.9 52\n10.0.1.6 203.0.113.9 -\n"
        );
    }

    #[test]
    fn transit_gateway_records_have_a_header_of_their_own() {
        let text = lines_of(&[
            &[("srcaddr", "10.0.1.5"), ("tgw_id", "tgw-1")],
            &[("srcaddr", "10.0.1.6"), ("tgw_id", "-")],
            &[("srcaddr", "10.0.1.7"), ("tgw_id", "tgw-1")],
        ]);
        assert_eq!(
            text,
            "srcaddr tgw-id\n10.0.1.5 tgw-1\nsrcaddr\n10.0.1.6\nsrcaddr tgw-id\n10.0.1.7 tgw-1\n"
        );
    }

    #[test]
    fn a_value_with_blanks_is_a_fault() {
        let mut row = Row::default();
        row.put_named("instance-tag", " web\u{a0}1 ");
        assert_eq!(
            row.fault(),
            None,
            "blanks around it are none in it, nor is what parts no fields"
        );
        row.put_named("asg-tag", "web 1");
        assert_eq!(row.fault().as_deref(), Some("asg-tag: a value with blanks in it: `web 1`"));
    }

    #[test]
    fn what_says_nothing_is_no_value() {
        let mut row = Row::default();
        row.put_named("instance_id", "");
        row.put_named("bytes", "None");
        row.put_named("instance_tag", "None");
        assert_eq!(row.get(FieldId::INSTANCE_ID), Some("-"));
        assert_eq!(row.get(FieldId::BYTES), Some("-"));
        assert_eq!(row.get(FieldId::INSTANCE_TAG), Some("None"), "people may call things so");
    }

    #[test]
    fn the_exact_name_wins_and_two_that_differ_are_a_fault() {
        let mut row = Row::default();
        row.put_named("startTime", "2025-06-01T00:00:00Z");
        row.put_named("start", "1748736000");
        row.put_named("start_time", "yesterday at noon");
        assert_eq!(row.get(FieldId::START), Some("1748736000"));
        assert_eq!(row.fault(), None);
        row.put_named("START", "1748736001");
        assert_eq!(row.fault().as_deref(), Some("start: given twice, and not the same"));
    }
}
