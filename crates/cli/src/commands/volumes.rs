//! `flowproof volumes`.

use anyhow::{Result, anyhow};
use flowproof_engine::{EngineError, Key, VolumeFilter};
use flowproof_inquiry::tell_untold_instances;
use flowproof_report::Remarks;
use jiff::Timestamp;

use super::Common;
use crate::args::Volumes;
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::streams::Streams;
use crate::{plan, progress, rows, trouble};

pub(crate) async fn run(args: Volumes, common: &Common, streams: &mut Streams) -> Result<Exit> {
    let keys = args.by.iter().map(|name| name.parse::<Key>());
    let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|e| UsageError(e.to_string()))?;
    if let Some(twice) = keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key)) {
        return Err(UsageError(format!("--by: {} is named twice", twice.1)).into());
    }
    plan::refuse_input(&args.logs, &args.rows)?;
    let window = plan::window(&args.time, Timestamp::now())?;
    let inputs = Inputs::for_logs(&args.logs, args.inventory.places()).await?;
    let book = plan::book(&args.inventory, &inputs, streams)?;
    let session = plan::open(&args.logs, window, book, &inputs, streams).await?;
    let filter = VolumeFilter { interfaces: args.interface, instances: args.instance };
    let answer = {
        let _shown = progress::show(&session, common, streams);
        session.volumes(&keys, &filter).await
    };
    let answer = answer.map_err(|error| match error {
        EngineError::NoInstances => {
            anyhow!("{error}; name interfaces with --interface, or give --inventory")
        }
        other => other.into(),
    })?;
    rows::write(&answer.value, &args.rows, streams)?;
    trouble::tell(&answer, streams);
    let mut remarks = Remarks::default();
    tell_untold_instances(&session, &filter, &answer, &mut remarks);
    streams.remark(&remarks);
    Ok(Exit::of(&answer))
}
