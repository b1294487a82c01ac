use std::sync::Arc;

use arrow::array::{LargeBinaryArray, RecordBatch, UInt64Array};
use datafusion::logical_expr::{Expr, col, lit};
use proptest::prelude::*;

use super::dropper::Dropper;
use super::mark::separates;
use super::{Dropped, DroppedBy, Mark};

/// Records in the order of the sort: identity, and the source's flow log and lack of fields.
fn sorted(rows: &[(u8, u32, u64)]) -> RecordBatch {
    let identities = rows.iter().map(|row| Some(vec![row.0]));
    let identities: LargeBinaryArray = identities.collect();
    let sources =
        rows.iter().map(|(_, flow_log, lacking)| lacking << 33 | u64::from(*flow_log) << 1);
    RecordBatch::try_from_iter([
        (Mark::Identity.name(), Arc::new(identities) as _),
        (Mark::Source.name(), Arc::new(UInt64Array::from_iter_values(sources)) as _),
    ])
    .unwrap()
}

#[test]
fn of_copies_as_many_are_kept_as_one_flow_log_has_at_most() {
    let rows =
        [(1, 0, 0), (1, 1, 0), (1, 1, 0), (1, 1, 0), (1, 2, 1), (1, 2, 1), (2, 2, 0), (2, 2, 0)];
    let mut dropper = Dropper::default();
    let keeps = dropper.keeps(&sorted(&rows)).unwrap();
    let keeps: Vec<bool> = keeps.values().iter().collect();
    // The first flow log's one, the second's second and third; none of the third's two. Two of the
    // other record, which only one flow log has.
    assert_eq!(keeps, [true, false, true, true, false, false, true, true]);
    assert_eq!(dropper.dropped, Dropped { records: 3, unoriented: 0 });
}

proptest! {
    /// However the sorted rows are cut into batches, of each record the largest number is kept that
    /// one flow log has.
    #[test]
    fn a_cut_changes_nothing_and_the_number_is_the_largest_of_one_flow_log(
        mut rows in prop::collection::vec((0u8..3, 0u32..3, 0u64..3), 0..40), cut in 1usize..9,
    ) {
        rows.sort_by_key(|(identity, flow_log, lacking)| (*identity, *lacking, *flow_log));
        let mut dropper = Dropper::default();
        let mut kept = [0u64; 3];
        for part in rows.chunks(cut) {
            let keeps = dropper.keeps(&sorted(part)).unwrap();
            for (row, keeps) in part.iter().zip(keeps.values()) {
                kept[usize::from(row.0)] += u64::from(keeps);
            }
        }
        for (identity, kept) in (0u8..).zip(kept) {
            let of = |flow_log: u32| rows.iter().filter(|r| (r.0, r.1) == (identity, flow_log)).count();
            prop_assert_eq!(kept, (0..3).map(of).max().unwrap() as u64);
        }
        prop_assert_eq!(kept.iter().sum::<u64>() + dropper.dropped.records, rows.len() as u64);
    }
}

#[test]
fn only_filters_on_what_copies_have_in_common_cannot_part_them() {
    let on = |name: &str| -> Expr { col(name).eq(lit(1)) };
    for common in ["interface_id", "srcaddr", "bytes", "end", "action"] {
        assert!(!separates(&on(common)), "{common}");
    }
    for own in ["instance_id", "flow_log_id", "object", "log_status", "pkt_srcaddr", "direction"] {
        assert!(separates(&on(own)), "{own}");
        assert!(separates(&on("bytes").or(on(own))), "{own}");
    }
}

#[test]
fn a_partition_that_is_run_again_is_counted_once() {
    let by = DroppedBy::default();
    by.put(0, Dropped { records: 5, unoriented: 1 });
    by.put(1, Dropped { records: 2, unoriented: 2 });
    by.put(0, Dropped { records: 4, unoriented: 0 });
    assert_eq!(by.total(), Dropped { records: 6, unoriented: 2 });
}
