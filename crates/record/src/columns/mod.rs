//! Arrow columns under construction.

mod texts;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, TimestampNanosecondBuilder, UInt64Builder};
use arrow::datatypes::{Field as ArrowField, Schema, SchemaRef};

use crate::field::{FieldId, Kind};
use crate::line::{Layout, Row, text_of};
use crate::sheet::{Block, Sheet};
use texts::Texts;

/// The Arrow schema of these fields: SQL column names, all nullable.
#[must_use]
pub fn schema_of(fields: &[FieldId]) -> SchemaRef {
    let columns = fields.iter().map(|id| {
        let field = id.field();
        ArrowField::new(field.column, field.kind.data_type(), true)
    });
    Arc::new(Schema::new(columns.collect::<Vec<_>>()))
}

/// Nanoseconds in a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// One column under construction.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    id: FieldId,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Text(Texts),
    Int(Int32Builder),
    Counter(UInt64Builder),
    Time(TimestampNanosecondBuilder),
}

impl ColumnBuilder {
    pub(crate) fn new(id: FieldId, rows: usize) -> ColumnBuilder {
        let values = match id.field().kind {
            Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => {
                Values::Text(Texts::new(rows))
            }
            Kind::Int(_) => Values::Int(Int32Builder::with_capacity(rows)),
            Kind::Counter => Values::Counter(UInt64Builder::with_capacity(rows)),
            Kind::Time => Values::Time(
                TimestampNanosecondBuilder::with_capacity(rows)
                    .with_data_type(id.field().kind.data_type()),
            ),
        };
        ColumnBuilder { id, values }
    }

    /// Appends the field's value in this record, or NULL.
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let column = row.layout.column(self.id).filter(|column| row.values.is_present(*column));
        match &mut self.values {
            Values::Text(texts) => match column {
                None => texts.push_null(),
                Some(column) => push_text(self.id, texts, text_of(row.line, row.tokens[column])),
            },
            // The kind's bound fits in 31 bits.
            Values::Int(builder) => {
                builder.append_option(column.map(|column| row.values.number(column) as i32));
            }
            Values::Counter(builder) => {
                builder.append_option(column.map(|column| row.values.number(column)));
            }
            // Times are settled to at most 32 bits of seconds, so their nanoseconds fit in 63.
            Values::Time(builder) => {
                let nanoseconds = |column| row.values.number(column) as i64 * NANOSECONDS;
                builder.append_option(column.map(nanoseconds));
            }
        }
    }

    /// Appends the field's values in these lines of a sheet, all of them good.
    pub(crate) fn extend(
        &mut self,
        layout: &Layout,
        sheet: &Sheet,
        block: Block<'_>,
        lines: &[u32],
    ) {
        let column = layout.column(self.id);
        let number = |column: usize, line: &u32| sheet.number(*line as usize, column);
        match (&mut self.values, column) {
            (Values::Text(texts), Some(column)) => {
                for line in lines {
                    match sheet.text(block, *line as usize, column) {
                        b"-" => texts.push_null(),
                        text => push_text(self.id, texts, text),
                    }
                }
            }
            (Values::Text(texts), None) => texts.push_nulls(lines.len()),
            // The kind's bound fits in 31 bits.
            (Values::Int(builder), Some(column)) => {
                let numbers = lines.iter().map(|line| number(column, line).map(|n| n as i32));
                numbers.for_each(|number| builder.append_option(number));
            }
            (Values::Int(builder), None) => builder.append_nulls(lines.len()),
            // A line without a counter or a time is not read here.
            (Values::Counter(builder), Some(column)) => {
                let numbers = sheet.numbers(column);
                lines.iter().for_each(|line| builder.append_value(numbers[*line as usize]));
            }
            (Values::Counter(builder), None) => builder.append_nulls(lines.len()),
            (Values::Time(builder), Some(column)) => {
                let seconds = sheet.numbers(column);
                let nanoseconds = |line: &u32| seconds[*line as usize] as i64 * NANOSECONDS;
                lines.iter().for_each(|line| builder.append_value(nanoseconds(line)));
            }
            (Values::Time(builder), None) => builder.append_nulls(lines.len()),
        }
    }

    /// The finished column; the builder starts anew.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Text(texts) => texts.finish(),
            Values::Int(builder) => Arc::new(builder.finish()),
            Values::Counter(builder) => Arc::new(builder.finish()),
            Values::Time(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Appends a text, addresses in their one spelling.
#[inline]
fn push_text(id: FieldId, texts: &mut Texts, text: &[u8]) {
    if id.field().kind == Kind::Address && !looks_like_ipv4(text) {
        // The line was checked to be UTF-8, and tokens end at ASCII bytes.
        let spelling = other_spelling(id, std::str::from_utf8(text).unwrap_or_default());
        texts.push(spelling.as_deref().map_or(text, str::as_bytes));
    } else {
        texts.push(text);
    }
}

/// Whether an address is IPv4: then a dot comes before any colon could.
fn looks_like_ipv4(address: &[u8]) -> bool {
    let dot_at = |place| address.get(place) == Some(&b'.');
    address.first() != Some(&b':') && (dot_at(1) || dot_at(2) || dot_at(3))
}

/// The one spelling of an address, if the text is one in another: grouping and comparing in SQL are
/// by text. An IPv4-mapped IPv6 address is the IPv4 one. IPv4 text that passed the check has only one
/// spelling.
pub(crate) fn other_spelling(id: FieldId, text: &str) -> Option<String> {
    if !text.contains(':') || id.field().kind != Kind::Address {
        return None;
    }
    let canonical = IpAddr::V6(text.parse::<Ipv6Addr>().ok()?).to_canonical().to_string();
    (canonical != text).then_some(canonical)
}
