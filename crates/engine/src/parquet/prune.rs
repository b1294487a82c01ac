//! Whether statistics, or bloom filters, may tell that some rows of a file cannot pass a filter.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::datasource::physical_plan::parquet::{
    PagePruningAccessPlanFilter, ParquetAccessPlan, ParquetFileMetrics, RowGroupAccess,
    RowGroupAccessPlanFilter,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;

use super::bytes::Reader;

/// Asks DataFusion whether it would leave out any of these row groups, or pages of them. What bloom
/// filters tell is not known before they are read, so that where there are some, it may.
pub(super) async fn may_leave_out(
    reader: &mut Reader,
    filter: &Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
    row_groups: Range<usize>,
) -> Result<bool> {
    // It is about columns of those that are read, and now of all.
    let filter = &reassign_expr_columns(Arc::clone(filter), schema)?;
    let predicate = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
    let predicate = predicate.try_build(Arc::clone(filter))?;
    if predicate.always_true() {
        return Ok(false);
    }
    if has_bloom_filter(reader, filter) {
        return Ok(true);
    }
    let metrics = ParquetFileMetrics::new(0, "object", &ExecutionPlanMetricsSet::new());
    let metadata = reader.metadata();
    let stored = metadata.file_metadata().schema_descr();
    let mut access = ParquetAccessPlan::new_none(metadata.num_row_groups());
    row_groups.clone().for_each(|group| access.scan(group));
    let mut groups = RowGroupAccessPlanFilter::new(access);
    groups.prune_by_statistics(schema, stored, metadata.row_groups(), &predicate, &metrics);
    if groups.remaining_row_group_count() < row_groups.len() {
        return Ok(true);
    }
    // DataFusion reads it too, and all the better if it is there then.
    reader.read_page_index().await?;
    let metadata = reader.metadata();
    let stored = metadata.file_metadata().schema_descr();
    let pages = PagePruningAccessPlanFilter::new(filter, Arc::clone(schema));
    let access =
        pages.prune_plan_with_page_index(groups.build(), schema, stored, metadata, &metrics);
    let leaves_out = |(access, group): (&RowGroupAccess, usize)| match access {
        RowGroupAccess::Scan => false,
        RowGroupAccess::Skip => true,
        RowGroupAccess::Selection(rows) => {
            rows.row_count() as i64 != metadata.row_group(group).num_rows()
        }
    };
    Ok(row_groups.map(|group| (&access.inner()[group], group)).any(leaves_out))
}

fn has_bloom_filter(reader: &Reader, filter: &Arc<dyn PhysicalExpr>) -> bool {
    let asked = collect_columns(filter);
    let mut columns = reader.metadata().row_groups().iter().flat_map(|group| group.columns());
    columns.any(|column| {
        column.bloom_filter_offset().is_some()
            && asked.iter().any(|asked| column.column_path().parts() == [asked.name()])
    })
}
