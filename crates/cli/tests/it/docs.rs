//! The documentation does what it says: its commands run, its output is real, its table is the
//! program's, its links lead somewhere, its book has all of it, and each clause of
//! `docs/SEMANTICS.md` names tests that exist. The tests of clauses that no crate can test alone are in [`counting`], [`duplicates`], [`moved`],
//! [`sides`] and [`verdicts`].

// The commands on the pages are those of a Unix shell.
#![cfg(unix)]

mod clauses;
pub(crate) mod cloud;
mod counting;
mod duplicates;
mod embedding;
mod logs;
mod moved;
pub(crate) mod page;
mod s3;
mod sides;
mod verdicts;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{arg, run, testdata};
use clauses::Tests;
use cloud::Cloud;
use page::{Block, Page, pages, root};

/// Pages whose commands need a cluster, which the tests of clusters have, or an installed program.
const NOT_RUN_HERE: [&str; 2] = ["docs/scale.md", "docs/deploy/README.md"];

#[test]
fn every_command_in_the_docs_runs_and_ends_as_it_says() {
    let mut commands = 0;
    for page in pages().into_iter().filter(|page| !NOT_RUN_HERE.contains(&page.name.as_str())) {
        // A page's commands run one after the other in a folder of their own that looks like the
        // repository's root, so that what one writes another can read, and nothing is left behind.
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(testdata(), folder.path().join("testdata")).unwrap();
        let cloud = page.text.contains(" s3://").then(Cloud::new);
        for block in page.blocks() {
            let mut output = String::new();
            for line in block.commands() {
                output = run_line(&line, folder.path(), &page, cloud.as_ref());
                commands += 1;
            }
            if let Some(shown) = &block.shown {
                assert_shown(shown, &output, &page, &block);
            }
        }
    }
    assert!(commands > 20, "only {commands} commands were found: is the search still right?");
}

/// Runs a line of shell with our program first in the path; returns both streams.
pub(crate) fn run_line(line: &str, folder: &Path, page: &Page, cloud: Option<&Cloud>) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_flowproof"));
    let mut path = vec![program.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars_os() {
        if ["FLOWPROOF_", "AWS_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
            shell.env_remove(name);
        }
    }
    let run = cloud.map_or_else(|| line.to_owned(), |cloud| cloud.line(line));
    shell.envs(cloud.map(Cloud::environment).unwrap_or_default());
    let shell = shell.arg("-c").arg(run).current_dir(folder);
    let output = shell.env("PATH", std::env::join_paths(path).unwrap()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    let expected = line.rsplit_once("# exit ").map_or(0, |(_, code)| code.trim().parse().unwrap());
    assert_eq!(output.status.code(), Some(expected), "{}: `{line}` says:\n{text}", page.name);
    text
}

/// The lines shown stand in the real output, one after the other; `...` stands for any lines.
pub(crate) fn assert_shown(shown: &str, output: &str, page: &Page, block: &Block) {
    let mut real = output.lines();
    let mut left_out = true;
    for line in shown.lines() {
        if line.trim() == "..." {
            left_out = true;
            continue;
        }
        let found = if left_out {
            real.by_ref().any(|candidate| candidate == line)
        } else {
            real.next() == Some(line)
        };
        let (name, text) = (&page.name, &block.text);
        assert!(found, "{name}: this line is not printed there by\n{text}\n{line}\n\n{output}");
        left_out = false;
    }
}

#[test]
fn the_first_command_of_the_readme_prints_the_answer_worked_out_by_hand() {
    let page = Page::read("README.md");
    let first = page.blocks().into_iter().next().unwrap();
    assert!(first.text.starts_with("cargo run --release --locked -p flowproof -- investigate "));
    let output = run_line(&first.commands()[0], &root(), &page, None);
    assert!(output.starts_with("Verdict: CORROBORATED\n"), "{output}");
    for figure in ["2,369,832 bytes", "33,499,988 bytes", "24 flows accepted", "gaps        none"] {
        assert!(output.contains(figure), "{figure} is not in\n{output}");
    }
}

#[test]
fn the_readme_says_how_to_test_right_after_the_marker() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, after) = readme.split_once("\n<!-- test-command -->\n").unwrap();
    assert!(
        after.starts_with(
            "```sh\ncargo test --workspace --exclude flowproof-cluster --locked\n```\n"
        ),
        "{after}"
    );
    assert_eq!(readme.matches("<!-- test-command -->").count(), 1);
}

#[test]
fn the_field_page_is_what_the_program_prints() {
    let printed = run(&["fields", "--format", "markdown"]).out;
    let page = fs::read_to_string(root().join("docs/fields.md")).unwrap();
    let table = &page[page.find("| name |").unwrap()..];
    assert!(table == printed, "docs/fields.md must end with `flowproof fields --format markdown`");
}

#[test]
fn the_page_on_lists_has_every_format_that_the_program_knows() {
    let refusal = run(&["lists", "check", "--list-format=none", "-"]).err;
    let (_, known) = refusal.split_once("formats are ").unwrap();
    let known: BTreeSet<_> = known.lines().next().unwrap().split(", ").collect();
    let page = Page::read("docs/lists.md");
    let (_, table) = page.text.split_once("\n| `--list-format` |").unwrap();
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let told: BTreeSet<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(told, known);
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    for page in pages() {
        let folder = root().join(&page.name).parent().unwrap().to_owned();
        for link in page.links() {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { root().join(&page.name) } else { folder.join(path) };
            assert!(target.exists(), "{} links to {link}, which is not there", page.name);
            if !anchor.is_empty() {
                let anchors = page::anchors(&fs::read_to_string(&target).unwrap());
                assert!(anchors.contains(anchor), "{}: no heading for {link}", page.name);
            }
        }
    }
}

#[test]
fn the_summary_names_every_page_once() {
    let summary = Page::read("docs/SUMMARY.md");
    let mut named = summary.links();
    named.sort();
    let is_named = |page: &Page| page.name != summary.name;
    let place = |page: &Page| match page.name.strip_prefix("docs/") {
        Some(name) => name.to_owned(),
        None => format!("../{}", page.name),
    };
    let mut there: Vec<_> = pages().iter().filter(|page| is_named(page)).map(place).collect();
    there.sort();
    assert_eq!(named, there);
}

#[test]
fn figures_in_the_readme_stand_in_the_section_of_the_benchmarks_that_they_name() {
    let benchmarks = Page::read("docs/BENCHMARKS.md");
    let rows: Vec<_> = benchmarks.text.lines().collect();
    let mut figures = 0;
    for line in Page::read("README.md").text.lines() {
        let Some((_, rest)) = line.split_once("](docs/BENCHMARKS.md#v") else { continue };
        let (anchor, cells) = rest.split_once(')').unwrap();
        // Of several sections of that name, the first one is where the link leads.
        let from = rows.iter().position(|row| *row == format!("## v{anchor}")).unwrap();
        let section = rows[from + 1..].iter().take_while(|row| !row.starts_with("## "));
        for cell in cells.split(" | ") {
            let Some((contestant, figure)) = cell.split_once(": ") else { continue };
            let figure = figure.split(' ').next().unwrap();
            let has_both = |row: &&&str| {
                let row = row.replace("**", "");
                row.starts_with(&format!("| {contestant} |"))
                    && row.contains(&format!("| {figure} |"))
            };
            assert_eq!(
                section.clone().filter(has_both).count(),
                1,
                "{contestant}, {figure}: v{anchor}"
            );
            figures += 1;
        }
    }
    assert!(figures >= 12, "only {figures} figures were found: is the search still right?");
}

#[test]
fn every_clause_names_tests_and_every_test_it_names_exists() {
    let page = fs::read_to_string(root().join("docs/SEMANTICS.md")).unwrap();
    let tests = Tests::of_the_workspace();
    let clauses = clauses::of(&page);
    assert!(clauses.len() > 50, "only {} clauses were found", clauses.len());
    for clause in &clauses {
        assert!(!clause.tests.is_empty(), "clause {} names no test", clause.number);
        for test in &clause.tests {
            assert!(tests.has(test), "clause {}: there is no test {test}", clause.number);
        }
    }
    assert!(!tests.has("record::tests::there_is_no_such_test"));
    assert!(!tests.has("engine::tests::counters_are_exact_to_64_bits"), "of another crate");

    let numbers: Vec<_> = clauses.iter().map(|clause| clause.number.as_str()).collect();
    let distinct: BTreeSet<_> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len(), "a number is used twice: {numbers:?}");
}

#[test]
fn every_attack_names_tests_that_exist_and_limits_that_hold() {
    let page = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let tests = Tests::of_the_workspace();
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("`cli::hostile")).collect();
    assert!(rows.len() > 20, "only {} attacks were found", rows.len());
    let (_, attacks) = page.split_once("| attack |").unwrap();
    for row in attacks.lines().skip(2).filter(|row| row.starts_with('|')) {
        let named = row.rsplit('|').nth(1).unwrap();
        let named: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row}");
        named.iter().for_each(|test| assert!(tests.has(test), "there is no test {test}"));
    }
    for limit in [
        flowproof_finding::MAX_VALUES,
        flowproof_finding::MAX_TEXT_BYTES,
        flowproof_finding::MAX_FINDINGS,
        flowproof_record::MAX_LINE,
    ] {
        let told = flowproof_report::thousands(limit as u64);
        assert!(page.contains(&told), "{told}");
    }
}

#[test]
fn every_test_of_a_clause_is_named_by_one() {
    let page = fs::read_to_string(root().join("docs/SEMANTICS.md")).unwrap();
    let named: BTreeSet<_> = clauses::of(&page).into_iter().flat_map(|c| c.tests).collect();
    for module in ["counting", "duplicates", "sides", "verdicts"] {
        let path = root().join(format!("crates/cli/tests/it/docs/{module}.rs"));
        for test in clauses::test_names(&fs::read_to_string(path).unwrap()) {
            let test = format!("cli::docs::{module}::{test}");
            assert!(named.contains(&test), "{test} belongs to no clause");
        }
    }
}

#[test]
fn the_hand_computation_is_the_one_beside_the_records_and_is_added_up_right() {
    let table = |path: &str| {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let from = text.find("| interval | packets out |").unwrap();
        let rows = text[from..].lines().take_while(|line| line.starts_with('|'));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    let rows = table("docs/SEMANTICS.md");
    assert_eq!(rows, table("testdata/worked/README.md"));

    let cells = |row: &String| {
        let cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('*'));
        cells.map(|cell| cell.replace(',', "")).collect::<Vec<_>>()
    };
    let mut sums = [[0u64; 4]; 2];
    let mut totals = 0;
    for row in rows[2..].iter().map(cells) {
        let figures: Vec<u64> = row[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        let [of_hour, of_all] = &mut sums;
        if row[0].starts_with("hour ") {
            assert_eq!(figures, *of_hour, "{row:?}");
            *of_hour = [0; 4];
        } else if row[0] == "all" {
            assert_eq!(figures, *of_all, "{row:?}");
            totals += 1;
        } else {
            for (place, figure) in figures.iter().enumerate() {
                of_hour[place] += figure;
                of_all[place] += figure;
            }
        }
    }
    assert_eq!(totals, 1);
    assert_eq!(sums[1], [25_390, 33_499_988, 15_330, 2_369_832]);
}

#[test]
fn the_docs_name_no_place_but_the_repository() {
    for page in pages() {
        for word in ["/home/", "/Users/", "C:\\"] {
            assert!(!page.text.contains(word), "{} names {word}", page.name);
        }
    }
    assert!(arg(testdata()).ends_with("testdata"));
}
