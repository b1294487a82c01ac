//! The examples, run as they stand.

use std::path::Path;

#[allow(dead_code)] // Its `main` reads standard input.
#[path = "../../examples/match_lists.rs"]
mod match_lists;

fn written(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_example_tells_refusals_warnings_and_matches_of_lists_in_any_format() {
    let plain = "203.0.113.0/24 ; hosting\n203.0.113.300\nhxxp://198.51.100[.]7\n";
    let csv = "ip,description\n203.0.113.9,control\n";
    let drop = "{\"cidr\": \"192.0.2.0/24\", \"sblid\": \"SBL1\"}\n";
    let lists = [
        written("threats.txt", plain),
        written("threats.csv", csv),
        written("drop.json", drop),
        format!("+{}", written("ours.txt", "192.0.2.7\n")),
    ];
    let addresses = "203.0.113.9\n192.0.2.7\n10.0.1.5\n";
    let mut out = Vec::new();
    match_lists::run(&lists, addresses.as_bytes(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "");
}
