//! What the benches share: text to decode, and the naive reading that answers are checked with.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// All text of the gzip objects under a folder, in the order of their names, one by one.
///
/// # Errors
///
/// If a folder or an object cannot be read.
pub fn texts_under(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let text = |path: &std::path::PathBuf| {
        let mut text = Vec::new();
        MultiGzDecoder::new(fs::File::open(path)?).read_to_end(&mut text)?;
        Ok(text)
    };
    paths.iter().map(text).collect()
}

fn collect(folder: &Path, paths: &mut Vec<std::path::PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            paths.push(path);
        }
    }
    Ok(())
}

/// The sum of the bytes of all OK records, by splitting each line: the answer to check with.
#[must_use]
pub fn naive_bytes(text: &[u8]) -> u64 {
    let mut total = 0;
    naive_records(text, "bytes", |bytes| total += bytes.parse::<u64>().unwrap_or(0));
    total
}

/// How many OK records each interface has, by splitting each line.
#[must_use]
pub fn naive_interfaces(text: &[u8]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    naive_records(text, "interface-id", |interface| {
        *counts.entry(interface.to_owned()).or_default() += 1;
    });
    counts
}

/// Hands on one column of all OK records.
fn naive_records(text: &[u8], name: &str, mut take: impl FnMut(&str)) {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (Some(wanted), Some(status)) = (column(name), column("log-status")) else { return };
    for line in lines {
        let tokens: Vec<&str> = line.split_whitespace().collect();
        if let (Some(wanted), Some(&"OK")) = (tokens.get(wanted), tokens.get(status)) {
            take(wanted);
        }
    }
}
