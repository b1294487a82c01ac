//! `flowproof investigate`.

mod together;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flowproof_engine::AddressBook;
use flowproof_evidence::{Baseline, ObjectEvidence, Subject, Window};
use flowproof_finding::read_findings;
use flowproof_inquiry::{Beside, Inquiry};
use flowproof_report::{
    HtmlOptions, Investigation, MarkdownOptions, TextOptions, counted, printable, write_html,
    write_json, write_markdown, write_text,
};
use jiff::Timestamp;

use super::Common;
use crate::args::{Investigate, ReportFormat};
use crate::case::Draft;
use crate::enrichment::{self, LoadedEnrichment};
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::lists::{self, LoadedLists};
use crate::output::{self, OutputFile};
use crate::plan;
use crate::progress;
use crate::streams::Streams;
use crate::time::parse_span;
use together::{Queue, Told};

pub(crate) async fn run(args: Investigate, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let mut draft = args.case.as_deref().map(|dir| Draft::begin(dir, &args)).transpose()?;
    let findings = args.finding.iter().map(Path::new);
    let beside = args.lists.places().chain(args.inventory.places()).chain(findings);
    let mut inputs = Inputs::for_logs(&args.logs, beside).await?;
    refuse_input(&args)?;
    let asked = plan::window(&args.time, Timestamp::now())?;
    if let Some(draft) = &mut draft {
        draft.keep_inputs(&args, &mut inputs)?;
    }
    let answers = answer_all(&args, asked, common, &inputs, draft.as_mut(), streams).await?;
    if let (Some(draft), Some(dir)) = (draft, &args.case) {
        let written = draft.finish(&answers, &args, common)?;
        let files = counted(written.files as u64, "file", "files");
        let digest = written.manifest_sha256;
        streams.note(&format!("{}: {files}; SHA-256 of the manifest: {digest}", dir.display()));
    }
    write(&answers.investigations, &args, streams)?;
    Ok(answers.exit)
}

/// What a run answers.
pub(crate) struct Answers {
    /// One for each finding, or subject that was named.
    pub(crate) investigations: Vec<Investigation>,
    /// The objects that the baseline of each stands on.
    pub(crate) baselines: Vec<Vec<ObjectEvidence>>,
    /// The window that was typed.
    pub(crate) asked: Window,
    pub(crate) exit: Exit,
}

/// Answers all that is asked. Records go into the `draft`, if there is one.
pub(crate) async fn answer_all(
    args: &Investigate,
    asked: Window,
    common: &Common,
    inputs: &Inputs,
    mut draft: Option<&mut Draft>,
    streams: &mut Streams,
) -> Result<Answers> {
    let (inquiries, refused) = inquiries(args, asked, inputs, streams)?;
    let lists = &lists::load(&args.lists, inputs, streams)?;
    let enrichment = enrichment::load(&args.enrich, streams)?;
    let enrichment = enrichment.as_ref();
    let book = &plan::book(&args.inventory, inputs, streams)?;
    let asking = Asking { args, common, inputs, lists, enrichment, book };

    let (mut investigations, mut baselines, mut exits) = (Vec::new(), Vec::new(), Vec::new());
    let mut queue = Queue::new(&asking, inquiries);
    while let Some(told) = queue.next(streams).await? {
        for inquiry in &told.inquiries {
            let answered = asking.answer(inquiry, &told, draft.as_deref_mut(), streams).await?;
            investigations.push(answered.investigation);
            baselines.push(answered.baseline);
            exits.push(answered.exit);
        }
    }
    let exit = Exit::of_all(&exits);
    let exit = if refused && exit == Exit::Answered { Exit::Partial } else { exit };
    Ok(Answers { investigations, baselines, asked, exit })
}

/// One answer.
struct Answered {
    investigation: Investigation,
    /// The objects that its baseline stands on.
    baseline: Vec<ObjectEvidence>,
    exit: Exit,
}

/// What is asked, and whether some findings were refused.
fn inquiries(
    args: &Investigate,
    asked: Window,
    inputs: &Inputs,
    streams: &mut Streams,
) -> Result<(Vec<Inquiry>, bool)> {
    let slack = parse_span(&args.slack).map_err(UsageError::of("--slack"))?.unsigned_abs();
    let as_typed = |inquiry: Inquiry, instance: Option<String>| {
        let (interfaces, addresses) = (args.interface.clone(), args.address.clone());
        let subject = Subject { instance, interfaces, addresses, ..Subject::default() };
        inquiry.subject(subject).window(asked).slack(slack).named(args.named.iter().copied())
    };
    if args.finding.is_empty() {
        let by_hand = by_hand(args)?.into_iter();
        let about = |instance| as_typed(Inquiry::about(Subject::default()), instance);
        return Ok((by_hand.map(about).collect(), false));
    }
    if args.instance.len() > 1 {
        let text = "with --finding, --instance can be named only once";
        return Err(UsageError(text.to_owned()).into());
    }
    let stdins = args.finding.iter().chain(&args.logs.wheres).filter(|place| *place == "-").count();
    if stdins > 1 {
        return Err(UsageError("standard input (-) can be named only once".to_owned()).into());
    }
    let mut findings = Vec::new();
    let mut any_refused = false;
    let places: Vec<PathBuf> = args.finding.iter().map(PathBuf::from).collect();
    for file in plan::files(&places, inputs)? {
        let bytes = inputs.read(&file)?;
        let place = &file.display().to_string();
        let read = read_findings(&bytes).with_context(|| place.clone())?;
        for refused in &read.refused {
            streams.warn(&format!("{place}: {refused}"));
        }
        if read.refused_more > 0 {
            streams.warn(&format!("{place}: {} more were refused", read.refused_more));
        }
        any_refused |= !read.refused.is_empty();
        findings.extend(read.findings);
    }
    if findings.is_empty() {
        anyhow::bail!("there is no finding to judge in {}", args.finding.join(", "));
    }
    let instance = args.instance.first().cloned();
    let inquiry = |finding| as_typed(Inquiry::of(finding), instance.clone());
    let mut inquiries = Vec::new();
    let mut unfit = Vec::new();
    for inquiry in findings.into_iter().map(inquiry) {
        match fits(&inquiry) {
            Ok(()) => inquiries.push(inquiry),
            Err(why) => unfit.push(why),
        }
    }
    if inquiries.is_empty()
        && let Some(why) = unfit.pop()
    {
        return Err(why.into());
    }
    unfit.iter().for_each(|why| streams.warn(&format!("refused: {why}")));
    Ok((inquiries, any_refused || !unfit.is_empty()))
}

/// Refuses a question that what was typed makes one about something else than its finding.
fn fits(inquiry: &Inquiry) -> Result<(), UsageError> {
    let id = inquiry.finding().map_or("", |finding| &finding.id);
    let refuse = |why: String| UsageError(format!("{}: {why}", printable(id)));
    if let Some(other) = inquiry.other_instance() {
        let other = printable(other);
        let why = format!(
            "the finding is about {other}: --instance names another; ask of that without --finding"
        );
        return Err(refuse(why));
    }
    inquiry.check_window().map_err(|why| refuse(format!("--from, --to: {why}")))
}

/// Each instance that was named, or none once for the interfaces and addresses alone.
fn by_hand(args: &Investigate) -> Result<Vec<Option<String>>> {
    if args.instance.is_empty() && args.interface.is_empty() && args.address.is_empty() {
        let text = "name a --finding, an --instance, an --interface or an --address";
        return Err(UsageError(text.to_owned()).into());
    }
    if args.instance.len() > 1 && (!args.interface.is_empty() || !args.address.is_empty()) {
        let text = "with several --instance it is not clear whose the --interface or --address is";
        return Err(UsageError(text.to_owned()).into());
    }
    Ok(match args.instance.is_empty() {
        true => vec![None],
        false => args.instance.iter().cloned().map(Some).collect(),
    })
}

/// What all inquiries of a run are made with.
struct Asking<'a> {
    args: &'a Investigate,
    common: &'a Common,
    inputs: &'a Inputs,
    lists: &'a LoadedLists,
    enrichment: Option<&'a LoadedEnrichment>,
    book: &'a AddressBook,
}

impl Asking<'_> {
    async fn answer(
        &self,
        inquiry: &Inquiry,
        told: &Told,
        draft: Option<&mut Draft>,
        streams: &mut Streams,
    ) -> Result<Answered> {
        let Told { session, answer, .. } = told;
        let exit = Exit::of(answer);
        if let Some(draft) = draft {
            let _shown = progress::show(session, self.common, streams);
            draft.add_records(session, &answer.value).await?;
        }
        let mut beside = Beside { lists: self.lists.sources.clone(), ..Beside::default() };
        if self.args.peers {
            let remotes = inquiry.remotes();
            if remotes.is_empty() {
                streams.note("no address is claimed or named: nobody's peers were looked for");
            } else {
                beside.peers = Some(session.peers(&remotes).await?);
            }
        }
        let mut baseline = Vec::new();
        if let Some(span) = &self.args.baseline {
            (beside.baseline, baseline) = self.baseline(span, inquiry, streams).await?;
        }
        beside.enrichment = self.enrichment.map(|loaded| loaded.of_remotes(&answer.value.remotes));
        let investigation = inquiry.judge(answer.clone(), beside)?;
        Ok(Answered { investigation, baseline, exit })
    }

    /// What the subject did in the time before the window, and the objects that tell it.
    async fn baseline(
        &self,
        span: &str,
        inquiry: &Inquiry,
        streams: &mut Streams,
    ) -> Result<(Option<Baseline>, Vec<ObjectEvidence>)> {
        let span = parse_span(span).map_err(UsageError::of("--baseline"))?.unsigned_abs();
        let Some(question) = inquiry.question_before(span) else {
            streams.warn("no baseline: the window has no beginning");
            return Ok((None, Vec::new()));
        };
        let book = self.book.clone();
        let session =
            plan::open(&self.args.logs, question.window, book, self.inputs, streams).await?;
        let answer = session.subject(&question, None).await?;
        let baseline = answer.baseline(&question.claimed)?;
        if baseline.is_none() {
            streams.warn("no baseline: part of the data of that time could not be read");
        }
        Ok((baseline, answer.evidence()))
    }
}

/// The answer must not take the place of what it is made from.
fn refuse_input(args: &Investigate) -> Result<()> {
    let beside = args.lists.places().chain(args.inventory.places()).map(Path::to_owned);
    let all = args.logs.wheres.iter().chain(&args.finding).map(PathBuf::from);
    output::refuse_input(args.output.as_deref(), all.chain(beside))
}

fn write(all: &[Investigation], args: &Investigate, streams: &mut Streams) -> Result<()> {
    let Some(path) = &args.output else {
        let color = streams.out_is_terminal && std::env::var_os("NO_COLOR").is_none();
        return write_to(all, args.format, color, streams.out());
    };
    let mut file = OutputFile::create(path)?;
    write_to(all, args.format, false, &mut file)?;
    file.finish()
}

fn write_to(
    all: &[Investigation],
    format: ReportFormat,
    color: bool,
    out: &mut dyn Write,
) -> Result<()> {
    match format {
        ReportFormat::Html => {
            let options = HtmlOptions::for_investigations(all.len());
            return Ok(write_html(all, &options, out)?);
        }
        ReportFormat::Markdown => {
            return Ok(write_markdown(all, &MarkdownOptions::default(), out)?);
        }
        _ => {}
    }
    for (place, investigation) in all.iter().enumerate() {
        match format {
            ReportFormat::Html | ReportFormat::Markdown => {}
            ReportFormat::Json => write_json(investigation, out, true)?,
            ReportFormat::Jsonl => write_json(investigation, out, false)?,
            ReportFormat::Text => {
                if place > 0 {
                    writeln!(out, "\n{}\n", "=".repeat(72))?;
                }
                let options = TextOptions { color, ..TextOptions::default() };
                write_text(investigation, &options, out)?;
            }
        }
    }
    Ok(())
}
