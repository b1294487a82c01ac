//! `flowproof volumes`.

use anyhow::{Result, bail};
use flowproof_engine::{Answer, Key, VolumeFilter};
use flowproof_record::FieldId;
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
    let unmapped =
        args.instance.iter().filter(|id| book.interfaces_of(id).next().is_none()).count();
    let session = plan::open(&args.logs, window, book, &inputs, streams).await?;
    let filter = VolumeFilter { interfaces: args.interface, instances: args.instance };
    let answer = {
        let _shown = progress::show(&session, common, streams);
        session.volumes(&keys, &filter).await?
    };
    if unmapped > 0 && answer.has_flow_logs() && !any_has_instances(&answer) {
        bail!(
            "cannot attribute records to an instance: the flow logs lack instance-id; name \
             interfaces with --interface, or give --inventory"
        );
    }
    rows::write(&answer.value, &args.rows, streams)?;
    trouble::tell(&answer, streams);
    Ok(Exit::of(&answer))
}

/// Whether any flow log tells the instance of its records.
fn any_has_instances<T>(answer: &Answer<T>) -> bool {
    let mut formats = answer.objects.iter().flat_map(|object| object.tally.formats);
    formats.any(|(_, format)| format.has(FieldId::INSTANCE_ID))
}
