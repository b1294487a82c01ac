//! `volumes`: bytes, packets and flows each way, by any keys.

use flowproof_engine::{Key, VolumeFilter};
use flowproof_inquiry::tell_untold_instances;
use flowproof_report::Remarks;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::keywords::{Keywords, Texts};
use crate::logs::Logs;
use crate::running::{apart, wait};

/// Add up bytes, packets and flows each way.
///
/// `by` names one or more of the keys account, region, vpc, subnet, instance, interface, local, remote,
/// remote_port, local_port, protocol, action, hour, day, service. The rows are sorted by them.
///
/// `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
/// arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
/// or a `datetime` with a zone; a `to` is not included.
///
/// Raises UsageError for what cannot be used, SourceError for data that cannot be reached.
#[pyfunction]
#[pyo3(
    signature = (logs, *, by, **keywords),
    text_signature = "(logs, *, by, from_=None, to=None, interface=None, instance=None, inventory=None, \
        account=None, region=None, include_all=False, format_string=None, duplicates='keep', threads=None, \
        memory='512MB', profile=None, role_arn=None, external_id=None, endpoint_url=None, path_style=False, \
        requester_pays=False, s3_region=None, s3_attempts=None)"
)]
pub(crate) fn volumes(
    py: Python<'_>,
    logs: Texts,
    by: Texts,
    keywords: Option<Bound<'_, PyDict>>,
) -> PyResult<Answer> {
    let keywords = Keywords::new("volumes", keywords);
    let keys = keys(&by)?;
    let logs = Logs::take(logs, &keywords)?;
    let filter = VolumeFilter {
        interfaces: keywords.take_texts("interface")?,
        instances: keywords.take_texts("instance")?,
    };
    keywords.finish()?;
    wait(py, async move { answer(&logs, &keys, &filter).await })
}

async fn answer(logs: &Logs, keys: &[Key], filter: &VolumeFilter) -> Result<Answer, Failure> {
    let mut remarks = Remarks::default();
    let book = apart(|| logs.book(&mut remarks))?;
    let session = logs.open(book, &mut remarks).await?;
    let answered = session.volumes(keys, filter).await?;
    tell_untold_instances(&session, filter, &answered, &mut remarks);
    Ok(Answer::new(answered, remarks))
}

fn keys(names: &Texts) -> Result<Vec<Key>, Failure> {
    let keys = names.0.iter().map(|name| name.parse::<Key>());
    let keys = keys.collect::<Result<Vec<_>, _>>().map_err(Failure::of("by"))?;
    if keys.is_empty() {
        return Err(Failure::Usage("by: no key is named".to_owned()));
    }
    match keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key)) {
        Some((_, twice)) => Err(Failure::Usage(format!("by: {twice} is named twice"))),
        None => Ok(keys),
    }
}
