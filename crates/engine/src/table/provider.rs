//! The table provider: which columns and filters a scan is given.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use flowproof_record::Predicate;

use super::pushdown::to_predicate;
use super::{TableColumn, TableKind};
use crate::scan::{FlowLogExec, ScanContext};

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
        let predicates: Vec<Predicate> = filters.iter().filter_map(to_predicate).collect();
        let predicate = (!predicates.is_empty()).then(|| Arc::new(Predicate::And(predicates)));
        let partitions = state.config().target_partitions();
        let scan = Arc::clone(&self.scan);
        Ok(Arc::new(FlowLogExec::new(scan, self.kind, columns, predicate, partitions)))
    }
}
