//! A flow log that comes in pieces becomes Arrow record batches.
//!
//! ```sh
//! gzip -dc log.gz | cargo run -p flowproof-record --example decode_stream
//! ```

use std::io::{self, Read, Write};

use flowproof_record::arrow::array::{AsArray, RecordBatch};
use flowproof_record::arrow::datatypes::UInt64Type;
use flowproof_record::{Decoder, DecoderOptions, FieldId, Keep};

fn main() -> io::Result<()> {
    run(io::stdin().lock(), &mut io::stdout().lock())
}

/// Tells of each batch how many bytes its records carried, and then what else was in the log.
pub fn run(mut log: impl Read, out: &mut impl Write) -> io::Result<()> {
    let mut decoder = Decoder::new(DecoderOptions {
        // Columns that nobody asks for are checked, but not built.
        columns: vec![FieldId::SRCADDR, FieldId::DSTADDR, FieldId::BYTES],
        keep: Keep::Traffic,
        ..DecoderOptions::default()
    });
    let mut buffer = vec![0; 64 * 1024];
    loop {
        // Pieces end wherever they like: what is left of a line waits in the decoder.
        let length = log.read(&mut buffer)?;
        let mut piece = &buffer[..length];
        while !piece.is_empty() {
            piece = &piece[decoder.decode(piece)..];
            if decoder.is_full() {
                take(decoder.flush(), out)?;
            }
        }
        if length == 0 {
            break;
        }
    }
    decoder.finish();
    take(decoder.flush(), out)?;

    // Nothing that is not in a batch is passed over in silence.
    if let Some(refusal) = decoder.refusal() {
        writeln!(out, "no flow log: {refusal}")?;
    }
    let tally = decoder.tally();
    let counts = tally.counts;
    writeln!(
        out,
        "{} records with traffic, {} NODATA, {} SKIPDATA, {} malformed, {} with a bad time",
        counts.ok, counts.nodata, counts.skipdata, counts.malformed, counts.bad_time
    )?;
    for reject in &tally.rejects {
        writeln!(out, "{reject}")?;
    }
    Ok(())
}

fn take(batch: Option<RecordBatch>, out: &mut impl Write) -> io::Result<()> {
    let Some(batch) = batch else { return Ok(()) };
    // A counter may be missing in a record (`-`), and a sum may need more than 64 bits.
    let bytes = batch.column(2).as_primitive::<UInt64Type>();
    let sum: u128 = bytes.iter().flatten().map(u128::from).sum();
    writeln!(out, "a batch of {} records, {sum} bytes", batch.num_rows())
}
