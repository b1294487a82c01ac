//! Which prefixes of a list hold the addresses that come on standard input?
//!
//! ```sh
//! cargo run -p flowproof-prefix --example match_addresses -- prefixes.txt < addresses.txt
//! ```
//!
//! Each line of the list is a prefix and what it is called, parted by blanks.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use flowproof_prefix::{IpNet, PrefixMap, parse_ip};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which list?")?;
    let list = BufReader::new(File::open(path)?);
    run(list, io::stdin().lock(), &mut io::stdout().lock())
}

/// Writes a line for each address: all prefixes that hold it, the most specific first.
pub fn run(
    list: impl BufRead,
    addresses: impl BufRead,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut entries: Vec<(IpNet, Vec<String>)> = Vec::new();
    for line in list.lines() {
        let line = line?;
        let (prefix, name) = line.split_once(' ').unwrap_or((&line, ""));
        entries.push((prefix.parse()?, vec![name.trim().to_owned()]));
    }
    // A map is built once, from all entries. A prefix that is listed twice has both names.
    let map = PrefixMap::build(entries, |names, more| names.extend(more));

    for address in addresses.split(b'\n') {
        let text = address?.trim_ascii().to_vec();
        let shown = text.escape_ascii();
        // Logs are bytes: no need to make a string of each address first.
        let Some(address) = parse_ip(&text) else {
            writeln!(out, "{shown}: no address")?;
            continue;
        };
        write!(out, "{shown}:")?;
        for (prefix, names) in map.matches(address) {
            write!(out, " {prefix} ({})", names.join(", "))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
