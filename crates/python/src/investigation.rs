//! [`Investigation`]: a verdict, and all that it stands on.

use std::io;

use flowproof_report::{
    HtmlOptions, Investigation as Judged, MarkdownOptions, TextOptions, write_html, write_json,
    write_markdown, write_text,
};
use pyo3::prelude::*;

use crate::answer::as_python;
use crate::failure::Failure;
use crate::standing::Standing;

/// A verdict on a finding, or the figures of a subject, and all that it stands on.
#[pyclass(frozen, module = "flowproof")]
pub(crate) struct Investigation {
    judged: Judged,
    standing: Standing,
}

impl Investigation {
    pub(crate) fn new(judged: Judged, standing: Standing) -> Investigation {
        Investigation { judged, standing }
    }
}

#[pymethods]
impl Investigation {
    /// corroborated, contradicted, inconclusive or not_observable.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.judged.verdict.status)
    }

    /// Why the status is what it is.
    #[getter]
    fn reasons(&self) -> Vec<String> {
        self.judged.verdict.reasons.clone()
    }

    /// The remotes that the subject had traffic with, as in the JSON.
    #[getter]
    fn remotes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.judged.remotes)
    }

    /// The traffic of each hour, as in the JSON.
    #[getter]
    fn timeline<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.judged.timeline)
    }

    /// What was read for the answer and what could not be, as in the JSON.
    #[getter]
    fn coverage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_python(py, &self.judged.coverage)
    }

    /// Whether the answer stands on all the data that was asked for: the command would end with exit code 0.
    #[getter]
    fn complete(&self) -> bool {
        self.standing.is_complete()
    }

    /// What people should know and can act on, as the command warns of it. What could not be read is in the coverage.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.standing.warnings()
    }

    /// What people may want to know, as the command notes it.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.standing.notes()
    }

    /// Raise IncompleteError unless the answer is complete; else return the answer itself.
    fn raise_if_incomplete(this: Bound<'_, Investigation>) -> PyResult<Bound<'_, Investigation>> {
        this.get().standing.check().map(|()| this)
    }

    /// All of it, as the command's JSON has it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let text = written(|out| write_json(&self.judged, out, false))?;
        py.import("json")?.call_method1("loads", (text,))
    }

    /// The report that an analyst reads in a terminal.
    fn text(&self) -> PyResult<String> {
        written(|out| write_text(&self.judged, &TextOptions::default(), out))
    }

    /// The report for a ticket, as Markdown.
    fn markdown(&self) -> PyResult<String> {
        let all = std::slice::from_ref(&self.judged);
        written(|out| write_markdown(all, &MarkdownOptions::default(), out))
    }

    /// The report as a page that stands for itself.
    fn html(&self) -> PyResult<String> {
        let all = std::slice::from_ref(&self.judged);
        written(|out| write_html(all, &HtmlOptions::for_investigations(1), out))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<flowproof.Investigation: {}, {}>", self.status(py)?, self.standing.words()))
    }
}

/// What a format of a report wrote.
fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> PyResult<String> {
    let mut out = Vec::new();
    write(&mut out).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(String::from_utf8(out).map_err(|error| Failure::Other(error.to_string()))?)
}
