//! The `flowproof` command as a library: [`run`] takes arguments and streams, so that tests and
//! other programs can call it within their own process. What it does is wiring: arguments in
//! (`args`), resolved (`plan`), library calls (`commands`), answers out (`streams`, `rows`).

mod args;
mod case;
mod cluster;
mod commands;
mod config;
mod enrichment;
mod exit;
mod inputs;
mod interrupt;
mod json;
mod lists;
mod output;
mod plan;
mod progress;
#[cfg(test)]
mod reference;
mod rows;
pub mod sample;
mod scheduled;
mod secrets;
mod streams;
mod time;
mod trouble;
mod usage;

use std::ffi::OsString;
use std::io;

use arrow::error::ArrowError;
use clap::{CommandFactory, FromArgMatches, Parser};

pub use exit::Exit;
pub use streams::Streams;

/// Runs the command with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>, mut streams: Streams) -> Exit {
    let typed: Vec<OsString> = args.into_iter().collect();
    let cli = match parse(&typed) {
        Ok(Ok(cli)) => cli,
        Ok(Err(error)) => {
            streams.usage(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Answered };
        }
        Err(error) => {
            streams.error(&error);
            return Exit::Usage;
        }
    };
    streams.quiet = cli.quiet;
    let stopwatch = cli.verbose.then(usage::Stopwatch::start);
    let result = commands::run(cli, &typed, &mut streams)
        .and_then(|exit| streams.flush().map(|()| exit).map_err(anyhow::Error::from));
    if let Some(stopwatch) = stopwatch {
        stopwatch.tell(&mut streams);
    }
    match result {
        Ok(exit) => exit,
        // Whoever read our output has seen enough: `flowproof ... | head`.
        Err(error) if is_broken_pipe(&error) => Exit::Answered,
        Err(error) => {
            streams.error(&error);
            if let Some(interrupted) = error.downcast_ref::<interrupt::Interrupted>() {
                interrupted.exit
            } else if error.downcast_ref::<exit::UsageError>().is_some() {
                Exit::Usage
            } else {
                Exit::Failed
            }
        }
    }
}

/// What was typed, or what clap has to say of it.
fn parse(typed: &[OsString]) -> anyhow::Result<Result<args::Cli, clap::Error>> {
    let Some(file) = config::named(typed) else { return Ok(args::Cli::try_parse_from(typed)) };
    let matches = config::with_file(args::Cli::command(), &file)?.try_get_matches_from(typed);
    Ok(matches.and_then(|matches| args::Cli::from_arg_matches(&matches)))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        // Arrow's writers tell an I/O error in words.
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<ArrowError>()
                .is_some_and(|e| e.to_string().contains("Broken pipe"))
    })
}
