//! What this process has used, as Linux tells it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The kernel's unit of CPU time.
const TICKS: u64 = 100;

/// User and system time so far.
pub(crate) fn cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(") ").context("/proc/self/stat")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || -> Result<u64> { Ok(fields.next().context("/proc/self/stat")?.parse()?) };
    Ok(Duration::from_millis((next()? + next()?) * 1000 / TICKS))
}

/// The most memory that was resident at one time, in MB.
pub(crate) fn peak_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.context("/proc/self/status")?.parse::<u64>()? / 1000)
}
