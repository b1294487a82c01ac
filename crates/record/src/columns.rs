//! Arrow columns under construction.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Builder, StringViewBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow::datatypes::{Field as ArrowField, Schema, SchemaRef};

use crate::field::{FieldId, Kind};
use crate::line::{Row, text_of};

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
    Text(StringViewBuilder),
    Int(Int32Builder),
    Counter(UInt64Builder),
    Time(TimestampNanosecondBuilder),
}

impl ColumnBuilder {
    pub(crate) fn new(id: FieldId, rows: usize) -> ColumnBuilder {
        let values = match id.field().kind {
            Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => {
                Values::Text(StringViewBuilder::with_capacity(rows))
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
            Values::Text(builder) => match column {
                None => builder.append_null(),
                Some(column) => {
                    // The line was checked to be UTF-8, and tokens end at ASCII bytes.
                    let bytes = text_of(row.line, row.tokens[column]);
                    let text = std::str::from_utf8(bytes).unwrap_or_default();
                    match other_spelling(self.id, text) {
                        Some(canonical) => builder.append_value(canonical),
                        None => builder.append_value(text),
                    }
                }
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

    /// The finished column; the builder starts anew.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Text(builder) => Arc::new(builder.finish()),
            Values::Int(builder) => Arc::new(builder.finish()),
            Values::Counter(builder) => Arc::new(builder.finish()),
            Values::Time(builder) => Arc::new(builder.finish()),
        }
    }
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
