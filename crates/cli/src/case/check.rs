//! Whether a case is what it was, and what its files say of one another.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flowproof_evidence::{ObjectEvidence, Traffic};
use serde::Serialize;
use serde_json::Value;

use super::about::{self, About, AnswerRow, What};
use super::manifest::{self, Manifest, digest, digest_of, file_at, walk};
use super::records::{sums_of_csv, sums_of_parquet};
use super::sources::Sources;

/// No manifest of ours is longer: a line has some hundred bytes.
const LONGEST_MANIFEST: u64 = 256 << 20;

/// What a check came to.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) manifest_sha256: String,
    /// Files that the manifest names.
    pub(crate) files: usize,
    /// What does not hold.
    pub(crate) problems: Vec<Problem>,
    /// What the case holds; none unless every byte of it is what it was.
    pub(super) content: Option<Content>,
}

/// What does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// `missing`, `changed`, `extra`, `refused`, `contradiction`, `source` or `answer`.
    kind: &'static str,
    /// The file or the source object.
    path: String,
    text: String,
}

/// The files of a case that are looked into.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) about: About,
    /// The answers.
    pub(super) documents: Vec<Value>,
    pub(super) sources: Sources,
}

impl Problem {
    pub(super) fn new(kind: &'static str, path: &str, text: impl Into<String>) -> Problem {
        Problem { kind, path: path.to_owned(), text: text.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.text)
    }
}

impl Checked {
    /// How many answers the case has, and records of theirs.
    pub(crate) fn counts(&self) -> Option<(usize, u64)> {
        let answers = &self.content.as_ref()?.about.answers;
        // What was checked adds up, and no file holds 2^64 records.
        Some((answers.len(), answers.iter().map(|answer| answer.records).sum()))
    }
}

/// Checks a case by itself: every file against the manifest, then the files against one another.
///
/// # Errors
///
/// If the folder is no case, or cannot be read.
pub(crate) fn check(dir: &Path) -> Result<Checked> {
    let text = read_manifest(dir)?;
    let (manifest, bad) = Manifest::parse(&text);
    let refused =
        |path: &str, why| Problem::new("refused", path, format!("{why}; it is not looked at"));
    let mut problems: Vec<Problem> = bad
        .iter()
        .map(|bad| refused(&format!("{}:{}: {}", manifest::NAME, bad.line, bad.path), bad.why))
        .collect();
    for (path, known) in &manifest.0 {
        problems.extend(compare(dir, path, known));
    }
    for found in walk(dir).with_context(|| dir.display().to_string())? {
        if found.path != manifest::NAME && !manifest.0.contains_key(&found.path) {
            let kind = if found.is_file { "" } else { ", and is no file" };
            let text = format!("{} does not name it{kind}", manifest::NAME);
            problems.push(Problem::new("extra", &found.path, text));
        }
    }
    let content = match problems.is_empty() {
        true => look_into(dir, &manifest, &mut problems),
        // What is not what it was is not looked into.
        false => None,
    };
    let manifest_sha256 = digest_of(text.as_bytes());
    Ok(Checked { manifest_sha256, files: manifest.0.len(), problems, content })
}

fn read_manifest(dir: &Path) -> Result<String> {
    let place = || dir.join(manifest::NAME).display().to_string();
    let path = match file_at(dir, manifest::NAME) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{}: there is no {} in it: it is no case", dir.display(), manifest::NAME)
        }
        path => path.with_context(place)?,
    };
    if fs::metadata(&path).with_context(place)?.len() > LONGEST_MANIFEST {
        bail!("{}: more than {LONGEST_MANIFEST} bytes; that is no manifest of a case", place());
    }
    fs::read_to_string(&path).with_context(place)
}

/// What is wrong with a file whose digest is known.
fn compare(dir: &Path, path: &str, known: &str) -> Option<Problem> {
    match file_at(dir, path).and_then(|file| digest(&file)) {
        Ok(digest) if digest == known => None,
        Ok(_) => Some(Problem::new("changed", path, "it is not what it was: its SHA-256 differs")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Some(Problem::new("missing", path, "it is not there any more"))
        }
        Err(error) => Some(Problem::new("refused", path, error.to_string())),
    }
}

/// Reads what is to be looked into, and holds it against one another.
fn look_into(dir: &Path, manifest: &Manifest, problems: &mut Vec<Problem>) -> Option<Content> {
    let before = problems.len();
    let content = match read_content(dir, manifest) {
        Ok(content) => content,
        Err((path, why)) => {
            problems.push(Problem::new("contradiction", &path, why));
            return None;
        }
    };
    problems.extend(files_told(&content.about, manifest));
    problems.extend(answers_told(&content));
    problems.extend(lists_told(&content, manifest));
    problems.extend(sources_told(&content));
    for (answer, document) in content.about.answers.iter().zip(&content.documents) {
        problems.extend(records_told(dir, manifest, answer, document));
    }
    (problems.len() == before).then_some(content)
}

/// A file, and why it cannot be used.
type Unusable = (String, String);

fn read_content(dir: &Path, manifest: &Manifest) -> Result<Content, Unusable> {
    let about: About = parse(dir, manifest, about::NAME, |text| {
        // Another form is said to be one before it is found to lack this or that.
        let any: Value = serde_json::from_str(text)?;
        match any["schema"].as_str() {
            Some(about::SCHEMA) => Ok(serde_json::from_value(any)?),
            other => bail!(
                "its schema is {}, and this version knows {}; a newer flowproof may know it",
                other.unwrap_or("not told"),
                about::SCHEMA
            ),
        }
    })?;
    let named = |what| {
        let file = about.files.iter().find(|file| file.what == what);
        let missing = || (about::NAME.to_owned(), format!("it names no file of kind {what:?}"));
        file.map(|file| file.path.as_str()).ok_or_else(missing)
    };
    named(What::Report)?;
    let documents = parse(dir, manifest, named(What::Result)?, |text| {
        let documents = serde_json::Deserializer::from_str(text).into_iter();
        Ok(documents.collect::<Result<Vec<Value>, _>>()?)
    })?;
    let sources = parse(dir, manifest, named(What::Sources)?, |text| {
        let sources: Sources = serde_json::from_str(text)?;
        if !sources.is_known() {
            bail!("its schema is not known to this version");
        }
        Ok(sources)
    })?;
    Ok(Content { about, documents, sources })
}

/// A file that another file of the case names: only those of the manifest are opened.
fn known_file(dir: &Path, manifest: &Manifest, path: &str) -> Result<PathBuf> {
    if !manifest.0.contains_key(path) {
        bail!("{} does not name it; it is not looked at", manifest::NAME);
    }
    Ok(file_at(dir, path)?)
}

fn parse<T>(
    dir: &Path,
    manifest: &Manifest,
    path: &str,
    parse: impl FnOnce(&str) -> Result<T>,
) -> Result<T, Unusable> {
    let text = known_file(dir, manifest, path).and_then(|file| Ok(fs::read_to_string(file)?));
    text.and_then(|text| parse(&text)).map_err(|error| (path.to_owned(), format!("{error:#}")))
}

/// Where `case.json` and the manifest do not name the same files.
fn files_told(about: &About, manifest: &Manifest) -> Vec<Problem> {
    let told = about.files.iter().map(|file| file.path.as_str()).chain([about::NAME]);
    let told: BTreeSet<&str> = told.collect();
    let there: BTreeSet<&str> = manifest.0.keys().map(String::as_str).collect();
    let problem = |path: &&str| {
        let text = format!("only one of {} and {} names it", about::NAME, manifest::NAME);
        Problem::new("contradiction", path, text)
    };
    told.symmetric_difference(&there).map(problem).collect()
}

/// Where `case.json` and the result do not tell the same answers.
fn answers_told(content: &Content) -> Vec<Problem> {
    let Content { about, documents, .. } = content;
    let problem = |text| Problem::new("contradiction", about::NAME, text);
    if about.answers.len() != documents.len() {
        let (told, there) = (about.answers.len(), documents.len());
        return vec![problem(format!("it tells of {told} answers, and the result has {there}"))];
    }
    let mut problems = Vec::new();
    for (place, (answer, document)) in about.answers.iter().zip(documents).enumerate() {
        let verdict = &document["verdict"]["status"];
        if *verdict != answer.verdict {
            let told = &answer.verdict;
            let text = format!("answer {}: {told} here, {verdict} in the result", place + 1);
            problems.push(problem(text));
        }
    }
    problems
}

/// Where the lists that the result names are not those of the case.
fn lists_told(content: &Content, manifest: &Manifest) -> Vec<Problem> {
    let of = |what| content.about.files.iter().filter(move |file| file.what == what);
    let lists = of(What::List).chain(of(What::Trusted));
    let lists: Vec<&String> = lists.filter_map(|file| manifest.0.get(&file.path)).collect();
    let mut problems = Vec::new();
    for (place, document) in content.documents.iter().enumerate() {
        let told = document["lists"].as_array().map_or(&[][..], Vec::as_slice);
        let same = told.len() == lists.len()
            && told.iter().zip(&lists).all(|(told, list)| told["sha256"] == **list);
        if !same {
            let text = format!("the lists of answer {} are not those in the folder", place + 1);
            problems.push(Problem::new("contradiction", "lists", text));
        }
    }
    problems
}

/// Where an answer stands on an object that the sources do not tell as it does.
fn sources_told(content: &Content) -> Vec<Problem> {
    let problem = |text| Problem::new("contradiction", "sources.json", text);
    let mut problems = Vec::new();
    for (place, document) in content.documents.iter().enumerate() {
        let number = place + 1;
        match serde_json::from_value::<Vec<ObjectEvidence>>(document["evidence"].clone()) {
            Ok(evidence) => {
                let object = content.sources.first_not_told(number, &evidence);
                problems.extend(object.map(|object| {
                    problem(format!("{object} is not here as answer {number} has it"))
                }));
            }
            Err(error) => problems.push(problem(format!("answer {number} names none: {error}"))),
        }
    }
    problems
}

/// Where an answer's records do not come to its totals.
fn records_told(
    dir: &Path,
    manifest: &Manifest,
    answer: &AnswerRow,
    document: &Value,
) -> Vec<Problem> {
    let totals = serde_json::from_value::<Traffic>(document["totals"].clone());
    let file = |path| known_file(dir, manifest, path);
    let sums = [
        (&answer.csv, file(&answer.csv).and_then(|file| sums_of_csv(&file))),
        (&answer.parquet, file(&answer.parquet).and_then(|file| sums_of_parquet(&file))),
    ];
    let mut problems = Vec::new();
    for (path, sums) in sums {
        let text = match (&totals, sums) {
            (Err(error), _) => Some(format!("its answer has no totals: {error}")),
            (_, Err(error)) => Some(format!("the records cannot be read: {error:#}")),
            (_, Ok(sums)) if sums.records != answer.records => {
                Some(format!("{} records, where there were {}", sums.records, answer.records))
            }
            (Ok(totals), Ok(sums)) => sums.difference(totals),
        };
        problems.extend(text.map(|text| Problem::new("contradiction", path, text)));
    }
    problems
}
