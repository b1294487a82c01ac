//! `flowproof man`.

use std::fs;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::args::{Cli, Man};
use crate::exit::Exit;

pub(crate) fn run(args: &Man) -> Result<Exit> {
    let dir = &args.output;
    fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
        .with_context(|| dir.display().to_string())?;
    Ok(Exit::Answered)
}
