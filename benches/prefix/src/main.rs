//! Measures `flowproof_prefix::PrefixMap` beside other crates and other structures.
//!
//! [`sets`] makes the entries and [`queries`] the addresses; [`contestants`] has a file for each who
//! takes part, all behind the trait in [`contestant`]; [`check`] compares answers; [`measure`] times;
//! [`page`] and [`promises`] say what came out.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints the tables")]

mod address;
mod check;
mod contestant;
mod contestants;
mod machine;
mod measure;
mod options;
mod page;
mod promises;
mod queries;
mod random;
mod sets;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use contestant::Kind;
use measure::Figures;
use options::{Options, USAGE};
use page::Run;
use queries::{FULL, SMOKE, Traffic};
use sets::Set;

/// Names of the sets, and how many entries they have.
const SETS: [(&str, usize); 4] =
    [("v4-1k", 1_000), ("v4-100k", 100_000), ("v4-1m", 1_000_000), ("v6-100k", 100_000)];
const SMOKE_SETS: [(&str, usize); 2] = [("v4-smoke", 300), ("v6-smoke", 300)];

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let all: &[(&str, usize)] = if options.smoke { &SMOKE_SETS } else { &SETS };
    if let Some(unknown) =
        options.sets.iter().find(|typed| all.iter().all(|(name, _)| typed != name))
    {
        return Err(format!("there is no set {unknown}").into());
    }
    let wanted = |name: &str| options.sets.is_empty() || options.sets.iter().any(|set| set == name);
    let mut sets = Vec::new();
    for (name, entries) in all.iter().filter(|(name, _)| wanted(name)) {
        sets.push(if name.starts_with("v4") {
            measured(&sets::v4(name, *entries), contestants::v4(), options)?
        } else {
            measured(&sets::v6(name, *entries), contestants::v6(), options)?
        });
    }
    let run = Run {
        options: options.told.clone(),
        date: machine::date(),
        machine: machine::machine(),
        versions: machine::versions(),
        sets,
    };
    let part = run.markdown();
    if let Some(folder) = &options.output {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("prefix.json"), format!("{:#}\n", run.json()))?;
        fs::write(folder.join("prefix.md"), &part)?;
    }
    if options.publish {
        let path = machine::root().join("docs/BENCHMARKS.md");
        fs::write(&path, page::publish(&fs::read_to_string(&path)?, &part))?;
    }
    println!("{part}");
    Ok(())
}

fn measured<A: Traffic>(
    set: &Set<A>,
    kinds: Vec<Kind<A>>,
    options: &Options,
) -> Result<Figures, check::Disagreement> {
    let kinds = kinds.into_iter().filter(|kind| options.wants(kind.name)).collect();
    let scale = if options.smoke { SMOKE } else { FULL };
    let mut tell = |doing: &str| eprintln!("{}: {doing}", set.name);
    measure::measure(set, kinds, scale, options.rounds, &mut tell)
}
