//! `flowproof lists`: what needs no logs.

mod check;
mod combine;
mod lookup;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::args::ListCommand;
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::streams::Streams;

pub(crate) async fn run(command: ListCommand, streams: &mut Streams) -> Result<Exit> {
    match command {
        ListCommand::Check(args) => {
            let inputs = Inputs::fetch(&args.s3, &[], paths(&args.files)).await?;
            check::run(&args, &inputs, streams)
        }
        ListCommand::Lookup(args) => {
            let inputs = Inputs::fetch(&args.s3, &[], args.lists.places()).await?;
            lookup::run(&args, &inputs, streams)
        }
        ListCommand::Diff(args) => {
            let files = [args.one.as_path(), args.other.as_path()];
            let inputs = Inputs::fetch(&args.s3, &[], files).await?;
            combine::diff(&args, &inputs, streams)
        }
        ListCommand::Merge(args) => {
            let files = paths(&args.files).chain(paths(&args.without));
            let inputs = Inputs::fetch(&args.s3, &[], files).await?;
            combine::merge(&args, &inputs, streams)
        }
    }
}

fn paths(files: &[PathBuf]) -> impl Iterator<Item = &Path> {
    files.iter().map(PathBuf::as_path)
}
