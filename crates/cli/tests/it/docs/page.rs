//! Pages of the documentation, taken apart.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A page: its path from the root, and its text.
pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A fenced block of shell, with the block of output that follows it at once, if one does.
pub(crate) struct Block {
    pub(crate) text: String,
    pub(crate) shown: Option<String>,
}

/// The pages at the root and all pages of `docs/`, by their names.
pub(crate) fn pages() -> Vec<Page> {
    let mut names = names_in("");
    names.extend(names_in("docs/"));
    names.extend(names_in("docs/deploy/"));
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

/// The pages of a folder itself.
fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}{name}")).collect()
}

impl Page {
    pub(crate) fn read(name: &str) -> Page {
        Page { name: name.to_owned(), text: fs::read_to_string(root().join(name)).unwrap() }
    }

    /// The blocks of shell in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        // Whether nothing but blank lines stands between the last block of shell and here.
        let mut follows = false;
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.strip_prefix("```") else {
                follows &= line.is_empty();
                continue;
            };
            let inside = lines.by_ref().take_while(|line| *line != "```");
            let text = inside.map(|line| format!("{line}\n")).collect();
            match (language, blocks.last_mut()) {
                ("sh", _) => blocks.push(Block { text, shown: None }),
                ("text", Some(last)) if follows => last.shown = Some(text),
                _ => {}
            }
            follows = language == "sh";
        }
        blocks
    }

    /// The blocks of JSON in order.
    pub(crate) fn json(&self) -> Vec<&str> {
        let blocks = self.text.split("\n```json\n").skip(1);
        blocks.filter_map(|rest| rest.split("\n```\n").next()).collect()
    }

    /// The targets of links that stay within the repository.
    pub(crate) fn links(&self) -> Vec<String> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let inside = targets.filter(|target| !target.contains("://"));
        inside.map(str::to_owned).collect()
    }
}

impl Block {
    /// The commands that are our program's.
    pub(crate) fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        let mut commands = Vec::new();
        let mut command = String::new();
        for line in joined.lines() {
            command += line;
            // A text in quotes may run over several lines.
            if ['"', '\''].iter().any(|quote| command.matches(*quote).count() % 2 == 1) {
                command += "\n";
            } else {
                commands.push(std::mem::take(&mut command));
            }
        }
        let built = "cargo run --release --locked -p flowproof -- ";
        let commands = commands.iter().map(|command| command.replacen(built, "flowproof ", 1));
        commands.filter(|command| command.starts_with("flowproof ")).collect()
    }
}

/// The anchors that a page's headings make.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(anchor).collect()
}
