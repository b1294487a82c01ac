//! `scan`: all traffic with addresses on threat lists.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::json::ReaderBuilder;
use flowproof_engine::{Listed, ListedRow, Rows};
use flowproof_evidence::{ListSource, Traffic};
use flowproof_intel::Matcher;
use flowproof_report::Remarks;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;

use crate::answer::{Answer, as_python};
use crate::failure::Failure;
use crate::keywords::{Keywords, Texts};
use crate::lists::Lists;
use crate::logs::Logs;
use crate::running::{apart, wait};

/// Find all traffic with addresses on threat lists, by interface and list entry.
///
/// Entries of the `trusted` lists win over those of `lists`. Internal addresses match only with
/// `include_internal`.
///
/// `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
/// arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
/// or a `datetime` with a zone; a `to` is not included.
///
/// Raises UsageError for what cannot be used, SourceError for data that cannot be reached.
#[pyfunction]
#[pyo3(
    signature = (logs, *, lists, **keywords),
    text_signature = "(logs, *, lists, trusted=None, allow_wide=False, list_format=None, list_column=None, \
        include_internal=False, from_=None, to=None, inventory=None, account=None, region=None, \
        include_all=False, format_string=None, duplicates='keep', threads=None, memory='512MB', profile=None, \
        role_arn=None, external_id=None, endpoint_url=None, path_style=False, requester_pays=False, \
        s3_region=None, s3_attempts=None)"
)]
pub(crate) fn scan<'py>(
    py: Python<'py>,
    logs: Texts,
    lists: Texts,
    keywords: Option<Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, ScanAnswer>> {
    let keywords = Keywords::new("scan", keywords);
    let logs = Logs::take(logs, &keywords)?;
    let lists = Lists::take(lists, &keywords)?;
    let internal = keywords.take_flag("include_internal")?;
    keywords.finish()?;
    let (answer, scanned) = wait(py, async move { answer(&logs, &lists, internal).await })?;
    Bound::new(py, PyClassInitializer::from(answer).add_subclass(scanned))
}

async fn answer(
    logs: &Logs,
    lists: &Lists,
    internal: bool,
) -> Result<(Answer, ScanAnswer), Failure> {
    let mut remarks = Remarks::default();
    let loaded = apart(|| lists.load(&mut remarks))?;
    let Some(matcher) = loaded.matcher.filter(|_| lists.has_threats()) else {
        return Err(Failure::Usage("lists: a list is needed to scan for".to_owned()));
    };
    let book = apart(|| logs.book(&mut remarks))?;
    let session = logs.open(book, &mut remarks).await?;
    let answered = session.listed(Arc::clone(&matcher), internal).await?;
    let rows = rows(&answered.value, &matcher)?;
    let Listed { total, suppressed, internal, .. } = answered.value;
    let scanned = ScanAnswer { total, suppressed, internal, lists: loaded.sources };
    Ok((Answer::new(answered.map(|_| rows), remarks), scanned))
}

/// The rows of a scan, and what its records add up to.
///
/// A record that matches several entries is in the row of each, so that rows must not be added up.
#[pyclass(frozen, extends = Answer, module = "flowproof")]
pub(crate) struct ScanAnswer {
    total: Traffic,
    suppressed: Traffic,
    internal: Traffic,
    lists: Vec<ListSource>,
}

#[pymethods]
impl ScanAnswer {
    /// What all records in the rows add up to, each once.
    #[getter]
    fn total<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.total)
    }

    /// What records add up to of which trusted lists left no match.
    #[getter]
    fn suppressed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.suppressed)
    }

    /// What records add up to of which only internal addresses match, if these were not asked for.
    #[getter]
    fn internal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.internal)
    }

    /// The lists: path, sha256, entries in use, lines that were rejected.
    #[getter]
    fn lists<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.lists)
    }
}

/// A row, with the names and in the order of the command's JSON.
#[derive(Serialize)]
struct Row<'a> {
    account: &'a Option<String>,
    instance: &'a Option<String>,
    interface: &'a Option<String>,
    list: &'a str,
    entry: &'a str,
    label: &'a str,
    #[serde(flatten)]
    traffic: &'a Traffic,
    remotes: u64,
    line: u64,
}

fn row<'a>(row: &'a ListedRow, matcher: &'a Matcher) -> Row<'a> {
    let list = &matcher.lists()[row.list];
    let entry = &list.entries[row.entry];
    Row {
        account: &row.account,
        instance: &row.instance,
        interface: &row.interface,
        list: &list.name,
        entry: entry.text(),
        label: &entry.label,
        traffic: &row.traffic,
        remotes: row.addresses.len() as u64,
        line: entry.line,
    }
}

fn rows(listed: &Listed, matcher: &Matcher) -> Result<Rows, Failure> {
    let failed = |error: arrow::error::ArrowError| Failure::Other(error.to_string());
    let schema = schema();
    // All rows are one batch.
    let builder = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(listed.rows.len().max(1));
    let mut decoder = builder.build_decoder().map_err(failed)?;
    let rows: Vec<Row<'_>> = listed.rows.iter().map(|listed| row(listed, matcher)).collect();
    decoder.serialize(&rows).map_err(failed)?;
    let batches = decoder.flush().map_err(failed)?.into_iter().collect();
    Ok(Rows { schema, batches })
}

fn schema() -> SchemaRef {
    let text = |name, nullable| Field::new(name, DataType::Utf8, nullable);
    let count = |name: &str| Field::new(name, DataType::UInt64, false);
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
    let of_row = [
        text("account", true),
        text("instance", true),
        text("interface", true),
        text("list", false),
        text("entry", false),
        text("label", false),
    ];
    let counts = [
        "bytes_in",
        "bytes_out",
        "bytes_unoriented",
        "packets_in",
        "packets_out",
        "packets_unoriented",
        "flows",
        "rejected_bytes",
        "rejected_packets",
        "rejected_flows",
    ];
    let seen = ["first_seen", "last_seen"].map(|name| Field::new(name, time.clone(), true));
    let last = ["remotes", "line"].map(count);
    let fields = of_row.into_iter().chain(counts.map(count)).chain(seen).chain(last);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
