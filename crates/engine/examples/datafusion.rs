//! Flow logs beside the tables of a DataFusion program: which team's instance sends how much?
//! `cargo run --example datafusion -- testdata/worked/logs`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;

use flowproof_engine::arrow::array::{RecordBatch, StringArray};
use flowproof_engine::arrow::util::pretty::pretty_format_batches;
use flowproof_engine::datafusion::prelude::SessionContext;
use flowproof_engine::{Session, host};

const SQL: &str = "SELECT team, sum(bytes) AS bytes FROM traffic JOIN assets ON traffic.interface_id = assets.eni \
                   WHERE direction = 'egress' GROUP BY team";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder of flow logs")?;
    write!(io::stdout(), "{}", by_team(&folder).await?)?;
    Ok(())
}

pub(crate) async fn by_team(folder: &str) -> Result<String, Box<dyn Error>> {
    // The program has a context with tables of its own.
    let context = SessionContext::new();
    let eni: StringArray = vec!["eni-0a1b2c3d4e5f60001"].into();
    let team: StringArray = vec!["billing"].into();
    let assets =
        RecordBatch::try_from_iter([("eni", Arc::new(eni) as _), ("team", Arc::new(team) as _)])?;
    context.register_batch("assets", assets)?;

    // Once: `flow_logs`, `traffic` and the functions for addresses are known by name.
    host::register(&context)?;
    // Each time: a frame over them is answered by a session, of its logs.
    let session = Session::builder().logs(folder).open().await?;
    let answer = session.answer_frame(context.sql(SQL).await?, None).await?;
    let table = pretty_format_batches(&answer.value.batches)?;
    Ok(format!("{table}\n{:?}\n", answer.completeness()))
}
