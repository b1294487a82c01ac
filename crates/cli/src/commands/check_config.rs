//! `flowproof check-config`.

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};

use crate::args::{CheckConfig, Cli, Command};
use crate::config;
use crate::exit::{Exit, UsageError};
use crate::scheduled;
use crate::streams::Streams;

/// Says whether a file can be used, and what a run would do with it.
pub(crate) async fn run(args: CheckConfig, streams: &mut Streams) -> Result<Exit> {
    let command = config::with_file(Cli::command(), &args.file)?;
    let matches = command.try_get_matches_from(["flowproof", "scan"]);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = cli.map_err(|error| UsageError(in_short(&error)))?;
    let Command::Scan(scan) = cli.command else {
        return Err(UsageError("this is no configuration of a scan".to_owned()).into());
    };
    let outlook = scheduled::outlook(&scan, streams).await?;
    let out = streams.out();
    for (name, text) in &outlook.lines {
        writeln!(out, "{name:<11} {}", flowproof_report::printable(text))?;
    }
    Ok(if outlook.is_partial { Exit::Partial } else { Exit::Answered })
}

/// What clap says, without its advice on what to type.
fn in_short(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let lines = text.lines().skip(1).take_while(|line| line.starts_with(' '));
    let rest: String = lines.map(|line| format!(" {}", line.trim())).collect();
    format!("{}{rest}", first.trim_start_matches("error: "))
}
