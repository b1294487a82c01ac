//! Writes one object: a header line and records, gzipped as they come.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::SampleFormat;
use super::line::{Record, push_header, push_record};
use super::world::FlowLog;

/// Text that is gathered before it is handed to gzip.
const GATHERED: usize = 64 * 1024;

/// An object on its way to the disk. gzip's header has no time and no name, so that the same records
/// give the same bytes.
#[derive(Debug)]
pub(super) struct ObjectWriter {
    encoder: GzEncoder<File>,
    text: Vec<u8>,
    text_bytes: u64,
}

impl ObjectWriter {
    pub(super) fn create(path: &Path, level: u32, format: SampleFormat) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let encoder = GzEncoder::new(File::create(path)?, Compression::new(level));
        let mut text = Vec::with_capacity(GATHERED + 4096);
        push_header(&mut text, format);
        Ok(ObjectWriter { encoder, text, text_bytes: 0 })
    }

    pub(super) fn write(&mut self, flow_log: &FlowLog, record: &Record<'_>) -> io::Result<()> {
        push_record(&mut self.text, flow_log, record);
        if self.text.len() >= GATHERED { self.pass_on() } else { Ok(()) }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.encoder.write_all(&self.text)?;
        self.text_bytes += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }

    /// Ends the object; returns the bytes of its text and of the file.
    pub(super) fn finish(mut self) -> io::Result<(u64, u64)> {
        self.pass_on()?;
        let file = self.encoder.finish()?;
        Ok((self.text_bytes, file.metadata()?.len()))
    }
}
