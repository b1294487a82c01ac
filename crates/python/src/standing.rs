//! How an answer stands: whether on all that was asked for, and what is told beside it.

use flowproof_evidence::{Completeness, Coverage};
use flowproof_report::{Remarks, counted, printable};
use pyo3::prelude::*;

use crate::failure::exception;

/// How an answer stands.
pub(crate) struct Standing {
    /// Why it is not on all the data that was asked for, if it is not.
    lacks: Option<String>,
    remarks: Remarks,
}

impl Standing {
    pub(crate) fn new(coverage: &Coverage, remarks: Remarks) -> Standing {
        let lacks = match coverage.completeness() {
            Completeness::Complete => None,
            Completeness::Partial => Some(unread(coverage)),
            Completeness::Nothing => Some("no flow log object was there to read".to_owned()),
        };
        Standing { lacks, remarks }
    }

    /// Adds another reason why it is not on all that was asked for.
    pub(crate) fn add_lack(&mut self, text: String) {
        self.lacks = Some(match self.lacks.take() {
            Some(lacks) => format!("{lacks}, {text}"),
            None => text,
        });
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.lacks.is_none()
    }

    /// In a word, or in more of them.
    pub(crate) fn words(&self) -> String {
        self.lacks
            .as_ref()
            .map_or_else(|| "complete".to_owned(), |lacks| format!("INCOMPLETE: {lacks}"))
    }

    /// An error unless it is complete.
    pub(crate) fn check(&self) -> PyResult<()> {
        self.lacks.as_ref().map_or(Ok(()), |lacks| Err(exception("IncompleteError", lacks)))
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.told(true)
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.told(false)
    }

    fn told(&self, warnings: bool) -> Vec<String> {
        let remarks = self.remarks.iter().filter(|remark| remark.is_warning == warnings);
        remarks.map(|remark| printable(&remark.text).into_owned()).collect()
    }
}

/// What could not be read, in a few words.
fn unread(coverage: &Coverage) -> String {
    let (objects, records) = (coverage.objects.unreadable(), &coverage.records);
    let unread = [
        (objects, counted(objects, "object", "objects") + " could not be read"),
        (records.malformed, counted(records.malformed, "malformed line", "malformed lines")),
        (records.bad_time, counted(records.bad_time, "record", "records") + " of bad time"),
    ];
    let unread = unread.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text);
    unread.collect::<Vec<_>>().join(", ")
}
