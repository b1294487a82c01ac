//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use crate::{Decoder, DecoderOptions, Tally};

/// Decodes `bytes` once whole and once in pieces of the given lengths, and compares the two.
///
/// # Panics
///
/// If they differ, or if a row count does not add up: that is what a fuzzer looks for.
pub fn check_decoder(bytes: &[u8], pieces: &[usize]) {
    let whole = run(bytes, &[usize::MAX]);
    let cut = run(bytes, if pieces.is_empty() { &[1] } else { pieces });
    assert_eq!(whole, cut, "the cut of the bytes changes the answer");
    let counts = whole.1.counts;
    let formed = counts.ok + counts.nodata + counts.skipdata + counts.transit_gateway;
    assert_eq!(counts.selected, formed, "every record of good form is handed out");
    assert_eq!(whole.0, counts.selected, "every record handed out is in a batch");
}

fn run(bytes: &[u8], pieces: &[usize]) -> (u64, Tally) {
    let mut decoder = Decoder::new(DecoderOptions { batch_rows: 3, ..DecoderOptions::default() });
    let mut rows = 0;
    let mut lengths = pieces.iter().copied().cycle();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(1).clamp(1, rest.len());
        let mut piece = &rest[..length];
        while !piece.is_empty() {
            piece = &piece[decoder.decode(piece)..];
            rows += decoder.flush().map_or(0, |batch| batch.num_rows() as u64);
        }
        rest = &rest[length..];
    }
    decoder.finish();
    rows += decoder.flush().map_or(0, |batch| batch.num_rows() as u64);
    (rows, decoder.tally().clone())
}
