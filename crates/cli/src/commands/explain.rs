//! `flowproof explain`.

use anyhow::Result;
use flowproof_finding::{explain, finding_types};
use flowproof_report::printable;

use crate::args::Explain;
use crate::exit::Exit;
use crate::streams::Streams;

pub(crate) fn run(args: &Explain, streams: &mut Streams) -> Result<Exit> {
    let out = streams.out();
    if args.types.is_empty() {
        for known in finding_types() {
            writeln!(out, "{}: {} ({})", known.name, known.about, known.source.words())?;
        }
    }
    for (place, name) in args.types.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        for line in explain(name).lines() {
            writeln!(out, "{}", printable(line))?;
        }
    }
    Ok(Exit::Answered)
}
