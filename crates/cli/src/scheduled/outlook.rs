//! What a run would do, without doing it.

use anyhow::Result;
use flowproof_report::{counted, thousands};
use flowproof_source::is_in_bucket;
use flowproof_state::{Mode, State, StateError};

use super::policy::{self, Policy};
use super::sinks::Sink;
use super::{check, check_alone, check_targets, notes, owner, place};
use crate::args::Scan;
use crate::inputs::Inputs;
use crate::streams::Streams;
use crate::{lists, plan};

/// What a run would do, line by line.
#[derive(Debug, Default)]
pub(crate) struct Outlook {
    pub(crate) lines: Vec<(&'static str, String)>,
    /// Whether something is not as it should be.
    pub(crate) is_partial: bool,
}

/// Reads all that a run reads but the logs, and looks at the state without taking it.
pub(crate) async fn outlook(args: &Scan, streams: &mut Streams) -> Result<Outlook> {
    let scheduled = &args.scheduled;
    let mut outlook = Outlook::default();
    let mut add = |name, text: String| outlook.lines.push((name, text));
    let beside = args.lists.places().chain(args.inventory.places());
    let beside = beside.chain(policy::places(&scheduled.telling));
    let mut inputs = Inputs::for_logs(&args.logs, beside).await?;
    let in_bucket = |text: &&String| text.split_once('=').is_some_and(|(_, to)| is_in_bucket(to));
    if scheduled.telling.emit.iter().any(|text| in_bucket(&text)) {
        inputs.connect(&args.logs.s3).await?;
    }
    args.logs.wheres.iter().for_each(|place| add("Logs", place.clone()));
    let loaded = lists::load(&args.lists, &inputs, streams)?;
    for list in &loaded.sources {
        let role = if list.trusted { "trusted, " } else { "" };
        let entries = counted(list.entries, "entry", "entries");
        add("List", format!("{} ({role}{entries})", list.path));
    }
    plan::book(&args.inventory, &inputs, streams)?;
    plan::session_options(&args.logs, Default::default())?;
    let Some(at) = &scheduled.state else {
        check_alone(scheduled)?;
        add("State", "none: each run reads all, and tells all of it on standard output".to_owned());
        return Ok(outlook);
    };
    check(args)?;
    let names: Vec<&str> = loaded.sources.iter().map(|list| list.path.as_str()).collect();
    Policy::load(&scheduled.telling, &args.lists, &names, &inputs, streams)?;
    let place = place::place(at, &args.logs.s3, &mut inputs).await?;
    match State::open(place, Mode::Read).await {
        Ok(state) => {
            let objects = thousands(state.summary().objects);
            let last = notes::last_run(&state)?;
            let last = last.map(|last| format!(", the last run ended {}", last.at));
            add("State", format!("{at} ({objects} objects known{})", last.unwrap_or_default()));
        }
        Err(StateError::Missing { .. }) => {
            add("State", format!("{at} (none yet: the first run starts it and reads everything)"));
        }
        Err(error) => return Err(error.into()),
    }
    let sinks = scheduled.telling.emit.iter().map(|text| Sink::parse(text, &inputs));
    let sinks = sinks.collect::<Result<Vec<_>>>()?;
    check_targets(args, &sinks, owner(&scheduled.telling)?.is_some())?;
    scheduled.telling.emit.iter().for_each(|text| add("Tell", text.clone()));
    if let Some(interval) = &scheduled.interval {
        add("Again", format!("every {interval}"));
    }
    outlook.is_partial = loaded.sources.iter().any(|list| list.rejected > 0);
    Ok(outlook)
}
