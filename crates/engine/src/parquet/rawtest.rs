//! A question of the caller's own, asked of stored texts: whether an address is in a list, say.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray, StringViewArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use flowproof_record::{FieldId, Kind, RawTest};

use super::cell::is_missing;
use super::coded::{ipv4_of, is_same, parts};
use super::views::ByView;

/// The question as an expression that DataFusion asks of a column of texts.
#[derive(Debug)]
pub(super) struct RawTestExpr {
    column: Arc<dyn PhysicalExpr>,
    id: FieldId,
    test: Arc<dyn RawTest>,
    answers: Mutex<Option<Answers>>,
}

/// What was answered of texts that are stored once each.
#[derive(Debug, Clone)]
struct Answers {
    texts: StringArray,
    passing: BooleanBuffer,
}

impl RawTestExpr {
    pub(super) fn new(
        column: Arc<dyn PhysicalExpr>,
        id: FieldId,
        test: Arc<dyn RawTest>,
    ) -> RawTestExpr {
        RawTestExpr { column, id, test, answers: Mutex::default() }
    }

    /// What is missing does not pass.
    fn passes(&self, text: &str) -> bool {
        let number = if self.id.field().kind == Kind::Address { ipv4_of(text) } else { None };
        if let Some(number) = number {
            return self.test.passes_ipv4(number);
        }
        !is_missing(self.id, text.as_bytes()) && self.test.passes(text.as_bytes())
    }

    fn passing(&self, column: &dyn Array) -> Result<BooleanBuffer> {
        if let Some((keys, texts)) = parts(column) {
            let answers = self.answers(texts);
            return Ok(BooleanBuffer::collect_bool(keys.len(), |row| {
                // Keys are not negative: Arrow looked at them.
                keys.is_valid(row) && answers.value(keys.values()[row] as usize)
            }));
        }
        let texts: Option<&StringViewArray> = column.as_string_view_opt();
        let texts = texts.ok_or_else(|| internal_datafusion_err!("{} is no text", self.column))?;
        let mut answers = ByView::new();
        Ok(BooleanBuffer::collect_bool(texts.len(), |row| {
            texts.is_valid(row) && answers.get(texts.views()[row], || self.passes(texts.value(row)))
        }))
    }

    /// By text, whether it passes. Texts at the same place as the last ones are not asked about again.
    fn answers(&self, texts: &StringArray) -> BooleanBuffer {
        // Who panicked in here left the last answers, which are good.
        let mut last = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = last.as_ref().filter(|last| is_same(&last.texts, texts)) {
            return answers.passing.clone();
        }
        let passes = |place: usize| texts.is_valid(place) && self.passes(texts.value(place));
        let passing = BooleanBuffer::collect_bool(texts.len(), passes);
        *last = Some(Answers { texts: texts.clone(), passing: passing.clone() });
        passing
    }

    /// Two questions are the same only if they are one.
    fn address(&self) -> *const () {
        Arc::as_ptr(&self.test).cast()
    }
}

impl PartialEq for RawTestExpr {
    fn eq(&self, other: &RawTestExpr) -> bool {
        self.id == other.id && self.address() == other.address() && self.column.eq(&other.column)
    }
}

impl Eq for RawTestExpr {}

impl Hash for RawTestExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.id.hash(state);
        self.address().hash(state);
    }
}

impl fmt::Display for RawTestExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.test, self.column)
    }
}

impl PhysicalExpr for RawTestExpr {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(false)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let column = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let passing = self.passing(column.as_ref())?;
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(passing, None))))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [column] = <[_; 1]>::try_from(children)
            .map_err(|_| internal_datafusion_err!("a question is about one column"))?;
        Ok(Arc::new(RawTestExpr::new(column, self.id, Arc::clone(&self.test))))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
