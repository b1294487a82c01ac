//! `inspect`: what is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampNanosecondType};
use datafusion::prelude::SessionContext;
use flowproof_record::FieldId;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::error::EngineError;
use crate::scan::ScanTold;
use crate::session::{Session, Terms};

/// Which interfaces left records, in which flow logs and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Notes records, as far as they have interface and times. `flow_log` is that of the row's object.
    pub(crate) fn note<'a>(&mut self, records: &RecordBatch, flow_log: impl Fn(usize) -> &'a str) {
        let column = |id: FieldId| records.column_by_name(id.field().column);
        let time = |id: FieldId| column(id)?.as_primitive_opt::<TimestampNanosecondType>();
        let ids = column(FieldId::INTERFACE_ID).and_then(|ids| ids.as_string_view_opt());
        let (Some(ids), Some(starts), Some(ends)) = (ids, time(FieldId::START), time(FieldId::END))
        else {
            return;
        };
        // Records of an interface come in runs.
        let mut run: Option<(&str, &str, (i64, i64))> = None;
        for row in 0..records.num_rows() {
            if ids.is_null(row) || starts.is_null(row) || ends.is_null(row) {
                continue;
            }
            let (id, start, end) = (ids.value(row), starts.value(row), ends.value(row));
            let by = flow_log(row);
            run = match run {
                Some((same, same_by, span)) if same == id && same_by == by => {
                    Some((same, by, (span.0.min(start), span.1.max(end))))
                }
                before => {
                    before.into_iter().for_each(|(id, by, span)| self.widen(id, by, span));
                    Some((id, by, (start, end)))
                }
            };
        }
        run.into_iter().for_each(|(id, by, span)| self.widen(id, by, span));
    }

    /// Takes in that the flow log logged the interface, from the first start to the last end.
    pub(crate) fn widen(&mut self, interface: &str, flow_log: &str, (start, end): (i64, i64)) {
        let of_interface = match self.spans.get_mut(interface) {
            Some(of_interface) => of_interface,
            None => self.spans.entry(interface.to_owned()).or_default(),
        };
        match of_interface.get_mut(flow_log) {
            Some(span) => *span = (span.0.min(start), span.1.max(end)),
            None => {
                of_interface.insert(flow_log.to_owned(), (start, end));
            }
        }
    }

    pub(crate) fn merge(&mut self, other: LoggedInterfaces) {
        for (interface, flow_logs) in other.spans {
            for (flow_log, span) in flow_logs {
                self.widen(&interface, &flow_log, span);
            }
        }
    }

    /// Interfaces that several flow logs covered at one time, and a time in which every record lies
    /// that two of them wrote.
    pub(crate) fn shared_spans(&self) -> HashMap<String, (i64, i64)> {
        let mut shared: HashMap<String, (i64, i64)> = HashMap::new();
        for (interface, flow_logs) in &self.spans {
            let spans: Vec<&(i64, i64)> = flow_logs.values().collect();
            for (place, one) in spans.iter().enumerate() {
                for other in &spans[place + 1..] {
                    let (from, to) = (one.0.max(other.0), one.1.min(other.1));
                    if from <= to {
                        let span = shared.entry(interface.clone()).or_insert((from, to));
                        *span = (span.0.min(from), span.1.max(to));
                    }
                }
            }
        }
        shared
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

impl LoggedInterfaces {
    /// As [`LoggedInterfaces::overlaps`], for keeping.
    pub(crate) fn owned_overlaps(&self) -> BTreeMap<String, BTreeSet<String>> {
        let own = |ids: BTreeSet<&str>| ids.into_iter().map(str::to_owned).collect();
        self.overlaps().into_iter().map(|(id, ids)| (id.to_owned(), own(ids))).collect()
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
        // Where copies were dropped, the scan noted what was there before.
        interfaces.merge(run.told.logged.clone());
        self.answer(interfaces, run.told).await
    }

    /// What the listing alone tells: no object is opened.
    ///
    /// # Errors
    ///
    /// [`EngineError::Source`] if the listing fails.
    pub async fn list_only(&self) -> Result<Answer<LoggedInterfaces>, EngineError> {
        self.answer(LoggedInterfaces::default(), ScanTold::default()).await
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
