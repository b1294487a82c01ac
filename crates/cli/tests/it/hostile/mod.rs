//! Input that an attacker wrote, and what becomes of it: `SECURITY.md` has the table.
//!
//! Each attack is made on the program as a process, with a limit of memory and of time. Both are those of a
//! debug build beside other tests; a release build stays far below.

mod bombs;
mod depth;
mod endpoint;
mod formulas;
mod lines;
mod paths;
mod secrets;
mod words;

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::program::{Run, command};

/// Most attacks are over at once; what inflates and parses takes seconds in a debug build.
pub(super) const TIME: Duration = Duration::from_secs(90);

/// What a run may take that holds nothing large: the program itself takes some 130 MB.
pub(super) const MEMORY: u64 = 400 << 20;

pub(super) const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                                 bytes start end action log-status\n";
pub(super) const RECORD: &str = "2 123456789012 eni-0a1b2c3d4e5f60001 203.0.113.9 10.0.1.5 443 40000 6 1 100 \
                                 1748768400 1748768460 ACCEPT OK\n";

/// Runs the program, which may take so many bytes of memory and [`TIME`]. It must not panic either.
pub(super) fn within<S: AsRef<str>>(memory: u64, args: &[S]) -> Run {
    watch(memory, command(args, &[]))
}

/// The same for a command that was made before.
pub(super) fn watch(memory: u64, mut command: Command) -> Run {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    let status = loop {
        // The mark only rises, so what is missed is what the last milliseconds took.
        let peak = peak_of(&child);
        if peak > memory || begun.elapsed() > TIME {
            child.kill().unwrap();
            panic!("{peak} bytes after {:?}: {command:?}", begun.elapsed());
        }
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let run = Run::of(Output { status, stdout: text(&mut out), stderr: text(&mut err) });
    assert!(run.code.is_some() && !run.err.contains("panicked"), "{run:?}");
    run
}

/// The most memory that a process had so far, in bytes.
fn peak_of(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    mark.and_then(|mark| mark.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) << 10
}

fn text(file: &mut File) -> Vec<u8> {
    let mut text = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut text).unwrap();
    text
}

/// A gzip file with `unit` over and over between a beginning and an end.
pub(super) fn gzip_of(place: &Path, begin: &str, unit: &[u8], times: usize, end: &str) {
    let mut file = GzEncoder::new(File::create(place).unwrap(), Compression::fast());
    file.write_all(begin.as_bytes()).unwrap();
    (0..times).for_each(|_| file.write_all(unit).unwrap());
    file.write_all(end.as_bytes()).unwrap();
    file.finish().unwrap();
}

/// A folder with one file, and the file's path.
pub(super) fn file(name: &str, bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(name);
    fs::write(&place, bytes).unwrap();
    let place = crate::program::arg(&place);
    (folder, place)
}
