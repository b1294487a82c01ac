//! `inspect`: what is there.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::prelude::SessionContext;

use crate::answer::Answer;
use crate::error::EngineError;
use crate::scan::ScanTold;
use crate::session::{Session, Terms};

/// Which interfaces left records, in which flow logs and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedInterfaces {
    /// Interface id -> flow log id -> the first start and the last end, in nanoseconds since 1970.
    spans: BTreeMap<String, BTreeMap<String, (i64, i64)>>,
}

impl LoggedInterfaces {
    /// How many interfaces there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Interfaces that several flow logs covered at one time, as far as keys tell the flow logs: each
    /// of their flows was then logged several times.
    #[must_use]
    pub fn overlaps(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut overlaps: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (interface, flow_logs) in &self.spans {
            for (one, span) in flow_logs {
                let at_one_time = |other: &(i64, i64)| span.0 <= other.1 && other.0 <= span.1;
                let others =
                    flow_logs.iter().filter(|(id, other)| *id != one && at_one_time(other));
                if others.count() > 0 {
                    overlaps.entry(interface).or_default().insert(one);
                }
            }
        }
        overlaps
    }
}

impl Session {
    /// Reads everything and keeps nothing but what is told of objects.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] if the reading itself fails; damage is in the answer.
    pub async fn inspect(&self) -> Result<Answer<LoggedInterfaces>, EngineError> {
        let plan = |context: SessionContext| async move {
            let sql = "SELECT interface_id, coalesce(flow_log_id, ''), min(start), max(\"end\") \
                       FROM flow_logs GROUP BY 1, 2";
            Ok(context.sql(sql).await?)
        };
        let terms = Terms { thorough: true, ..self.terms() };
        let run = self.run(terms, plan).await?;
        let mut interfaces = LoggedInterfaces::default();
        for batch in &run.batches {
            let ids = cast(batch.column(0), &DataType::Utf8View)?;
            let flow_logs = cast(batch.column(1), &DataType::Utf8View)?;
            let (ids, flow_logs) = (ids.as_string_view(), flow_logs.as_string_view());
            let (from, to) = (
                cast(batch.column(2), &DataType::Int64)?,
                cast(batch.column(3), &DataType::Int64)?,
            );
            let (from, to) = (from.as_primitive::<Int64Type>(), to.as_primitive::<Int64Type>());
            for row in (0..batch.num_rows()).filter(|row| ids.is_valid(*row)) {
                let span = (from.value(row), to.value(row));
                let of_interface = interfaces.spans.entry(ids.value(row).to_owned()).or_default();
                of_interface.insert(flow_logs.value(row).to_owned(), span);
            }
        }
        Ok(self.answer(interfaces, &run.told))
    }

    /// What the listing alone tells: no object is opened.
    #[must_use]
    pub fn list_only(&self) -> Answer<LoggedInterfaces> {
        self.answer(LoggedInterfaces::default(), &ScanTold::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_logs_overlap_only_if_they_covered_an_interface_at_one_time() {
        let span = |id: &str, from, to| (id.to_owned(), (from, to));
        let logged = LoggedInterfaces {
            spans: BTreeMap::from([
                ("eni-1".to_owned(), BTreeMap::from([span("fl-a", 0, 10), span("fl-b", 11, 20)])),
                (
                    "eni-2".to_owned(),
                    BTreeMap::from([
                        span("fl-a", 0, 10),
                        span("fl-b", 10, 20),
                        span("fl-c", 30, 40),
                    ]),
                ),
            ]),
        };
        let expected = BTreeMap::from([("eni-2", BTreeSet::from(["fl-a", "fl-b"]))]);
        assert_eq!(logged.overlaps(), expected);
    }
}
