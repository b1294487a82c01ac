//! The CPU's part of reading an object: inflate, decode, orient. It runs on a rayon thread, in steps
//! that are bounded in time and memory, and owns all of its state, so that it can be moved there and
//! back.

use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use datafusion::common::Result;
use flowproof_record::Decoder;
use flowproof_source::{Ending, InflateError, Inflater};

use super::Outcome;
use super::plan::ScanPlan;
use super::shape::Shaper;

/// Inflated bytes of one call to the inflater: they stay in the second-level cache.
const ROOM: usize = 256 * 1024;
/// Inflated bytes of a step, so that a gzip bomb cannot fill the memory with batches.
const STEP_BYTES: usize = 4 * 1024 * 1024;

/// One object on its way through the CPU.
#[derive(Debug)]
pub(super) struct Work {
    inflater: Inflater,
    decoder: Decoder,
    /// Stored bytes that were not taken yet.
    chunk: Bytes,
    /// Inflated bytes that were not decoded yet: from `text_at` on.
    text: Vec<u8>,
    text_at: usize,
    /// Whether the inflater may hold more output than it had room for.
    inflater_full: bool,
    /// Whether the last stored byte has come.
    input_ended: bool,
    shaper: Shaper,
}

/// What a step leaves to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// More stored bytes must come.
    Feed,
    /// There is more to do with what has come.
    Again,
    /// The object is done and reported.
    Done,
}

impl Work {
    pub(super) fn new(plan: Arc<ScanPlan>, object_idx: usize) -> Work {
        Work {
            inflater: Inflater::new(),
            decoder: plan.decoder(),
            chunk: Bytes::new(),
            text: Vec::new(),
            text_at: 0,
            inflater_full: false,
            input_ended: false,
            shaper: Shaper::new(plan, object_idx),
        }
    }

    /// Hands over the next stored bytes; only after [`Next::Feed`].
    pub(super) fn feed(&mut self, chunk: Bytes) {
        self.shaper.report.stored_bytes += chunk.len() as u64;
        self.shaper.plan().context.progress.add_bytes(chunk.len() as u64);
        self.chunk = chunk;
    }

    /// Says that there are no more stored bytes, and what their digest is.
    pub(super) fn end_input(&mut self, digest: Option<&str>) {
        self.input_ended = true;
        self.shaper.report.digest = digest.map(str::to_owned);
    }

    /// Ends the object for a reason that its bytes do not know: it could not be read, or not on. The
    /// whole lines before that are counted, so they are handed out too.
    pub(super) fn end_early(mut self, outcome: Outcome) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        self.decoder.finish_cut();
        self.flush(&mut batches)?;
        self.shaper.report.encoding = self.inflater.encoding();
        self.shaper.report.outcome = outcome;
        self.put_report();
        Ok(batches)
    }

    /// Inflates, decodes and orients for a while; the batches are those of the table.
    pub(super) fn step(&mut self) -> Result<(Vec<RecordBatch>, Next)> {
        let mut batches = Vec::new();
        let mut done_bytes = 0;
        while done_bytes < STEP_BYTES {
            if self.text_at < self.text.len() {
                done_bytes += self.decode(&mut batches)?;
            } else if !self.chunk.is_empty() || self.inflater_full {
                if let Err(InflateError::Unsupported { encoding }) = self.inflate() {
                    self.finish_unsupported(encoding.name());
                    return Ok((batches, Next::Done));
                }
            } else if self.input_ended {
                self.finish(&mut batches)?;
                return Ok((batches, Next::Done));
            } else {
                return Ok((batches, Next::Feed));
            }
        }
        Ok((batches, Next::Again))
    }

    fn inflate(&mut self) -> Result<(), InflateError> {
        self.text.clear();
        self.text_at = 0;
        let taken = self.inflater.inflate(&self.chunk, &mut self.text, ROOM)?;
        self.chunk = self.chunk.slice(taken..);
        self.inflater_full = self.text.len() >= ROOM;
        self.shaper.report.text_bytes += self.text.len() as u64;
        Ok(())
    }

    fn decode(&mut self, batches: &mut Vec<RecordBatch>) -> Result<usize> {
        let used = self.decoder.decode(&self.text[self.text_at..]);
        self.text_at += used;
        if self.decoder.is_full() {
            self.flush(batches)?;
        }
        Ok(used)
    }

    fn finish_unsupported(&mut self, encoding: &str) {
        let reason = format!("{encoding} objects are not read by this version");
        self.shaper.report.outcome = Outcome::Unsupported(reason);
        self.shaper.report.encoding = self.inflater.encoding();
        self.put_report();
    }

    fn finish(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        let ending = self.inflater.finish();
        match ending {
            Ending::Truncated { .. } | Ending::Corrupt { .. } => self.decoder.finish_cut(),
            _ => self.decoder.finish(),
        }
        self.flush(batches)?;
        self.shaper.report.encoding = self.inflater.encoding();
        self.shaper.report.outcome = self.outcome(ending);
        self.put_report();
        Ok(())
    }

    /// What became of the object, from how it ended and what was in it.
    fn outcome(&self, ending: Ending) -> Outcome {
        let counts = &self.decoder.tally().counts;
        let records = counts.ok + counts.nodata + counts.skipdata + counts.transit_gateway;
        let before = |reason: String| {
            format!("{reason}; {records} records before that are counted, unverified")
        };
        match ending {
            Ending::Truncated { reason } => Outcome::Truncated(before(reason)),
            Ending::Corrupt { reason } => Outcome::Corrupt(before(reason)),
            Ending::Unsupported { encoding } => {
                Outcome::Unsupported(format!("{} objects are not read", encoding.name()))
            }
            _ => match self.decoder.refusal() {
                Some(refusal) if refusal.looks_like.may_hold_records() => {
                    Outcome::Unsupported(refusal.to_string())
                }
                Some(refusal) => Outcome::NotAFlowLog(refusal.to_string()),
                None if self.decoder.tally().formats.is_empty() => Outcome::Empty,
                None => Outcome::Read,
            },
        }
    }

    fn put_report(&mut self) {
        self.shaper.report.tally = self.decoder.tally().clone();
        self.shaper.put_report();
    }

    /// Makes the decoder's rows into a batch of the table.
    fn flush(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        if let Some(records) = self.decoder.flush() {
            batches.extend(self.shaper.shape(records)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orient::Orientation;
    use crate::scan::{CoverageScope, Progress, ScanContext, ScanReport};
    use crate::table::{TableColumn, TableKind};
    use flowproof_record::FieldId;
    use flowproof_source::{Location, Object};

    fn plan() -> Arc<ScanPlan> {
        let object = Object {
            key: "a.log".into(),
            location: Location::Local("a.log".into()),
            size: 1,
            etag: None,
            layout: None,
        };
        let context = ScanContext {
            objects: Arc::new(vec![object]),
            format: None,
            from: None,
            to: None,
            batch_rows: 8192,
            orientation: Orientation::default(),
            coverage: CoverageScope::Nobody,
            push_filters: true,
            thorough: false,
            pool: Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()),
            report: ScanReport::default(),
            progress: Arc::new(Progress::default()),
        };
        let columns = vec![TableColumn::Field(FieldId::BYTES)];
        let schema = TableColumn::schema(&columns);
        let context = Arc::new(context);
        Arc::new(ScanPlan { context, kind: TableKind::Traffic, columns, schema, predicate: None })
    }

    #[test]
    fn what_is_counted_before_a_failed_read_is_handed_out() {
        let plan = plan();
        let mut work = Work::new(Arc::clone(&plan), 0);
        work.feed(Bytes::from_static(b"bytes log-status\n8400 OK\n52 OK\n17 O"));
        let (batches, next) = work.step().unwrap();
        assert_eq!((batches.len(), next), (0, Next::Feed));
        let batches = work.end_early(Outcome::Corrupt("the disk failed".into())).unwrap();
        let told = plan.context.report.take();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
        assert_eq!((told.objects[&0].rows, told.objects[&0].tally.counts.ok), (2, 2));
    }
}
