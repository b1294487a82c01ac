//! Scans that are run again and again: each reads what is new, and tells what has changed.
//!
//! A run has these steps, each of which may be its last: whatever was done is in the state, and the next
//! run goes on from there.
//!
//! 1. Tell what an earlier run was about to tell.
//! 2. Read the lists, or take their last good versions.
//! 3. List what can have changed; read what is not known in batches, each with its commit.
//! 4. Make a bulletin of all findings that have changed, by a commit; then tell it, target by target.

mod answer;
mod args;
mod births;
mod keys;
mod lists;
mod metrics;
mod news;
mod notes;
mod outlook;
mod place;
mod policy;
mod sinks;

use std::any::Any;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use flowproof_engine::{
    BatchLimits, BatchTold, Frontier, Increment, IncrementError, Look, Session, SessionOptions,
};
use flowproof_evidence::{Coverage, Window};
use flowproof_report::{AsffOwner, Bulletin, counted};
use flowproof_source::{Selection, is_in_bucket};
use flowproof_state::{Delta, State, StateError, Trouble};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::args::{OnDuplicates, Scan};
use crate::commands::Common;
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::streams::Streams;
use crate::time::parse_span;
use crate::{plan, progress};

pub(crate) use args::{CheckConfig, Health, Scheduled, StateArgs, StateCommand};
pub(crate) use notes::last_run;
pub(crate) use outlook::outlook;
pub(crate) use place::place;

use lists::ScheduledLists;
use news::{Labels, News};
use notes::{LastBulletin, LastRun};
use policy::Policy;
use sinks::Sink;

/// The name of the cursor of standard output.
const STDOUT: &str = "-";

/// All that a run has come to.
#[derive(Debug, Default)]
struct Run {
    look: Look,
    /// Objects that were read.
    read: u64,
    /// Objects that were read again for entries that lists have gained.
    read_again: u64,
    batches: u64,
    /// The latest stamp in the names of the objects that were read.
    newest: Option<Timestamp>,
    coverage: Coverage,
    /// All troubles that the state knows of.
    trouble: Vec<Trouble>,
    news: News,
    /// Targets, and how many findings each was told or why it could not be.
    emitted: Vec<(String, Result<u64, String>)>,
    /// Whether objects were named, and none were listed.
    is_of_keys: bool,
    /// Parts of what names objects that were not understood.
    refused_keys: u64,
    /// Whether the run was ended before it had read all.
    is_cut: bool,
    /// By what.
    cut_by: Option<Exit>,
    /// Lists that are not in order.
    stale_lists: u64,
    /// Whether a list is not in use.
    lacks_list: bool,
}

/// Runs a scheduled scan once, or until it is ended.
pub(crate) async fn run(args: Scan, common: &Common, streams: &mut Streams) -> Result<Exit> {
    check(&args)?;
    let Some(interval) = &args.scheduled.interval else {
        return once(&args, common, streams).await;
    };
    let interval = parse_span(interval).map_err(UsageError::of("--interval"))?;
    if interval < jiff::SignedDuration::from_secs(1) {
        bail!(UsageError("--interval must be a second or more".to_owned()));
    }
    repeat(&args, interval, common, streams).await
}

/// Refuses what means nothing without a state.
pub(crate) fn check_alone(scheduled: &Scheduled) -> Result<()> {
    let telling = &scheduled.telling;
    let given = [
        ("--adopt", scheduled.adopt),
        ("--accept-shrunk", scheduled.accept_shrunk),
        ("--keys", scheduled.keys.is_some()),
        ("--rescan", scheduled.rescan.is_some()),
        ("--interval", scheduled.interval.is_some()),
        ("--emit", !telling.emit.is_empty()),
        ("--min-bytes", !telling.min_bytes.is_empty()),
        ("--accepted-only", telling.accepted_only),
        ("--severity", !telling.severity.is_empty()),
        ("--suppress", !telling.suppress.is_empty()),
        ("--metrics", telling.metrics.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(UsageError(format!("{option} needs --state")).into()),
        None => Ok(()),
    }
}

/// Refuses what a scan that remembers cannot do.
fn check(args: &Scan) -> Result<()> {
    let usage = |what: &str| Err(UsageError(what.to_owned()).into());
    if args.time.to.is_some() {
        return usage("--to cannot be used with --state: records after it would never be counted");
    }
    if matches!(args.logs.duplicates, OnDuplicates::Drop) {
        return usage(
            "--duplicates drop cannot be used with --state: copies may come in other runs",
        );
    }
    if args.logs.cluster.is_some() {
        return usage("--cluster cannot be used with --state: what is new is read on one machine");
    }
    if args.logs.wheres.iter().any(|place| place == "-") {
        return usage("standard input cannot be scanned with --state: it has no name to remember");
    }
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if args.scheduled.interval.is_some()
        && args.scheduled.keys.iter().chain(args.lists.threat.iter()).any(is_stdin)
    {
        return usage(
            "standard input comes once, so it cannot be read again and again (--interval)",
        );
    }
    let scheduled = &args.scheduled;
    let spans = [("--interval", &scheduled.interval), ("--rescan", &scheduled.rescan)];
    let look_back = Some(scheduled.look_back.clone());
    for (option, span) in spans.into_iter().chain([("--look-back", &look_back)]) {
        span.as_deref().map(parse_span).transpose().map_err(UsageError::of(option))?;
    }
    plan::window(&args.time, Timestamp::now())?;
    if !args.enrich.enrich.is_empty() {
        return usage("--enrich cannot be used with --state");
    }
    Ok(())
}

/// Runs until it is ended. A run that fails is told, and the next is made nevertheless.
async fn repeat(
    args: &Scan,
    interval: jiff::SignedDuration,
    common: &Common,
    streams: &mut Streams,
) -> Result<Exit> {
    let interval = interval.unsigned_abs();
    loop {
        let began = std::time::Instant::now();
        match once(args, common, streams).await {
            Ok(_) => {}
            Err(error) if error.downcast_ref::<UsageError>().is_some() => return Err(error),
            Err(error) => streams.error(&error),
        }
        streams.flush()?;
        // Runs on many machines that were started together do not stay together.
        let jitter = interval.mul_f64(fastrand::f64() / 20.0);
        let rest = (interval + jitter).saturating_sub(began.elapsed());
        if common.covered.ends_within(rest).await {
            streams.note("ended between two runs");
            return Ok(Exit::Answered);
        }
    }
}

/// One run, and its figures for a scraper.
async fn once(args: &Scan, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let began = Timestamp::now();
    let result = locked(args, common, streams, began).await;
    if let Some(path) = &args.scheduled.telling.metrics {
        let written = match &result {
            Ok((exit, _)) if *exit == Exit::Busy => Ok(()),
            Ok((exit, Some(figures))) => metrics::write(path, began, *exit, figures),
            Ok(_) => metrics::write_failure(path, began),
            // Whoever has typed something wrong may have meant another file.
            Err(error) if error.downcast_ref::<UsageError>().is_some() => Ok(()),
            Err(_) => metrics::write_failure(path, began),
        };
        if let Err(error) = written {
            streams.warn(&format!("--metrics {}: {error:#}", path.display()));
        }
    }
    result.map(|(exit, _)| exit)
}

/// One run with the state's lock.
async fn locked(
    args: &Scan,
    common: &Common,
    streams: &mut Streams,
    began: Timestamp,
) -> Result<(Exit, Option<metrics::Figures>)> {
    let scheduled = &args.scheduled;
    // The command is only called with a state.
    let at = scheduled.state.as_deref().unwrap_or_default();
    let beside = args.inventory.places();
    let mut inputs =
        Inputs::for_logs(&args.logs, beside.chain(policy::places(&scheduled.telling))).await?;
    // A list that cannot be fetched has a last good version.
    inputs.fetch_more(&args.logs.s3, args.lists.places()).await?;
    let targets = &scheduled.telling.emit;
    let in_bucket = |text: &String| text.split_once('=').is_some_and(|(_, to)| is_in_bucket(to));
    if targets.iter().any(in_bucket) {
        inputs.connect(&args.logs.s3).await?;
    }
    let place = place(at, &args.logs.s3, &mut inputs).await?;
    let settings = place::settings(&args.logs, args.include_internal);
    let mut state = match place::open(place, settings, scheduled.adopt).await {
        Ok(state) => state,
        Err(error @ StateError::Busy { .. }) => {
            streams.problem(&error.to_string());
            return Ok((Exit::Busy, None));
        }
        Err(StateError::Settings { place, differences }) => bail!(
            "{place}: the state has other settings: {}; use those, or say --adopt",
            differences.join("; ")
        ),
        Err(error) => return Err(error.into()),
    };
    let result = work(args, &inputs, &mut state, common, streams, began).await;
    let figures = match &result {
        Ok((_, run)) => Some(metrics::Figures::of(run, &mut state).await?),
        Err(_) => None,
    };
    // Whatever was committed is there; a lock that is not given back is found to be nobody's.
    if let Err(error) = state.close().await {
        streams.warn(&error.to_string());
    }
    Ok((result?.0, figures))
}

async fn work(
    args: &Scan,
    inputs: &Inputs,
    state: &mut State,
    common: &Common,
    streams: &mut Streams,
    began: Timestamp,
) -> Result<(Exit, Run)> {
    let telling = &args.scheduled.telling;
    let sinks =
        telling.emit.iter().map(|text| Sink::parse(text, inputs)).collect::<Result<Vec<_>>>()?;
    let owner = owner(telling)?;
    check_targets(args, &sinks, owner.is_some())?;
    let lists =
        lists::load(&args.lists, args.scheduled.accept_shrunk, inputs, state, streams).await?;
    let names: Vec<&str> = lists.sources.iter().map(|list| list.path.as_str()).collect();
    let teller = Teller {
        policy: Policy::load(telling, &args.lists, &names, inputs, streams)?,
        owner,
        sinks,
        lists: &lists,
    };
    let stale_lists = lists.stale.len() as u64;
    let mut run = Run { lacks_list: lists.lacks, stale_lists, ..Run::default() };
    // What an earlier run was about to tell has the figures of that time only until more is read.
    teller.emit(state, &mut run, streams).await?;
    read(args, inputs, &lists, state, &mut run, common, streams).await?;
    if !run.is_cut {
        teller.make_bulletin(state, &mut run).await?;
        teller.emit(state, &mut run, streams).await?;
    }
    run.trouble = state.trouble().await?.cloned().collect();
    let exit = exit(&run);
    let bulletin = teller.for_stdout(state).await?;
    answer::tell(args.format, &run, &bulletin, &lists, state, streams)?;
    streams.flush()?;
    finish(state, &run, &bulletin, began, exit).await?;
    Ok((exit, run))
}

/// Notes that the run came to its end.
async fn finish(
    state: &mut State,
    run: &Run,
    bulletin: &Bulletin,
    began: Timestamp,
    exit: Exit,
) -> Result<()> {
    let mut delta = Increment::notes(&run.look);
    let cursor = sinks::Cursor { bulletin: bulletin.number, bytes: 0 };
    delta.notes.append(&mut notes::note_cursor(STDOUT, cursor)?);
    if !run.is_cut {
        let newest = run.newest.max(notes::last_run(state)?.and_then(|last| last.newest));
        let at = Timestamp::now().max(began);
        let last = LastRun { at, exit: exit as i32, read: run.read, newest };
        delta.notes.append(&mut notes::note_last_run(last)?);
    }
    state.commit(delta).await?;
    Ok(())
}

/// Lists, and reads what is not known.
async fn read(
    args: &Scan,
    inputs: &Inputs,
    lists: &ScheduledLists,
    state: &mut State,
    run: &mut Run,
    common: &Common,
    streams: &mut Streams,
) -> Result<()> {
    let now = Timestamp::now();
    let window = Window { to: None, ..plan::window(&args.time, now)? };
    let selection: Selection = plan::selection(&args.logs, window, inputs);
    let book = plan::book(&args.inventory, inputs, streams)?;
    let options: SessionOptions = plan::session_options(&args.logs, book)?;
    let look_back = parse_span(&args.scheduled.look_back).map_err(UsageError::of("--look-back"))?;
    let frontier = Frontier { look_back, ..Frontier::default() };
    let mut limits = BatchLimits::default();
    limits.objects = args.scheduled.batch_objects.unwrap_or(limits.objects).max(1);
    let mut increment = Increment {
        state: &mut *state,
        selection: &selection,
        options: &options,
        matcher: &lists.matcher,
        lists: &lists.name,
        include_internal: args.include_internal,
    };
    run.look = match &args.scheduled.keys {
        None => increment.look(&frontier, now).await.map_err(told)?,
        Some(path) => {
            let named = keys::read(path, &args.logs.wheres, inputs, streams)?;
            run.refused_keys = named.refused;
            run.is_of_keys = true;
            increment.look_at(named.keys).await.map_err(told)?
        }
    };
    let streams: &Streams = streams;
    let watch =
        |session: &Session| -> Box<dyn Any> { Box::new(progress::show(session, common, streams)) };
    while let Some(batch) = increment.read(&mut run.look, limits, &watch).await.map_err(told)? {
        run.read += batch.read;
        run.add(batch);
        if common.covered.is_ending() && run.look.waiting() > 0 {
            run.is_cut = true;
            break;
        }
    }
    if let Some(since) = rescanned_since(args, now)?.filter(|_| !run.is_cut) {
        // Each gain is looked for in all objects that were read before it.
        for (epoch, mut look) in increment.look_again(since).await.map_err(told)? {
            let gained = lists::gained(&lists.matcher, increment.state, epoch).await?;
            let Some(matcher) = gained.filter(|_| !run.is_cut) else { continue };
            let mut again = Increment {
                state: &mut *increment.state,
                selection: &selection,
                options: &options,
                matcher: &matcher,
                lists: &lists.name,
                include_internal: args.include_internal,
            };
            while let Some(batch) = again.read(&mut look, limits, &watch).await.map_err(told)? {
                run.read_again += batch.read;
                run.add(batch);
                run.is_cut = common.covered.is_ending();
                if run.is_cut {
                    break;
                }
            }
        }
    }
    run.cut_by = common.covered.ended_by().filter(|_| run.is_cut);
    run.coverage.objects.merge(&run.look.counts);
    run.coverage.objects.listed -= run.look.known.min(run.coverage.objects.listed);
    run.coverage.samples.extend(run.look.samples.clone());
    run.coverage.settle_samples();
    Ok(())
}

impl Run {
    fn add(&mut self, batch: BatchTold) {
        self.batches += 1;
        self.newest = self.newest.max(batch.newest);
        self.coverage.objects.merge(&batch.coverage.objects);
        self.coverage.records.merge(&batch.coverage.records);
        self.coverage.samples.extend(batch.coverage.samples);
        self.coverage.settle_samples();
    }
}

/// The first day of what is read again for entries that lists have gained.
fn rescanned_since(args: &Scan, now: Timestamp) -> Result<Option<Date>> {
    let Some(span) = &args.scheduled.rescan else { return Ok(None) };
    let span = parse_span(span).map_err(UsageError::of("--rescan"))?;
    let since = now.checked_sub(span).unwrap_or(Timestamp::MIN);
    Ok(Some(TimeZone::UTC.to_datetime(since).date()))
}

/// What people can do about an error of a run.
fn told(error: IncrementError) -> anyhow::Error {
    match error {
        IncrementError::Nameless { .. } => UsageError(error.to_string()).into(),
        error => error.into(),
    }
}

fn exit(run: &Run) -> Exit {
    let undelivered = run.emitted.iter().any(|(_, told)| told.is_err());
    let is_partial = run.coverage.is_partial()
        || !run.look.unlistable.is_empty()
        || run.look.postponed > 0
        || run.refused_keys > 0
        || run.lacks_list;
    if let Some(ended) = run.cut_by {
        ended
    } else if undelivered {
        Exit::Failed
    } else if is_partial {
        Exit::Partial
    } else if run.look.objects == 0 && run.look.skipped_days == 0 && !run.is_of_keys {
        Exit::Nothing
    } else {
        Exit::Answered
    }
}

/// Refuses targets that cannot be meant: what is read must not be written.
fn check_targets(args: &Scan, sinks: &[Sink], has_owner: bool) -> Result<()> {
    if !has_owner && sinks.iter().any(Sink::needs_owner) {
        bail!(UsageError("asff needs --asff-region and --asff-account".to_owned()));
    }
    for (number, sink) in sinks.iter().enumerate() {
        if sinks[..number].iter().any(|before| before.name == sink.name) {
            bail!(UsageError(format!("--emit {}: it is said twice", sink.name)));
        }
    }
    let telling = &args.scheduled.telling;
    let state = args.scheduled.state.as_deref().map(Path::new).into_iter();
    let written = sinks.iter().filter_map(Sink::path).chain(telling.metrics.as_deref());
    let files = args.lists.places().chain(args.inventory.places()).chain(policy::places(telling));
    let files: Vec<PathBuf> = files.filter_map(|file| fs::canonicalize(file).ok()).collect();
    let logs: Vec<PathBuf> =
        args.logs.wheres.iter().filter_map(|place| fs::canonicalize(place).ok()).collect();
    for path in written.chain(state) {
        let Some(place) = standing(path) else { continue };
        if files.contains(&place) {
            bail!(UsageError(format!("{} is read: it cannot be written to", path.display())));
        }
        if logs.iter().any(|logs| place.starts_with(logs)) {
            let what = "lies within --logs: name a place outside";
            bail!(UsageError(format!("{} {what}", path.display())));
        }
    }
    Ok(())
}

/// A path with links resolved, as far as it is there.
fn standing(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Some(path);
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let above = standing(above.unwrap_or(Path::new(".")))?;
    Some(above.join(path.file_name()?))
}

/// Whose findings these are, for Security Hub.
fn owner(telling: &args::Telling) -> Result<Option<AsffOwner>> {
    let region = telling.asff_region.clone().or_else(|| std::env::var("AWS_REGION").ok());
    let Some((region, account)) = region.zip(telling.asff_account.clone()) else { return Ok(None) };
    let is_of = |text: &str, is: fn(u8) -> bool| !text.is_empty() && text.bytes().all(is);
    if !is_of(&account, |byte| byte.is_ascii_digit()) || account.len() != 12 {
        bail!(UsageError(format!("--asff-account {account}: an account has 12 digits")));
    }
    if !is_of(&region, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        bail!(UsageError(format!("--asff-region {region:?}: write one as us-east-1")));
    }
    Ok(Some(AsffOwner { region, account, partition: None }))
}

/// Tells findings.
struct Teller<'a> {
    policy: Policy,
    owner: Option<AsffOwner>,
    sinks: Vec<Sink>,
    lists: &'a ScheduledLists,
}

impl Teller<'_> {
    /// Makes the next bulletin of all that has changed, if that is anything.
    async fn make_bulletin(&self, state: &mut State, run: &mut Run) -> Result<()> {
        let at = Timestamp::from_millisecond(Timestamp::now().as_millisecond())?;
        let groups = news::groups(state).await?;
        run.news = news::news(&groups, &self.policy, at);
        if run.news.keys.is_empty() {
            return Ok(());
        }
        let last = notes::bulletin(state)?.map_or(0, |last| last.number);
        let next = LastBulletin { number: last + 1, at };
        let told = run.news.keys.iter().map(|key| (key.clone(), next.number)).collect();
        let notes = notes::note_bulletin(next)?;
        state.commit(Delta { told, notes, ..Delta::default() }).await?;
        Ok(())
    }

    /// Tells each target what it was not told yet. One that fails is told more the next time.
    async fn emit(&self, state: &mut State, run: &mut Run, streams: &mut Streams) -> Result<()> {
        let Some(last) = notes::bulletin(state)? else { return Ok(()) };
        for sink in &self.sinks {
            let told = self.emit_to(sink, last, state, streams).await;
            let told = told.map_err(|error| format!("{error:#}"));
            if let Err(error) = &told {
                streams.problem(&format!("--emit {}: {error}", sink.name));
            }
            let before = run.emitted.iter().position(|(name, _)| *name == sink.name);
            let before = before.map(|place| run.emitted.remove(place).1);
            let told = match (before, told) {
                (Some(Ok(before)), Ok(told)) => Ok(before + told),
                (_, told) => told,
            };
            run.emitted.push((sink.name.clone(), told));
        }
        Ok(())
    }

    async fn emit_to(
        &self,
        sink: &Sink,
        last: LastBulletin,
        state: &mut State,
        streams: &mut Streams,
    ) -> Result<u64> {
        let mut cursor = notes::cursor(state, &sink.name)?;
        if cursor.bulletin >= last.number {
            return Ok(0);
        }
        let id = state.id().to_owned();
        if sink.has_already(&id, last).await? {
            cursor.bulletin = last.number;
            notes::leave(state, notes::note_cursor(&sink.name, cursor)?).await?;
            return Ok(0);
        }
        if let Some(length) = sink
            .length()
            .filter(|length| cursor.bulletin == 0 && cursor.bytes == 0 || *length < cursor.bytes)
        {
            // What is in the file is somebody's: it stays, and is noted before anything is added.
            cursor.bytes = length;
            notes::leave(state, notes::note_cursor(&sink.name, cursor)?).await?;
        }
        let bulletin = self.bulletin(state, last, cursor.bulletin).await?;
        let mut next = sinks::Cursor { bulletin: last.number, ..cursor };
        let mut findings = 0;
        if !bulletin.findings.is_empty() {
            let told = sink.tell(&bulletin, self.owner.as_ref(), &id, cursor).await?;
            if let Some(why) = told.why {
                let left_out = bulletin.findings.len() as u64 - told.findings;
                let left_out = counted(left_out, "finding", "findings");
                streams.warn(&format!("--emit {}: {left_out} left out; first: {why}", sink.name));
            }
            (next, findings) = (told.cursor, told.findings);
        }
        notes::leave(state, notes::note_cursor(&sink.name, next)?).await?;
        Ok(findings)
    }

    /// What standard output was not told yet.
    async fn for_stdout(&self, state: &mut State) -> Result<Bulletin> {
        let Some(last) = notes::bulletin(state)? else {
            return Ok(Bulletin { number: 0, at: Timestamp::UNIX_EPOCH, findings: Vec::new() });
        };
        let after = notes::cursor(state, STDOUT)?.bulletin;
        self.bulletin(state, last, after).await
    }

    async fn bulletin(
        &self,
        state: &mut State,
        last: LastBulletin,
        after: u64,
    ) -> Result<Bulletin> {
        let groups = news::groups(state).await?;
        let labels = Labels::of_groups(&groups, &self.lists.matcher);
        news::bulletin(&groups, (last.number, last.at), after, &self.policy, &labels)
    }
}
