use super::*;
use crate::finding::{FindingKey, Telling};
use crate::identity::Identity;
use crate::remotes::Remotes;
use crate::shelf::Shelf;
use flowproof_evidence::Traffic;
use jiff::Timestamp;
use proptest::prelude::*;

fn entry(number: u64, epoch: u32) -> Entry {
    let fingerprint = number.to_be_bytes();
    Entry { identity: Identity { fingerprint, tag: [number as u8; 6] }, epoch }
}

fn rows() -> BTreeMap<FindingKey, FindingRow> {
    let row = |entry: &str, remotes| {
        let key = FindingKey {
            account: Some("123456789012".into()),
            interface: Some("eni-0123456789abcdef0".into()),
            instance: None,
            list: "threats".into(),
            entry: entry.into(),
        };
        let traffic = Traffic {
            bytes_in: 1,
            bytes_out: 300,
            bytes_unoriented: u64::MAX,
            packets_in: 4,
            packets_out: 5,
            packets_unoriented: 6,
            flows: 7,
            rejected_bytes: 8,
            rejected_packets: 9,
            rejected_flows: 10,
            first_seen: Some(Timestamp::new(1_748_736_000, 5).unwrap()),
            last_seen: None,
        };
        let told = Some(Telling { first: 10, bulletin: 11, revision: 12 });
        FindingRow { key, traffic, recounted: true, remotes, revision: 13, told }
    };
    let remotes: Remotes = ["203.0.113.9", "2001:db8::9"]
        .map(|address| address.parse().unwrap())
        .into_iter()
        .collect();
    let rows = [row("203.0.113.0/24", remotes), row("198.51.100.0/24", Remotes::TooMany)];
    rows.map(|row| (row.key.clone(), row)).into()
}

fn trouble() -> Vec<TroubleEntry> {
    let denied = Trouble {
        object: "s3://flow-logs/b".into(),
        kind: "denied".into(),
        reason: "AccessDenied".into(),
        tried: 3,
    };
    vec![TroubleEntry::Settled("s3://flow-logs/a".into()), TroubleEntry::More(denied)]
}

fn sealed(rows: &BTreeMap<FindingKey, FindingRow>) -> Vec<u8> {
    let mut draft = SegmentDraft::new([(4, "lists of today".into())].into(), rows, trouble());
    draft.push_shelf(Shelf::Undated(9), &[entry(1, 4), entry(2, 3)]);
    draft.push_shelf(Shelf::of_day("2025-06-01".parse().unwrap()), &[entry(1, 4)]);
    draft.seal("seg/a".into(), true).0
}

/// The same bytes with the digest that they should have.
fn sealed_again(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - SEAL;
    let digest: [u8; SEAL] = Sha256::digest(&bytes[..body]).into();
    bytes[body..].copy_from_slice(&digest);
    bytes
}

#[test]
fn a_segment_is_read_as_it_was_written() {
    let rows = rows();
    let bytes = sealed(&rows);
    seal(&bytes).unwrap();
    let segment = Segment::decode(bytes).unwrap();
    let records = &segment.records;
    assert_eq!(records.len(), 3);
    let shelves: Vec<Shelf> = records.shelves().collect();
    assert_eq!(shelves, [Shelf::Undated(9), Shelf::of_day("2025-06-01".parse().unwrap())]);
    assert_eq!(records.parts_of(shelves[0]), 0..1);
    assert_eq!(records.parts_of(Shelf::Undated(8)), 0..0);
    assert_eq!(records.entries(0).collect::<Vec<_>>(), [entry(1, 4), entry(2, 3)]);
    assert_eq!(records.find(0, &2u64.to_be_bytes()), Some(entry(2, 3)));
    assert_eq!(records.find(1, &2u64.to_be_bytes()), None);
    assert_eq!(segment.epochs, [(4, "lists of today".to_owned())].into());
    assert_eq!(segment.rows, rows.into_values().collect::<Vec<_>>());
    assert_eq!(segment.trouble, trouble());
}

#[test]
fn no_byte_can_be_another() {
    let bytes = sealed(&rows());
    for place in 0..bytes.len() {
        let mut other = bytes.clone();
        other[place] ^= 1 << (place % 8);
        assert!(seal(&other).is_err(), "{place}");
        assert!(seal(&bytes[..place]).is_err(), "cut off at {place}");
    }
}

#[test]
fn what_has_the_right_digest_and_makes_no_sense_is_damaged() {
    let bytes = sealed(&rows());
    for place in 0..bytes.len() - SEAL {
        for flip in 1..=255 {
            let mut other = bytes.clone();
            other[place] ^= flip;
            // Many make sense; none may panic.
            let read = Segment::decode(sealed_again(other));
            if place < MAGIC.len() {
                assert!(matches!(read, Err(Unreadable::Damaged(_))), "{place} {flip}");
            }
        }
    }
    for length in 0..bytes.len() - SEAL {
        let cut = [&bytes[..length], &[0; SEAL]].concat();
        assert!(matches!(Segment::decode(sealed_again(cut)), Err(Unreadable::Damaged(_))));
    }
}

#[test]
fn a_newer_segment_is_told_from_a_damaged_one() {
    let mut bytes = sealed(&rows());
    bytes[MAGIC.len()] = 2;
    let read = Segment::decode(sealed_again(bytes));
    assert!(matches!(read, Err(Unreadable::Newer(2))));
}

#[test]
fn records_out_of_order_are_damaged() {
    let mut bytes = sealed(&BTreeMap::new());
    let first = bytes.windows(8).position(|bytes| bytes == 1u64.to_be_bytes()).unwrap();
    bytes[first + 7] = 2;
    let read = Segment::decode(sealed_again(bytes));
    assert!(
        matches!(&read, Err(Unreadable::Damaged(reason)) if reason.contains("sorted")),
        "{read:?}"
    );
}

#[test]
fn a_shelf_with_more_epochs_than_a_byte_can_number_is_cut() {
    let entries: Vec<Entry> = (0..1000).map(|number| entry(number, number as u32)).collect();
    let shelf = Shelf::Undated(0);
    let mut draft = SegmentDraft::default();
    draft.push_shelf(shelf, &entries);
    let (bytes, told) = draft.seal("seg/a".into(), false);
    let records = Segment::decode(bytes).unwrap().records;
    assert_eq!((records.len(), told.records), (1000, 1000));
    assert_eq!(records.parts_of(shelf), 0..4);
    let read: Vec<Entry> = (0..4).flat_map(|part| records.entries(part)).collect();
    assert_eq!(read, entries);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [&MAGIC[..], &VERSION.to_le_bytes(), &body, &[0; SEAL]].concat();
        let _ = Segment::decode(bytes);
    }
}
