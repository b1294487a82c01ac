use proptest::prelude::*;

use super::*;
use crate::format::ListFormat;
use crate::format::testing::{check_cut_anywhere, check_damage, entries, read, rejects};

const LIST: &str = "\
# made up
#\t(1) start of netblock
Start\tEnd\tNetmask\tAttacks\tName\tCountry\temail
192.0.2.0\t192.0.2.255\t24\t9471\tEXAMPLE-NET Example, Ltd.\tNL\tuser@example.com
198.51.100.0\t198.51.100.127\t25\t9\t\tDE\t>>UNKNOWN<<
203.0.113.0\t203.0.113.255\t25\t9\tEXAMPLE\tDE\t
203.0.113.255\t203.0.113.0\t24\t9\tEXAMPLE\tDE\t
203.0.113.0\t203.0.113.255
203.0.113.0\t203.0.113\t24
";

#[test]
fn start_and_end_are_one_entry_of_which_the_netmask_must_be_right() {
    let content = read(ListFormat::DShield, LIST);
    assert_eq!(
        entries(&content),
        [
            (4, "192.0.2.0-192.0.2.255", "EXAMPLE-NET Example, Ltd., NL"),
            (5, "198.51.100.0-198.51.100.127", "DE"),
        ]
    );
    assert_eq!(content.entries[0].prefixes[0].to_string(), "192.0.2.0/24");
    let reasons: Vec<_> = content.rejects.samples.iter().map(|reject| &reject.reason).collect();
    assert_eq!(reasons[0], &NETMASK);
    assert_eq!(reasons[2], &COLUMNS);
    assert_eq!(
        rejects(&content)[1],
        "line 7: \"203.0.113.255\\t203.0.113.0\\t24\\t9\\tEXAMPLE\\tDE\": reversed range: \
         203.0.113.0 comes before 203.0.113.255"
    );
    assert_eq!(
        (reasons[3].to_string().as_str(), reasons.len()),
        ("range whose end is not an address", 4)
    );
}

#[test]
fn a_list_without_a_header_is_recognised_by_its_rows() {
    let content = read(ListFormat::DShield, "192.0.2.0\t192.0.2.255\t24\n");
    assert_eq!(entries(&content), [(1, "192.0.2.0-192.0.2.255", "")]);
}

#[test]
fn a_list_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::DShield, LIST);
}

proptest! {
    #[test]
    fn any_damage_leaves_every_line_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::DShield, LIST, at, byte);
    }
}
