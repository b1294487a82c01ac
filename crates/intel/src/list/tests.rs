use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;
use crate::fuzz::check_list;
use crate::note::WarningKind;

fn read(bytes: &[u8]) -> Result<List, ListError> {
    List::from_bytes("a.txt", ListRole::Threat, bytes)
}

/// Hex, by the same library as the product, in another way.
fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn error(bytes: &[u8]) -> String {
    read(bytes).expect_err("refused").to_string()
}

fn texts(list: &List) -> Vec<&str> {
    list.entries.iter().map(|entry| entry.text()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn a_list_keeps_its_name_role_digest_and_entries() {
    let list = List::from_bytes("ours.txt", ListRole::Trusted, b"192.0.2.1\n").expect("a list");
    assert_eq!((list.name.as_str(), list.role), ("ours.txt", ListRole::Trusted));
    assert_eq!(list.format, ListFormat::PlainText);
    assert_eq!(texts(&list), ["192.0.2.1"]);
    // Computed with another program.
    let digest = "d1aa74fdddc060ca4e2e10401f2f4e0ef37f94b0d8b25137e8c530d59f4aba75";
    assert_eq!(list.sha256, digest);
}

#[test]
fn gzip_is_inflated_all_members_of_it_and_the_digest_is_of_the_stored_bytes() {
    let stored = [gzip(b"192.0.2.1\n192.0."), gzip(b"2.2\n")].concat();
    let list = read(&stored).expect("a list");
    assert_eq!(texts(&list), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(list.sha256, sha256(&stored));
    assert_ne!(list.sha256, sha256(b"192.0.2.1\n192.0.2.2\n"));
}

#[test]
fn half_a_gzip_file_is_refused_as_a_whole() {
    let stored = gzip(b"192.0.2.1\n192.0.2.2\n");
    for end in 2..stored.len() {
        let refusal = read(&stored[..end]).expect_err("truncated");
        assert!(matches!(refusal, ListError::Gzip { .. }), "{refusal} at {end}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_entry() {
    let list = read(b"\xef\xbb\xbf192.0.2.1\r\n192.0.2.2").expect("a list");
    assert_eq!(texts(&list), ["192.0.2.1", "192.0.2.2"]);
}

#[test]
fn bytes_that_are_not_utf8_spoil_an_entry_but_not_a_comment() {
    let list = read(b"# caf\xe9\n192.0.2.1 caf\xe9\n192.0.2.2\xff\n").expect("a list");
    assert_eq!(texts(&list), ["192.0.2.1"]);
    assert_eq!(&*list.entries[0].label, "caf\u{fffd}");
    assert_eq!((list.rejects.total, list.rejects.samples[0].line), (1, 3));
}

#[test]
fn content_that_is_no_plain_list_is_refused_by_name() {
    let page = "<!DOCTYPE html><html>429 Too Many Requests 192.0.2.55\n192.0.2.55\n</html>";
    let unsupported = "list a.txt is in no format that is read here: looks like";
    for (bytes, message) in [
        (page.as_bytes(), "list a.txt looks like HTML, an error page saved as the list?".into()),
        (b"PK\x03\x04\0\0", format!("{unsupported} a ZIP archive")),
        (b"<?xml version=\"1.0\"?>\n<rss>", format!("{unsupported} XML")),
    ] {
        assert_eq!(error(bytes), message);
        let zipped = error(&gzip(bytes));
        assert_eq!(zipped, message, "the same inside gzip");
    }
}

/// Text in UTF-16 or UTF-32, least or most significant byte first.
fn wide(text: &str, n_bytes: usize, is_little: bool) -> Vec<u8> {
    let unit = |unit: u32| match (n_bytes, is_little) {
        (2, true) => unit.to_le_bytes()[..2].to_vec(),
        (2, false) => unit.to_be_bytes()[2..].to_vec(),
        (_, true) => unit.to_le_bytes().to_vec(),
        (_, false) => unit.to_be_bytes().to_vec(),
    };
    text.chars().flat_map(|sign| unit(u32::from(sign))).collect()
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_encoding_and_the_way_out() {
    for (n_bytes, is_little, encoding) in [
        (2, true, "UTF-16LE"),
        (2, false, "UTF-16BE"),
        (4, true, "UTF-32LE"),
        (4, false, "UTF-32BE"),
    ] {
        let message = format!(
            "list a.txt is encoded as {encoding}: save it as UTF-8, as `iconv -f {encoding} -t \
             UTF-8` does"
        );
        // With a mark; without one, where a comment has letters that are not Latin; and two letters.
        for text in [
            "\u{feff}192.0.2.1\r\n",
            "# \u{43b}\u{438}\u{441}\u{442}\r\n192.0.2.1\r\n192.0.2.2\r\n",
            "10",
        ] {
            let bytes = wide(text, n_bytes, is_little);
            assert_eq!(error(&bytes), message, "{text:?}");
            assert_eq!(error(&gzip(&bytes)), message, "{text:?} inside gzip");
        }
    }
}

#[test]
fn zeros_in_a_line_spoil_that_line_only() {
    let list = read(b"192.0.2.1\n1\x009\x002\x00.\x00\n192.0.2.2\n").expect("a list");
    assert_eq!((texts(&list), list.rejects.total), (vec!["192.0.2.1", "192.0.2.2"], 1));
    let joined = [b"192.0.2.1\n".repeat(9), wide("192.0.2.2\r\n", 2, true)].concat();
    let list = read(&joined).expect("a list, to which UTF-16 was appended");
    assert_eq!((list.entries.len(), list.rejects.samples[0].line), (9, 10));
}

#[test]
fn damaged_xml_is_refused_as_a_whole_with_format_and_line() {
    let whole = "<ioc><IndicatorItem><Context search='PortItem/remoteIP'/>\n<Content>192.0.2.1\
                 </Content></IndicatorItem>\n</ioc>";
    let list = read(whole.as_bytes()).expect("a list");
    assert_eq!((list.format, texts(&list)), (ListFormat::OpenIoc, vec!["192.0.2.1"]));
    let message = "list a.txt is damaged, read as OpenIOC: line 3: breaks off inside <ioc>";
    let half = &whole.as_bytes()[..whole.len() - 6];
    assert_eq!(error(half), message);
    assert_eq!(error(&gzip(half)), message);
    let stored = gzip(whole.repeat(500).as_bytes());
    let refusal = read(&stored[..stored.len() - 9]).expect_err("truncated");
    assert!(matches!(refusal, ListError::Gzip { .. }), "{refusal}");
}

#[test]
fn ranges_that_would_fill_the_memory_are_refused() {
    // The most prefixes that a range can take: 222, and 45,046 times that is more than 10,000,000.
    let range = b"2001::1-2001:ffff:ffff:ffff:ffff:ffff:ffff:fffe\n";
    assert_eq!(read(range).expect("a list").entries[0].prefixes.len(), 222);
    assert_eq!(
        error(&range.repeat(45_046)),
        "list a.txt takes more than 10000000 prefixes: write its ranges as prefixes, or leave out \
         what you do not need"
    );
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let read = |bytes: &[u8], column: &str| {
        let options = ListOptions { column: Some(column.to_owned()), ..ListOptions::default() };
        let list = List::from_bytes_with("a.csv", ListRole::Threat, bytes, &options);
        list.map_err(|error| error.to_string())
    };
    let named = b"# made up\nsrc_ip,dst_ip,note\n192.0.2.1,203.0.113.9,x\n";
    assert_eq!(texts(&read(named, "dst_ip").expect("a list")), ["203.0.113.9"]);
    assert_eq!(
        read(named, "peer"),
        Err("list a.csv, read as CSV: line 2: no column \"peer\", there are src_ip, dst_ip, note"
            .to_owned())
    );
    let unnamed = b"2025-06-01,203.0.113.9,x\n2025-06-02,203.0.113.10,y\n";
    assert_eq!(texts(&read(unnamed, "2").expect("a list")), ["203.0.113.9", "203.0.113.10"]);
    assert_eq!(
        read(unnamed, "ip"),
        Err("list a.csv, read as CSV: line 1: no column \"ip\", there are 3 without names"
            .to_owned())
    );
}

#[test]
fn a_list_without_entries_is_an_error_unless_allowed() {
    assert_eq!(
        error(b"# ASNs\nAS64496 \n\nAS64497 \n"),
        "list a.txt has no entry (lines: 3, refused: 0, expired or revoked: 0, asn: 2)"
    );
    assert_eq!(error(b""), "list a.txt has no entry (lines: 0, refused: 0, expired or revoked: 0)");
    assert_eq!(
        error(b"\x00\x01"),
        "list a.txt has no entry (lines: 1, refused: 1, expired or revoked: 0), first line 1: \"\\0\\u{1}\": not an address"
    );
    let options = ListOptions { allow_empty: true, ..ListOptions::default() };
    let list = List::from_bytes_with("a.txt", ListRole::Threat, b"# none\n", &options);
    assert_eq!(list.expect("allowed").entries, []);
}

#[test]
fn what_is_read_otherwise_than_it_stands_is_a_warning_with_its_line() {
    let list = read(b"192.0.2.1\n203.0.113.9/24 ; x\n::ffff:198.51.100.7\n192.0.2[.]9:80\n");
    let list = list.expect("a list");
    let warnings: Vec<String> = list.warnings.samples.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "line 2: \"203.0.113.9/24\" has host bits set, read as 203.0.113.0/24",
            "line 3: \"::ffff:198.51.100.7\" is an IPv4-mapped IPv6 address, read as 198.51.100.7",
            "line 4: \"192.0.2[.]9:80\" has a port, which is ignored, read as 192.0.2.9",
            "line 4: \"192.0.2[.]9:80\" is defanged, read as 192.0.2.9",
        ]
    );
    assert_eq!((list.warnings.total, list.warnings.samples[0].kind), (4, WarningKind::HostBits));
}

#[test]
fn repeated_and_nested_entries_are_all_kept() {
    let list = read(b"192.0.2.1\n192.0.2.1/32\n192.0.2.0/24\n192.0.2.1\n").expect("a list");
    assert_eq!(list.entries.len(), 4);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    let refusal = List::read("no/such/list.txt", ListRole::Threat).expect_err("no such file");
    assert!(matches!(refusal, ListError::Read { .. }));
    assert_eq!(refusal.to_string(), "cannot read list no/such/list.txt");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        start in proptest::sample::select(vec![&b""[..], b"192.0.2.1\n", b"\x1f\x8b\x08\0"]),
    ) {
        check_list(&[start, &bytes].concat());
    }

    #[test]
    fn damaged_lists_are_read_or_refused_without_a_panic(
        bytes in "((192\\.0\\.2\\.[0-9]{1,3}|2001:db8::[0-9a-f]{1,4})(/[0-9]{1,3})?( ?- ?|[\r\n ;#])){0,30}",
        zipped in any::<bool>(),
        damage in any::<Option<(proptest::sample::Index, u8)>>(),
    ) {
        let mut bytes = if zipped { gzip(bytes.as_bytes()) } else { bytes.into_bytes() };
        if let (Some((at, byte)), false) = (damage, bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check_list(&bytes);
    }
}
