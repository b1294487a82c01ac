//! `flowproof lists diff` and `flowproof lists merge`: lists as sets of addresses.

use std::path::Path;

use anyhow::{Result, bail};
use flowproof_intel::{ListOptions, ListRole};
use flowproof_prefix::PrefixSet;
use flowproof_report::{counted, printable};

use crate::args::{ListDiff, ListMerge};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::lists::{read_list, tell_rejects};
use crate::streams::Streams;

pub(crate) fn diff(args: &ListDiff, inputs: &Inputs, streams: &mut Streams) -> Result<Exit> {
    let (one, other) =
        (addresses(&args.one, inputs, streams)?, addresses(&args.other, inputs, streams)?);
    for (sign, only) in [('-', one.difference(&other)), ('+', other.difference(&one))] {
        for prefix in only.iter() {
            writeln!(streams.out(), "{sign} {prefix}")?;
        }
    }
    Ok(Exit::Answered)
}

pub(crate) fn merge(args: &ListMerge, inputs: &Inputs, streams: &mut Streams) -> Result<Exit> {
    let mut merged = PrefixSet::default();
    let mut names = Vec::new();
    for pattern in &args.files {
        for path in inputs.files(pattern)? {
            merged = merged.union(&addresses(&path, inputs, streams)?);
            names.push(path.display().to_string());
        }
    }
    for pattern in &args.without {
        for path in inputs.files(pattern)? {
            merged = merged.difference(&addresses(&path, inputs, streams)?);
        }
    }
    let out = streams.out();
    for name in names {
        writeln!(out, "# from {}", printable(&name))?;
    }
    for prefix in merged.iter() {
        // An address alone needs no length.
        match prefix.prefix_len() == prefix.max_prefix_len() {
            true => writeln!(out, "{}", prefix.addr())?,
            false => writeln!(out, "{prefix}")?,
        }
    }
    Ok(Exit::Answered)
}

/// The addresses of a list. What is not in use is told.
fn addresses(path: &Path, inputs: &Inputs, streams: &mut Streams) -> Result<PrefixSet> {
    // An empty list has something to tell here: that all is gone.
    let options = ListOptions { allow_empty: true, ..ListOptions::default() };
    let list = read_list(path, ListRole::Threat, &options, inputs)?;
    if let Some(first) = list.rejects.samples.first().filter(|_| list.entries.is_empty()) {
        let lines = counted(list.rejects.total, "line was refused", "lines were refused");
        bail!("{} has no entry, {lines}; first: {first}", list.name);
    }
    tell_rejects(&list, streams);
    Ok(list.entries.iter().flat_map(|entry| &entry.prefixes).copied().collect())
}
