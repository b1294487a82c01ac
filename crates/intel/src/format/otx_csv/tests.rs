use crate::format::ListFormat;
use crate::format::testing::{check_cut_anywhere, check_damage, entries, others, read, rejects};
use proptest::prelude::*;

const LIST: &str = "\
Indicator type, Indicator, Description
CIDR, 198.51.100.0/24, example
IPv4, 203.0.113.9, \"one, two\"
IPv6, 2001:db8::9,
Domain name, c2.example.net, example
FileHash-MD5, 00, example
Mutex name, example, example
IPv4, 203.0.113.9.1, example
";

#[test]
fn addresses_are_taken_and_other_types_are_counted() {
    let content = read(ListFormat::OtxCsv, LIST);
    assert_eq!(
        entries(&content),
        [(2, "198.51.100.0/24", "example"), (3, "203.0.113.9", "one, two"), (4, "2001:db8::9", "")]
    );
    let kinds = [("domain", 1), ("hash", 1), ("other", 1)];
    assert_eq!(others(&content), kinds.map(|(kind, count)| (kind.to_owned(), count)));
    assert_eq!(rejects(&content), ["line 8: \"203.0.113.9.1\": not an address"]);
}

#[test]
fn the_types_are_known_without_blanks_and_in_any_case() {
    let content =
        read(ListFormat::OtxCsv, "Indicator type,Indicator,Description\nipv4,203.0.113.9,x\n");
    assert_eq!(entries(&content), [(2, "203.0.113.9", "x")]);
}

#[test]
fn a_list_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::OtxCsv, LIST);
}

proptest! {
    #[test]
    fn any_damage_leaves_every_row_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::OtxCsv, LIST, at, byte);
    }
}
