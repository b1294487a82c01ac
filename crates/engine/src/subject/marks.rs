//! What a question names, marked on its records, so that those of many questions are looked at alike.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, StringViewArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result};

use super::SubjectQuestion;
use super::sql::moved_interfaces;
use crate::orient::AddressBook;

/// The marks: the question's number, the instance that it asks about, and what of a record it names.
const MARKS: [(&str, DataType); 8] = [
    ("question", DataType::Int32),
    ("asked_instance", DataType::Utf8View),
    ("has_moved", DataType::Boolean),
    ("source_claimed", DataType::Boolean),
    ("destination_claimed", DataType::Boolean),
    ("remote_claimed", DataType::Boolean),
    ("remote_port_named", DataType::Boolean),
    ("local_port_named", DataType::Boolean),
];

/// The columns of marks that are asked for beside those of a record.
pub(super) const MARK_COLUMNS: [&str; 6] = [
    "question",
    "source_claimed",
    "destination_claimed",
    "remote_claimed",
    "remote_port_named",
    "local_port_named",
];

/// What a question names.
#[derive(Debug)]
pub(super) struct Marks {
    question: i32,
    instance: Option<String>,
    /// Interfaces that belonged to several instances.
    moved: HashSet<String>,
    claimed: HashSet<String>,
    remote_ports: HashSet<i32>,
    local_ports: HashSet<i32>,
}

impl Marks {
    /// Those of the question with this number.
    ///
    /// # Errors
    ///
    /// If there are more questions than 31 bits count.
    pub(super) fn of(number: usize, asked: &SubjectQuestion, book: &AddressBook) -> Result<Marks> {
        let many = || DataFusionError::Internal("too many questions at once".to_owned());
        let question = i32::try_from(number).map_err(|_| many())?;
        let ports = |ports: &BTreeSet<u16>| ports.iter().copied().map(i32::from).collect();
        let instance = asked.subject.instance.clone();
        let moved = moved_interfaces(&asked.subject, book).filter(|_| instance.is_some());
        Ok(Marks {
            question,
            moved: moved.cloned().collect(),
            instance,
            claimed: asked.claimed.iter().map(|it| it.to_canonical().to_string()).collect(),
            remote_ports: ports(&asked.claimed_remote_ports),
            local_ports: ports(&asked.claimed_local_ports),
        })
    }

    /// The schema of these records with marks.
    pub(super) fn schema(records: &SchemaRef) -> SchemaRef {
        let fields = records.fields().iter().cloned();
        let marks = MARKS.map(|(name, of)| Arc::new(Field::new(name, of, true)));
        Arc::new(Schema::new(fields.chain(marks).collect::<Vec<_>>()))
    }

    /// Records with these marks.
    ///
    /// # Errors
    ///
    /// If a column that is tested is not there.
    pub(super) fn mark(&self, records: &RecordBatch) -> Result<RecordBatch> {
        let rows = records.num_rows();
        let instance: StringViewArray =
            std::iter::repeat_n(self.instance.as_deref(), rows).collect();
        let marks: [ArrayRef; 8] = [
            Arc::new(Int32Array::from_value(self.question, rows)),
            Arc::new(instance),
            among_texts(records, "interface_id", &self.moved)?,
            among_texts(records, "srcaddr", &self.claimed)?,
            among_texts(records, "dstaddr", &self.claimed)?,
            among_texts(records, "remote", &self.claimed)?,
            among_ports(records, "remote_port", &self.remote_ports)?,
            among_ports(records, "local_port", &self.local_ports)?,
        ];
        let columns = records.columns().iter().cloned().chain(marks).collect();
        Ok(RecordBatch::try_new(Marks::schema(records.schema_ref()), columns)?)
    }
}

fn column<'a>(records: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    let column = records.column_by_name(name);
    column.ok_or_else(|| DataFusionError::Internal(format!("no {name} to mark")))
}

/// Whether each text is one of these. One that is not there is none.
fn among_texts(records: &RecordBatch, name: &str, texts: &HashSet<String>) -> Result<ArrayRef> {
    let column = column(records, name)?.as_string_view();
    let is_among = |row| column.is_valid(row) && texts.contains(column.value(row));
    Ok(flags(column.len(), !texts.is_empty(), is_among))
}

fn among_ports(records: &RecordBatch, name: &str, ports: &HashSet<i32>) -> Result<ArrayRef> {
    let column = column(records, name)?.as_primitive::<Int32Type>();
    let is_among = |row| column.is_valid(row) && ports.contains(&column.value(row));
    Ok(flags(column.len(), !ports.is_empty(), is_among))
}

fn flags(rows: usize, any: bool, of_row: impl Fn(usize) -> bool) -> ArrayRef {
    Arc::new((0..rows).map(|row| Some(any && of_row(row))).collect::<BooleanArray>())
}
