//! Decoding inflated text: ours with several questions, and the naive split of each line.
//!
//! Every contestant's answer is checked before its time is taken.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::sum;
use arrow::datatypes::UInt64Type;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowproof::sample::{SampleOptions, write_sample};
use flowproof_benches::{naive_bytes, texts_under};
use flowproof_record::{Decoder, DecoderOptions, FieldId, Keep, Predicate};

/// Decodes all texts; returns the rows handed out and the OK records met.
fn decode(texts: &[Vec<u8>], options: &DecoderOptions) -> (u64, u64) {
    let (mut rows, mut ok) = (0, 0);
    for text in texts {
        let mut decoder = Decoder::new(options.clone());
        let mut rest = &text[..];
        while !rest.is_empty() {
            rest = &rest[decoder.decode(rest)..];
            rows += decoder.flush().map_or(0, |batch| batch.num_rows() as u64);
        }
        decoder.finish();
        rows += decoder.flush().map_or(0, |batch| batch.num_rows() as u64);
        ok += decoder.tally().counts.ok;
    }
    (rows, ok)
}

/// The bytes of all records, as the decoder hands them out.
fn decoded_bytes(texts: &[Vec<u8>]) -> u64 {
    let columns = vec![FieldId::BYTES];
    let mut total = 0;
    let mut add = |batch: Option<RecordBatch>| {
        let bytes = batch.map(|batch| sum(batch.column(0).as_primitive::<UInt64Type>()));
        total += bytes.flatten().unwrap_or(0);
    };
    for text in texts {
        let mut decoder =
            Decoder::new(DecoderOptions { columns: columns.clone(), ..Default::default() });
        let mut rest = &text[..];
        while !rest.is_empty() {
            rest = &rest[decoder.decode(rest)..];
            add(decoder.flush());
        }
        decoder.finish();
        add(decoder.flush());
    }
    total
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SampleOptions { records: 200_000, ..SampleOptions::default() };
    let summary = write_sample(&folder.path().join("set"), &options).expect("a sample");
    let texts = texts_under(folder.path()).expect("the sample's objects");
    let bytes: u64 = texts.iter().map(|text| text.len() as u64).sum();
    let naive: u64 = texts.iter().map(|text| naive_bytes(text)).sum();
    assert_eq!(decoded_bytes(&texts), naive, "ours and the naive reading disagree");

    let volumes = vec![FieldId::INTERFACE_ID, FieldId::SRCADDR, FieldId::DSTADDR, FieldId::BYTES];
    let traffic = |columns: Vec<FieldId>, predicate: Option<Predicate>| DecoderOptions {
        columns,
        keep: Keep::Traffic,
        predicate: predicate.map(Arc::new),
        ..DecoderOptions::default()
    };
    let absent = Predicate::text_in(FieldId::INTERFACE_ID, ["eni-none"]);
    let cases = [
        ("all_columns", traffic(FieldId::all().collect(), None), summary.ok),
        ("four_columns", traffic(volumes.clone(), None), summary.ok),
        ("no_columns", traffic(Vec::new(), None), summary.ok),
        ("absent_interface", traffic(volumes, Some(absent)), 0),
    ];
    let mut group = criterion.benchmark_group("decode/mixed");
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    for (name, options, expected) in cases {
        assert_eq!(decode(&texts, &options), (expected, summary.ok), "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| decode(&texts, &options)));
    }
    group.bench_function("naive_split", |bencher| {
        bencher.iter(|| texts.iter().map(|text| naive_bytes(text)).sum::<u64>())
    });
    group.finish();
}

criterion_group!(decoding, benches);
criterion_main!(decoding);
