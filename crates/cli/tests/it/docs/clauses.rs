//! The clauses of `docs/SEMANTICS.md` and the tests of the workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::page::root;

/// One clause: `**1.2** what holds`, then `Test:` and the tests that show it.
pub(super) struct Clause {
    pub(super) number: String,
    /// `crate folder::module::name`.
    pub(super) tests: Vec<String>,
}

/// The clauses of the page.
pub(super) fn of(page: &str) -> Vec<Clause> {
    let paragraphs = page.split("\n\n").filter_map(|paragraph| {
        let (number, rest) = paragraph.trim().strip_prefix("**")?.split_once("**")?;
        let is_number = number.starts_with(|c: char| c.is_ascii_digit());
        is_number.then(|| (number.to_owned(), rest))
    });
    let clause = |(number, rest): (String, &str)| {
        let named = rest.split_once("Test:").map_or("", |(_, tests)| tests);
        let tests = named.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Clause { number, tests }
    };
    paragraphs.map(clause).collect()
}

/// Every test there is, by crate folder and module path.
pub(super) struct Tests(BTreeSet<String>);

impl Tests {
    pub(super) fn of_the_workspace() -> Tests {
        let mut tests = BTreeSet::new();
        for entry in fs::read_dir(root().join("crates")).unwrap() {
            let folder = entry.unwrap();
            let name = folder.file_name().into_string().unwrap();
            collect(&folder.path().join("src"), &name, &mut tests);
            for target in ["it", "cluster"] {
                collect(&folder.path().join("tests").join(target), &name, &mut tests);
            }
        }
        Tests(tests)
    }

    /// Whether there is such a test. A module `tests` within a file is not looked for: a name that
    /// stands in the file `a.rs` may be called `a::name` or `a::tests::name`.
    pub(super) fn has(&self, path: &str) -> bool {
        let without_inner = path.rsplit_once("::").and_then(|(modules, name)| {
            modules.strip_suffix("::tests").map(|modules| format!("{modules}::{name}"))
        });
        self.0.contains(path) || without_inner.is_some_and(|path| self.0.contains(&path))
    }
}

/// Adds the tests of the files in a folder and below.
fn collect(folder: &Path, module: &str, tests: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = match stem.as_str() {
            "lib" | "main" | "mod" => module.to_owned(),
            _ => format!("{module}::{stem}"),
        };
        if path.is_dir() {
            collect(&path, &module, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let names = test_names(&fs::read_to_string(&path).unwrap());
            tests.extend(names.into_iter().map(|name| format!("{module}::{name}")));
        }
    }
}

/// The names of the tests in a file.
pub(super) fn test_names(source: &str) -> Vec<String> {
    let marks = |line: &str| matches!(line, "#[test]") || line.starts_with("#[tokio::test");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let marked = (0..lines.len()).filter(|at| marks(lines[*at]));
    let names = marked.filter_map(|at| {
        let mut after = lines[at..].iter().filter_map(|line| line.split_once("fn "));
        let (_, rest) = after.next()?;
        rest.split_once('(').map(|(name, _)| name.to_owned())
    });
    names.collect()
}
