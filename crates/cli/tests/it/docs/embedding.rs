//! The page for programs shows code that tests compile and run, and no other.

use std::fs;
use std::path::{Path, PathBuf};

use super::page::{Page, root};

/// The lines of a text without what makes them lines of a comment.
fn lines(text: &str) -> Vec<&str> {
    let of_comment = |line: &'_ str| line.trim_start_matches("//!").trim_start_matches("///").len();
    text.lines().map(|line| line[line.len() - of_comment(line)..].trim()).collect()
}

/// Where code stands that tests compile: examples, READMEs and pages of the crates.
fn tested() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        files.extend(["README.md", "src/lib.rs"].map(|name| folder.join(name)));
        let examples = fs::read_dir(folder.join("examples")).into_iter().flatten();
        files.extend(examples.map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.is_file());
    files
}

/// The blocks of Rust of a page.
fn rust(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```rust\n").skip(1);
    blocks.map(|rest| rest.split_once("\n```").expect("a fence has an end").0).collect()
}

#[test]
fn each_block_of_rust_stands_word_for_word_in_code_that_tests_compile() {
    let page = Page::read("docs/embedding.md");
    let texts: Vec<String> =
        tested().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let blocks = rust(&page.text);
    assert!(blocks.len() >= 5, "only {} blocks were found", blocks.len());
    for block in blocks {
        let shown = lines(block);
        let is_in = |text: &String| lines(text).windows(shown.len()).any(|part| part == shown);
        assert!(texts.iter().any(is_in), "no example or page of a crate has\n{block}");
    }
}

#[test]
fn the_examples_that_the_page_names_are_there_and_it_names_all() {
    let page = Page::read("docs/embedding.md");
    let (_, named) = page.text.split_once("## Examples").expect("a chapter on examples");
    for example in tested().iter().filter(|file| file.parent().is_some_and(is_examples)) {
        let name = example.file_stem().unwrap().to_string_lossy().into_owned();
        // That one measures; it is for us.
        assert!(name == "big" || named.contains(&format!("`{name}`")), "{name} is not named");
    }
}

fn is_examples(folder: &Path) -> bool {
    folder.ends_with("examples")
}
