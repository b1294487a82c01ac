//! The program on tiny sets: everybody agrees, and the page and the figures are written.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn smoke_run_writes_page_and_figures() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("smoke");
    let output = Command::new(env!("CARGO_BIN_EXE_prefix"))
        .args(["--smoke", "--rounds", "2", "--output"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let page = fs::read_to_string(folder.join("prefix.md")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), page.trim());
    for part in
        ["### v4-smoke: 300 entries", "### v6-smoke", "| **ours** |", "DIR-24-8", "### Promises"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }

    let figures = fs::read_to_string(folder.join("prefix.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    for set in figures["sets"].as_array().unwrap() {
        assert_eq!(set["not_run"].as_array().unwrap().len(), 0, "{set}");
        for contestant in set["contestants"].as_array().unwrap() {
            let mixes = contestant["mixes"].as_object().unwrap();
            assert!(
                mixes.values().all(|mix| mix["median_ns"].as_f64() > Some(0.0)),
                "{contestant}"
            );
        }
    }
}

#[test]
fn unknown_set_is_an_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prefix"));
    let output = command.args(["--sets", "v5"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "there is no set v5\n");
}
