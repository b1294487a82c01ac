//! Any bytes are a list, whose every line is accounted for and whose entries are found, or are
//! refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| flowproof_intel::fuzz::check_list(input));
