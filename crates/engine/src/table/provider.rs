//! The table provider: which columns and filters a scan is given.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use flowproof_record::Predicate;

use super::pushdown::to_predicate;
use super::{TableColumn, TableKind};
use crate::copies::{CopiesExec, separates};
use crate::scan::{FlowLogExec, ScanContext};

/// Filters as one question about raw bytes; `None` if there are none.
///
/// # Errors
///
/// If a filter has no meaning there: such filters are not given to a scan.
pub(crate) fn all_predicates<'f>(
    filters: impl IntoIterator<Item = &'f Expr>,
) -> Result<Option<Predicate>> {
    let predicate = |filter| match to_predicate(filter) {
        Some(predicate) => Ok(predicate),
        None => internal_err!("{filter} is not done on raw bytes"),
    };
    let predicates = filters.into_iter().map(predicate).collect::<Result<Vec<_>>>()?;
    Ok((!predicates.is_empty()).then_some(Predicate::And(predicates)))
}

/// One selection of flow logs as a table.
#[derive(Debug)]
pub(crate) struct FlowLogTable {
    kind: TableKind,
    columns: Vec<TableColumn>,
    schema: SchemaRef,
    scan: Arc<ScanContext>,
}

impl FlowLogTable {
    pub(crate) fn new(kind: TableKind, scan: Arc<ScanContext>) -> FlowLogTable {
        let columns = kind.columns();
        FlowLogTable { kind, schema: TableColumn::schema(&columns), columns, scan }
    }

    /// Whether copies are dropped, and the filter may let one pass and not another.
    fn may_separate_copies(&self, filter: &Expr) -> bool {
        self.scan.copies.shared.is_some() && separates(filter)
    }
}

#[async_trait]
impl TableProvider for FlowLogTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// A filter that has the same meaning on raw bytes is done by the scan, and by nothing else:
    /// the property tests hold the two meanings together.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match to_predicate(filter) {
            Some(_) if self.scan.push_filters && self.may_separate_copies(filter) => {
                TableProviderFilterPushDown::Inexact
            }
            Some(_) if self.scan.push_filters => TableProviderFilterPushDown::Exact,
            _ => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    /// The limit is not taken: rows are sorted before they are cut, and a scan that stops early
    /// could not say what it left out.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(chosen) => chosen.iter().map(|index| self.columns[*index]).collect(),
            None => self.columns.clone(),
        };
        let (parting, others): (Vec<&Expr>, Vec<&Expr>) =
            filters.iter().partition(|filter| self.may_separate_copies(filter));
        let (predicate, asked) = (all_predicates(others)?, all_predicates(parting)?);
        let partitions = state.config().target_partitions();
        let scan = Arc::clone(&self.scan);
        let (Some(shared), Some(memory)) = (&self.scan.copies.shared, &self.scan.copies_memory)
        else {
            let predicate = predicate.map(Arc::new);
            return Ok(Arc::new(FlowLogExec::new(
                scan,
                self.kind,
                columns,
                filters.to_vec(),
                predicate,
                None,
                partitions,
            )));
        };
        // A copy that does not pass may stand for one that does: records that may be copies are
        // looked at all the same, and the filter is done again above.
        let or_shared = |asked: &Predicate| Predicate::Or(vec![asked.clone(), shared.predicate()]);
        let looked_at: Vec<Predicate> =
            predicate.into_iter().chain(asked.as_ref().map(or_shared)).collect();
        let predicate = (!looked_at.is_empty()).then(|| Arc::new(Predicate::And(looked_at)));
        let columns = columns.into_iter().chain([TableColumn::CopyKey]).collect();
        let asked = asked.map(Arc::new);
        let marked = FlowLogExec::new(
            scan,
            self.kind,
            columns,
            filters.to_vec(),
            predicate,
            asked,
            partitions,
        );
        let dropped = self.scan.report.dropped_by();
        Ok(Arc::new(CopiesExec::new(Arc::new(marked), Arc::clone(memory), dropped)?))
    }
}
