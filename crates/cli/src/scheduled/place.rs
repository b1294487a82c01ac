//! Where the state is.

use std::sync::Arc;

use anyhow::{Context, Result};
use flowproof_source::is_in_bucket;
use flowproof_state::{Bucket, Folder, Mode, Place, Settings, State, StateError};

use crate::args::{Logs, S3Access};
use crate::inputs::Inputs;

/// The place that was named.
pub(crate) async fn place(
    text: &str,
    access: &S3Access,
    inputs: &mut Inputs,
) -> Result<Arc<dyn Place>> {
    Ok(match is_in_bucket(text) {
        true => {
            let s3 = inputs.connect(access).await.with_context(|| text.to_owned())?;
            Arc::new(Bucket::new(text, s3)?)
        }
        false => Arc::new(Folder::new(text)),
    })
}

/// Opens a state for a run, and starts one if there is none.
pub(crate) async fn open(
    place: Arc<dyn Place>,
    settings: Settings,
    adopt: bool,
) -> Result<State, StateError> {
    if adopt {
        match State::open(Arc::clone(&place), Mode::Adopt(settings.clone())).await {
            Err(StateError::Missing { .. }) => {}
            opened => return opened,
        }
    }
    State::open(place, Mode::Start(settings)).await
}

/// What totals mean nothing without.
pub(crate) fn settings(logs: &Logs, include_internal: bool) -> Settings {
    let mut settings = Settings::new();
    if let Some(format) = &logs.format_string {
        settings.insert("--format-string".to_owned(), format.clone());
    }
    settings.insert("--include-internal".to_owned(), include_internal.to_string());
    settings
}
