//! Any bytes, cut anywhere, are unwrapped to the same text. The first two bytes of the input are the
//! lengths of the pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (pieces, object) = input.split_at(input.len().min(2));
    let pieces: Vec<usize> = pieces.iter().map(|length| usize::from(*length)).collect();
    flowproof_record::fuzz::check_unwrapper(object, &pieces);
});
