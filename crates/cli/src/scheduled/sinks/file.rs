//! Telling into one file: lines are added to it, a page takes its place.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::{Cursor, Rendered};
use crate::output::OutputFile;

/// Tells a bulletin; how long the file is then.
pub(super) fn tell(path: &Path, rendered: &Rendered, cursor: Cursor) -> Result<u64> {
    let lines: Vec<(&str, &str)> = match rendered {
        Rendered::Page(page) => {
            let mut file = OutputFile::create(path)?;
            file.write_all(page.as_bytes()).with_context(|| path.display().to_string())?;
            return file.finish().map(|()| page.len() as u64);
        }
        Rendered::Lines(lines) => {
            lines.iter().map(|(id, line)| (id.as_str(), line.as_str())).collect()
        }
        // Of a batch nothing but all of it tells that it is there.
        Rendered::Batches(batches) => {
            batches.iter().map(|batch| (batch.as_str(), batch.as_str())).collect()
        }
    };
    append(path, &lines, cursor.bytes).with_context(|| path.display().to_string())
}

/// Adds those lines that a run which died has not added yet. Each comes with a text that no other line
/// has.
fn append(path: &Path, lines: &[(&str, &str)], known: u64) -> std::io::Result<u64> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if !file.metadata()?.is_file() {
        // A pipe or a device has no end to look at.
        lines.iter().try_for_each(|(_, line)| writeln!(file, "{line}"))?;
        return Ok(0);
    }
    let length = file.metadata()?.len();
    // A file that is shorter than it was is another one: it was rotated.
    let from = if length < known { 0 } else { known };
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut tail)?;
    // What has no end was being written by a run that died, or by one on a full disk.
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let end = from + whole as u64;
    file.set_len(end)?;
    let there = String::from_utf8_lossy(&tail[..whole]);
    let missing = lines.iter().filter(|(mark, _)| !there.contains(mark));
    let text: String = missing.map(|(_, line)| format!("{line}\n")).collect();
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        restore(&file, end);
        return Err(error);
    }
    Ok(end + text.len() as u64)
}

/// Takes back what was written of something that could not be written as a whole.
fn restore(file: &File, length: u64) {
    // If that fails too, the next run does it.
    let _ = file.set_len(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LINES: [(&str, &str); 3] = [("1a", "{\"1a\"}"), ("2b", "{\"2b\"}"), ("3c", "{\"3c\"}")];
    const ALL: &str = "{\"1a\"}\n{\"2b\"}\n{\"3c\"}\n";

    #[test]
    fn wherever_a_run_died_the_next_adds_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        for before in ["", "{\"0\"}\n"] {
            for died in 0..=ALL.len() {
                fs::write(&path, format!("{before}{}", &ALL[..died])).unwrap();
                let length = append(&path, &LINES, before.len() as u64).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{ALL}"), "{died}");
                assert_eq!(length, (before.len() + ALL.len()) as u64);
            }
        }
    }

    #[test]
    fn a_file_that_was_rotated_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        assert_eq!(append(&path, &LINES, 1000).unwrap(), ALL.len() as u64);
        fs::remove_file(&path).unwrap();
        assert_eq!(append(&path, &LINES[..1], ALL.len() as u64).unwrap(), 7);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"1a\"}\n");
    }

    #[test]
    fn what_was_told_before_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        fs::write(&path, ALL).unwrap();
        // The same marks stand before the end that is known: these are other lines.
        append(&path, &LINES[..1], ALL.len() as u64).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{ALL}{{\"1a\"}}\n"));
    }

    #[test]
    fn a_page_takes_the_place_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("digest.md");
        for page in ["long page\n", "page\n"] {
            let rendered = Rendered::Page(page.to_owned());
            tell(&path, &rendered, Cursor { bulletin: 1, bytes: 3 }).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), page);
        }
    }
}
