//! `flowproof query`.

use anyhow::Result;
use jiff::Timestamp;

use super::Common;
use crate::args::Query;
use crate::exit::Exit;
use crate::streams::Streams;
use crate::{plan, progress, rows, trouble};

pub(crate) async fn run(args: Query, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let window = plan::window(&args.time, Timestamp::now())?;
    let lists = plan::lists(&args.lists, streams)?;
    let book = plan::book(&args.inventory, streams)?;
    let session = plan::open(&args.logs, window, book, streams).await?;
    let answer = {
        let _shown = progress::show(&session, common.progress, streams);
        session.query(&args.sql, lists.matcher).await?
    };
    rows::write(&answer.value, &args.rows, streams)?;
    trouble::tell(&answer, streams);
    Ok(Exit::of(&answer))
}
