//! `flowproof lists`: what needs no logs.

mod check;
mod combine;
mod lookup;

use anyhow::Result;

use crate::args::ListCommand;
use crate::exit::Exit;
use crate::streams::Streams;

pub(crate) fn run(command: ListCommand, streams: &mut Streams) -> Result<Exit> {
    match command {
        ListCommand::Check(args) => check::run(&args, streams),
        ListCommand::Lookup(args) => lookup::run(&args, streams),
        ListCommand::Diff(args) => combine::diff(&args, streams),
        ListCommand::Merge(args) => combine::merge(&args, streams),
    }
}
