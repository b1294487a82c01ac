//! `flowproof investigate`.

mod together;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use flowproof_engine::{AddressBook, Answer, SubjectQuestion, SubjectTraffic};
use flowproof_evidence::{Baseline, ObjectEvidence, SampleKind, Subject, Window};
use flowproof_finding::{
    ClaimDirection, Finding, Status, TIME_TOLERANCE, Verdict, corroborate_naming, read_findings,
    window as finding_window,
};
use flowproof_report::{
    HtmlOptions, Investigation, MarkdownOptions, TextOptions, Tool, WindowView, counted,
    write_html, write_json, write_markdown, write_text,
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
    let (cases, refused) = cases(args, inputs, streams)?;
    let lists = lists::load(&args.lists, inputs, streams)?;
    let enrichment = enrichment::load(&args.enrich, streams)?;
    let book = plan::book(&args.inventory, inputs, streams)?;
    let slack = parse_span(&args.slack).map_err(UsageError::of("--slack"))?.unsigned_abs();
    let (lists, enrichment, book) = (&lists, enrichment.as_ref(), &book);
    let inquiry = Inquiry { args, common, inputs, lists, enrichment, book, asked, slack };

    let (mut investigations, mut baselines, mut exits) = (Vec::new(), Vec::new(), Vec::new());
    let mut queue = Queue::new(&inquiry, cases);
    while let Some(mut told) = queue.next(streams).await? {
        for finding in std::mem::take(&mut told.findings) {
            let answered = inquiry.answer(finding, &told, draft.as_deref_mut(), streams).await?;
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

/// One question: a finding to judge, or a subject that was named by hand.
struct Case {
    finding: Option<Finding>,
    instance: Option<String>,
}

/// The questions, and whether some findings were refused.
fn cases(args: &Investigate, inputs: &Inputs, streams: &mut Streams) -> Result<(Vec<Case>, bool)> {
    if args.finding.is_empty() {
        return Ok((by_hand(args)?, false));
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
    let case = |finding| Case { finding: Some(finding), instance: instance.clone() };
    Ok((findings.into_iter().map(case).collect(), any_refused))
}

/// A question for each instance that was named, or one for the interfaces and addresses alone.
fn by_hand(args: &Investigate) -> Result<Vec<Case>> {
    if args.instance.is_empty() && args.interface.is_empty() && args.address.is_empty() {
        let text = "name a --finding, an --instance, an --interface or an --address";
        return Err(UsageError(text.to_owned()).into());
    }
    if args.instance.len() > 1 && (!args.interface.is_empty() || !args.address.is_empty()) {
        let text = "with several --instance it is not clear whose the --interface or --address is";
        return Err(UsageError(text.to_owned()).into());
    }
    let case = |instance: Option<String>| Case { finding: None, instance };
    Ok(match args.instance.is_empty() {
        true => vec![case(None)],
        false => args.instance.iter().cloned().map(Some).map(case).collect(),
    })
}

/// What all findings of a run are asked with.
struct Inquiry<'a> {
    args: &'a Investigate,
    common: &'a Common,
    inputs: &'a Inputs,
    lists: &'a LoadedLists,
    enrichment: Option<&'a LoadedEnrichment>,
    book: &'a AddressBook,
    asked: Window,
    slack: Duration,
}

impl Inquiry<'_> {
    async fn answer(
        &self,
        finding: Option<Finding>,
        told: &Told,
        draft: Option<&mut Draft>,
        streams: &mut Streams,
    ) -> Result<Answered> {
        let Told { question, session, answer, .. } = told;
        let (window, mut answer) = (question.window, answer.clone());
        let exit = Exit::of(&answer);
        if let Some(draft) = draft {
            let _shown = progress::show(session, self.common, streams);
            draft.add_records(session, &answer.value).await?;
        }
        let named: BTreeSet<IpAddr> = self.args.named.iter().copied().collect();
        let observations = &mut answer.value.observations;
        if self.args.peers {
            let callers = finding.iter().flat_map(|finding| &finding.callers);
            let remotes: BTreeSet<IpAddr> =
                question.claimed.iter().chain(&named).chain(callers).copied().collect();
            if remotes.is_empty() {
                streams.note("no address is claimed or named: nobody's peers were looked for");
            } else {
                observations.peers = Some(session.peers(&remotes).await?);
            }
        }
        let mut baseline = Vec::new();
        if let Some(span) = &self.args.baseline {
            (observations.baseline, baseline) = self.baseline(span, question, streams).await?;
        }
        let mut verdict = match &finding {
            Some(finding) => corroborate_naming(finding, observations, &named)?,
            None => without_finding(&answer),
        };
        if verdict.status == Status::Contradicted && self.slack < TIME_TOLERANCE {
            verdict.reasons.push(self.not_looked_at());
        }
        verdict.reasons.extend(answer.value.notes.iter().cloned());
        verdict.reasons.extend(duplicates(&answer));
        let investigation = self.investigation(finding, window, verdict, answer);
        Ok(Answered { investigation, baseline, exit })
    }

    /// What may still be the finding's and was not searched.
    fn not_looked_at(&self) -> String {
        format!(
            "records further than {} from the window were not looked at: --slack 1h looks at all that may be \
             the finding's",
            self.args.slack
        )
    }

    /// What the subject did in the time before the window, and the objects that tell it.
    async fn baseline(
        &self,
        span: &str,
        question: &SubjectQuestion,
        streams: &mut Streams,
    ) -> Result<(Option<Baseline>, Vec<ObjectEvidence>)> {
        let span = parse_span(span).map_err(UsageError::of("--baseline"))?.unsigned_abs();
        let Some(to) = question.window.from else {
            streams.warn("no baseline: the window has no beginning");
            return Ok((None, Vec::new()));
        };
        // What is near enough to be the finding's own is no baseline for it.
        let to = to.checked_sub(self.slack.max(TIME_TOLERANCE)).unwrap_or(Timestamp::MIN);
        let from = to.checked_sub(span).unwrap_or(Timestamp::MIN);
        let before = Window { from: Some(from), to: Some(to) };
        let question = SubjectQuestion {
            window: before,
            ports_of_any_remote: true,
            connections: false,
            minutes: false,
            ..question.clone()
        };
        let book = self.book.clone();
        let session = plan::open(&self.args.logs, before, book, self.inputs, streams).await?;
        let answer = session.subject(&question, None).await?;
        let baseline = answer.baseline(&question.claimed)?;
        if baseline.is_none() {
            streams.warn("no baseline: part of the data of that time could not be read");
        }
        Ok((baseline, answer.evidence()))
    }

    /// The window that coverage is judged over: as typed, else the finding's own time.
    fn window(&self, finding: Option<&Finding>) -> Window {
        let core = finding.and_then(|finding| finding_window(finding, self.slack));
        let core = core.map_or(Window::ALWAYS, |window| window.core);
        Window { from: self.asked.from.or(core.from), to: self.asked.to.or(core.to) }
    }

    fn question(&self, finding: Option<&Finding>, instance: Option<String>) -> SubjectQuestion {
        let window = self.window(finding);
        let mut question = SubjectQuestion { window, ..SubjectQuestion::default() };
        if let Some(finding) = finding {
            question.subject = finding.subject.clone();
            question.identities.clone_from(&finding.interfaces);
            question.claimed = finding.remotes();
            let (remote, local) = claimed_ports(finding);
            question.claimed_remote_ports = remote;
            question.claimed_local_ports = local;
            let needs = finding.needs();
            question.connections = needs.connections;
            question.minutes = needs.minutes;
        }
        self.add_subject(&mut question.subject, instance);
        question
    }

    /// Adds what was typed to what the finding says.
    fn add_subject(&self, subject: &mut Subject, instance: Option<String>) {
        subject.instance = instance.or(subject.instance.take());
        subject.interfaces.extend(self.args.interface.iter().cloned());
        subject.interfaces.sort();
        subject.interfaces.dedup();
        subject.addresses.extend(&self.args.address);
        subject.addresses.sort();
        subject.addresses.dedup();
    }

    fn investigation(
        &self,
        finding: Option<Finding>,
        window: Window,
        verdict: Verdict,
        answer: Answer<SubjectTraffic>,
    ) -> Investigation {
        let evidence = answer.evidence();
        let Answer { value: traffic, coverage, .. } = answer;
        let observations = traffic.observations;
        let enrichment = self.enrichment.map(|loaded| loaded.of_remotes(&traffic.remotes));
        Investigation {
            generated_by: Tool::flowproof(),
            subject: observations.subject,
            finding,
            window: WindowView {
                from: window.from,
                to: window.to,
                slack_seconds: self.slack.as_secs(),
            },
            verdict,
            totals: traffic.totals,
            remotes: traffic.remotes,
            timeline: traffic.timeline,
            coverage,
            evidence,
            baseline: observations.baseline,
            peers: observations.peers,
            lists: self.lists.sources.clone(),
            enrichment,
        }
    }
}

/// The ports that each claim's direction points at: the remote's for outbound, ours for inbound.
fn claimed_ports(finding: &Finding) -> (BTreeSet<u16>, BTreeSet<u16>) {
    let (mut remote, mut local) = (BTreeSet::new(), BTreeSet::new());
    for claim in &finding.claims {
        if claim.direction != ClaimDirection::Inbound {
            remote.extend(claim.remote_port);
        }
        if claim.direction != ClaimDirection::Outbound {
            local.extend(claim.local_port);
        }
    }
    (remote, local)
}

/// The answer must not take the place of what it is made from.
fn refuse_input(args: &Investigate) -> Result<()> {
    let beside = args.lists.places().chain(args.inventory.places()).map(Path::to_owned);
    let all = args.logs.wheres.iter().chain(&args.finding).map(PathBuf::from);
    output::refuse_input(args.output.as_deref(), all.chain(beside))
}

fn widened(window: Window, slack: Duration) -> Window {
    Window {
        from: window.from.map(|from| from.checked_sub(slack).unwrap_or(Timestamp::MIN)),
        to: window.to.map(|to| to.checked_add(slack).unwrap_or(Timestamp::MAX)),
    }
}

/// Objects that were read twice under two names: figures are then too large.
fn duplicates(answer: &Answer<SubjectTraffic>) -> Option<String> {
    if answer.coverage.objects.duplicate > 0 {
        return None; // They were left out.
    }
    let samples = answer.coverage.samples.iter();
    let sample = samples.filter(|sample| sample.kind == SampleKind::Duplicate).min()?;
    Some(format!("figures may be counted more than once: {}: {}", sample.object, sample.reason))
}

/// Without a finding there is no claim to judge; the figures stand for themselves.
fn without_finding(answer: &Answer<SubjectTraffic>) -> Verdict {
    let observations = &answer.value.observations;
    let seen = !observations.conversations.is_empty() || !observations.coverage.observed.is_empty();
    let (status, reason) = if seen {
        (Status::Inconclusive, "no finding was given: there is no claim to judge")
    } else {
        (Status::NotObservable, "no record of the subject in the window")
    };
    Verdict {
        status,
        reasons: vec![reason.to_owned()],
        next_steps: Vec::new(),
        claims: Vec::new(),
        tests: Vec::new(),
        claimed_traffic: flowproof_evidence::Traffic::default(),
    }
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
