use super::*;
use crate::format::ListFormat;
use crate::format::testing::{check_cut_anywhere, check_damage, entries, others, read, rejects};
use proptest::prelude::*;

const LIST: &str = "\
ip, category, score, first_seen, last_seen, ports (|)
198.51.100.1, 1, 100, 2000-01-01, 2000-01-01,
203.0.113.9, 27, 45, 2000-01-01, 2000-01-01, 80|443
203.0.113.0/24, 2, , 2000-01-01, 2000-01-01
c2.example.com, 1, 100, 2000-01-01, 2000-01-01,
";

fn scores(content: &Content) -> Vec<Option<u32>> {
    let score = |entry: &crate::Entry| entry.details.as_deref().and_then(|it| it.confidence);
    content.entries.iter().map(score).collect()
}

#[test]
fn the_category_is_the_label_and_the_score_the_confidence() {
    let content = read(ListFormat::ProofPoint, LIST);
    assert_eq!(
        entries(&content),
        [
            (2, "198.51.100.1", "category 1"),
            (3, "203.0.113.9", "category 27"),
            (4, "203.0.113.0/24", "category 2"),
        ]
    );
    assert_eq!(scores(&content), [Some(100), Some(45), None]);
    assert_eq!(rejects(&content), ["line 5: \"c2.example.com\": not an address"]);
}

#[test]
fn the_list_of_domains_may_hold_addresses() {
    let text = "domain, category, score, first_seen, last_seen, ports (|)\n\
                198.51.100.1, 1, 100, 2000-01-01, 2000-01-01,\n\
                c2.example.com, 1, 100, 2000-01-01, 2000-01-01,\n";
    let content = read(ListFormat::ProofPoint, text);
    assert_eq!(entries(&content), [(2, "198.51.100.1", "category 1")]);
    assert_eq!(others(&content), [("domain".to_owned(), 1)]);
}

#[test]
fn a_list_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::ProofPoint, LIST);
}

proptest! {
    #[test]
    fn any_damage_leaves_every_row_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::ProofPoint, LIST, at, byte);
    }
}
