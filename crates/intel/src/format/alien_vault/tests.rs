use proptest::prelude::*;

use super::*;
use crate::format::ListFormat;
use crate::format::testing::{check_cut_anywhere, check_damage, entries, others, read, rejects};

const DATA: &str = "\
192.0.2.1#4#2#Malicious Host#KR##37.5,126.9#3
192.0.2.2#6#3#Scanning Host;Spamming#IN#Example Town#28.4,77.0#3;11
192.0.2.3#4#2##CN#Example Town#23.1,113.2#3
c2.example.com#4#2#Malicious Host#CA#Example Town#45.4,-73.4#3
#4#2#Malicious Host#KR##37.5,126.9#3
192.0.2.300#4#2#Malicious Host#KR##37.5,126.9#3
192.0.2.4#4#2#Malicious Host
";

const GENERIC: &str = "\
# made up reputation, for other systems

192.0.2.1 # Malicious Host KR,,37.5,126.9
192.0.2.2 # Scanning Host;Spamming IN,Example Town,28.4,77.0
192.0.2.3 # Spamming A1,,0.0,0.0
192.0.2.4 # Malicious Host ,,,
192.0.2 # Malicious Host KR,,37.5,126.9
";

#[test]
fn data_is_parted_by_number_signs() {
    let content = read(ListFormat::AlienVault, DATA);
    assert_eq!(
        entries(&content),
        [
            (1, "192.0.2.1", "Malicious Host"),
            (2, "192.0.2.2", "Scanning Host;Spamming"),
            (3, "192.0.2.3", "")
        ]
    );
    let reliability: Vec<_> = content
        .entries
        .iter()
        .map(|entry| entry.details.as_deref().and_then(|details| details.confidence))
        .collect();
    assert_eq!(reliability, [Some(4), Some(6), Some(4)]);
    assert_eq!(others(&content), [("domain".to_owned(), 1)]);
    assert_eq!(
        rejects(&content),
        [
            "line 5: \"\": not an address",
            "line 6: \"192.0.2.300\": not an address",
            "line 7: \"192.0.2.4#4#2#Malicious Host\": damaged: not the eight fields of \
             reputation data",
        ]
    );
}

#[test]
fn the_generic_form_has_comments_and_the_activity_before_the_country() {
    let content = read(ListFormat::AlienVault, GENERIC);
    assert_eq!(
        entries(&content),
        [
            (3, "192.0.2.1", "Malicious Host"),
            (4, "192.0.2.2", "Scanning Host;Spamming"),
            (5, "192.0.2.3", "Spamming A1"),
            (6, "192.0.2.4", "Malicious Host"),
        ]
    );
    assert_eq!(rejects(&content), ["line 7: \"192.0.2\": not an address"]);
}

#[test]
fn lists_whose_labels_have_number_signs_are_not_reputation_data() {
    for text in
        ["192.0.2.1 # one, two, 3, 4\n", "192.0.2.1#4#2\n", "192.0.2.1 # x\n192.0.2.2#a#b\n"]
    {
        assert!(!is_beginning(text), "{text:?}");
    }
}

#[test]
fn a_list_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::AlienVault, DATA);
    check_cut_anywhere(ListFormat::AlienVault, GENERIC);
}

proptest! {
    #[test]
    fn any_damage_leaves_every_line_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::AlienVault, DATA, at, byte);
        check_damage(ListFormat::AlienVault, GENERIC, at, byte);
    }
}
