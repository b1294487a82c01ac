//! What the processes of a cluster say of themselves: Ballista's log, a line each on standard error.

use std::io::{self, Write};

use log::{Level, LevelFilter, Log, Metadata, Record};

/// Writes warnings and errors, and with `-v` what is done too.
#[derive(Debug)]
struct ToStandardError;

impl Log for ToStandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let kind = match record.level() {
            Level::Error => "error",
            Level::Warn => "warning",
            _ => "note",
        };
        let text = flowproof_report::printable(&record.args().to_string()).replace('\n', " ");
        let (now, target) = (jiff::Timestamp::now(), record.target());
        // Nobody is told that nobody listens.
        let _ = writeln!(io::stderr().lock(), "{now} {kind}: {target}: {text}");
    }

    fn flush(&self) {}
}

/// From now on. A log that was set before stays.
pub(super) fn start(quiet: bool, verbose: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::Error,
        (_, true) => LevelFilter::Info,
        _ => LevelFilter::Warn,
    };
    if log::set_logger(&ToStandardError).is_ok() {
        log::set_max_level(level);
    }
}
