//! Text in, rows of the table out: unwrapping, decoding, shaping.

use arrow::array::RecordBatch;
use datafusion::common::Result;
use flowproof_record::{Decoder, Refusal, Unwrapped, Unwrapper};
use flowproof_source::{Encoding, Ending};

use super::Outcome;
use super::shape::{Shaper, lock};

/// Makes rows of the inflated text of one object.
#[derive(Debug)]
pub(super) struct TextReader {
    unwrapper: Unwrapper,
    decoder: Decoder,
    /// Lines that were taken out of what they were wrapped in.
    lines: Vec<u8>,
    pub(super) shaper: Shaper,
}

impl TextReader {
    pub(super) fn new(shaper: Shaper) -> TextReader {
        TextReader {
            unwrapper: Unwrapper::new(),
            decoder: shaper.plan().decoder(),
            lines: Vec::new(),
            shaper,
        }
    }

    /// Takes the next text of the object, cut anywhere.
    pub(super) fn take(&mut self, text: &[u8], batches: &mut Vec<RecordBatch>) -> Result<()> {
        self.shaper.report.text_bytes += text.len() as u64;
        self.lines.clear();
        let unwrapped = self.unwrapper.push(text, &mut self.lines);
        self.decode_lines(batches)?;
        match unwrapped {
            Unwrapped::AsPushed => self.decode(text, batches),
            Unwrapped::Lines => Ok(()),
        }
    }

    fn decode_lines(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        let lines = std::mem::take(&mut self.lines);
        self.decode(&lines, batches)?;
        self.lines = lines;
        Ok(())
    }

    fn decode(&mut self, text: &[u8], batches: &mut Vec<RecordBatch>) -> Result<()> {
        let mut used = 0;
        while used < text.len() {
            let rest = &text[used..];
            used += if let Some(sums) = self.shaper.sums() {
                self.decoder.decode_to(rest, &mut *lock(sums))
            } else if let Some(witness) = self.shaper.witness() {
                self.decoder.decode_to(rest, witness)
            } else {
                self.decoder.decode(rest)
            };
            if self.decoder.is_full() {
                self.flush(batches)?;
            }
        }
        Ok(())
    }

    /// Makes the decoder's rows into a batch of the table.
    fn flush(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        if let Some(records) = self.decoder.flush() {
            batches.extend(self.shaper.shape(records)?);
        }
        Ok(())
    }

    /// Ends the object as it ended, and reports it.
    pub(super) fn finish(
        &mut self,
        encoding: Option<Encoding>,
        ending: Ending,
        batches: &mut Vec<RecordBatch>,
    ) -> Result<()> {
        let cut = matches!(ending, Ending::Truncated { .. } | Ending::Corrupt { .. });
        self.end_text(cut, batches)?;
        let outcome = self.outcome(ending);
        self.put_report(encoding, outcome);
        Ok(())
    }

    /// Ends the object for a reason that its bytes do not know: it could not be read, or not on. The
    /// whole lines before that are counted, so they are handed out too.
    pub(super) fn end_early(
        &mut self,
        encoding: Option<Encoding>,
        outcome: Outcome,
    ) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        self.end_text(true, &mut batches)?;
        self.put_report(encoding, outcome);
        Ok(batches)
    }

    fn end_text(&mut self, cut: bool, batches: &mut Vec<RecordBatch>) -> Result<()> {
        self.lines.clear();
        if cut {
            self.unwrapper.finish_cut(&mut self.lines);
        } else {
            self.unwrapper.finish(&mut self.lines);
        }
        self.decode_lines(batches)?;
        if cut {
            self.decoder.finish_cut();
        } else {
            self.decoder.finish();
        }
        self.flush(batches)
    }

    pub(super) fn put_report(&mut self, encoding: Option<Encoding>, outcome: Outcome) {
        let mut tally = self.decoder.tally().clone();
        self.unwrapper.settle(&mut tally);
        let report = &mut self.shaper.report;
        report.tally = tally;
        report.encoding = encoding;
        report.wrapper = self.unwrapper.wrapper();
        report.unknown_members = self.unwrapper.unknown_fields().map(str::to_owned).collect();
        report.outcome = outcome;
        self.shaper.put_marked(self.decoder.marked().cloned());
        self.shaper.put_report();
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
            _ => match self.refusal() {
                Some(refusal) if refusal.looks_like.may_hold_records() => {
                    Outcome::Unsupported(refusal.to_string())
                }
                Some(refusal) => Outcome::NotAFlowLog(refusal.to_string()),
                None if self.unwrapper.cut().is_some() => {
                    Outcome::Truncated(before(self.unwrapper.cut().unwrap_or_default().to_owned()))
                }
                None if self.decoder.tally().formats.is_empty() => self.shaper.nothing(),
                None => Outcome::Read,
            },
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.unwrapper.refusal().or_else(|| self.decoder.refusal())
    }
}
