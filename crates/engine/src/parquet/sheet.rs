//! The rows of a batch while they are checked.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, NullArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::FilterPredicate;
use datafusion::common::Result;
use flowproof_record::{FieldId, Kind};

use super::coded::Coded;
use super::settled::Faults;
use super::views::{ByView, view_of};

/// The columns of a batch, and what is wrong with rows.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) rows: usize,
    /// By the place among the reader's fields.
    pub(super) columns: Vec<Values>,
    pub(super) statuses: Statuses,
    pub(super) faults: Faults,
    /// The numbers of the rows' sources, in a holder.
    pub(super) sources: Option<Int32Array>,
}

/// A sheet that was checked and counted.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) sheet: Sheet,
    /// The rows that are wanted, and how many these are.
    pub(super) keep: BooleanBuffer,
    pub(super) kept: usize,
}

/// A column of a sheet.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// As records have it.
    Array(ArrayRef),
    /// Texts that are stored once each.
    Coded(Coded),
}

/// What `log-status` says of each row.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    /// The rows that are NODATA and those that are SKIPDATA; `None` if all are OK.
    idle: Option<[BooleanBuffer; 2]>,
}

impl Statuses {
    /// `None` if a row has no status.
    pub(super) fn of(column: &Values) -> Option<Statuses> {
        const OK: u128 = view_of(b"OK");
        let is_ok = |texts: &arrow::array::StringViewArray| {
            texts.null_count() == 0 && texts.views().iter().all(|view| *view == OK)
        };
        match column {
            Values::Array(texts) if is_ok(texts.as_string_view_opt()?) => Some(Statuses::default()),
            column if column.nulls().is_some_and(|nulls| nulls.null_count() > 0) => None,
            column => Some(Statuses::of_told(column)),
        }
    }

    /// Rows without a status count as OK.
    pub(super) fn of_told(column: &Values) -> Statuses {
        let [nodata, skipdata] =
            ["NODATA", "SKIPDATA"].map(|status| column.ask(|text| text == status));
        let none = nodata.count_set_bits() + skipdata.count_set_bits() == 0;
        Statuses { idle: (!none).then_some([nodata, skipdata]) }
    }

    /// The rows that are NODATA, and those that are SKIPDATA.
    pub(super) fn idle(&self) -> Option<&[BooleanBuffer; 2]> {
        self.idle.as_ref()
    }

    /// The rows that are OK; `None` if all are.
    pub(super) fn ok(&self) -> Option<BooleanBuffer> {
        self.idle.as_ref().map(|[nodata, skipdata]| !&(nodata | skipdata))
    }

    pub(super) fn is_ok(&self, row: usize) -> bool {
        self.idle.as_ref().is_none_or(|idle| idle.iter().all(|rows| !rows.value(row)))
    }
}

impl Values {
    /// The column of a field that the file lacks. Times are numbers here, as in a
    /// [`Column`](super::columns::Column).
    pub(super) fn missing(id: FieldId, rows: usize) -> Values {
        Values::Array(match id.field().kind {
            Kind::Time => Arc::new(NullArray::new(rows)),
            kind => new_null_array(&kind.data_type(), rows),
        })
    }

    /// As an array, where it is one.
    pub(super) fn array(&self) -> Option<&ArrayRef> {
        match self {
            Values::Array(array) => Some(array),
            Values::Coded(_) => None,
        }
    }

    /// The rows without a value.
    pub(super) fn nulls(&self) -> Option<NullBuffer> {
        match self {
            Values::Array(array) => array.logical_nulls(),
            Values::Coded(coded) => coded.nulls(),
        }
    }

    /// The rows whose text passes; a row without one does not.
    pub(super) fn ask(&self, passes: impl Fn(&str) -> bool) -> BooleanBuffer {
        match self {
            Values::Coded(coded) => coded.ask(passes),
            Values::Array(array) => match array.as_string_view_opt() {
                None => BooleanBuffer::new_unset(array.len()),
                Some(texts) => {
                    let mut answers = ByView::new();
                    BooleanBuffer::collect_bool(texts.len(), |row| {
                        texts.is_valid(row)
                            && answers.get(texts.views()[row], || passes(texts.value(row)))
                    })
                }
            },
        }
    }

    /// The rows that a filter lets pass.
    pub(super) fn filter(&self, filter: &FilterPredicate) -> Result<Values> {
        Ok(match self {
            Values::Array(array) => Values::Array(filter.filter(array)?),
            Values::Coded(coded) => {
                let keys = filter.filter(coded.keys())?;
                Values::Coded(coded.with_keys(keys.as_primitive().clone()))
            }
        })
    }

    /// As records have it.
    pub(super) fn to_array(&self) -> Result<ArrayRef> {
        match self {
            Values::Array(array) => Ok(Arc::clone(array)),
            Values::Coded(coded) => coded.to_array(),
        }
    }
}
