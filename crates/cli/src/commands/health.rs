//! `flowproof health`.

use anyhow::Result;
use flowproof_state::{Mode, State};
use jiff::Timestamp;

use crate::args::Health;
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::scheduled::{last_run, place};
use crate::streams::Streams;
use crate::time::parse_span;

/// Whether the last run came to its end, not too long ago. Parts that it could not read are no matter
/// of its health; targets that it could not tell are.
pub(crate) async fn run(args: Health, streams: &mut Streams) -> Result<Exit> {
    let max_age = parse_span(&args.max_age).map_err(UsageError::of("--max-age"))?;
    let place = place(&args.state, &args.s3, &mut Inputs::default()).await?;
    let state = State::open(place, Mode::Read).await?;
    let Some(last) = last_run(&state)? else {
        streams.problem("no run has come to its end yet");
        return Ok(Exit::Failed);
    };
    let age = Timestamp::now().duration_since(last.at);
    let is_late = age > max_age;
    let is_failed = last.exit == Exit::Failed as i32;
    let told = format!("the last run ended {} with exit code {}", last.at, last.exit);
    if is_late || is_failed {
        let why = if is_late {
            format!("; that is longer ago than {}", args.max_age)
        } else {
            String::new()
        };
        streams.problem(&format!("{told}{why}"));
        return Ok(Exit::Failed);
    }
    writeln!(streams.out(), "{told}")?;
    Ok(Exit::Answered)
}
