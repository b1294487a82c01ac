//! A case that is being written. Given up before its end, it leaves nothing.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flowproof_engine::{Session, SubjectTraffic};
use flowproof_report::{HtmlOptions, Investigation, write_html, write_json};
use jiff::Timestamp;
use tempfile::TempDir;

use super::about::{self, About, AnswerRow, FileRow, MadeBy, What};
use super::asked::Asked;
use super::manifest::{self, Manifest};
use super::names::safe_name;
use super::sources::Sources;
use super::target::Target;
use super::{records, typed};
use crate::args::Investigate;
use crate::commands::{Answers, Common};
use crate::inputs::Inputs;
use crate::plan;

/// The folder, beside the place that it takes at the end, and under a name that walks pass over.
#[derive(Debug)]
pub(crate) struct Draft {
    target: Target,
    folder: TempDir,
    files: Vec<FileRow>,
    /// How many records each answer has.
    records: Vec<u64>,
    run_at: Timestamp,
}

/// A case that was written.
#[derive(Debug)]
pub(crate) struct Written {
    /// Its files, the manifest among them.
    pub(crate) files: usize,
    /// The SHA-256 of its manifest, which stands for all of it.
    pub(crate) manifest_sha256: String,
}

impl Draft {
    /// Begins a case that is to lie at `dir`.
    pub(crate) fn begin(dir: &Path, args: &Investigate) -> Result<Draft> {
        let target = Target::check(dir, args)?;
        // The place has a name, so it has a folder above it.
        let above = target.place.parent().unwrap_or(Path::new("."));
        let folder = temporary(above).with_context(|| above.display().to_string())?;
        let run_at = Timestamp::now();
        Ok(Draft { target, folder, files: Vec::new(), records: Vec::new(), run_at })
    }

    /// Copies findings, lists and inventories. What is read from then on is the copies, so that the case
    /// has what the answer was made of.
    pub(crate) fn keep_inputs(&mut self, args: &Investigate, inputs: &mut Inputs) -> Result<()> {
        let findings: Vec<PathBuf> = args.finding.iter().map(PathBuf::from).collect();
        self.keep(What::Finding, plan::files(&findings, inputs)?, inputs)?;
        for (what, lists) in
            [(What::List, &args.lists.threat), (What::Trusted, &args.lists.trusted)]
        {
            let files = lists.iter().map(|pattern| inputs.files(pattern));
            let files = files.collect::<Result<Vec<_>>>()?;
            self.keep(what, files.into_iter().flatten().collect(), inputs)?;
        }
        let inventories = plan::files(&args.inventory.files, inputs)?;
        self.keep(What::Inventory, inventories, inputs)
    }

    fn keep(&mut self, what: What, files: Vec<PathBuf>, inputs: &mut Inputs) -> Result<()> {
        for (place, file) in files.into_iter().enumerate() {
            let given = file.to_string_lossy().into_owned();
            let path = format!("{}/{}", what.folder(), safe_name(place + 1, &given));
            let copy = self.place(&path)?;
            inputs.keep(&file, copy)?;
            self.told(path, what, Some(given));
        }
        Ok(())
    }

    /// Writes the records of the next answer.
    pub(crate) async fn add_records(
        &mut self,
        session: &Session,
        traffic: &SubjectTraffic,
    ) -> Result<()> {
        let [csv, parquet] = record_files(self.records.len());
        let places = [self.place(&csv)?, self.place(&parquet)?];
        let count = records::write(session, traffic, &places[0], &places[1]).await?;
        self.told(csv, What::Records, None);
        self.told(parquet, What::Records, None);
        self.records.push(count);
        Ok(())
    }

    /// Writes everything else, and puts the folder in its place.
    pub(crate) fn finish(
        mut self,
        answers: &Answers,
        args: &Investigate,
        common: &Common,
    ) -> Result<Written> {
        let all = &answers.investigations;
        let options = HtmlOptions::for_investigations(all.len());
        self.write("report.html", What::Report, |out| write_html(all, &options, out))?;
        // One document where there is one answer, else one a line.
        let one = all.len() == 1;
        let name = if one { "result.json" } else { "result.jsonl" };
        self.write(name, What::Result, |out| {
            all.iter().try_for_each(|it| write_json(it, out, one))
        })?;
        let sources = answers.sources();
        self.write("sources.json", What::Sources, |out| json(&sources, out))?;
        let about = self.about(answers, args, common)?;
        write_file(&self.folder.path().join(about::NAME), |out| json(&about, out))?;
        let manifest = Manifest::of(self.folder.path())?;
        let (files, text) = (manifest.0.len() + 1, manifest.to_text());
        fs::write(self.folder.path().join(manifest::NAME), &text)?;
        self.take_place()?;
        Ok(Written { files, manifest_sha256: manifest::digest_of(text.as_bytes()) })
    }

    fn about(&self, answers: &Answers, args: &Investigate, common: &Common) -> Result<About> {
        let rows = answers.investigations.iter().zip(&self.records).enumerate();
        let rows = rows.map(|(place, (answer, records))| answer_row(place, answer, *records));
        let mut files = self.files.clone();
        for file in &mut files {
            file.bytes = fs::metadata(self.folder.path().join(&file.path))?.len();
        }
        Ok(About {
            schema: about::SCHEMA.to_owned(),
            tool: MadeBy::this(),
            run_at: self.run_at,
            exit_code: answers.exit as u8,
            command_line: common.command_line.clone(),
            environment: typed::environment(),
            asked: Asked::of(args, answers.asked)?,
            answers: rows.collect::<Result<_>>()?,
            files,
        })
    }

    /// The place of a file within the draft, with its folder made.
    fn place(&self, path: &str) -> Result<PathBuf> {
        let place = self.folder.path().join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(place)
    }

    fn told(&mut self, path: String, what: What, given_as: Option<String>) {
        self.files.push(FileRow { path, what, given_as, bytes: 0 });
    }

    fn write(
        &mut self,
        name: &str,
        what: What,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        write_file(&self.folder.path().join(name), content)?;
        self.told(name.to_owned(), what, None);
        Ok(())
    }

    fn take_place(self) -> Result<()> {
        let Draft { target: Target { place, permissions }, folder, .. } = self;
        let taken = match permissions {
            Some(permissions) => fs::set_permissions(folder.path(), permissions)
                .and_then(|()| fs::remove_dir(&place)), // It is refused if it is not empty any more.
            None => Ok(()),
        };
        let taken = taken.and_then(|()| fs::rename(folder.path(), &place));
        taken.with_context(|| place.display().to_string())?;
        // Nothing is there any more to be cleared away.
        let _ = folder.keep();
        Ok(())
    }
}

/// Where the records of an answer are, as CSV and as Parquet.
fn record_files(place: usize) -> [String; 2] {
    ["csv", "parquet"].map(|kind| format!("{}/{}.{kind}", What::Records.folder(), place + 1))
}

fn answer_row(place: usize, answer: &Investigation, records: u64) -> Result<AnswerRow> {
    let [csv, parquet] = record_files(place);
    let verdict = serde_json::to_value(answer.verdict.status)?;
    Ok(AnswerRow {
        finding: answer.finding.as_ref().map(|finding| finding.id.clone()),
        instance: answer.subject.instance.clone(),
        verdict: verdict.as_str().unwrap_or_default().to_owned(),
        from: answer.window.from,
        to: answer.window.to,
        slack_seconds: answer.window.slack_seconds,
        records,
        csv,
        parquet,
    })
}

/// A folder with the rights that any new folder gets.
fn temporary(above: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flowproof-case-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(above)
}

fn write_file(
    place: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = BufWriter::new(fs::File::create(place)?);
    content(&mut file)?;
    file.flush()
}

fn json(value: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

impl Answers {
    /// The objects that they stand on.
    pub(super) fn sources(&self) -> Sources {
        let windows = self.investigations.iter().map(|answer| answer.evidence.as_slice());
        Sources::of(windows.zip(self.baselines.iter().map(Vec::as_slice)))
    }
}
