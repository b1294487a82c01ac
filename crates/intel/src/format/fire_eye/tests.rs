use proptest::prelude::*;

use crate::format::ListFormat;
use crate::format::testing::{check_cut_anywhere, check_damage, entries, others, read, rejects};

/// All 47 columns, in their order.
const HEADER: &str = "reportId, title, threatScape, audience, intelligenceType, publishDate, \
reportLink, webLink, emailIdentifier, senderAddress, senderName, sourceDomain, sourceIp, subject, \
recipient, emailLanguage, fileName, fileSize, fuzzyHash, fileIdentifier, md5, sha1, sha256, \
description, fileType, packer, userAgent, registry, fileCompilationDateTime, filePath, asn, cidr, \
domain, domainTimeOfLookup, networkIdentifier, ip, port, protocol, registrantEmail, \
registrantName, networkType, url, malwareFamily, malwareFamilyId, actor, actorId, observationTime";

/// A row with these columns set.
fn row(set: &[(usize, &str)]) -> String {
    let cell =
        |at: usize| set.iter().find(|(column, _)| *column == at).map_or("", |(_, cell)| cell);
    (0..47).map(cell).collect::<Vec<_>>().join(", ") + "\n\n"
}

fn list() -> String {
    let rows = [
        row(&[
            (0, "01-1"),
            (1, "Made up"),
            (31, "198.51.100.0/24"),
            (34, "Related"),
            (42, "Example"),
        ]),
        row(&[(0, "01-2"), (1, "Made up"), (34, "Related"), (35, "203.0.113.9"), (36, "80")]),
        row(&[
            (1, "\"Both, set\""),
            (31, "203.0.113.0/24"),
            (32, "c2.example.com"),
            (35, "203.0.113.9"),
        ]),
        row(&[(1, "Mail"), (9, "user@example.com"), (12, "203.0.113.10")]),
        row(&[(32, "c2.example.com")]),
        row(&[(20, "00"), (22, "00")]),
        row(&[(0, "01-7")]),
        row(&[(35, "203.0.113.300")]),
    ];
    format!("{HEADER}\n\n{}", rows.concat())
}

#[test]
fn every_address_of_a_row_is_an_entry() {
    let content = read(ListFormat::FireEye, &list());
    assert_eq!(
        entries(&content),
        [
            (3, "198.51.100.0/24", "Made up, Example"),
            (5, "203.0.113.9", "Made up"),
            (7, "203.0.113.0/24", "Both, set"),
            (7, "203.0.113.9", "Both, set"),
            (9, "203.0.113.10", "Mail"),
        ]
    );
    let kinds = [("domain", 1), ("hash", 1), ("other", 1)];
    assert_eq!(others(&content), kinds.map(|(kind, count)| (kind.to_owned(), count)));
    assert_eq!(rejects(&content), ["line 17: \"203.0.113.300\": not an address"]);
}

#[test]
fn a_list_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::FireEye, &list());
}

proptest! {
    #[test]
    fn any_damage_leaves_every_row_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::FireEye, &list(), at, byte);
    }
}
