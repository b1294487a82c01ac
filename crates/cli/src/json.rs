//! Values as JSON that acts on no terminal: see [`SafeJson`].

use std::io::{self, BufWriter, Write};

use flowproof_report::SafeJson;
use serde::Serialize;

/// Writes a value, set out over several lines.
pub(crate) fn write_pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write(out, |out| serde_json::to_writer_pretty(out, value))
}

/// Writes a value in one line.
pub(crate) fn write_line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write(out, |out| serde_json::to_writer(out, value))
}

fn write(
    out: &mut dyn Write,
    value: impl FnOnce(&mut dyn Write) -> serde_json::Result<()>,
) -> io::Result<()> {
    // The serializer writes a few bytes at a time.
    let mut safe = BufWriter::new(SafeJson::new(out));
    value(&mut safe)?;
    safe.write_all(b"\n")?;
    safe.flush()
}
