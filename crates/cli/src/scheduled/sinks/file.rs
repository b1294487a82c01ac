//! Telling into one file: lines are added to it, a page takes its place.

use std::collections::HashSet;
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
            refuse_pipe(path).with_context(|| path.display().to_string())?;
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

/// Adds those lines that a run which died has not added yet, after what was there when this scan was last
/// told to have told all. Each comes with a text that no other line has.
fn append(path: &Path, lines: &[(&str, &str)], known: u64) -> std::io::Result<u64> {
    refuse_pipe(path)?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if !file.metadata()?.is_file() {
        // A device has no end to look at.
        lines.iter().try_for_each(|(_, line)| writeln!(file, "{line}"))?;
        return Ok(0);
    }
    // One that is shorter than it was is another file, of which nothing is ours.
    let from = known.min(file.metadata()?.len());
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut tail)?;
    // What has no end was being written by a run that died, or by one on a full disk.
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let end = from + whole as u64;
    file.set_len(end)?;
    let there = String::from_utf8_lossy(&tail[..whole]);
    let there: HashSet<&str> = there.lines().flat_map(marks).collect();
    let missing = lines.iter().filter(|(mark, _)| !there.contains(mark));
    let mut text: String = missing.map(|(_, line)| format!("{line}\n")).collect();
    if whole == 0 && !text.is_empty() && !ends_a_line(&mut file, from)? {
        text.insert(0, '\n');
    }
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        restore(&file, end);
        return Err(error);
    }
    Ok(end + text.len() as u64)
}

/// All that may be a line's mark: the line itself, and the digests in it.
fn marks(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|character: char| !character.is_ascii_hexdigit());
    words.filter(|word| word.len() == 64).chain([line])
}

/// Whether what comes before a place in a file is nothing or a whole line.
fn ends_a_line(file: &mut File, place: u64) -> std::io::Result<bool> {
    let Some(last) = place.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

/// Refuses a pipe: nobody knows whether what is written to it is ever read.
fn refuse_pipe(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if std::fs::metadata(path).is_ok_and(|there| there.file_type().is_fifo()) {
            let what = "this is a pipe: name the command that reads it, as |command";
            return Err(std::io::Error::other(what));
        }
    }
    Ok(())
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

    const LINES: [(&str, &str); 3] = [("[1]", "[1]"), ("[2]", "[2]"), ("[3]", "[3]")];
    const ALL: &str = "[1]\n[2]\n[3]\n";

    #[test]
    fn wherever_a_run_died_the_next_adds_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        for before in ["", "[0]\n"] {
            for died in 0..=ALL.len() {
                fs::write(&path, format!("{before}{}", &ALL[..died])).unwrap();
                let length = append(&path, &LINES, before.len() as u64).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{ALL}"), "{died}");
                assert_eq!(length, (before.len() + ALL.len()) as u64);
            }
        }
    }

    #[test]
    fn a_line_is_known_by_its_digest_whatever_else_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        let mark = "a7".repeat(32);
        fs::write(&path, format!("{{\"bulletin\":1,\"event_id\":\"{mark}\"}}\n")).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        append(&path, &[(&mark, "another line")], 0).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
    }

    #[test]
    fn a_file_that_was_rotated_or_is_anothers_keeps_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        assert_eq!(append(&path, &LINES, 1000).unwrap(), ALL.len() as u64);
        fs::write(&path, "mine, without an end").unwrap();
        let length = append(&path, &LINES[..1], 1000).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine, without an end\n[1]\n");
        // Told again after a death.
        assert_eq!(append(&path, &LINES[..1], 20).unwrap(), length);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine, without an end\n[1]\n");
    }

    #[test]
    fn what_was_told_before_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        fs::write(&path, ALL).unwrap();
        // The same marks stand before the end that is known: these are other lines.
        append(&path, &LINES[..1], ALL.len() as u64).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{ALL}[1]\n"));
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
