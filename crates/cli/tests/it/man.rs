//! `flowproof man` and `flowproof completions`: what a package brings beside the program.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::program::{arg, run};

/// The commands that `flowproof NAMES --help` lists.
fn commands(names: &[&str]) -> Vec<String> {
    let help = run(&[names, &["--help"]].concat()).out;
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = listed.lines().take_while(|line| line.starts_with("  "));
    // What a name means may run over several lines, which begin farther to the right.
    let names = lines.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    let written = run(&["man", "--output", &arg(&pages)]);
    assert_eq!((written.code, written.out.as_str()), (Some(0), ""), "{written:?}");

    let mut expected = BTreeSet::from(["flowproof.1".to_owned()]);
    for command in commands(&[]) {
        expected.insert(format!("flowproof-{command}.1"));
        let below = commands(&[&command]);
        expected.extend(below.iter().map(|below| format!("flowproof-{command}-{below}.1")));
    }
    assert!(expected.contains("flowproof-lists-check.1"), "{expected:?}");
    let names = fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name());
    let found: BTreeSet<_> = names.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(found, expected);

    let volumes = fs::read_to_string(pages.join("flowproof-volumes.1")).unwrap();
    for part in [".TH flowproof-volumes 1", "bytes, packets and flows each way", "FLOWPROOF_BY"] {
        assert!(volumes.contains(part), "{part} is not in\n{volumes}");
    }
}

#[test]
fn man_pages_for_a_place_that_is_a_file_are_an_error_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let written = run(&["man", "--output", &arg(file.path())]);
    assert_eq!(written.code, Some(1));
    assert!(written.err.contains(&arg(file.path())), "{}", written.err);
}

/// A shell that is not here is passed over: none of them but `sh` is everywhere.
#[test]
fn completion_scripts_can_be_read_by_their_shells() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, Some(0), "{}", script.err);
        for command in commands(&[]) {
            assert!(script.out.contains(&command), "{shell} does not complete {command}");
        }
        let file = folder.path().join(shell);
        fs::write(&file, script.out).unwrap();
        if let Ok(read) = Command::new(shell).arg(check).arg(&file).output() {
            assert!(read.status.success(), "{shell}: {}", String::from_utf8_lossy(&read.stderr));
        }
    }
}
