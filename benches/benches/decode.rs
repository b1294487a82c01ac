//! Decoding inflated text: the default format and all fields of version 5, with several questions, of
//! which none to all records pass; and the naive split of each line.
//!
//! Every contestant's answer is checked before its time is taken. `thrpt` is records a second: its
//! inverse is the time per record.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::sum;
use arrow::datatypes::UInt64Type;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use flowproof::sample::{SampleFormat, SampleOptions, write_sample};
use flowproof_benches::{naive_bytes, naive_interfaces, texts_under};
use flowproof_record::{Decoder, DecoderOptions, FieldId, Keep, Predicate};

/// Records of each set.
const RECORDS: u64 = 400_000;

/// Decodes all texts, hands every batch on, and returns the OK records met.
fn decode(texts: &[Vec<u8>], options: &DecoderOptions, mut take: impl FnMut(&RecordBatch)) -> u64 {
    let mut ok = 0;
    for text in texts {
        let mut decoder = Decoder::new(options.clone());
        let mut rest = &text[..];
        while !rest.is_empty() {
            rest = &rest[decoder.decode(rest)..];
            decoder.flush().iter().for_each(&mut take);
        }
        decoder.finish();
        decoder.flush().iter().for_each(&mut take);
        ok += decoder.tally().counts.ok;
    }
    ok
}

/// The rows handed out and the OK records met.
fn rows(texts: &[Vec<u8>], options: &DecoderOptions) -> (u64, u64) {
    let mut rows = 0;
    let ok = decode(texts, options, |batch| rows += batch.num_rows() as u64);
    (rows, ok)
}

/// The bytes of all records, as the decoder hands them out.
fn decoded_bytes(texts: &[Vec<u8>]) -> u64 {
    let options = DecoderOptions { columns: vec![FieldId::BYTES], ..DecoderOptions::default() };
    let mut total = 0;
    decode(texts, &options, |batch| {
        total += sum(batch.column(0).as_primitive::<UInt64Type>()).unwrap_or(0);
    });
    total
}

/// Text of one format, and how many OK records each interface has in it.
struct Set {
    texts: Vec<Vec<u8>>,
    records: u64,
    ok: u64,
    interfaces: BTreeMap<String, u64>,
}

impl Set {
    fn new(format: SampleFormat) -> Set {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = SampleOptions {
            records: RECORDS,
            files: Some(4),
            formats: vec![format],
            ..SampleOptions::default()
        };
        let summary = write_sample(&folder.path().join("set"), &options).expect("a sample");
        let texts = texts_under(folder.path()).expect("the sample's objects");
        let naive: u64 = texts.iter().map(|text| naive_bytes(text)).sum();
        assert_eq!(decoded_bytes(&texts), naive, "ours and the naive reading disagree");
        let mut interfaces = BTreeMap::new();
        for text in &texts {
            for (interface, count) in naive_interfaces(text) {
                *interfaces.entry(interface).or_default() += count;
            }
        }
        Set { texts, records: summary.records(), ok: summary.ok, interfaces }
    }

    /// Interfaces that have about so much of the records, and how many records that is.
    fn interfaces_with(&self, percent: u64) -> (HashSet<&str>, u64) {
        let (mut chosen, mut rows) = (HashSet::new(), 0);
        for (interface, count) in &self.interfaces {
            if (rows + count) * 100 <= self.ok * percent {
                chosen.insert(interface.as_str());
                rows += count;
            }
        }
        (chosen, rows)
    }
}

/// The columns that adding up bytes per interface asks for.
fn few_columns() -> Vec<FieldId> {
    vec![FieldId::INTERFACE_ID, FieldId::SRCADDR, FieldId::DSTADDR, FieldId::BYTES]
}

fn traffic(columns: Vec<FieldId>, predicate: Option<Predicate>) -> DecoderOptions {
    DecoderOptions {
        columns,
        keep: Keep::Traffic,
        predicate: predicate.map(Arc::new),
        ..DecoderOptions::default()
    }
}

/// What is asked of a set: a name, the options, and how many rows come out.
fn cases(set: &Set) -> Vec<(String, DecoderOptions, u64)> {
    let interface_in = |ids: Vec<&str>| Some(Predicate::text_in(FieldId::INTERFACE_ID, ids));
    let all = FieldId::all().collect();
    let mut cases = vec![
        ("all_columns".to_owned(), traffic(all, None), set.ok),
        ("four_columns".to_owned(), traffic(few_columns(), None), set.ok),
        ("no_columns".to_owned(), traffic(Vec::new(), None), set.ok),
    ];
    for percent in [0, 1, 10, 50, 100] {
        let (ids, rows) = set.interfaces_with(percent);
        let ids = if ids.is_empty() { vec!["eni-none", "eni-nil"] } else { Vec::from_iter(ids) };
        let options = traffic(few_columns(), interface_in(ids));
        cases.push((format!("interfaces_with_{percent}_percent"), options, rows));
    }
    // One interface is looked for in the whole text before any line is split.
    let busiest = set.interfaces.iter().max_by_key(|(_, count)| **count);
    for (name, interface, rows) in [("absent", "eni-none", 0)]
        .into_iter()
        .chain(busiest.map(|(interface, count)| ("busiest", interface.as_str(), *count)))
    {
        let mut options = traffic(few_columns(), interface_in(vec![interface]));
        cases.push((format!("one_interface_{name}"), options.clone(), rows));
        options.pass_over = true;
        cases.push((format!("one_interface_{name}_passing_over"), options, rows));
    }
    cases
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, set: &Set) {
    group.throughput(Throughput::Elements(set.records)).sample_size(10);
    for (name, options, expected) in cases(set) {
        let (rows_out, ok) = rows(&set.texts, &options);
        assert_eq!(rows_out, expected, "{name}");
        // What is passed over is not looked into.
        assert!(ok == set.ok || options.pass_over, "{name}: {ok} OK records");
        group.bench_function(name, |bencher| bencher.iter(|| rows(&set.texts, &options)));
    }
    group.bench_function("naive_split", |bencher| {
        bencher.iter(|| set.texts.iter().map(|text| naive_bytes(text)).sum::<u64>())
    });
}

fn benches(criterion: &mut Criterion) {
    for (name, format) in [("v2", SampleFormat::V2), ("v5", SampleFormat::V5)] {
        let set = Set::new(format);
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        measure(&mut group, &set);
        group.finish();
    }
}

criterion_group!(decoding, benches);
criterion_main!(decoding);
