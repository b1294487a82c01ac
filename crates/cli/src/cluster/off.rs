//! Without the feature `cluster`.

use anyhow::Result;
use flowproof_engine::distributed::Fleet;

use super::ClusterCommand;
use crate::exit::{Exit, UsageError};
use crate::streams::Streams;

/// The cluster that was named: this program knows none.
pub(crate) async fn fleet(named: Option<&str>) -> Result<Option<Fleet>> {
    match named {
        None => Ok(None),
        Some(_) => Err(without().into()),
    }
}

/// Nothing that this program can do.
pub(crate) async fn run(_: ClusterCommand, _: bool, _: &mut Streams) -> Result<Exit> {
    Err(without().into())
}

fn without() -> UsageError {
    let text = "this flowproof reads on one machine: build it with --features cluster";
    UsageError(text.to_owned())
}
