//! Any bytes are findings or are refused, and what is read of them is judged without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| flowproof_finding::check_never_panics(input));
