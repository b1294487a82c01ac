//! Totals whose direction was not known while they were added up.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::{
    DataType, Field, FieldRef, Int64Type, Schema, SchemaRef, UInt32Type, UInt64Type,
};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::{Key, Rows, order_sql, places_sql};
use crate::error::EngineError;
use crate::orient::{AddressBook, Pending, Side};
use crate::scan::Interner;
use crate::totals::flatten;

/// How many records got a direction in the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Records whose direction was settled.
    pub(crate) records: u64,
    /// Those of them whose interface's own address is only assumed.
    pub(crate) assumed: u64,
}

/// What was learned while the totals were added up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned<'a> {
    pub(super) pending: &'a Pending,
    pub(super) book: &'a AddressBook,
    pub(super) interner: &'a Interner,
}

impl Learned<'_> {
    fn settle_part(self, part: &RecordBatch, settled: &mut Settled) -> Result<RecordBatch> {
        let part = give_directions(part, self.pending, self.book, settled)?;
        let Ok(place) = part.schema_ref().index_of(Key::Interface.name()) else { return Ok(part) };
        let mut columns = part.columns().to_vec();
        columns[place] = self.interner.texts(&columns[place])?;
        let mut fields: Vec<FieldRef> = part.schema_ref().fields().iter().cloned().collect();
        fields[place] = Arc::new(Field::new(Key::Interface.name(), DataType::Utf8View, true));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

/// Gives the totals of each code their direction, and adds up what then has the same keys.
pub(super) async fn settle(
    context: &SessionContext,
    keys: &[Key],
    schema: &SchemaRef,
    batches: &[RecordBatch],
    learned: Learned<'_>,
) -> Result<(Rows, Settled), EngineError> {
    let mut settled = Settled::default();
    let mut parts = Vec::with_capacity(batches.len());
    for batch in batches {
        parts.push(learned.settle_part(&flatten(batch)?, &mut settled)?);
    }
    let empty = flatten(&RecordBatch::new_empty(Arc::clone(schema)))?;
    let schema = learned.settle_part(&empty, &mut settled)?.schema();
    context.register_table("parts", Arc::new(MemTable::try_new(schema, vec![parts])?))?;
    let frame = context.sql(&sql(keys)).await?;
    let schema = Arc::clone(frame.schema().inner());
    Ok((Rows { schema, batches: frame.collect().await? }, settled))
}

fn sql(keys: &[Key]) -> String {
    let names: String = keys.iter().map(|key| format!("\"{}\", ", key.name())).collect();
    let sum = |name: &str| format!("coalesce(sum({name}), CAST(0 AS BIGINT UNSIGNED)) AS {name}");
    let count = |name: &str| format!("coalesce(sum({name}), 0) AS {name}");
    let totals = [
        sum("bytes_in"),
        sum("bytes_out"),
        sum("bytes_unoriented"),
        sum("packets_in"),
        sum("packets_out"),
        sum("packets_unoriented"),
        count("flows"),
        sum("rejected_bytes"),
        sum("rejected_packets"),
        count("rejected_flows"),
        "min(first_seen) AS first_seen".to_owned(),
        "max(last_seen) AS last_seen".to_owned(),
    ];
    let grouped = match keys {
        [] => String::new(),
        _ => format!(" GROUP BY {} ORDER BY {}", places_sql(keys), order_sql(keys)),
    };
    format!("SELECT {names}{} FROM parts{grouped}", totals.join(", "))
}

/// Moves what is not oriented to where its code says that it belongs.
pub(crate) fn give_directions(
    batch: &RecordBatch,
    pending: &Pending,
    book: &AddressBook,
    settled: &mut Settled,
) -> Result<RecordBatch> {
    let column = |name: &str| -> Result<&ArrayRef> {
        let column = batch.column_by_name(name);
        column.ok_or_else(|| DataFusionError::Internal(format!("no column {name}")))
    };
    let codes = column("pending")?.as_primitive::<UInt32Type>();
    if codes.null_count() == codes.len() {
        return Ok(batch.clone());
    }
    let flows = column("flows")?.as_primitive::<Int64Type>();
    let rejected = column("rejected_flows")?.as_primitive::<Int64Type>();
    let mut sides = Vec::with_capacity(codes.len());
    for row in 0..codes.len() {
        let resolved = match codes.is_valid(row) {
            true => pending.resolve(codes.value(row), book),
            false => Default::default(),
        };
        // Counts are never negative.
        let records = flows.value(row).unsigned_abs() + rejected.value(row).unsigned_abs();
        settled.records += if resolved.side.is_some() { records } else { 0 };
        settled.assumed += if resolved.assumed { records } else { 0 };
        sides.push(resolved.side);
    }
    let mut columns = batch.columns().to_vec();
    for unit in ["bytes", "packets"] {
        let names = [format!("{unit}_in"), format!("{unit}_out"), format!("{unit}_unoriented")];
        let numbers = |name: &String| column(name).map(|c| c.as_primitive::<UInt64Type>().values());
        let [ins, outs, unoriented] =
            [numbers(&names[0])?, numbers(&names[1])?, numbers(&names[2])?];
        // A row with a code holds nothing but what is not oriented, or rejected.
        let moved = |to: Side, from: &[u64]| -> ArrayRef {
            let rows = sides.iter().zip(from).zip(unoriented.iter());
            let moved =
                rows.map(|((side, own), more)| if *side == Some(to) { *more } else { *own });
            Arc::new(moved.collect::<UInt64Array>())
        };
        let left = sides.iter().zip(unoriented.iter());
        let left = left.map(|(side, own)| if side.is_some() { 0 } else { *own });
        let new: [ArrayRef; 3] = [
            moved(Side::Destination, ins),
            moved(Side::Source, outs),
            Arc::new(left.collect::<UInt64Array>()),
        ];
        for (name, column) in names.iter().zip(new) {
            columns[batch.schema_ref().index_of(name)?] = column;
        }
    }
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
