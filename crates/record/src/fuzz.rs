//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use arrow::array::RecordBatch;

use crate::{Decoder, DecoderOptions, Tally, Unwrapped, Unwrapper};

/// Decodes `bytes` once whole, once in pieces of the given lengths and once line by line, and compares
/// all three.
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
