//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use arrow::array::RecordBatch;

use crate::{Decoder, DecoderOptions, Tally};

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
