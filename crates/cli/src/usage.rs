//! What a run cost, for those who ask with `-v`.

use std::time::{Duration, Instant};

use crate::streams::Streams;

/// Begun at the start of a run.
pub(crate) struct Stopwatch {
    begun: Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        Stopwatch { begun: Instant::now() }
    }

    /// Says how long the run took, and how much memory it held at most where the system tells.
    pub(crate) fn tell(&self, streams: &mut Streams) {
        let took = self.begun.elapsed();
        let memory = peak_memory()
            .map_or_else(String::new, |bytes| format!(", peak memory {} MB", bytes / 1_000_000));
        streams.note(&format!("took {}{memory}", seconds(took)));
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.2} s", took.as_secs_f64())
}

/// The process's largest resident set in bytes; Linux tells it in `/proc`.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
