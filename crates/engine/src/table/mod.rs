//! Flow logs as DataFusion tables: planning. What is executed is in [`crate::scan`].

mod column;
mod provider;
mod pushdown;
mod rows;

pub(crate) use column::TableKind;
pub(crate) use column::{CODED, TableColumn, text_column, time_column};
pub(crate) use provider::{FlowLogTable, all_predicates};
pub(crate) use pushdown::to_predicate;
pub(crate) use rows::{idle_rows, only_rows, row_spans, times_within};
