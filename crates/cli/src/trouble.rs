//! Tells on standard error what was not read, for answers that have no place for it.

use flowproof_engine::Answer;
use flowproof_evidence::Coverage;
use flowproof_report::Remarks;

use crate::streams::Streams;

/// Warns of everything that makes the answer partial, and notes what was assumed.
pub(crate) fn tell<T>(answer: &Answer<T>, streams: &mut Streams) {
    let mut remarks = Remarks::default();
    remarks.add_answer(&answer.coverage, &answer.overlaps);
    streams.remark(&remarks);
}

/// As [`tell`], for what was read in several answers.
pub(crate) fn tell_coverage(coverage: &Coverage, streams: &mut Streams) {
    let mut remarks = Remarks::default();
    remarks.add_coverage(coverage);
    streams.remark(&remarks);
}
