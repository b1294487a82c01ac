//! Which of the copies that follow one another are dropped.

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use datafusion::common::{DataFusionError, Result};

use super::Dropped;
use super::mark::{Mark, flow_log, is_unoriented};

/// Looks at records in the order of [`Mark::Identity`], [`Mark::Source`] and [`Mark::Place`], and
/// holds one record's identity, however many copies of it there are.
#[derive(Debug, Default)]
pub(super) struct Dropper {
    identity: Vec<u8>,
    /// How many of the copies so far were each flow log's, and how many were kept.
    met: Vec<(u32, u64)>,
    kept: u64,
    pub(super) dropped: Dropped,
}

impl Dropper {
    /// Which rows are kept.
    pub(super) fn keeps(&mut self, sorted: &RecordBatch) -> Result<BooleanArray> {
        let column = |mark: Mark| {
            let column = sorted.column_by_name(mark.name());
            column.ok_or_else(|| DataFusionError::Internal(format!("no column {}", mark.name())))
        };
        let identities = column(Mark::Identity)?.as_binary::<i64>();
        let sources = column(Mark::Source)?.as_primitive::<UInt64Type>();
        let keeps = (0..sorted.num_rows())
            .map(|row| Some(self.keeps_next(identities.value(row), sources.value(row))));
        Ok(keeps.collect())
    }

    /// The k-th copy of a flow log is kept unless a flow log before it had a k-th one.
    fn keeps_next(&mut self, identity: &[u8], source: u64) -> bool {
        if self.identity != identity || self.met.is_empty() {
            self.identity.clear();
            self.identity.extend_from_slice(identity);
            self.met.clear();
            self.kept = 0;
        }
        let flow_log = flow_log(source);
        let place = self.met.iter().position(|(met, _)| *met == flow_log);
        let place = place.unwrap_or_else(|| {
            self.met.push((flow_log, 0));
            self.met.len() - 1
        });
        let copies = &mut self.met[place].1;
        *copies += 1;
        if *copies > self.kept {
            self.kept = *copies;
            return true;
        }
        self.dropped.records += 1;
        self.dropped.unoriented += u64::from(is_unoriented(source));
        false
    }
}
