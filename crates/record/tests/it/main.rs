//! What a user of the crate leans on, and the examples, run as they stand.

use flowproof_record::{
    Decoder, DecoderOptions, FormatStringError, Record, RecordError, Records, Refusal, Unwrapper,
};

#[allow(dead_code, unreachable_pub)] // Its `main` reads a file.
#[path = "../../examples/bytes_by_source.rs"]
mod bytes_by_source;
#[allow(dead_code, unreachable_pub)] // Its `main` reads standard input.
#[path = "../../examples/decode_stream.rs"]
mod decode_stream;

#[test]
fn the_principal_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn error<E: std::error::Error + Send + Sync + 'static>() {}
    shared::<Decoder>();
    shared::<DecoderOptions>();
    shared::<Record<'static>>();
    shared::<Records<'static>>();
    shared::<Unwrapper>();
    error::<FormatStringError>();
    error::<RecordError>();
    error::<Refusal>();
}

const LOG: &str = "\
version srcaddr dstaddr bytes start end action log-status
2 10.0.1.5 203.0.113.9 8400 1748736000 1748736060 ACCEPT OK
2 203.0.113.9 10.0.1.5 1200 1748736000 1748736060 ACCEPT OK
2 10.0.1.5 203.0.113.9 600 1748736060 1748736120 ACCEPT OK
2 10.0.1.5 198.51.100.7 40 1748736060 1748736120 REJECT OK
2 - - - 1748736120 1748736180 - NODATA
2 10.0.1.5 203.0.113.9 many 1748736120 1748736180 ACCEPT OK
";

#[test]
fn the_example_of_a_stream_tells_batches_and_all_else() {
    let mut out = Vec::new();
    decode_stream::run(LOG.as_bytes(), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "a batch of 4 records, 10240 bytes\n\
         4 records with traffic, 1 NODATA, 0 SKIPDATA, 1 malformed, 0 with a bad time\n\
         line 7: bytes: expected a whole number of 64 bits, got `many`\n"
    );
    let mut out = Vec::new();
    decode_stream::run(&b"<!DOCTYPE html>\n"[..], &mut out).unwrap();
    assert!(out.starts_with(b"no flow log: looks like HTML or XML\n"));
}

#[test]
fn the_example_of_records_adds_up_what_each_source_sent() {
    let mut out = Vec::new();
    bytes_by_source::run(LOG.as_bytes(), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "        9000 10.0.1.5\n        1200 203.0.113.9\n\
         not counted: line 7: bytes: expected a whole number of 64 bits, got `many`\n"
    );
}
