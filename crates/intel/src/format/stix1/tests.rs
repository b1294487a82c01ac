use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::fuzz::check_list;
use crate::note::Reject;

/// A package with other prefixes than usual and `inside` in it, from line 6 on.
fn package(inside: &str) -> String {
    format!(
        "<?xml version='1.0'?>\n<S:STIX_Package xmlns:S='http://stix.mitre.org/stix-1' \
         xmlns:c='http://stix.mitre.org/common-1'\n xmlns:i='http://stix.mitre.org/Indicator-2' \
         xmlns:C='http://cybox.mitre.org/cybox-2' xmlns:X='http://cybox.mitre.org/common-2'\n \
         xmlns:A='http://cybox.mitre.org/objects#AddressObject-2' \
         xmlns:D='http://cybox.mitre.org/objects#DomainNameObject-1'\n \
         xmlns:U='http://cybox.mitre.org/objects#URIObject-2' \
         xmlns:F='http://cybox.mitre.org/objects#FileObject-2'>\n{inside}\n</S:STIX_Package>\n"
    )
}

fn observable(attributes: &str, properties: &str, value: &str) -> String {
    format!(
        "<C:Observable {attributes}><C:Object><C:Properties {properties}>{value}</C:Properties>\
         </C:Object></C:Observable>\n"
    )
}

/// An observed address of this category with these attributes of its value.
fn address(category: &str, attributes: &str, value: &str) -> String {
    let value = format!("<A:Address_Value {attributes}>{value}</A:Address_Value>");
    observable("", category, &value)
}

fn ipv4(value: &str) -> String {
    address("category='ipv4-addr'", "", value)
}

fn indicator(attributes: &str, inside: &str) -> String {
    format!("<S:Indicator {attributes}>{inside}</S:Indicator>\n")
}

fn try_read(document: &str) -> Result<Content, String> {
    let options =
        ListOptions { now: "2025-06-01T00:00:00Z".parse().ok(), ..ListOptions::default() };
    parse(&mut document.as_bytes(), &options).map_err(|broken| match broken {
        Broken::Syntax { line, message } | Broken::Column { line, message } => {
            format!("{line}: {message}")
        }
        Broken::Read(error) => panic!("{error}"),
    })
}

fn content(inside: &str) -> Content {
    let content = try_read(&package(inside)).expect(inside);
    let others: u64 = content.not_addresses.values().sum();
    let told = content.entries.len() as u64 + content.rejects.total + others;
    assert_eq!(content.lines, told + content.expired + content.revoked, "an item is lost");
    content
}

/// Line, text and label of every entry.
fn entries(content: &Content) -> Vec<(u64, &str, &str)> {
    content.entries.iter().map(|entry| (entry.line, entry.text(), &*entry.label)).collect()
}

fn rejects(content: &Content) -> Vec<String> {
    content.rejects.samples.iter().map(Reject::to_string).collect()
}

#[test]
fn addresses_of_every_category_are_entries_with_their_lines() {
    let inside = [
        ipv4("192.0.2.1"),
        address("category='ipv6-addr'", "condition='Equals'", "\n 2001:db8::1 \n"),
        address("category=\"cidr\"", "", "198.51.100.0/24"),
        address("", "", "192.0.2.2"),
        address("category='ipv4-addr'", "", "<![CDATA[192.0.2.3]]>"),
        address("category='IPv4-Addr'", "", "192.0.2&#46;4"),
    ];
    let content = content(&inside.concat());
    assert_eq!(
        entries(&content),
        [
            (6, "192.0.2.1", ""),
            (7, "2001:db8::1", ""),
            (10, "198.51.100.0/24", ""),
            (11, "192.0.2.2", ""),
            (12, "192.0.2.3", ""),
            (13, "192.0.2.4", ""),
        ]
    );
}

#[test]
fn the_object_is_known_by_its_namespace_and_not_by_its_prefix() {
    let with = |namespace: &str| {
        let value = format!("<B:Address_Value xmlns:B='{namespace}'>192.0.2.1</B:Address_Value>");
        content(&observable("", "category='ipv4-addr'", &value)).entries.len()
    };
    assert_eq!(with("http://cybox.mitre.org/objects#AddressObject-2"), 1);
    assert_eq!(with("http://cybox.mitre.org/objects#AddressObject-1"), 1);
    assert_eq!(with("http://example.com/AddressObject"), 0);
}

#[test]
fn several_values_are_several_entries_and_a_range_is_one() {
    let inside = [
        ipv4("192.0.2.1##comma##192.0.2.2 ##comma##\n192.0.2.3"),
        address(
            "category='ipv4-addr'",
            "condition='InclusiveBetween'",
            "203.0.113.0##comma##203.0.113.9",
        ),
        address("category='ipv4-addr'", "delimiter=';'", "192.0.2.4;192.0.2.5"),
    ];
    let content = content(&inside.concat());
    assert_eq!(
        entries(&content),
        [
            (6, "192.0.2.1", ""),
            (6, "192.0.2.2", ""),
            (6, "192.0.2.3", ""),
            (8, "203.0.113.0-203.0.113.9", ""),
            (9, "192.0.2.4", ""),
            (9, "192.0.2.5", ""),
        ]
    );
    assert_eq!(content.entries[3].addresses(), 10);
}

#[test]
fn a_condition_that_is_run_together_with_the_name_is_survived() {
    let value = "<A:Address_Valuecondition=\"InclusiveBetween\">192.0.2.0##comma##192.0.2.255\
                 </A:Address_Value>";
    let content = content(&observable("", "category='ipv4-addr'", value));
    assert_eq!(entries(&content), [(6, "192.0.2.0-192.0.2.255", "")]);
}

#[test]
fn damaged_addresses_are_refused_with_line_and_reason() {
    let range = "condition='InclusiveBetween'";
    let inside = [
        ipv4("192.0.2.300"),
        ipv4("192.0.2.010##comma##"),
        ipv4("www.example.com"),
        ipv4("192.0.2.1&nbsp;"),
        address("", "", "192.0.2.300"),
        address("category='ipv4-addr'", range, "192.0.2.9##comma##192.0.2.1"),
        address("category='ipv4-addr'", range, "192.0.2.1"),
        address("category='ipv4-addr'", "condition='StartsWith'", "192.0.2.1"),
        address("category='ipv4-addr'", "", "0.0.0.0/0"),
    ];
    let content = content(&inside.concat());
    assert_eq!(entries(&content), []);
    assert_eq!(
        rejects(&content),
        [
            "line 6: \"192.0.2.300\": not an address",
            "line 7: \"192.0.2.010\": leading zero in an octet, could be octal",
            "line 7: \"\": not an address",
            "line 8: \"www.example.com\": not an address",
            "line 9: \"192.0.2.1&nbsp;\": not an address",
            "line 10: \"192.0.2.300\": not an address",
            "line 11: \"192.0.2.9-192.0.2.1\": reversed range: 192.0.2.1 comes before 192.0.2.9",
            "line 12: \"192.0.2.1\": condition that stands for no address, prefix or range",
            "line 13: \"192.0.2.1\": condition that stands for no address, prefix or range",
            "line 14: \"0.0.0.0/0\": wider than a /8, refused unless wide entries are allowed",
        ]
    );
}

#[test]
fn what_is_no_address_is_counted_by_kind() {
    let other = |value: &str| observable("", "", value);
    let inside = [
        address("category='e-mail'", "", "user@example.com"),
        address("", "", "user@example.com"),
        address("category='asn'", "", "64496"),
        address("category='mac'", "", "00:00:5e:00:53:01"),
        address("", "", "example"),
        other("<D:Value>a.example.com##comma##b.example.com</D:Value>"),
        other("<U:Value condition='Equals'>http://192.0.2.1/</U:Value>"),
        other(
            "<F:File_Name>a.exe</F:File_Name><F:Hashes><X:Hash>\
             <X:Simple_Hash_Value>00</X:Simple_Hash_Value></X:Hash></F:Hashes>",
        ),
        other("<Name>a mutex</Name>"),
        indicator("", "<i:Test_Mechanisms><i:Test_Mechanism/></i:Test_Mechanisms>"),
    ];
    let content = content(&inside.concat());
    let counts: Vec<(Indicator, u64)> = content.not_addresses.clone().into_iter().collect();
    assert_eq!(
        counts,
        [
            (Indicator::Asn, 1),
            (Indicator::Domain, 2),
            (Indicator::Email, 2),
            (Indicator::File, 1),
            (Indicator::Hash, 1),
            (Indicator::Url, 1),
            (Indicator::Other, 4),
        ]
    );
    assert_eq!((content.entries.len(), content.rejects.total), (0, 0));
}

#[test]
fn what_is_excluded_is_no_entry_and_counted() {
    let inside = [
        observable(
            "negate='true'",
            "category='ipv4-addr'",
            "<A:Address_Value>192.0.2.1</A:Address_Value>",
        ),
        indicator("negate='true'", &ipv4("192.0.2.2##comma##192.0.2.3")),
        indicator("negate='false'", &ipv4("192.0.2.4")),
        address("category='ipv4-addr'", "condition='DoesNotEqual'", "192.0.2.5"),
        address("category='ipv4-addr'", "apply_condition='NONE'", "192.0.2.6##comma##192.0.2.7"),
    ];
    let content = content(&inside.concat());
    assert_eq!(entries(&content), [(9, "192.0.2.4", "")]);
    assert_eq!(content.revoked, 6);
}

#[test]
fn the_label_is_the_title_or_the_description_or_the_title_around() {
    let inside = [
        indicator(
            "",
            &format!(
                "<i:Title>Control\n   server</i:Title><i:Description>long</i:Description>{}",
                ipv4("192.0.2.1")
            ),
        ),
        indicator("", &format!("<i:Description>scans</i:Description>{}", ipv4("192.0.2.2"))),
        format!("<S:Incident><S:Title>A case</S:Title>{}</S:Incident>", ipv4("192.0.2.3")),
        indicator("", &format!("{}<i:Title>behind it</i:Title>", ipv4("192.0.2.4"))),
        "<S:STIX_Header><S:Title>An export</S:Title></S:STIX_Header>".to_owned(),
        ipv4("192.0.2.5"),
    ];
    let content = content(&inside.concat());
    let labels: Vec<&str> = content.entries.iter().map(|entry| &*entry.label).collect();
    assert_eq!(labels, ["Control server", "scans", "A case", "behind it", ""]);
}

#[test]
fn an_observable_that_is_referred_to_is_one_entry_with_the_label_of_the_indicator() {
    let value = "<A:Address_Value>192.0.2.1</A:Address_Value>";
    let inside = [
        observable("id='ex:o-1'", "category='ipv4-addr'", value),
        "<S:TTP><c:Title>A channel</c:Title><C:Observable idref='ex:o-2'/></S:TTP>\n".to_owned(),
        observable("id='ex:o-2'", "category='ipv4-addr'", &value.replace("2.1", "2.2")),
        indicator("", "<i:Title>Control</i:Title><i:Observable idref='ex:o-1'/>"),
        indicator("", "<i:Observable idref='ex:o-1'/><i:Observable idref='ex:o-3'/>"),
    ];
    let content = content(&inside.concat());
    assert_eq!(entries(&content), [(6, "192.0.2.1", "Control"), (8, "192.0.2.2", "A channel")]);
}

fn valid(start: &str, end: &str) -> String {
    let end =
        if end.is_empty() { String::new() } else { format!("<i:End_Time>{end}</i:End_Time>") };
    format!(
        "<i:Valid_Time_Position><i:Start_Time>{start}</i:Start_Time>{end}</i:Valid_Time_Position>"
    )
}

#[test]
fn validity_and_confidence_are_kept_and_what_is_over_is_left_out() {
    let confidence =
        |value: &str| format!("<i:Confidence><c:Value>{value}</c:Value></i:Confidence>");
    let (first, last) = (valid("2024-01-01T00:00:00", "2024-02-01T00:00:00Z"), ipv4("192.0.2.1"));
    let inside = [
        indicator("", &format!("{first}{last}{}", confidence("High"))),
        indicator("", &format!("{first}{}{last}", valid("2025-01-01T00:00:00+01:00", ""))),
        indicator("", &format!("{last}{}", confidence("Medium"))),
        indicator("", &format!("{last}{}", confidence("None"))),
        indicator("", &format!("{first}<i:Observable idref='ex:o-1'/>")),
        observable(
            "id='ex:o-1'",
            "category='ipv4-addr'",
            "<A:Address_Value>192.0.2.8</A:Address_Value>",
        ),
    ];
    let content = content(&inside.concat());
    assert_eq!(entries(&content), [(8, "192.0.2.1", ""), (10, "192.0.2.1", "")]);
    assert_eq!((content.expired, content.revoked), (2, 1));
    let details = content.entries[0].details.as_deref().expect("validity");
    let start: Timestamp = "2024-01-01T00:00:00Z".parse().expect("a time");
    assert_eq!((details.valid_from, details.valid_until), (Some(start), None));
    let details = content.entries[1].details.as_deref().expect("confidence");
    assert_eq!(details.confidence, Some(50));
}

#[test]
fn of_several_references_the_one_in_force_counts() {
    let observed = observable(
        "id='ex:o-1'",
        "category='ipv4-addr'",
        "<A:Address_Value>192.0.2.8</A:Address_Value>",
    );
    let over = indicator(
        "",
        &format!("{}<i:Observable idref='ex:o-1'/>", valid("2024-01-01T00:00:00", "2024-02-01")),
    );
    let in_force = indicator("", "<i:Title>Control</i:Title><i:Observable idref='ex:o-1'/>");
    let negated = indicator("negate='true'", "<i:Observable idref='ex:o-1'/>");
    let content = content(&[&*over, &in_force, &negated, &observed, &over].concat());
    assert_eq!(entries(&content), [(9, "192.0.2.8", "Control")]);
}

#[test]
fn a_cybox_document_and_a_namespace_without_prefix_are_read() {
    let document = "<C:Observables xmlns:C='http://cybox.mitre.org/cybox-2' xmlns:='urn:x'>\n\
                    <C:Observable><C:Object><C:Properties category='ipv4-addr'>\n\
                    <V:Address_Value xmlns:V='http://cybox.mitre.org/objects#AddressObject-2'>\
                    192.0.2.1</V:Address_Value>\n</C:Properties></C:Object></C:Observable>\n\
                    </C:Observables>";
    assert_eq!(entries(&try_read(document).expect("CybOX")), [(3, "192.0.2.1", "")]);
}

#[test]
fn damage_is_told_with_its_line_and_nothing_is_read() {
    let document = package(&ipv4("192.0.2.1"));
    for (from, to, expected) in [
        ("</A:Address_Value>", "</A:Address>", "6: <A:Address_Value> is ended by </A:Address>"),
        ("</C:Object>", "", "6: <C:Object> is ended by </C:Observable>"),
        ("xmlns:A=", "xmlns:B=", "6: the prefix \"A\" is not declared"),
        ("</S:STIX_Package>", "", "9: breaks off inside <S:STIX_Package>"),
    ] {
        let damaged = document.replace(from, to);
        assert_eq!(try_read(&damaged).expect_err(to), expected);
    }
}

fn whole() -> String {
    let inside = [
        indicator("", &format!("<i:Title>caf\u{e9}</i:Title>{}", ipv4("192.0.2.1"))),
        address(
            "category='ipv4-addr'",
            "condition='InclusiveBetween'",
            "192.0.2.0##comma##192.0.2.9",
        ),
        indicator("", "<i:Observable idref='ex:o-1'/>"),
        observable("", "", "<D:Value>a.example.com</D:Value>"),
    ];
    package(&inside.concat())
}

#[test]
fn a_document_that_is_cut_off_anywhere_is_damaged() {
    let document = whole();
    let end = document.trim_end().len();
    for at in (0..end).filter(|at| document.is_char_boundary(*at)) {
        assert!(try_read(&document[..at]).is_err(), "{}", &document[..at]);
    }
    assert_eq!(try_read(&document).expect("whole").entries.len(), 2);
}

proptest! {
    #[test]
    fn damaged_documents_are_read_or_refused_without_a_panic(
        at in any::<proptest::sample::Index>(),
        taken in 0..30_usize,
        put in "[<>/=\"'&;#a-f0-9.:\r\n -]{0,8}|\\PC{0,3}",
    ) {
        let mut document: Vec<char> = whole().chars().collect();
        let at = at.index(document.len());
        let end = document.len().min(at + taken);
        document.splice(at..end, put.chars());
        let document: String = document.into_iter().collect();
        check_list(document.as_bytes());
    }
}
