use arrow::array::LargeBinaryArray;
use datafusion::logical_expr::{Expr, col, lit};
use proptest::prelude::*;

use super::Dropped;
use super::dropper::Dropper;
use super::mark::{separates, source};

/// Keys in the order of the sort: identity, flow log, and how many fields are lacking.
fn sorted(rows: &[(u8, u32, usize)]) -> LargeBinaryArray {
    let key = |(row, (identity, flow_log, lacking)): (usize, &(u8, u32, usize))| {
        let source = source(*lacking, *flow_log, *lacking > 0).to_be_bytes();
        Some([&[*identity][..], &source, &(row as u64).to_be_bytes(), &[0; 8]].concat())
    };
    rows.iter().enumerate().map(key).collect()
}

#[test]
fn of_copies_as_many_are_kept_as_one_flow_log_has_at_most() {
    let rows =
        [(1, 0, 0), (1, 1, 0), (1, 1, 0), (1, 1, 0), (1, 2, 1), (1, 2, 1), (2, 2, 0), (2, 2, 0)];
    let mut dropper = Dropper::default();
    let keeps = dropper.keeps(&sorted(&rows));
    let keeps: Vec<bool> = keeps.values().iter().collect();
    // The first flow log's one, the second's second and third; none of the third's two. Two of the
    // other record, which only one flow log has.
    assert_eq!(keeps, [true, false, true, true, false, false, true, true]);
    assert_eq!(dropper.dropped, Dropped { records: 3, unoriented: 2 });
}

proptest! {
    /// However the sorted rows are cut into batches, of each record the largest number is kept that
    /// one flow log has.
    #[test]
    fn a_cut_changes_nothing_and_the_number_is_the_largest_of_one_flow_log(
        mut rows in prop::collection::vec((0u8..3, 0u32..3, 0usize..3), 0..40), cut in 1usize..9,
    ) {
        rows.sort_by_key(|(identity, flow_log, lacking)| (*identity, *lacking, *flow_log));
        let mut dropper = Dropper::default();
        let mut kept = [0u64; 3];
        for part in rows.chunks(cut) {
            let keeps = dropper.keeps(&sorted(part));
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
