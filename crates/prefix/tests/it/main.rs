//! What a user of the crate leans on, and the examples, run as they stand.

use flowproof_prefix::{PrefixMap, PrefixSet, RangeError};

#[allow(dead_code, unreachable_pub)] // Its `main` reads files and standard input.
#[path = "../../examples/match_addresses.rs"]
mod match_addresses;

#[test]
fn the_principal_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn error<E: std::error::Error + Send + Sync + 'static>() {}
    shared::<PrefixMap<String>>();
    shared::<PrefixSet>();
    error::<RangeError>();
}

#[test]
fn the_example_tells_all_prefixes_of_each_address() {
    let list = "203.0.113.0/24 hosting\n203.0.113.9/32 control\n203.0.113.0/24 spam\n\
                2001:db8::/32 documentation\n";
    let addresses = "203.0.113.9\n198.51.100.7\n2001:db8::7\r\n203.0.113\n";
    let mut out = Vec::new();
    match_addresses::run(list.as_bytes(), addresses.as_bytes(), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "203.0.113.9: 203.0.113.9/32 (control) 203.0.113.0/24 (hosting, spam)\n\
         198.51.100.7:\n\
         2001:db8::7: 2001:db8::/32 (documentation)\n\
         203.0.113: no address\n"
    );
}
