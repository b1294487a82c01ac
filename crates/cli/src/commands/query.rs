//! `flowproof query`.

use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use jiff::Timestamp;

use super::Common;
use crate::args::Query;
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::rows::RowWriter;
use crate::streams::Streams;
use crate::{lists, plan, progress, trouble};

pub(crate) async fn run(args: Query, common: &Common, streams: &mut Streams) -> Result<Exit> {
    plan::refuse_input(&args.logs, &args.rows)?;
    let window = plan::window(&args.time, Timestamp::now())?;
    let beside = args.lists.places().chain(args.inventory.places());
    let inputs = Inputs::for_logs(&args.logs, beside).await?;
    let lists = lists::load(&args.lists, &inputs, streams)?;
    let book = plan::book(&args.inventory, &inputs, streams)?;
    let session = plan::open(&args.logs, window, book, &inputs, streams).await?;
    let answer = {
        let _shown = progress::show(&session, common, streams);
        let mut writer = RowWriter::open(&args.rows, streams)?;
        let write = |schema: &SchemaRef, batch: Option<&RecordBatch>| {
            writer.begin(schema)?;
            batch.map_or(Ok(()), |batch| writer.write(batch))
        };
        let answer = session.query_each(&args.sql, lists.matcher, write).await?;
        writer.finish()?;
        answer
    };
    trouble::tell(&answer, streams);
    Ok(Exit::of(&answer))
}
