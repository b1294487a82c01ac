//! Any bytes are a source of enrichment, whose notes are about what was asked, or are refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| flowproof_intel::fuzz::check_enrichment(input));
