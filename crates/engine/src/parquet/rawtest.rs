//! A question of the caller's own, asked of stored texts: whether an address is in a list, say.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch, StringViewArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use flowproof_record::{FieldId, RawTest};

use super::cell::is_missing;
use super::views::ByView;

/// The rows whose text passes; what is missing does not.
pub(super) fn passing_texts(
    id: FieldId,
    column: &StringViewArray,
    test: &dyn RawTest,
) -> BooleanBuffer {
    let mut answers = ByView::new();
    BooleanBuffer::collect_bool(column.len(), |row| {
        column.is_valid(row)
            && answers.get(column.views()[row], || {
                let text = column.value(row).as_bytes();
                !is_missing(id, text) && test.passes(text)
            })
    })
}

/// The question as an expression that DataFusion asks of a column of texts.
#[derive(Debug)]
pub(super) struct RawTestExpr {
    column: Arc<dyn PhysicalExpr>,
    id: FieldId,
    test: Arc<dyn RawTest>,
}

impl RawTestExpr {
    pub(super) fn new(
        column: Arc<dyn PhysicalExpr>,
        id: FieldId,
        test: Arc<dyn RawTest>,
    ) -> RawTestExpr {
        RawTestExpr { column, id, test }
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
        let texts = column.as_any().downcast_ref::<StringViewArray>();
        let texts = texts.ok_or_else(|| internal_datafusion_err!("{} is no text", self.column))?;
        let passing = passing_texts(self.id, texts, self.test.as_ref());
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
