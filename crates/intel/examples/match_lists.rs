//! What do these lists say of the addresses that come on standard input?
//!
//! ```sh
//! cargo run -p flowproof-intel --example match_lists -- threats.csv feed.json +ours.txt < addresses.txt
//! ```
//!
//! The format of each list is recognised. A list behind a `+` is one of trusted addresses.

use std::error::Error;
use std::io::{self, BufRead, Write};

use flowproof_intel::{List, ListRole, Matcher};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    run(&paths, io::stdin().lock(), &mut io::stdout().lock())
}

/// Tells what was read and what was not, and then what the lists say of each address.
pub fn run(
    paths: &[String],
    addresses: impl BufRead,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut lists = Vec::new();
    for path in paths {
        let (role, path) = match path.strip_prefix('+') {
            Some(path) => (ListRole::Trusted, path),
            None => (ListRole::Threat, path.as_str()),
        };
        // An error is about the whole list: it is missing, damaged, or there is nothing in it.
        let list = List::read(path, role)?;
        writeln!(out, "{}: {} entries", list.format, list.entries.len())?;
        // Lines that could not be used, and entries that are not read as they stand. All are counted,
        // the first hundred kept.
        for reject in &list.rejects.samples {
            writeln!(out, "  refused: {reject}")?;
        }
        for warning in &list.warnings.samples {
            writeln!(out, "  warning: {warning}")?;
        }
        lists.push(list);
    }

    let matcher = Matcher::new(lists);
    for address in addresses.lines() {
        let address = address?.trim().parse()?;
        // A trusted list wins over all others.
        let verdict = if matcher.threat_contains(address) { "threat" } else { "no threat" };
        writeln!(out, "{address}: {verdict}")?;
        for hit in matcher.matches(address) {
            writeln!(out, "  {} in line {}: {}", hit.prefix, hit.entry.line, hit.entry.label)?;
        }
    }
    Ok(())
}
