use proptest::prelude::*;

use super::*;
use crate::fuzz::check_list;
use crate::note::Reject;

/// A document of version 1.0 with these items, the first of them on line 5, two lines each.
fn document(items: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"us-ascii\"?>\r\n<ioc id='x' \
         xmlns='http://schemas.mandiant.com/2010/ioc'>\r\n<short_description>A \
         case</short_description><description>long</description>\r\n<definition><Indicator \
         operator='OR'>\r\n{}</Indicator></definition></ioc>\r\n",
        items.concat()
    )
}

fn item(attributes: &str, search: &str, content_type: &str, content: &str) -> String {
    format!(
        "<IndicatorItem {attributes}>\r\n<Context document='x' search='{search}' type='mir'/>\
         <Content type='{content_type}'>{content}</Content></IndicatorItem>\r\n"
    )
}

fn try_read(document: &str) -> Result<Content, String> {
    parse(&mut document.as_bytes(), &ListOptions::default()).map_err(|broken| match broken {
        Broken::Syntax { line, message } | Broken::Column { line, message } => {
            format!("{line}: {message}")
        }
        Broken::Read(error) => panic!("{error}"),
    })
}

fn content(items: &[String]) -> Content {
    let content = try_read(&document(items)).expect("well-formed");
    assert_eq!(content.lines, items.len() as u64);
    let others: u64 = content.not_addresses.values().sum();
    let told = content.entries.len() as u64 + content.rejects.total + others;
    assert_eq!(content.lines, told + content.revoked, "an item is lost");
    content
}

fn entries(content: &Content) -> Vec<(u64, &str, &str)> {
    content.entries.iter().map(|entry| (entry.line, entry.text(), &*entry.label)).collect()
}

#[test]
fn items_that_mean_an_address_are_entries_with_the_line_that_they_begin_in() {
    let content = content(&[
        item("condition='is'", "PortItem/remoteIP", "IP", "192.0.2.1"),
        item("condition='is'", "ProcessItem/PortList/PortItem/remoteIP", "string", "192.0.2.2"),
        item("condition='contains'", "Network/String", "string", " 192.0.2.3\r\n"),
        item("condition='contains'", "Network/DNS", "string", "2001:db8::1"),
        item("", "RouteEntryItem/Destination", "IP", "198.51.100.0/24"),
        item("", "DnsEntryItem/RecordData/IPv4Address", "string", "192.0.2.4"),
        item("", "Network/RemoteIP", "ip", "192[.]0[.]2[.]5"),
    ]);
    assert_eq!(
        entries(&content),
        [
            (5, "192.0.2.1", "A case"),
            (7, "192.0.2.2", "A case"),
            (9, "192.0.2.3", "A case"),
            (12, "2001:db8::1", "A case"),
            (14, "198.51.100.0/24", "A case"),
            (16, "192.0.2.4", "A case"),
            (18, "192[.]0[.]2[.]5", "A case"),
        ]
    );
}

#[test]
fn an_empty_content_leaves_the_value_to_the_id() {
    let content = content(&[
        item("id='192.0.2.1' condition='is'", "RouteEntryItem/Destination", "IP", ""),
        item("id='www.example.com' condition='is'", "Network/DNS", "string", "\r\n"),
        item("id='192.0.2.9' condition='is'", "PortItem/remoteIP", "IP", "192.0.2.2"),
    ]);
    assert_eq!(entries(&content), [(5, "192.0.2.1", "A case"), (7 + 3, "192.0.2.2", "A case")]);
    assert_eq!(content.not_addresses[&Indicator::Domain], 1);
}

#[test]
fn version_1_1_is_read() {
    let document = "<OpenIOC xmlns='http://openioc.org/schemas/OpenIOC_1.1'>\n<metadata>\n\
                    <short_description>A\n case</short_description></metadata>\n<criteria>\
                    <Indicator>\n<IndicatorItem condition='is' negate='false'>\
                    <Context search='PortItem/remoteIP'/><Content type='IP'>192.0.2.1</Content>\
                    </IndicatorItem>\n<IndicatorItem condition='is' negate='true'>\
                    <Context search='PortItem/remoteIP'/><Content type='IP'>192.0.2.2</Content>\
                    </IndicatorItem></Indicator></criteria></OpenIOC>";
    let content = try_read(document).expect("OpenIOC 1.1");
    assert_eq!(entries(&content), [(6, "192.0.2.1", "A case")]);
    assert_eq!((content.lines, content.revoked), (2, 1));
}

#[test]
fn exceptions_are_no_entries_and_counted() {
    let content = content(&[
        item("condition='isnot'", "PortItem/remoteIP", "IP", "192.0.2.1"),
        item("condition='containsnot'", "Network/String", "string", "192.0.2.2"),
        item("condition='is' negate='true'", "PortItem/remoteIP", "IP", "192.0.2.3"),
    ]);
    assert_eq!((content.entries.len(), content.revoked), (0, 3));
}

#[test]
fn damaged_addresses_are_refused_with_line_and_reason() {
    let content = content(&[
        item("condition='is'", "PortItem/remoteIP", "IP", "192.0.2.300"),
        item("condition='is'", "Network/String", "string", "192.0.2.300"),
        item("condition='is'", "PortItem/remoteIP", "IP", "[192.0.2.1 TO 192.0.2.9]"),
        item("condition='starts-with'", "PortItem/remoteIP", "IP", "192.0.2.1"),
        item("id='5f' condition='is'", "PortItem/remoteIP", "IP", ""),
    ]);
    let rejects: Vec<String> = content.rejects.samples.iter().map(Reject::to_string).collect();
    assert_eq!(
        rejects,
        [
            "line 5: \"192.0.2.300\": not an address",
            "line 7: \"192.0.2.300\": not an address",
            "line 9: \"[192.0.2.1 TO 192.0.2.9]\": not an address",
            "line 11: \"192.0.2.1\": condition that stands for no address, prefix or range",
            "line 13: \"5f\": not an address",
        ]
    );
}

#[test]
fn what_is_no_address_is_counted_by_kind() {
    let kinds = [
        ("FileItem/Md5sum", "md5", "00", Indicator::Hash),
        ("FileItem/Sha256sum", "string", "00", Indicator::Hash),
        ("FileItem/FileName", "string", "192.0.2.1", Indicator::File),
        ("FileItem/PEInfo/VersionInfoItem/FileVersion", "string", "1.2.3.4", Indicator::Other),
        ("Network/DNS", "string", "www.example.com", Indicator::Domain),
        ("DnsEntryItem/Host", "string", "www.example.com", Indicator::Domain),
        ("Network/URI", "string", "http://192.0.2.1/a", Indicator::Url),
        ("Network/String", "string", "a string", Indicator::Other),
        ("Email/From", "string", "user@example.com", Indicator::Email),
        ("PortItem/localIP", "IP", "192.0.2.1", Indicator::Other),
        ("RouteEntryItem/Netmask", "IP", "255.255.255.0", Indicator::Other),
        ("ArpEntryItem/IPv4Address", "IP", "192.0.2.1", Indicator::Other),
        ("PortItem/remotePort", "int", "443", Indicator::Other),
        ("Snort/Snort", "Snort", "alert tcp any any", Indicator::Other),
    ];
    for (search, content_type, value, expected) in kinds {
        let content = content(&[item("condition='is'", search, content_type, value)]);
        assert_eq!(content.not_addresses.into_iter().collect::<Vec<_>>(), [(expected, 1)]);
        assert_eq!((content.entries.len(), content.rejects.total), (0, 0), "{search}");
    }
}

#[test]
fn other_encodings_are_decoded() {
    let document = b"<?xml version='1.0' encoding='windows-1252'?><ioc><short_description>caf\xe9\
                     </short_description><IndicatorItem><Context search='PortItem/remoteIP'/>\
                     <Content>192.0.2.1</Content></IndicatorItem></ioc>";
    let content = parse(&mut &document[..], &ListOptions::default()).expect("well-formed");
    assert_eq!(entries(&content), [(1, "192.0.2.1", "caf\u{e9}")]);
}

fn whole() -> String {
    document(&[
        item("id='a' condition='is'", "PortItem/remoteIP", "IP", "192.0.2.1"),
        item("id='192.0.2.2' condition='is'", "RouteEntryItem/Destination", "IP", ""),
        item("id='b' condition='is'", "Network/DNS", "string", "www.example.com"),
    ])
}

#[test]
fn a_document_that_is_cut_off_anywhere_is_damaged() {
    let document = whole();
    for at in 0..document.trim_end().len() {
        assert!(try_read(&document[..at]).is_err(), "{}", &document[..at]);
    }
    let end = document.find("</definition>").expect("it has one");
    let refusal = try_read(&document[..end]).err();
    assert_eq!(refusal.as_deref(), Some("11: breaks off inside <definition>"));
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
