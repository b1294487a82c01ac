//! Files that are read beside the logs: lists, findings, inventories.

use std::fs::File;
use std::io::{self, Read};

use flowproof_source::is_in_bucket;

use crate::failure::Failure;

/// Inputs that are read whole (findings, inventories) may be this large.
const MOST_BYTES: u64 = 1 << 30;

/// Opens a file.
pub(crate) fn open(path: &str) -> Result<File, Failure> {
    if is_in_bucket(path) {
        let text = format!("{path}: only logs are read from buckets: fetch the file first");
        return Err(Failure::Usage(text));
    }
    File::open(path).map_err(|error| cannot_be_read(path, &error))
}

/// All of a file.
pub(crate) fn read(path: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| cannot_be_read(path, &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let text = format!("{path}: more than {MOST_BYTES} bytes; that is no file of this kind");
        return Err(Failure::Usage(text));
    }
    Ok(bytes)
}

fn cannot_be_read(path: &str, error: &io::Error) -> Failure {
    Failure::Source(format!("{path}: {error}"))
}
