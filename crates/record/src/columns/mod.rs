//! Arrow columns under construction.

mod numbers;
mod texts;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{
    Field as ArrowField, Int32Type, Schema, SchemaRef, TimestampNanosecondType, UInt64Type,
};

use crate::address::is_plain_ipv6;
use crate::field::{FieldId, Kind};
use crate::line::{Layout, Row, text_of};
use crate::scan::Work;
use crate::sheet::{Block, Sheet};
use numbers::Numbers;
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
    Int(Numbers<Int32Type>),
    Counter(Numbers<UInt64Type>),
    Time(Numbers<TimestampNanosecondType>),
}

impl ColumnBuilder {
    pub(crate) fn new(id: FieldId, rows: usize) -> ColumnBuilder {
        let values = match id.field().kind {
            Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => {
                Values::Text(Texts::new(rows))
            }
            Kind::Int(_) => Values::Int(Numbers::new(rows)),
            Kind::Counter => Values::Counter(Numbers::new(rows)),
            Kind::Time => Values::Time(Numbers::new(rows)),
        };
        ColumnBuilder { id, values }
    }

    /// Appends the field's value in this record, or NULL.
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let column = row.layout.column(self.id).filter(|column| row.values.is_present(*column));
        let number = column.map(|column| row.values.number(column));
        match &mut self.values {
            Values::Text(texts) => match column {
                None => texts.push_null(),
                Some(column) => push_text(self.id, texts, text_of(row.line, row.tokens[column])),
            },
            Values::Int(numbers) => numbers.push(number.map(int)),
            Values::Counter(numbers) => numbers.push(number),
            Values::Time(numbers) => numbers.push(number.map(nanoseconds)),
        }
    }

    /// The finished column; the builder starts anew.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        let data_type = self.id.field().kind.data_type();
        match &mut self.values {
            Values::Text(texts) => texts.finish(),
            Values::Int(numbers) => numbers.finish(data_type),
            Values::Counter(numbers) => numbers.finish(data_type),
            Values::Time(numbers) => numbers.finish(data_type),
        }
    }
}

/// Appends the fields' values in good lines of a sheet.
pub(crate) struct Extension<'a, L> {
    pub(crate) builders: &'a mut [ColumnBuilder],
    pub(crate) layout: &'a Layout,
    pub(crate) sheet: &'a Sheet,
    pub(crate) block: Block<'a>,
    /// The lines' numbers, in order.
    pub(crate) lines: L,
}

impl<L: ExactSizeIterator<Item = usize> + Clone> Work<()> for Extension<'_, L> {
    #[inline(always)]
    fn run(self) {
        let Extension { builders, layout, sheet, block, lines } = self;
        for ColumnBuilder { id, values } in builders {
            let lines = lines.clone();
            let Some(column) = layout.column(*id) else {
                values.push_nulls(lines.len());
                continue;
            };
            match values {
                Values::Text(texts) => {
                    let [starts, ends] = sheet.tokens(column);
                    let token = |line: usize| (starts[line].wrapping_add(1), ends[line]);
                    texts.extend(block.bytes, block.is_ascii, lines.map(token));
                }
                Values::Int(numbers) => {
                    let read = sheet.numbers(column);
                    if lines.clone().any(|line| read[line] == Sheet::MISSING) {
                        let number = |line| sheet.number(line, column).map(int);
                        lines.for_each(|line| numbers.push(number(line)));
                    } else {
                        numbers.extend(lines.map(|line| int(read[line])));
                    }
                }
                // A line without a counter or a time is not read here.
                Values::Counter(numbers) => {
                    let read = sheet.numbers(column);
                    numbers.extend(lines.map(|line| read[line]));
                }
                Values::Time(numbers) => {
                    let read = sheet.numbers(column);
                    numbers.extend(lines.map(|line| nanoseconds(read[line])));
                }
            }
        }
    }
}

impl Values {
    fn push_nulls(&mut self, rows: usize) {
        match self {
            Values::Text(texts) => texts.push_nulls(rows),
            Values::Int(numbers) => numbers.push_nulls(rows),
            Values::Counter(numbers) => numbers.push_nulls(rows),
            Values::Time(numbers) => numbers.push_nulls(rows),
        }
    }
}

/// The kind's bound fits in 31 bits.
fn int(number: u64) -> i32 {
    number as i32
}

/// Times are settled to at most 32 bits of seconds, so their nanoseconds fit in 63.
fn nanoseconds(seconds: u64) -> i64 {
    seconds as i64 * NANOSECONDS
}

/// Appends a text, addresses in their one spelling.
fn push_text(id: FieldId, texts: &mut Texts, text: &[u8]) {
    // The line was checked to be UTF-8, and tokens end at ASCII bytes.
    let spelling = std::str::from_utf8(text).ok().and_then(|text| other_spelling(id, text));
    texts.push(spelling.as_deref().map_or(text, str::as_bytes));
}

/// The one spelling of an address, if the text is one in another: grouping and comparing in SQL are
/// by text. An IPv4-mapped IPv6 address is the IPv4 one. IPv4 text that passed the check has only one
/// spelling.
pub(crate) fn other_spelling(id: FieldId, text: &str) -> Option<String> {
    let is_ipv6 = id.field().kind == Kind::Address && text.contains(':');
    if !is_ipv6 || is_plain_ipv6(text.as_bytes()) {
        return None;
    }
    let canonical = IpAddr::V6(text.parse::<Ipv6Addr>().ok()?).to_canonical().to_string();
    (canonical != text).then_some(canonical)
}
