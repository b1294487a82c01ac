//! Any stream is notices or is refused by its lines, however it is cut. The first byte of the input
//! is the length of the cuts.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some((room, stream)) = input.split_first() {
        flowproof_source::fuzz::check_notices(stream, usize::from(*room));
    }
});
