//! Names that lead elsewhere, and files that are none.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::{HEADER, MEMORY, RECORD, within};
use crate::program::arg;

#[test]
fn a_case_that_names_files_outside_of_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("case.json"), "{}").unwrap();
    symlink("/etc/passwd", folder.path().join("link")).unwrap();
    let digest = "0".repeat(64);
    let names = ["../../../../etc/passwd", "/etc/passwd", "link", "a/../../b"];
    let lines: String = names.iter().map(|name| format!("{digest}  {name}\n")).collect();
    fs::write(folder.path().join("MANIFEST"), lines).unwrap();
    let run = within(MEMORY, &["verify", &arg(folder.path())]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(!run.out.contains("root:") && run.err.contains("leads out of the folder"), "{run:?}");
}

#[test]
fn loops_pipes_and_depth_in_a_folder_of_logs_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("a.log"), format!("{HEADER}{RECORD}")).unwrap();
    symlink(root, root.join("loop")).unwrap();
    symlink("self", root.join("self")).unwrap();
    assert!(Command::new("mkfifo").arg(root.join("pipe.log")).status().unwrap().success());
    let deep = (0..200).fold(root.to_owned(), |at, _| at.join("d"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("b.log"), format!("{HEADER}{RECORD}")).unwrap();
    let run = within(MEMORY, &["inspect", "--logs", &arg(root)]);
    assert!(run.out.contains("2 read"), "{run:?}");
}

#[test]
fn an_output_that_is_a_link_to_an_input_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (logs, link) = (folder.path().join("a.log"), folder.path().join("out"));
    fs::write(&logs, format!("{HEADER}{RECORD}")).unwrap();
    symlink(&logs, &link).unwrap();
    let run = within(
        MEMORY,
        &["volumes", "--by", "interface", "--logs", &arg(&logs), "--output", &arg(&link)],
    );
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(fs::read_to_string(&logs).unwrap(), format!("{HEADER}{RECORD}"));
}
