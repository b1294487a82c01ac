//! Reading from S3 beside a bare loop of GETs, and a bucket of a million keys.
//!
//! ```sh
//! cargo run --release -p flowproof-bench-s3 -- throughput   # both sizes of objects, five rounds
//! cargo run --release -p flowproof-bench-s3 -- keys 1000000
//! ```
//!
//! The server runs in a process of its own, so that CPU and memory are the reader's alone. Both share
//! the machine.

mod keys;
mod logs;
mod process;
mod server;
mod throughput;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match args[..] {
            ["throughput"] => throughput::run(5).await,
            ["throughput", rounds] => throughput::run(rounds.parse()?).await,
            ["keys", count] => keys::run(count.parse()?).await,
            ["serve", count, lines] => server::serve(count.parse()?, lines.parse()?).await,
            _ => bail!("throughput [ROUNDS], or keys COUNT"),
        }
    })
}
