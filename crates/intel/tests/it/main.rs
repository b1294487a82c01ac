//! What a user of the crate leans on, and the examples, run as they stand.

#![allow(clippy::unwrap_used)] // helpers of tests, which Clippy cannot tell

use std::path::Path;

use flowproof_intel::{
    Enrichment, EnrichmentError, List, ListError, Match, Matcher, UnknownListFormat, UnpackError,
};

#[allow(dead_code, unreachable_pub)] // Its `main` reads standard input.
#[path = "../../examples/match_lists.rs"]
mod match_lists;

#[test]
fn the_principal_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn error<E: std::error::Error + Send + Sync + 'static>() {}
    shared::<List>();
    shared::<Matcher>();
    shared::<Match<'static>>();
    shared::<Enrichment>();
    error::<ListError>();
    error::<EnrichmentError>();
    error::<UnknownListFormat>();
    error::<UnpackError>();
}

fn written(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_example_tells_refusals_warnings_and_matches_of_lists_in_any_format() {
    let plain = "203.0.113.0/24 ; hosting\n203.0.113.300\n198.51.100[.]7\n";
    let csv = "ip,description\n203.0.113.9,control\n";
    let drop = "{\"cidr\": \"192.0.2.0/24\", \"sblid\": \"SBL1\"}\n";
    let lists = [
        written("threats.txt", plain),
        written("threats.csv", csv),
        written("drop.json", drop),
        format!("+{}", written("ours.txt", "192.0.2.7 # ours\n")),
    ];
    let addresses = "203.0.113.9\n192.0.2.7\n10.0.1.5\n";
    let mut out = Vec::new();
    match_lists::run(&lists, addresses.as_bytes(), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "plain text: 2 entries\n  \
           refused: line 2: \"203.0.113.300\": not an address\n  \
           warning: line 3: \"198.51.100[.]7\" is defanged, read as 198.51.100.7\n\
         CSV: 1 entries\n\
         Spamhaus DROP JSON: 1 entries\n\
         plain text: 1 entries\n\
         203.0.113.9: threat\n  \
           203.0.113.9/32 in line 2: control\n  \
           203.0.113.0/24 in line 1: hosting\n\
         192.0.2.7: no threat\n  \
           192.0.2.7/32 in line 1: ours\n  \
           192.0.2.0/24 in line 1: SBL1\n\
         10.0.1.5: no threat\n"
    );
}
