//! How many bytes did each source address send? Without Arrow, and without a copy of any record.
//!
//! ```sh
//! cargo run -p flowproof-record --example bytes_by_source -- log.txt
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;

use flowproof_record::records;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which log?")?;
    run(&std::fs::read(path)?, &mut io::stdout().lock())
}

/// Writes the addresses by their bytes, and then what could not be read.
pub fn run(log: &[u8], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut sums: BTreeMap<IpAddr, u64> = BTreeMap::new();
    let mut errors = Vec::new();
    for record in records(log) {
        match record {
            // NODATA and SKIPDATA are records too, and carry nothing.
            Ok(record) if !record.is_traffic() => {}
            // What was rejected was never transferred.
            Ok(record) if record.is_accepted() == Some(false) => {}
            Ok(record) => {
                if let (Some(source), Some(bytes)) = (record.srcaddr(), record.bytes()) {
                    let sum = sums.entry(source).or_default();
                    *sum = sum.checked_add(bytes).ok_or("a sum exceeds 64 bits")?;
                }
            }
            Err(error) => errors.push(error),
        }
    }
    let mut sums: Vec<(IpAddr, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    for (source, bytes) in sums {
        writeln!(out, "{bytes:>12} {source}")?;
    }
    for error in errors {
        writeln!(out, "not counted: {error}")?;
    }
    Ok(())
}
