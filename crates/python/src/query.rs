//! `query`: the caller's own SQL.

use flowproof_report::Remarks;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answer::Answer;
use crate::keywords::{Keywords, Texts};
use crate::lists::Lists;
use crate::logs::Logs;
use crate::running::{apart, wait};

/// Answer SQL over the tables flow_logs and traffic.
///
/// `lists` and `trusted` are what the functions on_threat_list, list_matches and the like ask.
///
/// `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
/// arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
/// or a `datetime` with a zone; a `to` is not included.
///
/// Raises UsageError for what cannot be used, SourceError for data that cannot be reached, QueryError for
/// SQL that is wrong.
#[pyfunction]
#[pyo3(
    signature = (logs, sql, **keywords),
    text_signature = "(logs, sql, *, lists=None, trusted=None, allow_wide=False, list_format=None, \
        list_column=None, from_=None, to=None, inventory=None, account=None, region=None, include_all=False, \
        format_string=None, duplicates='keep', threads=None, memory='512MB', profile=None, role_arn=None, \
        external_id=None, endpoint_url=None, path_style=False, requester_pays=False, s3_region=None, \
        s3_attempts=None)"
)]
pub(crate) fn query(
    py: Python<'_>,
    logs: Texts,
    sql: String,
    keywords: Option<Bound<'_, PyDict>>,
) -> PyResult<Answer> {
    let keywords = Keywords::new("query", keywords);
    let logs = Logs::take(logs, &keywords)?;
    let lists = Lists::take(keywords.take("lists")?.unwrap_or_default(), &keywords)?;
    keywords.finish()?;
    wait(py, async move {
        let mut remarks = Remarks::default();
        let loaded = apart(|| lists.load(&mut remarks))?;
        let book = apart(|| logs.book(&mut remarks))?;
        let session = logs.open(book, &mut remarks).await?;
        let answered = session.query(&sql, loaded.matcher).await?;
        Ok(Answer::new(answered, remarks))
    })
}
