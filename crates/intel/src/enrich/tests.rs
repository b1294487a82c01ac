use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;

use super::mmdb::encoder::{Data, Encoder, text};
use super::*;

fn source(bytes: &[u8]) -> Result<EnrichmentSource, EnrichmentError> {
    EnrichmentSource::from_reader("source", bytes, &EnrichmentOptions::default())
}

fn with_column(column: &str, bytes: &[u8]) -> Result<EnrichmentSource, EnrichmentError> {
    let options = EnrichmentOptions { column: Some(column.to_owned()) };
    EnrichmentSource::from_reader("source", bytes, &options)
}

/// The error with what lies behind it.
fn refusal(source: Result<EnrichmentSource, EnrichmentError>) -> String {
    source.expect_err("no source").to_string()
}

/// `prefix: name=text, ..` for each note.
fn told(source: &EnrichmentSource, address: &str) -> Vec<String> {
    let address = IpNet::from(address.parse::<IpAddr>().expect("an address"));
    source.notes_of(&[address]).iter().map(line).collect()
}

fn line(note: &Note) -> String {
    let fields: Vec<String> =
        note.fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
    format!("{}: {}", note.prefix, fields.join(", "))
}

fn rejects(source: &EnrichmentSource) -> Vec<String> {
    source.rejects.samples.iter().map(ToString::to_string).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn all_rows_about_an_address_are_told_the_narrowest_first_then_in_the_order_of_the_file() {
    let table = "\
        # WHOIS, as of June\n\
        prefix,Org Name,country,remarks\n\
        203.0.0.0/8,Registry,,\n\
        203.0.113.0/24,\"Example Net, Inc.\",NL,\n\
        203.0.113.9,first,NL,a\n\
        203.0.113.5 - 203.0.113.10,pool,,\n\
        203.0.113.9/32,second,,b\n\
        2001:db8::/32,Six,DE,\n";
    let source = source(table.as_bytes()).expect("a table");
    assert_eq!((source.kind, source.entries), (EnrichmentKind::Csv, 6));
    assert_eq!(source.rejects.total, 0);
    assert_eq!(
        told(&source, "203.0.113.9"),
        [
            "203.0.113.9: Org Name=first, country=NL, remarks=a",
            "203.0.113.9: Org Name=second, remarks=b",
            "203.0.113.5-203.0.113.10: Org Name=pool",
            "203.0.113.0/24: Org Name=Example Net, Inc., country=NL",
            "203.0.0.0/8: Org Name=Registry",
        ]
    );
    assert_eq!(told(&source, "::ffff:203.0.113.11"), told(&source, "203.0.113.11"));
    assert_eq!(told(&source, "203.0.113.11").len(), 2);
    assert_eq!(told(&source, "2001:db8::1"), ["2001:db8::/32: Org Name=Six, country=DE"]);
    assert_eq!(told(&source, "198.51.100.1"), Vec::<String>::new());
}

#[test]
fn an_entry_of_a_list_has_the_notes_that_are_about_all_of_it() {
    let table = "ip,n\n203.0.113.0/24,net\n203.0.113.0/25,half\n203.0.113.5-203.0.113.10,range\n";
    let source = source(table.as_bytes()).expect("a table");
    let of = |entry: &str| {
        let entry = rows::keys(entry).expect("an entry").remove(0);
        source.notes_of(&entry).iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(of("203.0.113.0/24"), ["203.0.113.0/24: n=net"]);
    assert_eq!(of("203.0.112.0/23"), Vec::<String>::new());
    assert_eq!(
        of("203.0.113.6-203.0.113.9"),
        ["203.0.113.5-203.0.113.10: n=range", "203.0.113.0/25: n=half", "203.0.113.0/24: n=net"]
    );
    assert_eq!(of("203.0.113.9-203.0.113.200"), ["203.0.113.0/24: n=net"]);
    assert_eq!(of("203.0.113.200-203.0.114.1"), Vec::<String>::new());
}

#[test]
fn the_column_of_addresses_is_found_by_name_or_content_or_is_named() {
    let one = |table: &str| told(&source(table.as_bytes()).expect(table), "192.0.2.1");
    for (table, expected) in [
        // Passive DNS.
        (
            "rrname,rrtype,rdata\nwww.example.com,A,192.0.2.1\n",
            "192.0.2.1: rrname=www.example.com, rrtype=A",
        ),
        ("rrname\trrvalue\nwww.example.com\t192.0.2.1\n", "192.0.2.1: rrname=www.example.com"),
        // As MaxMind publishes its tables.
        (
            "network,autonomous_system_number\n192.0.2.0/24,64500\n",
            "192.0.2.0/24: autonomous_system_number=64500",
        ),
        ("inetnum;netname\n192.0.2.0 - 192.0.2.255;EXAMPLE\n", "192.0.2.0/24: netname=EXAMPLE"),
        ("start_ip,end_ip,country\n192.0.2.0,192.0.2.9,NL\n", "192.0.2.0-192.0.2.9: country=NL"),
        // By content; a comment as header; blanks around the names.
        ("who,where\nme,192.0.2.1\n", "192.0.2.1: who=me"),
        ("# made in June\n#ip, who\n192.0.2.1,me\n", "192.0.2.1: who=me"),
        ("IP Address , \"Who\"\n 192.0.2.1 , \"me\"\n", "192.0.2.1: Who=me"),
        // The value of an indicator comes after what is called an address.
        ("value,ip\n192.0.2.9,192.0.2.1\n", "192.0.2.1: value=192.0.2.9"),
        // Names twice, or none.
        ("ip,a,a,\n192.0.2.1,1,2,3\n", "192.0.2.1: a=1, a_2=2, column_4=3"),
        ("\u{feff}ip,a\r\n192.0.2.1,1\r\n", "192.0.2.1: a=1"),
        // A registry's row about several prefixes.
        ("cidr,a\n\"192.0.2.0/25, 192.0.2.192/26\",1\n", "192.0.2.0/25: a=1"),
    ] {
        assert_eq!(one(table), [expected], "{table}");
    }
    let both = b"src_ip,dst_ip\n192.0.2.1,192.0.2.2\n";
    assert_eq!(
        refusal(source(both)),
        "source cannot be used: line 1: addresses in several columns (src_ip, dst_ip), name the one \
         to read"
    );
    for column in ["dst_ip", "DST IP", "2"] {
        let source = with_column(column, both).expect("a table");
        assert_eq!(told(&source, "192.0.2.2"), ["192.0.2.2: src_ip=192.0.2.1"]);
    }
    assert_eq!(
        refusal(with_column("ip", both)),
        "source cannot be used: line 1: no column \"ip\" in the header, but src_ip, dst_ip"
    );
    for no_header in [
        "192.0.2.1,a\n192.0.2.2,b\n",
        "www.example.com;65\n192.0.2.2;65\n",
        "www.example.com;relay\n192.0.2.2;relay\n",
    ] {
        assert_eq!(
            refusal(source(no_header.as_bytes())),
            "source cannot be used: line 1: there is no header that names the columns"
        );
    }
    assert_eq!(
        refusal(source(b"a,b\nc,2\n")),
        "source cannot be used: line 1: no column of addresses, but a, b"
    );
}

#[test]
fn rows_without_an_address_and_damaged_rows_are_counted_with_line_and_reason() {
    let table = "\
        rrname,rdata\n\
        a.example.com,192.0.2.1\n\
        b.example.com,www.example.com\n\
        c.example.com,192.0.2.300\n\
        d.example.com,\n\
        Example, Inc,192.0.2.2\n\
        \"e.example.com,192.0.2.3\n\
        f.example.com,192.0.2.4,,\n\
        g.example.com";
    let source = source(table.as_bytes()).expect("a table");
    assert_eq!(source.entries, 2);
    assert_eq!(told(&source, "192.0.2.4"), ["192.0.2.4: rrname=f.example.com"]);
    assert_eq!(
        rejects(&source),
        [
            "line 3: \"www.example.com\": not an address",
            "line 4: \"192.0.2.300\": not an address",
            "line 5: \"d.example.com,\": damaged: nothing stands in its column of addresses",
            "line 6: \"Example,Inc,192.0.2.2\": damaged: it has more columns than the header",
            "line 7: \"\\\"e.example.com,192.0.2.3\": damaged: a quote is not closed",
            "line 9: \"g.example.com\": damaged: the list ends within it",
        ]
    );
    assert_eq!(source.rejects.total, 6);
    assert_eq!(
        refusal(super::tests::source(b"ip,a\nx,1\n")),
        "source has no row with an address (1 refused, first: line 2: \"x\": not an address)"
    );
}

#[test]
fn objects_are_rows_one_a_line_in_an_array_or_under_a_key() {
    let rows = r#"{"rrname":"www.example.com","rdata":["192.0.2.1","192.0.2.2"],"count":7,"seen":{"first":1,"last":null}}"#;
    let expected = ["192.0.2.1: rrname=www.example.com, count=7, seen.first=1"];
    for document in [
        rows.to_owned(),
        format!("\n{rows}\n\n"),
        format!("[{rows}]"),
        format!("[\n  {rows}\n]"),
        format!("{{\"data\": [{rows}]}}"),
        format!("{{\n\"made\": \"in June\",\n\"results\": [\n{rows}\n]}}"),
        rows.replace(',', ",\n"),
    ] {
        let source = source(document.as_bytes()).expect(&document);
        assert_eq!((source.kind, source.entries), (EnrichmentKind::Json, 2), "{document}");
        assert_eq!(told(&source, "192.0.2.1"), expected, "{document}");
        assert_eq!(told(&source, "192.0.2.2").len(), 1);
        assert_eq!(rejects(&source), Vec::<String>::new());
    }
    // What is a row itself keeps what it holds.
    let host = r#"{"ip_str": "x", "ip": "192.0.2.1", "data": [{"port": 80}, {"port": 443}]}"#;
    for document in [host.to_owned(), host.replace(", ", ",\n")] {
        let source = source(document.as_bytes()).expect("an object");
        let told = told(&source, "192.0.2.1");
        assert_eq!(told, ["192.0.2.1: ip_str=x, data.0.port=80, data.1.port=443"]);
    }
    let nested = br#"{"host": {"ip": "192.0.2.1"}, "a": 1}"#;
    let source = with_column("host.ip", nested).expect("an object");
    assert_eq!(told(&source, "192.0.2.1"), ["192.0.2.1: a=1"]);
    let families = br#"{"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "a": 1}"#;
    let source = super::tests::source(families).expect("an object");
    assert_eq!(told(&source, "192.0.2.1"), ["192.0.2.1: a=1"]);
    assert_eq!(told(&source, "2001:db8::1"), ["2001:db8::1: a=1"]);
}

#[test]
fn a_line_of_damaged_json_costs_itself_only_and_a_damaged_document_is_refused() {
    let lines = "\
        {\"ip\": \"192.0.2.1\", \"a\": 1}\n\
        {\"ip\": \"192.0.2.2\", \"a\": \n\
        [\"192.0.2.3\"]\n\
        {\"name\": \"x\"}\n\
        {}\n\
        {\"src_ip\": \"192.0.2.4\", \"dst_ip\": \"192.0.2.5\"}\n\
        {\"ip\": \"192.0.2.300\"}\n\
        {\"ip\": \"192.0.2.6\"}{\"ip\": \"192.0.2.7\"}\n\
        {\"ip\": \"192.0.2.8\", \"a\": 2}";
    let source = source(lines.as_bytes()).expect("objects");
    assert_eq!(source.entries, 2);
    assert_eq!(told(&source, "192.0.2.8"), ["192.0.2.8: a=2"]);
    let told = rejects(&source);
    let begin = |line: &str| line.split(": ").next().map(str::to_owned);
    assert_eq!(
        told.iter().filter_map(|line| begin(line)).collect::<Vec<_>>(),
        ["line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 8"]
    );
    assert!(told[0].ends_with("not a JSON object"), "{told:?}");
    assert!(told[2].ends_with("\"name: x\": nothing in it is known to be an address"), "{told:?}");
    assert!(told[4].ends_with("name the one to read"), "{told:?}");
    assert!(told[5].ends_with("not an address"), "{told:?}");

    let document = "{\n\"data\": [\n{\"ip\": \"192.0.2.1\"},\n{\"ip\": \"192.0.2.2\"\n";
    let error = refusal(super::tests::source(document.as_bytes()));
    assert!(error.starts_with("source cannot be used: line 5: not JSON: EOF"), "{error}");
    let places = "[\n{\"ip\": \"192.0.2.1\"},\n\n  {\"ip\": \"x\"},\n{\n\"a\": 1\n},\n7\n]";
    let source = super::tests::source(places.as_bytes()).expect("objects");
    let lines: Vec<u64> = source.rejects.samples.iter().map(|reject| reject.line).collect();
    assert_eq!(lines, [4, 5, 8], "where each row begins");
}

#[test]
fn a_prefix_of_aws_is_one_note_with_all_its_services() {
    let ranges = r#"{
  "syncToken": "1748736000",
  "prefixes": [
    {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
    {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    {"ip_prefix": "198.51.100.128/25", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8::/32", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"}
  ]
}"#;
    for document in [ranges.to_owned(), ranges.replace('\n', "")] {
        let source = source(document.as_bytes()).expect("ranges");
        assert_eq!((source.kind, source.entries), (EnrichmentKind::AwsIpRanges, 3));
        let group = "network_border_group=eu-west-1";
        assert_eq!(
            told(&source, "198.51.100.200"),
            [
                format!("198.51.100.128/25: region=eu-west-1, service=EC2, {group}"),
                format!("198.51.100.0/24: region=eu-west-1, service=AMAZON, EC2, {group}"),
            ]
        );
        assert_eq!(told(&source, "2001:db8::1").len(), 1);
    }
}

#[test]
fn databases_and_tables_are_told_apart_compressed_or_not_and_their_bytes_are_known() {
    let asn = Data::Map(vec![("autonomous_system_organization", text("Example Net"))]);
    let records = [("203.0.113.0/24".parse().expect("a prefix"), asn)];
    // In small numbers of 32 bits there are as many zeros as in text of UTF-32.
    let databases = [24, 28, 32].map(|record_size| {
        (Encoder { record_size, ..Encoder::default() }.encode(&records), EnrichmentKind::Mmdb)
    });
    let table = b"ip,as_organization\n203.0.113.0/24,Example Net\n".to_vec();
    for (bytes, kind) in databases.into_iter().chain([(table, EnrichmentKind::Csv)]) {
        let (plain, packed) =
            (source(&bytes).expect("stored"), source(&gzip(&bytes)).expect("gzip"));
        assert_eq!((plain.kind, packed.kind), (kind, kind));
        let expected = ["203.0.113.0/24: as_organization=Example Net"];
        assert_eq!(told(&plain, "203.0.113.9"), expected);
        assert_eq!(told(&packed, "203.0.113.9"), expected);
        assert_ne!(plain.sha256, packed.sha256);
        let cut = &gzip(&bytes)[..30];
        assert_eq!(refusal(source(cut)), "cannot inflate source");
    }
    // sha256sum of `ip,a` and `192.0.2.1,1`, each with a line feed.
    let digest = source(b"ip,a\n192.0.2.1,1\n").expect("a table").sha256;
    assert_eq!(digest, "cfcf8a4632ad3e600bd10e4b82956925c7d426a4bafde982f9112e477f8d7ca9");
}

#[test]
fn what_is_no_source_is_refused_by_name() {
    for (bytes, said) in [
        (&b"<!DOCTYPE html><html>"[..], "looks like a web page, expected a MaxMind database"),
        (b"<?xml version=\"1.0\"?><ioc/>", "looks like XML"),
        (b"PK\x03\x04....", "looks like a ZIP archive"),
        (b"\xff\xfei\0p\0", "looks like UTF-16LE"),
        (b"i\0p\0,\0a\0\n\0", "looks like UTF-16LE"),
        (
            b"\x7fELF\0\0\0",
            "cannot be used as a MaxMind database: invalid database: could not find",
        ),
        (b"", "there is no header that names the columns"),
        (b"# nothing\n", "there is no header that names the columns"),
        (b"[]", "source has no row with an address"),
        (b"{}", "source has no row with an address (1 refused"),
        (b"192.0.2.1 a label\n", "no column of addresses, but 192.0.2.1 a label"),
    ] {
        let error = refusal(source(bytes));
        assert!(error.contains(said), "{error}");
    }
    let missing = EnrichmentSource::read("no/such/file", &EnrichmentOptions::default());
    assert_eq!(refusal(missing), "cannot read no/such/file");
}

#[test]
fn sources_are_asked_in_their_order() {
    let [a, b] = ["a", "b"].map(|name| {
        let table = format!("ip,n\n192.0.2.0/24,{name}\n192.0.2.1,{name}\n");
        let options = EnrichmentOptions::default();
        EnrichmentSource::from_reader(name, table.as_bytes(), &options).expect("a table")
    });
    let enrichment = Enrichment::new(vec![b, a]);
    let notes = enrichment.notes("192.0.2.1".parse().expect("an address"));
    let order: Vec<_> = notes.iter().map(|note| (&*note.source, &*note.prefix)).collect();
    assert_eq!(
        order,
        [("b", "192.0.2.1"), ("b", "192.0.2.0/24"), ("a", "192.0.2.1"), ("a", "192.0.2.0/24")]
    );
    assert_eq!(enrichment.sources().len(), 2);
}

/// First and last address of a row, as numbers.
type Ends = (u32, u32);

/// Rows that hold all of `asked`, by a scan of all: the narrowest first, then in their order.
fn naive(rows: &[Ends], asked: Ends) -> Vec<usize> {
    let holds = |(first, last): Ends| first <= asked.0 && asked.1 <= last;
    let mut found: Vec<usize> = (0..rows.len()).filter(|at| holds(rows[*at])).collect();
    found.sort_by_key(|at| rows[*at].1 - rows[*at].0);
    found
}

fn address(bits: u32) -> String {
    std::net::Ipv4Addr::from_bits(bits).to_string()
}

/// Addresses, prefixes and ranges that crowd in 203.0.113.0/24.
fn ends() -> impl Strategy<Value = (Ends, String)> {
    let base = 0xcb00_7100_u32;
    (0_u32..256, 0_u32..256, 24_u32..=32, 0..3).prop_map(move |(a, b, length, kind)| match kind {
        0 => ((base + a, base + a), address(base + a)),
        1 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let first = (base + a) & mask;
            ((first, first | !mask), format!("{}/{length}", address(first)))
        }
        _ => {
            let (first, last) = (base + a.min(b), base + a.max(b));
            ((first, last), format!("{}-{}", address(first), address(last)))
        }
    })
}

proptest! {
    #[test]
    fn notes_match_a_naive_scan_of_the_rows_in_csv_and_json(
        rows in vec(ends(), 1..40),
        asked in vec(ends(), 1..40),
    ) {
        let numbered = || rows.iter().enumerate();
        let csv: String = numbered().map(|(at, (_, text))| format!("{at},{text}\n")).collect();
        let json: String = numbered()
            .map(|(at, (_, text))| format!("{{\"n\": {at}, \"ip\": \"{text}\"}}\n"))
            .collect();
        let ends: Vec<Ends> = rows.iter().map(|(ends, _)| *ends).collect();
        for text in [format!("n,ip\n{csv}"), json] {
            let source = source(text.as_bytes()).expect("a table");
            prop_assert_eq!(source.entries, rows.len() as u64);
            for (asked, entry) in &asked {
                let prefixes = rows::keys(entry).expect("an entry").remove(0);
                let told: Vec<String> =
                    source.notes_of(&prefixes).iter().map(|note| note.fields[0].1.clone()).collect();
                let expected: Vec<String> =
                    naive(&ends, *asked).iter().map(ToString::to_string).collect();
                prop_assert_eq!(told, expected, "{}", entry);
            }
        }
    }

    #[test]
    fn any_damage_is_refused_or_counted_and_never_a_panic(at in 0_usize..200, byte: u8, end in 0_usize..200) {
        for text in [
            "ip,a,b\n192.0.2.1,\"x, y\",1\n192.0.2.0/24,\"two\nlines\",2\n192.0.2.5-192.0.2.9,c,3\n",
            "{\"ip\": \"192.0.2.1\", \"a\": [1, {\"b\": null}]}\n{\"ip\": \"192.0.2.2\"}\n",
            "[\n{\"ip\": \"192.0.2.1\", \"a\": [1, {\"b\": null}]},\n{\"ip\": \"192.0.2.2\"}\n]",
            "{\"prefixes\": [{\"ip_prefix\": \"192.0.2.0/24\", \"service\": \"EC2\"}]}",
        ] {
            let mut bytes = text.as_bytes().to_vec();
            let len = bytes.len();
            bytes[at % len] = byte;
            bytes.truncate(len - end % len);
            crate::fuzz::check_enrichment(&bytes);
        }
    }
}
