use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, UInt32Type};
use datafusion::prelude::SessionContext;
use flowproof_source::{Location, Object, key_layout};
use proptest::prelude::*;

use super::*;
use crate::catalog::Catalog;
use crate::distributed::setup::{ObjectSet, Setup};
use crate::orient::{AddressBook, Orientation};
use crate::scan::{CoverageScope, Outcome, any_report};
use crate::table::{FlowLogTable, TableKind};

/// An object that no test reads.
fn no_object() -> Object {
    Object {
        key: "a".into(),
        location: Location::Local("a".into()),
        size: 1,
        etag: None,
        layout: None,
    }
}

/// A scan of these objects in which directions and times are asked for.
fn context(objects: Vec<Object>) -> ScanContext {
    ScanContext {
        catalog: Arc::new(Catalog::of(objects)),
        coverage: CoverageScope::Everybody,
        orientation: Orientation { pending: Some(Arc::default()), ..Orientation::default() },
        ..ScanContext::of(no_object())
    }
}

/// Logs of three interfaces by two flow logs, in eight files: whole, broken, empty, of other forms.
fn write_logs(folder: &Path) -> Vec<Object> {
    let header = "interface-id srcaddr dstaddr bytes start end action log-status";
    let mut files: Vec<(String, String)> = (0..6)
        .map(|file| {
            let mut text = format!("{header}\n");
            for n in 0..40 {
                let interface = 1 + (n + file) % 3;
                let own = format!("10.0.{interface}.5");
                let other = match n % 4 {
                    0 => format!("10.0.{}.5", 1 + interface % 3),
                    n => format!("203.0.113.{}", n + 10 * file),
                };
                let (from, to) = if n % 3 == 0 { (own, other) } else { (other, own) };
                let start = 1_748_736_000 + 600 * file + n;
                let (bytes, end) = (100 * file + n, start + 60);
                let eni = format!("eni-0a1b2c3d4e5f6000{interface}");
                let _ = writeln!(text, "{eni} {from} {to} {bytes} {start} {end} ACCEPT OK");
            }
            let flow_log =
                if file % 2 == 0 { "fl-0123456789abcdef0" } else { "fl-0123456789abcdef1" };
            let name = format!(
                "123456789012_vpcflowlogs_us-east-1_{flow_log}_20250601T00{file}5Z_1a2b3c4d.log"
            );
            (name, text)
        })
        .collect();
    files[1].1.push_str("eni-0a1b2c3d4e5f60001 - - - 1748739600 1748739660 - NODATA\n");
    files[2].1.push_str("eni-0a1b2c3d4e5f60002 - - - 1748739600 1748739660 - SKIPDATA\nbroken\n");
    files.push(("empty.log".into(), String::new()));
    files.push(("page.log".into(), "<!DOCTYPE html>\n".into()));
    // As large as the first, and the same but for its last sign.
    let first = files[0].1.clone();
    files.push(("other.log".into(), format!("{} ", first.trim_end())));
    let object = |(name, text): &(String, String)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let key = path.display().to_string();
        let layout = key_layout(&key);
        let size = text.len() as u64;
        Object { key, location: Location::Local(path), size, etag: None, layout }
    };
    files.iter().map(object).collect()
}

/// What a test looks at in a scan's rows.
struct Rows {
    interfaces: UInt32Array,
    pending: UInt32Array,
    /// The object and the bytes of each row, which no two have in common.
    names: Vec<(String, i64)>,
}

/// Reads all that is to be read.
async fn rows(scan: &Arc<ScanContext>) -> Vec<Rows> {
    let session = SessionContext::new();
    let table = FlowLogTable::new(TableKind::Measured, Arc::clone(scan));
    session.register_table("measured_traffic", Arc::new(table)).unwrap();
    let sql = "SELECT interface_code, pending, object, bytes FROM measured_traffic";
    let batches = session.sql(sql).await.unwrap().collect().await.unwrap();
    let of_batch = |batch: &arrow::array::RecordBatch| {
        let bytes = cast(batch.column(3), &DataType::Int64).unwrap();
        let objects = batch.column(2).as_string_view();
        let names = objects.iter().zip(bytes.as_primitive::<Int64Type>());
        Rows {
            interfaces: batch.column(0).as_primitive::<UInt32Type>().clone(),
            pending: batch.column(1).as_primitive::<UInt32Type>().clone(),
            names: names.map(|(key, bytes)| (key.unwrap().to_owned(), bytes.unwrap())).collect(),
        }
    };
    batches.iter().map(of_batch).collect()
}

/// Of each row: which it is, the interface, and the side that its code turns out to mean.
fn meanings(
    scan: &ScanContext,
    rows: &[Rows],
    book: &AddressBook,
) -> BTreeSet<(String, i64, String, String)> {
    let mut meanings = BTreeSet::new();
    for rows in rows {
        let codes: ArrayRef = Arc::new(rows.interfaces.clone());
        let texts = scan.interner.texts(&codes).unwrap();
        let texts: &StringViewArray = texts.as_string_view();
        for (row, (object, bytes)) in rows.names.iter().enumerate() {
            let pending = scan.orientation.pending.as_ref().unwrap();
            let code = rows.pending.is_valid(row).then(|| rows.pending.value(row));
            let side = code.map(|code| pending.resolve(code, book));
            let interface = texts.value(row).to_owned();
            meanings.insert((object.clone(), *bytes, interface, format!("{side:?}")));
        }
    }
    meanings
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().build().unwrap()
}

/// Scans some objects of a scan as another process would: what it told, and its rows.
async fn elsewhere(scan: &ScanContext, numbers: &[usize]) -> (Vec<u8>, Vec<Rows>) {
    let setup = Setup::of(scan).encode().unwrap();
    let objects = ObjectSet::of(scan, numbers).unwrap().encode().unwrap();
    let catalog = ObjectSet::decode(&objects).unwrap().catalog(None).unwrap();
    let pool = Arc::clone(&scan.pool);
    let setup = Setup::decode(&setup).unwrap();
    let there = setup.context(Arc::new(setup.book()), Arc::new(catalog), pool);
    let there = Arc::new(there);
    let rows = rows(&there).await;
    (Told::take(&there).encode().unwrap(), rows)
}

#[test]
fn what_two_scans_tell_of_halves_is_what_one_tells_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let objects = write_logs(folder.path());
    runtime().block_on(async {
        let local = Arc::new(context(objects.clone()));
        let local_rows = rows(&local).await;
        let merged = context(objects.clone());
        let mut merged_rows = Vec::new();
        // Each half begins with other records of the interfaces than the other one.
        for numbers in [vec![8, 5, 0, 3], vec![2, 7, 1, 4, 6]] {
            let (told, there) = elsewhere(&merged, &numbers).await;
            let translation = Told::decode(&told).unwrap().give(&merged, &numbers).unwrap();
            merged_rows.extend(there.into_iter().map(|rows| Rows {
                interfaces: translation.interfaces(&rows.interfaces).unwrap(),
                pending: translation.pending(&rows.pending).unwrap(),
                names: rows.names,
            }));
        }
        let (one, all) = (local.told_whole(), merged.told_whole());
        let reports: Vec<_> = one.objects.iter().collect();
        assert_eq!(all.objects.iter().collect::<Vec<_>>(), reports);
        assert_eq!(all.learner, one.learner);
        assert_eq!(all.times, one.times);
        assert_eq!(all.logged, one.logged);

        // All of it was there to be told.
        assert_eq!(reports.len(), objects.len());
        let has = |test: &dyn Fn(&ObjectReport) -> bool| reports.iter().any(|(_, r)| test(r));
        assert!(has(&|report| !report.tally.rejects.is_empty()));
        assert!(has(&|report| report.outcome == Outcome::Empty));
        assert!(has(&|report| matches!(report.outcome, Outcome::NotAFlowLog(_))));
        let digests = reports.iter().filter(|(_, report)| report.digest.is_some()).count();
        assert!((2..objects.len()).contains(&digests), "{digests}: of those of one size");
        assert_eq!((one.times.len(), one.logged.len()), (3, 3));

        let mut book = AddressBook::default();
        assert_eq!(all.learner.teach(&mut book), 3);
        let meanings_here = meanings(&local, &local_rows, &book);
        assert_eq!(meanings(&merged, &merged_rows, &book), meanings_here);
        assert_eq!(meanings_here.len(), 7 * 40);
        let sides: BTreeSet<&String> = meanings_here.iter().map(|meaning| &meaning.3).collect();
        assert_eq!(sides.len(), 2, "{sides:?}");
    });
}

#[test]
fn a_later_report_of_an_object_takes_the_place_of_an_earlier_one() {
    let into = context(vec![no_object()]);
    for rows in [7, 9] {
        let from = context(vec![no_object()]);
        let report = ObjectReport { rows, outcome: Outcome::Read, ..ObjectReport::default() };
        from.report.put(0, report, Learner::default(), BTreeMap::new());
        Told::take(&from).give(&into, &[0]).unwrap();
    }
    assert_eq!(into.told_whole().objects.get(0).unwrap().rows, 9);
}

fn empty() -> Told {
    Told::take(&context(Vec::new()))
}

#[test]
fn what_is_not_explained_is_an_error_and_tells_nothing() {
    let into = context(vec![no_object()]);
    let told = |number, formats| {
        let report = ObjectReport::default();
        Told {
            objects: vec![ToldObject { number, report, formats }],
            formats: vec![vec![]],
            ..empty()
        }
    };
    let error = told(1, 0).give(&into, &[0]).unwrap_err();
    assert!(matches!(error, ToldError::Object { number: 1, objects: 1 }), "{error}");
    let error = Told::decode(&told(0, 1).encode().unwrap()).unwrap_err();
    assert!(matches!(error, ToldError::Formats), "{error}");
    let damaged = [told(0, 0).encode().unwrap(), vec![0]].concat();
    assert!(matches!(Told::decode(&damaged).unwrap_err(), ToldError::Damaged(_)));
    assert_eq!(into.told_whole().objects.iter().count(), 0);
}

#[test]
fn codes_are_translated_and_those_that_are_not_known_are_errors() {
    let into = context(Vec::new());
    into.interner.code("eni-1").unwrap();
    let pair = |interface: &str| PendingPair {
        interface: interface.into(),
        a: "10.0.0.1".into(),
        b: "10.0.0.2".into(),
    };
    into.orientation.pending.as_ref().unwrap().take_in(&[pair("eni-1")]).unwrap();
    let texts = vec!["eni-2".to_owned(), "eni-1".to_owned()];
    let told = Told { texts, pairs: vec![pair("eni-2"), pair("eni-1")], ..empty() };
    let bytes = told.encode().unwrap();
    let translation = told.give(&into, &[]).unwrap();
    let codes = |codes: &[Option<u32>]| codes.iter().copied().collect::<UInt32Array>();
    let there = codes(&[Some(1), None, Some(0)]);
    assert_eq!(translation.interfaces(&there).unwrap(), codes(&[Some(0), None, Some(1)]));
    let there = codes(&[Some(8), None, Some(6)]);
    assert_eq!(translation.pending(&there).unwrap(), codes(&[Some(1), None, Some(13)]));
    // Whatever stands below a NULL.
    let below = UInt32Array::new(vec![99, 0].into(), Some(vec![false, true].into()));
    assert_eq!(translation.interfaces(&below).unwrap(), codes(&[None, Some(1)]));
    let error = translation.interfaces(&codes(&[Some(2)])).unwrap_err();
    assert!(matches!(error, ToldError::Code { what: "interfaces", code: 2 }), "{error}");
    assert!(translation.pending(&codes(&[Some(14)])).is_err());

    // Where nobody asks for codes, none can come.
    let quiet = ScanContext::of(no_object());
    let translation = Told::decode(&bytes).unwrap().give(&quiet, &[]).unwrap();
    assert!(translation.pending(&codes(&[None])).is_ok());
    assert!(translation.pending(&codes(&[Some(0)])).is_err());
}

/// Anything that may be told, but for what records taught, which has tests of its own.
fn told() -> impl Strategy<Value = (Told, Vec<ObjectReport>)> {
    let spans = (0u8..3, 0u8..3, any::<(i64, i64)>());
    (
        prop::collection::vec(any_report(), 0..5),
        prop::collection::vec("\\PC{0,9}", 0..4),
        prop::collection::vec(("eni-[1-3]", "\\PC{0,9}", "10\\.0\\.0\\.[1-9]"), 0..4),
        prop::collection::vec(spans, 0..4),
    )
        .prop_map(|(reports, texts, pairs, spans)| {
            let from = context(Vec::new());
            for (number, report) in reports.iter().enumerate() {
                from.report.put(number, report.clone(), Learner::default(), BTreeMap::new());
            }
            let mut logged = LoggedInterfaces::default();
            for (interface, flow_log, (from, to)) in spans {
                logged.widen(&format!("eni-{interface}"), &format!("fl-{flow_log}"), (from, to));
            }
            let pair = |(interface, a, b)| PendingPair { interface, a, b };
            let pairs = pairs.into_iter().map(pair).collect();
            (Told { texts, pairs, logged, ..Told::take(&from) }, reports)
        })
}

proptest! {
    #[test]
    fn all_that_was_told_comes_back((told, reports) in told()) {
        let bytes = told.encode().unwrap();
        let again = Told::decode(&bytes).unwrap();
        prop_assert_eq!(&again.texts, &told.texts);
        prop_assert_eq!(&again.pairs, &told.pairs);
        prop_assert_eq!(&again.logged, &told.logged);
        prop_assert_eq!(again.encode().unwrap(), bytes);
        let into = context(Vec::new());
        let numbering: Vec<usize> = (0..reports.len()).rev().collect();
        again.give(&into, &numbering).unwrap();
        let objects = into.told_whole().objects;
        for (number, report) in reports.into_iter().enumerate() {
            prop_assert_eq!(objects.get(numbering[number]), Some(report));
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_tell_something_else(
        (told, reports) in told(), at in any::<prop::sample::Index>(), flip in 1_u8..,
    ) {
        let mut bytes = told.encode().unwrap();
        let at = at.index(bytes.len());
        prop_assert!(Told::decode(&bytes[..at]).is_err());
        bytes[at] ^= flip;
        if let Ok(told) = Told::decode(&bytes) {
            let into = context(Vec::new());
            let _ = told.give(&into, &(0..reports.len()).collect::<Vec<_>>());
            into.told_whole();
        }
    }

    #[test]
    fn any_bytes_are_refused_or_tell_something(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
        let _ = Told::decode(&bytes);
    }
}
