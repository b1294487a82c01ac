//! Lines as they are read.

use std::io::{self, BufRead};

/// Tells `each` every line and its number, from 1. Lines end with LF, CRLF or CR alone; the last one
/// needs no end. Bytes that are not UTF-8 become replacement characters. A byte order mark is taken
/// off, also from the middle, where files were joined.
///
/// Returns whether the last line has an end; where it has none, the text may be cut off within it.
pub(super) fn each_line(
    text: &mut dyn BufRead,
    mut each: impl FnMut(u64, &str),
) -> io::Result<bool> {
    let mut bytes = Vec::new();
    let mut number = 0;
    let mut ended = true;
    while text.read_until(b'\n', &mut bytes)? > 0 {
        ended = bytes.ends_with(b"\n") || bytes.ends_with(b"\r");
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        for line in line.split(|byte| *byte == b'\r') {
            number += 1;
            each(number, String::from_utf8_lossy(line).trim_start_matches('\u{feff}'));
        }
        bytes.clear();
    }
    Ok(ended)
}
