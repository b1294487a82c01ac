//! Reading from S3 beside a bare loop of GETs, and buckets of very many keys.
//!
//! ```sh
//! cargo run --release -p flowproof-bench-s3 -- throughput 5   # rounds
//! cargo run --release -p flowproof-bench-s3 -- keys 100000
//! cargo run --release -p flowproof-bench-s3 -- idle 1000000
//! cargo run --release -p flowproof-bench-s3 -- publish 5 100000 1000000
//! cargo run --release -p flowproof-bench-s3 -- publish-idle 100000 1000000
//! ```
//!
//! `publish` puts the tables into `docs/BENCHMARKS.md`, and keeps that of keys if no count is named. The server runs in a process of its own, so that
//! CPU and memory are the reader's alone; both share the machine.

#![allow(clippy::print_stdout)] // What it measured is what it is for.

mod idle;
mod keys;
mod logs;
mod page;
mod process;
mod server;
mod throughput;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&args))
}

async fn run(args: &[&str]) -> Result<()> {
    match args {
        ["throughput", rounds] => print!("{}", throughput::table(rounds.parse()?).await?),
        // Each in a process of its own, since the peak of the memory is that of a process.
        ["keys", count] => print!("{}", keys::row(count.parse()?).await?),
        ["idle", count] => print!("{}", idle::row(count.parse()?).await?),
        ["publish", rounds, counts @ ..] => {
            let throughput = throughput::table(rounds.parse()?).await?;
            let keys = (!counts.is_empty()).then(|| keys::table(counts)).transpose()?;
            page::publish(&args.join(" "), &throughput, keys)?;
        }
        ["serve", count, lines] => server::serve(count.parse()?, lines.parse()?).await?,
        ["publish-idle", counts @ ..] => {
            let mut rows = String::new();
            for count in counts {
                rows += &idle::row(count.parse()?).await?;
            }
            page::publish_idle(&args.join(" "), &rows)?;
        }
        ["serve-days", count] => idle::serve(count.parse()?).await?,
        ["idle-run", endpoint, state] => idle::run(endpoint, state).await?,
        _ => bail!("throughput ROUNDS, keys COUNT, idle COUNT, or publish ROUNDS COUNT..."),
    }
    Ok(())
}
