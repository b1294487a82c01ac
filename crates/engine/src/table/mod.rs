//! Flow logs as DataFusion tables: planning. What is executed is in [`crate::scan`].

mod column;
mod provider;
mod pushdown;

pub(crate) use column::TableKind;
pub(crate) use column::{TableColumn, text_column};
pub(crate) use provider::FlowLogTable;
