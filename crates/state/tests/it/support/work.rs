//! Objects and rows whose sums tell which objects are in them.

use std::collections::BTreeMap;

use flowproof_evidence::Traffic;
use flowproof_state::{
    Edition, FindingKey, FindingRow, Identity, ReadObject, Remotes, Shelf, Standing, State, Trouble,
};
use jiff::Timestamp;
use jiff::civil::date;

/// The shelf of object `number`: seven days over two months, and one without a day.
pub(crate) fn day(number: u32) -> Shelf {
    match number % 8 {
        7 => Shelf::of_folder("AWSLogs/exports"),
        shelf => {
            Shelf::of_day(date(2025, 5, 28).checked_add(jiff::Span::new().days(shelf)).unwrap())
        }
    }
}

pub(crate) fn identity(state: &State, number: u32, etag: u32) -> Identity {
    let key = format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/{number}.log.gz");
    state.identity(
        "s3://flow-logs",
        &key,
        Edition::ETag(&format!("e{etag}")),
        100 + u64::from(etag),
    )
}

pub(crate) fn read(state: &State, number: u32, etag: u32) -> ReadObject {
    ReadObject { shelf: day(number), identity: identity(state, number, etag) }
}

pub(crate) fn key(number: u32) -> FindingKey {
    FindingKey {
        account: Some("123456789012".into()),
        interface: Some(format!("eni-{:017x}", number % 2)),
        instance: number.is_multiple_of(2).then(|| "i-0123456789abcdef0".into()),
        list: "threats".into(),
        entry: format!("203.0.113.{}", number % 3),
    }
}

/// The row of an object: a power of two of its own, so that no sum hides a loss or a double.
pub(crate) fn object_row(number: u32, etag: u32) -> FindingRow {
    assert!(number < 21 && etag < 3);
    let seen = Timestamp::from_second(1_748_400_000 + i64::from(number)).unwrap();
    let traffic = Traffic {
        bytes_out: 1 << (number * 3 + etag),
        flows: 1,
        first_seen: Some(seen),
        last_seen: Some(seen),
        ..Traffic::default()
    };
    let remotes: Remotes = [format!("203.0.113.{number}").parse().unwrap()].into_iter().collect();
    let recounted = etag > 0;
    FindingRow { key: key(number), traffic, recounted, remotes, revision: 0, told: None }
}

/// What is known of an object in some edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    Known,
    Replaced,
}

impl From<Standing> for Seen {
    fn from(standing: Standing) -> Seen {
        match standing {
            Standing::New => Seen::New,
            Standing::Known { .. } => Seen::Known,
            Standing::Replaced => Seen::Replaced,
        }
    }
}

/// All that a state says, but for when it said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) findings: Vec<FindingRow>,
    pub(crate) trouble: Vec<Trouble>,
    pub(crate) notes: BTreeMap<String, String>,
    pub(crate) standings: Vec<[Seen; 3]>,
    pub(crate) objects: u64,
}

/// All that a state says of the first `objects`.
pub(crate) async fn all(state: &mut State, objects: u32) -> Snapshot {
    let findings = state.findings().await.unwrap();
    let findings = findings.map(|row| FindingRow { revision: 0, ..row.clone() }).collect();
    let trouble = state.trouble().await.unwrap().cloned().collect();
    let mut standings = Vec::new();
    for number in 0..objects {
        let known = state.known(day(number)).await.unwrap();
        let of = |etag| known.standing(&identity(state, number, etag)).into();
        standings.push([of(0), of(1), of(2)]);
    }
    let (notes, objects) = (state.notes().clone(), state.summary().objects);
    Snapshot { findings, trouble, notes, standings, objects }
}
