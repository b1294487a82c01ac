//! What `docs/scale.md` shows is real.

use super::{Rig, started};
use crate::docs::page::Page;
use crate::docs::{assert_shown, run_line};
use crate::program::{command, testdata};

/// The scheduler that the page shows.
const SHOWN: &str = "df://127.0.0.1:50050";

#[test]
fn every_command_of_the_page_runs_and_prints_what_it_shows() {
    let page = Page::read("docs/scale.md");
    let rig = Rig::new(1, &[], &[]);
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(testdata(), folder.path().join("testdata")).unwrap();
    let (mut asked, mut begun) = (0, 0);
    for block in page.blocks() {
        let mut output = String::new();
        for line in block.commands() {
            if line.starts_with("flowproof cluster ") {
                begin(&line, &rig);
                begun += 1;
            } else {
                output = run_line(&line.replace(SHOWN, &rig.address), folder.path(), &page, None);
                asked += 1;
            }
        }
        if let Some(shown) = &block.shown {
            assert_shown(shown, &output, &page, &block);
        }
    }
    assert!(asked >= 3 && begun >= 2, "{asked}, {begun}");
}

/// Starts what does not end by itself, at ports that are free.
fn begin(line: &str, rig: &Rig) {
    let mut args: Vec<&str> = line.split_whitespace().skip(1).collect();
    match args[1] {
        "scheduler" => args.push("--bind=127.0.0.1:0"),
        _ => args.extend(["--port=0", "--control-port=0", "--scheduler", &rig.address]),
    }
    let (mut child, printed) = started(command(&args, &[]));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(printed.starts_with(args[1]), "{line}: {printed}");
}
