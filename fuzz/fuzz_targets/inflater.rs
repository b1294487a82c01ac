//! Any object, cut anywhere, inflates to the same text and ends the same way. The first two bytes of
//! the input are the lengths of the chunks, the next two the rooms.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (cuts, object) = input.split_at(input.len().min(4));
    let cuts: Vec<usize> = cuts.iter().map(|length| usize::from(*length)).collect();
    let (chunks, rooms) = cuts.split_at(cuts.len().min(2));
    flowproof_source::fuzz::check_inflater(object, chunks, rooms);
});
