//! The CPU's part of reading an object: inflate, decode, orient. It runs on a rayon thread, in steps
//! that are bounded in time and memory, and owns all of its state, so that it can be moved there and
//! back.
//!
//! A small gzip object is inflated whole, by libdeflate, into memory that the partition uses again
//! and again. Any other is inflated piece by piece, each beside the decoding of the piece before.

use arrow::array::RecordBatch;
use bytes::{Bytes, BytesMut};
use datafusion::common::Result;
use flowproof_source::{Encoding, Ending, InflateError, Inflater, Pieces, WholeInflater};

use super::Outcome;
use super::shape::Shaper;
use super::text::TextReader;
use super::witness::Witness;

/// Inflated bytes of one call to the inflater: they stay in the second-level cache.
const ROOM: usize = 256 * 1024;
/// Inflated bytes of a step, so that a gzip bomb cannot fill the memory with batches.
const STEP_BYTES: usize = 4 * 1024 * 1024;
/// The text of all partitions' whole objects together. More threads have smaller shares.
const WHOLE_BUDGET: usize = 192 * 1024 * 1024;
/// The most text of a whole object, and the least that a thread's share is.
const WHOLE_TEXT: std::ops::RangeInclusive<usize> = 4 * 1024 * 1024..=64 * 1024 * 1024;
/// The most stored bytes of a whole object. AWS writes no larger ones than some tens of MB.
const WHOLE_STORED: u64 = 16 * 1024 * 1024;
/// The most memory for stored bytes that a partition keeps from one object to the next.
const JOINED: usize = 4 * 1024 * 1024;

/// What a partition uses for one object after the other.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    inflater: WholeInflater,
    /// Where the pieces of a whole object are joined.
    joined: BytesMut,
    /// The text of a whole object; what is behind its end has no meaning.
    text: Vec<u8>,
    /// What has noticed all records so far, if sides are learned from all.
    pub(super) witness: Option<Witness>,
}

impl Buffers {
    /// How many stored bytes a whole object may have.
    pub(super) fn whole_limit() -> u64 {
        WHOLE_STORED
    }
}

/// One object on its way through the CPU.
#[derive(Debug)]
pub(super) struct Work {
    whole: Whole,
    /// All stored bytes of an object that is read whole, until it is inflated.
    stored: Pieces,
    buffers: Buffers,
    stream: Stream,
    /// Inflated text that is to be decoded next.
    text: Vec<u8>,
    /// Text that is inflated while `text` is decoded.
    ahead: Vec<u8>,
    reader: TextReader,
}

/// Where an object stands that is read whole.
#[derive(Debug, PartialEq, Eq)]
enum Whole {
    /// It is not.
    No,
    /// It is to be inflated.
    Stored,
    /// Inflated, and decoded up to `at`.
    Text { length: usize, at: usize },
}

/// Stored bytes and what inflates them.
#[derive(Debug, Default)]
struct Stream {
    inflater: Inflater,
    /// Stored bytes that were not taken yet.
    chunk: Bytes,
    /// Whether the inflater may hold more output than it had room for.
    is_full: bool,
    /// Whether the last stored byte has come.
    has_ended: bool,
}

impl Stream {
    fn has_text(&self) -> bool {
        !self.chunk.is_empty() || self.is_full
    }

    fn inflate(&mut self, text: &mut Vec<u8>) -> Result<(), InflateError> {
        text.clear();
        let taken = self.inflater.inflate(&self.chunk, text, ROOM)?;
        self.chunk = self.chunk.slice(taken..);
        self.is_full = text.len() >= ROOM;
        Ok(())
    }
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
    pub(super) fn new(mut shaper: Shaper, mut buffers: Buffers) -> Work {
        shaper.read_text(buffers.witness.take());
        Work {
            whole: Whole::No,
            stored: Pieces::default(),
            buffers,
            stream: Stream::default(),
            text: Vec::new(),
            ahead: Vec::new(),
            reader: TextReader::new(shaper),
        }
    }

    /// What the next object can use.
    pub(super) fn into_buffers(mut self) -> Buffers {
        self.buffers.witness = self.reader.shaper.take_witness();
        self.buffers
    }

    /// Hands over all stored bytes of a gzip object, and their digest.
    pub(super) fn feed_whole(&mut self, stored: Pieces, digest: Option<&str>) {
        self.count_stored(stored.len());
        self.stored = stored;
        self.whole = Whole::Stored;
        self.end_input(digest);
    }

    /// Hands over the next stored bytes; only after [`Next::Feed`].
    pub(super) fn feed(&mut self, chunk: Bytes) {
        self.count_stored(chunk.len());
        self.stream.chunk = chunk;
    }

    fn count_stored(&mut self, bytes: usize) {
        let shaper = &mut self.reader.shaper;
        shaper.report.stored_bytes += bytes as u64;
        shaper.plan().context.progress.add_bytes(bytes as u64);
    }

    /// Says that there are no more stored bytes, and what their digest is.
    pub(super) fn end_input(&mut self, digest: Option<&str>) {
        self.stream.has_ended = true;
        self.reader.shaper.report.digest = digest.map(str::to_owned);
    }

    /// Ends the object for a reason that its bytes do not know: it could not be read, or not on.
    pub(super) fn end_early(&mut self, outcome: Outcome) -> Result<Vec<RecordBatch>> {
        let encoding = self.stream.inflater.encoding();
        self.reader.end_early(encoding, outcome)
    }

    /// Inflates, decodes and orients for a while; the batches are those of the table.
    pub(super) fn step(&mut self) -> Result<(Vec<RecordBatch>, Next)> {
        let mut batches = Vec::new();
        if self.whole == Whole::Stored {
            self.inflate_whole();
        }
        let next = match self.whole {
            Whole::Text { length, at } => self.step_whole(length, at, &mut batches)?,
            _ => self.step_stream(&mut batches)?,
        };
        Ok((batches, next))
    }

    /// Inflates the whole object, or makes a stream of it: the stream knows all kinds of damage.
    fn inflate_whole(&mut self) {
        let stored = self.join_stored();
        let Buffers { inflater, text, .. } = &mut self.buffers;
        let threads = self.reader.shaper.plan().context.pool.current_num_threads();
        let share = WHOLE_BUDGET / threads.max(1);
        let limit = share.clamp(*WHOLE_TEXT.start(), *WHOLE_TEXT.end());
        self.whole = match inflater.inflate(&stored, text, limit) {
            Some(length) => Whole::Text { length, at: 0 },
            None => {
                self.stream.chunk = stored;
                Whole::No
            }
        };
    }

    /// The stored bytes in one piece, in memory that was just used and is near for that.
    fn join_stored(&mut self) -> Bytes {
        let stored = std::mem::take(&mut self.stored);
        if stored.len() > JOINED {
            return stored.into_bytes();
        }
        stored.join(&mut self.buffers.joined)
    }

    fn step_whole(
        &mut self,
        length: usize,
        at: usize,
        batches: &mut Vec<RecordBatch>,
    ) -> Result<Next> {
        let end = length.min(at + STEP_BYTES);
        self.reader.take(&self.buffers.text[at..end], batches)?;
        self.whole = Whole::Text { length, at: end };
        if end < length {
            return Ok(Next::Again);
        }
        self.reader.finish(Some(Encoding::Gzip), Ending::Complete, batches)?;
        Ok(Next::Done)
    }

    fn step_stream(&mut self, batches: &mut Vec<RecordBatch>) -> Result<Next> {
        let mut done_bytes = 0;
        while done_bytes < STEP_BYTES {
            let inflated = if !self.text.is_empty() {
                done_bytes += self.text.len();
                self.decode_and_inflate(batches)?
            } else if self.stream.has_text() {
                self.stream.inflate(&mut self.text)
            } else if self.stream.has_ended {
                self.finish(batches)?;
                return Ok(Next::Done);
            } else {
                return Ok(Next::Feed);
            };
            if let Err(InflateError::Unsupported { encoding }) = inflated {
                let reason = format!("{} objects are not read by this version", encoding.name());
                self.reader.put_report(Some(encoding), Outcome::Unsupported(reason));
                return Ok(Next::Done);
            }
        }
        Ok(Next::Again)
    }

    /// Decodes the text that is there, and inflates the next at the same time.
    fn decode_and_inflate(
        &mut self,
        batches: &mut Vec<RecordBatch>,
    ) -> Result<Result<(), InflateError>> {
        let Work { stream, reader, text, ahead, .. } = self;
        let (decoded, inflated) = rayon::join(
            || reader.take(text, batches),
            || if stream.has_text() { stream.inflate(ahead) } else { Ok(()) },
        );
        decoded?;
        text.clear();
        std::mem::swap(text, ahead);
        Ok(inflated)
    }

    fn finish(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        let encoding = self.stream.inflater.encoding();
        let ending = self.stream.inflater.finish();
        self.reader.finish(encoding, ending, batches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{ScanContext, ScanPlan};
    use crate::table::{TableColumn, TableKind};
    use flowproof_record::FieldId;
    use flowproof_source::{Location, Object};
    use std::sync::Arc;

    fn plan() -> Arc<ScanPlan> {
        let object = Object {
            key: "a.log".into(),
            location: Location::Local("a.log".into()),
            size: 1,
            etag: None,
            layout: None,
        };
        let columns = vec![TableColumn::Field(FieldId::BYTES)];
        let schema = TableColumn::schema(&columns);
        let context = Arc::new(ScanContext::of(object));
        let kind = TableKind::Traffic;
        let (predicate, asked, summed) = (None, None, None);
        Arc::new(ScanPlan { context, kind, columns, schema, summed, predicate, asked })
    }

    #[test]
    fn what_is_counted_before_a_failed_read_is_handed_out() {
        let plan = plan();
        let shaper = Shaper::new(Arc::clone(&plan), 0, None);
        let mut work = Work::new(shaper, Buffers::default());
        work.feed(Bytes::from_static(b"bytes log-status\n8400 OK\n52 OK\n17 O"));
        let (batches, next) = work.step().unwrap();
        assert_eq!((batches.len(), next), (0, Next::Feed));
        let batches = work.end_early(Outcome::Corrupt("the disk failed".into())).unwrap();
        let told = plan.context.told_whole();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
        let report = told.objects.get(0).unwrap();
        assert_eq!((report.rows, report.tally.counts.ok), (2, 2));
    }
}
