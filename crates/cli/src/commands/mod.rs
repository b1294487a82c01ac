//! One file per command: call the library, hand over to `rows` or `report`.

mod check_config;
mod collect;
mod explain;
mod fields;
mod health;
mod inspect;
mod investigate;
mod lists;
mod man;
mod query;
mod scan;
mod state;
mod verify;
mod volumes;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;

use anyhow::{Context, Result};
use clap::CommandFactory;
use flowproof_report::{exact_bytes, printable, thousands};
use tokio::runtime::Runtime;

use crate::args::{Cli, Command, Logs, Sample, When};
use crate::case;
use crate::cluster;
use crate::exit::Exit;
use crate::interrupt::{Covered, unless_interrupted};
use crate::sample;
use crate::streams::Streams;

pub(crate) use investigate::{Answers, answer_all};
pub(crate) use scan::{TOTALS, traffic};

/// What all commands that read logs are given.
pub(crate) struct Common {
    pub(crate) progress: When,
    pub(crate) covered: Covered,
    /// What was typed, without secrets.
    pub(crate) command_line: Vec<String>,
}

impl Common {
    /// Runs a command to its end, or to somebody else's.
    fn run(&self, runtime: Runtime, command: impl Future<Output = Result<Exit>>) -> Result<Exit> {
        let result = runtime.block_on(unless_interrupted(&self.covered, command));
        // A folder that is still being listed, say, is not waited for.
        runtime.shutdown_background();
        result
    }
}

/// Runs one command.
pub(crate) fn run(cli: Cli, typed: &[OsString], streams: &mut Streams) -> Result<Exit> {
    let command_line = case::command_line(typed);
    let common = &Common { progress: cli.progress, covered: Covered::default(), command_line };
    match cli.command {
        Command::Investigate(args) => {
            common.run(runtime(&args.logs)?, investigate::run(*args, common, streams))
        }
        Command::Verify(args) => {
            common.run(runtime_of(args.threads)?, verify::run(args, common, streams))
        }
        Command::Scan(args) => {
            if args.scheduled.state.is_some() {
                common.covered.ends_softly();
            }
            common.run(runtime(&args.logs)?, scan::run(*args, common, streams))
        }
        Command::State(command) => common.run(runtime_of(None)?, state::run(command, streams)),
        Command::CheckConfig(args) => {
            common.run(runtime_of(None)?, check_config::run(args, streams))
        }
        Command::Health(args) => common.run(runtime_of(None)?, health::run(args, streams)),
        Command::Volumes(args) => {
            common.run(runtime(&args.logs)?, volumes::run(args, common, streams))
        }
        Command::Query(args) => common.run(runtime(&args.logs)?, query::run(args, common, streams)),
        Command::Inspect(args) => {
            common.run(runtime(&args.logs)?, inspect::run(args, common, streams))
        }
        Command::Collect(args) => {
            common.run(runtime(&args.logs)?, collect::run(args, common, streams))
        }
        Command::Cluster(command) => {
            let runtime = runtime_of(None)?;
            let result = runtime.block_on(cluster::run(command, cli.verbose, streams));
            runtime.shutdown_background();
            result
        }
        Command::Lists(command) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(lists::run(command, streams))
        }
        Command::Explain(args) => explain::run(&args, streams),
        Command::Fields(args) => fields::run(&args, streams),
        Command::Sample(args) => run_sample(&args, streams),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "flowproof", streams.out());
            Ok(Exit::Answered)
        }
        Command::Man(args) => man::run(&args),
    }
}

/// Bytes of stack that threads may use; what is not used costs nothing.
const DEEP_STACK: usize = 256 << 20;

fn runtime(logs: &Logs) -> Result<Runtime> {
    runtime_of(logs.threads)
}

fn runtime_of(threads: Option<usize>) -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads.max(1));
    }
    // Plans are trees, and a query of thousands of ORs is a deep one.
    builder.thread_stack_size(DEEP_STACK);
    builder.enable_all().build().context("worker threads could not be started")
}

fn run_sample(args: &Sample, streams: &mut Streams) -> Result<Exit> {
    let mut options = sample::SampleOptions::default();
    options.records = args.records.unwrap_or(options.records);
    options.seed = args.seed.unwrap_or(options.seed);
    options.files = args.files;
    options.interfaces = args.interfaces;
    options.layout = args.layout;
    options.compression = args.compression.unwrap_or(options.compression);
    options.peers = args.peers;
    options.list_entries = args.list_entries;
    if !args.formats.is_empty() {
        options.formats.clone_from(&args.formats);
    }
    let summary = sample::write_sample(&args.dir, &options)?;
    tell_sample(&summary, streams.out())?;
    Ok(Exit::Answered)
}

/// Says what was written, what the answer is, and how to ask for it.
fn tell_sample(sample: &sample::SampleSummary, out: &mut dyn Write) -> Result<()> {
    let dir = printable(&sample.dir.display().to_string()).into_owned();
    let text = exact_bytes(sample.text_bytes);
    writeln!(out, "Wrote {} files, {text} of text, to {dir}", thousands(sample.files))?;
    writeln!(
        out,
        "Records: {} ok, {} NODATA, {} SKIPDATA",
        sample.ok, sample.nodata, sample.skipdata
    )?;
    let claimed = &sample.claimed;
    writeln!(
        out,
        "The finding's traffic: {} in, {} out, {} flows ({dir}/answer.json has all of it)",
        exact_bytes(claimed.bytes_in),
        exact_bytes(claimed.bytes_out),
        claimed.flows
    )?;
    Ok(writeln!(
        out,
        "Ask for it: flowproof investigate --logs {dir}/logs --finding {dir}/finding.json --list \
         {dir}/tor-exits.txt"
    )?)
}
