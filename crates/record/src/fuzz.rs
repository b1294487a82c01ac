//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, TimestampNanosecondType, UInt64Type};

use crate::{
    Decoder, DecoderOptions, FieldId, Kind, Record, RecordError, RejectKind, Tally, Unwrapped,
    Unwrapper, records,
};

/// Decodes `bytes` once whole, once in pieces of the given lengths, once line by line and once into
/// records without batches, and compares all four.
///
/// # Panics
///
/// If they differ, or if a row count does not add up: that is what a fuzzer looks for.
pub fn check_decoder(bytes: &[u8], pieces: &[usize]) {
    let options = DecoderOptions { batch_rows: 3, ..DecoderOptions::default() };
    let whole = run(bytes, &[usize::MAX], &options);
    let cut = run(bytes, if pieces.is_empty() { &[1] } else { pieces }, &options);
    assert_eq!(whole, cut, "the cut of the bytes changes the answer");
    let careful = DecoderOptions { careful: true, ..options };
    let careful = run(bytes, &[usize::MAX], &careful);
    assert_eq!(whole, careful, "many lines at once give another answer than one at a time");
    let counts = whole.1.counts;
    let formed = counts.ok + counts.nodata + counts.skipdata + counts.transit_gateway;
    assert_eq!(counts.selected, formed, "every record of good form is handed out");
    let rows: u64 = whole.0.iter().map(|batch| batch.num_rows() as u64).sum();
    assert_eq!(rows, counts.selected, "every record handed out is in a batch");
    check_records(bytes, &whole);
}

/// Compares the records of `bytes` with the rows and the tally of a decoder.
fn check_records(bytes: &[u8], (batches, tally): &(Vec<RecordBatch>, Tally)) {
    let mut read = records(bytes);
    let (mut good, mut rejects, mut refusals) = (Vec::new(), Vec::new(), 0);
    for record in &mut read {
        assert_eq!(refusals, 0, "a refusal is the last that is told");
        match record {
            Ok(record) => good.push(record),
            Err(RecordError::Line(reject)) => rejects.push(reject),
            Err(RecordError::Text(_)) => refusals += 1,
        }
    }
    assert_eq!(read.tally(), tally, "records are counted as the decoder counts them");
    let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    assert_eq!(rows.clone().count(), good.len());
    for ((batch, row), record) in rows.zip(&good) {
        for (id, column) in FieldId::all().zip(batch.columns()) {
            assert_eq!(
                value(record, id),
                shown(column, row, id),
                "{record:?}: {}",
                id.field().name
            );
        }
    }
    for kind in [RejectKind::Malformed, RejectKind::BadTime] {
        let of_kind = || rejects.iter().filter(|reject| reject.kind == kind);
        let kept = tally.rejects.iter().filter(|reject| reject.kind == kind);
        assert!(kept.eq(of_kind().take(Tally::REJECTS_PER_KIND)), "the first rejects are kept");
    }
    let counts = tally.counts;
    assert_eq!(rejects.len() as u64, counts.malformed + counts.bad_time, "each reject is told");
}

/// A value of a record, as a batch would show it.
fn value(record: &Record<'_>, id: FieldId) -> Option<String> {
    match id.field().kind {
        Kind::Address => record.address(id).map(|address| address.to_string()),
        Kind::Int(_) | Kind::Counter | Kind::Time => {
            record.number(id).map(|number| number.to_string())
        }
        Kind::Text | Kind::Action | Kind::LogStatus => record.text(id).map(str::to_owned),
    }
}

/// A value in a batch; times in seconds.
fn shown(column: &ArrayRef, row: usize, id: FieldId) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    Some(match id.field().kind {
        Kind::Int(_) => column.as_primitive::<Int32Type>().value(row).to_string(),
        Kind::Counter => column.as_primitive::<UInt64Type>().value(row).to_string(),
        Kind::Time => {
            let nanoseconds = column.as_primitive::<TimestampNanosecondType>().value(row);
            (nanoseconds / 1_000_000_000).to_string()
        }
        Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => {
            column.as_string_view().value(row).to_owned()
        }
    })
}

/// The rows and the tally.
fn run(bytes: &[u8], pieces: &[usize], options: &DecoderOptions) -> (Vec<RecordBatch>, Tally) {
    let mut decoder = Decoder::new(options.clone());
    let mut batches = Vec::new();
    let mut lengths = pieces.iter().copied().cycle();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(1).clamp(1, rest.len());
        let mut piece = &rest[..length];
        while !piece.is_empty() {
            piece = &piece[decoder.decode(piece)..];
            if decoder.is_full() {
                batches.extend(decoder.flush());
            }
        }
        rest = &rest[length..];
    }
    decoder.finish();
    batches.extend(decoder.flush());
    (batches, decoder.tally().clone())
}

/// Unwraps `bytes` once whole and once in pieces of the given lengths, and compares the two.
///
/// # Panics
///
/// If they differ: that is what a fuzzer looks for.
pub fn check_unwrapper(bytes: &[u8], pieces: &[usize]) {
    let whole = unwrap(bytes, &[usize::MAX]);
    let cut = unwrap(bytes, if pieces.is_empty() { &[1] } else { pieces });
    assert_eq!(whole, cut, "the cut of the bytes changes what is unwrapped");
}

/// The text for the decoder, and everything that is told beside it.
fn unwrap(bytes: &[u8], pieces: &[usize]) -> (Vec<u8>, String, Tally) {
    let mut unwrapper = Unwrapper::new();
    let (mut text, mut lengths, mut rest) = (Vec::new(), pieces.iter().copied().cycle(), bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(lengths.next().unwrap_or(1).clamp(1, rest.len()));
        if unwrapper.push(piece, &mut text) == Unwrapped::AsPushed {
            text.extend_from_slice(piece);
        }
        rest = after;
    }
    unwrapper.finish(&mut text);
    let mut tally = Tally::default();
    unwrapper.settle(&mut tally);
    let told = format!(
        "{:?} {:?} {:?} {} {:?}",
        unwrapper.wrapper(),
        unwrapper.refusal(),
        unwrapper.cut(),
        unwrapper.control_messages(),
        unwrapper.unknown_fields().collect::<Vec<_>>(),
    );
    (text, told, tally)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_unwrapped_the_same_whatever_the_cut(
            bytes in prop::collection::vec(
                prop_oneof![
                    2 => prop::sample::select(&b"{}[]\",:\n\\ 2m"[..]),
                    1 => any::<u8>(),
                ],
                0..400,
            ),
            pieces in prop::collection::vec(1usize..40, 1..4),
        ) {
            super::check_unwrapper(&bytes, &pieces);
        }
    }
}
