use proptest::collection::vec;
use proptest::prelude::*;

use super::encoder::{Data, Encoder, text};
use super::*;

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn asn(number: u32, organization: &str) -> Data {
    Data::Map(vec![
        ("autonomous_system_number", Data::U32(number)),
        ("autonomous_system_organization", text(organization)),
    ])
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
}

fn small() -> Vec<(IpNet, Data)> {
    let names = Data::Map(vec![("de", text("Niederlande")), ("en", text("Netherlands"))]);
    let country = Data::Map(vec![
        ("geoname_id", Data::U32(2_750_405)),
        ("iso_code", text("NL")),
        ("names", names),
    ]);
    let traits = Data::Map(vec![("is_tor_exit_node", Data::Bool(true))]);
    vec![
        (net("203.0.113.0/24"), asn(64_500, "Example Net")),
        (net("203.0.113.8/29"), Data::Map(vec![("country", country), ("traits", traits)])),
        (net("2001:db8::/32"), asn(64_501, "Example Net")),
    ]
}

#[test]
fn an_address_has_the_record_of_its_longest_prefix_in_every_form_of_tree() {
    for (ip_version, record_size) in [(4, 24), (4, 28), (4, 32), (6, 24), (6, 28), (6, 32)] {
        let mut records = small();
        records.truncate(if ip_version == 4 { 2 } else { 3 });
        let encoder = Encoder { ip_version, record_size, ..Encoder::default() };
        let database = Database::open(encoder.encode(&records)).expect("a database");
        assert_eq!(database.records, records.len() as u64);
        let look = |text: &str| {
            let found = database.look_up(net(text));
            found.map(|(prefix, fields)| (prefix.to_string(), fields))
        };
        let example = owned(&[("asn", "64500"), ("as_organization", "Example Net")]);
        let exit = owned(&[
            ("country", "NL"),
            ("country_name", "Netherlands"),
            ("is_tor_exit_node", "true"),
        ]);
        assert_eq!(look("203.0.113.9/32"), Some(("203.0.113.8/29".to_owned(), exit.clone())));
        assert_eq!(look("::ffff:203.0.113.9/128"), look("203.0.113.9/32"));
        // Around the /29 the tree has the /24 in pieces.
        assert_eq!(look("203.0.113.7/32"), Some(("203.0.113.0/29".to_owned(), example.clone())));
        assert_eq!(look("203.0.113.200/32"), Some(("203.0.113.128/25".to_owned(), example)));
        assert_eq!(look("203.0.113.8/29"), Some(("203.0.113.8/29".to_owned(), exit)));
        assert_eq!(look("203.0.113.0/24"), None, "one record does not hold all of it");
        assert_eq!(look("203.0.112.0/32"), None);
        let six = owned(&[("asn", "64501"), ("as_organization", "Example Net")]);
        let six = (ip_version == 6).then(|| ("2001:db8::/32".to_owned(), six));
        assert_eq!(look("2001:db8::1/128"), six);
        assert_eq!(look("2001:db9::1/128"), None);
    }
}

#[test]
fn a_database_says_what_it_is() {
    let database = Database::open(Encoder::default().encode(&small())).expect("a database");
    assert_eq!(database.database_type(), "Example-ASN");
    assert_eq!(database.built(), Some("2025-06-01T00:00:00Z".parse().expect("a time")));
}

/// After a change of the encoder, run this with `FLOWPROOF_WRITE_FIXTURES=1`.
#[test]
fn the_fixture_is_what_the_encoder_makes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/enrich/asn.mmdb");
    let exit = Data::Map(vec![
        ("autonomous_system_number", Data::U32(64_500)),
        ("autonomous_system_organization", text("Example Net")),
        ("country", Data::Map(vec![("iso_code", text("NL"))])),
        ("traits", Data::Map(vec![("is_tor_exit_node", Data::Bool(true))])),
    ]);
    let mut records = small();
    records[1].1 = exit;
    let made = Encoder::default().encode(&records);
    if std::env::var_os("FLOWPROOF_WRITE_FIXTURES").is_some() {
        std::fs::write(path, &made).expect("the fixture is written");
    }
    assert!(std::fs::read(path).expect("the fixture") == made);
}

#[test]
fn every_type_of_value_is_told_as_it_stands() {
    let long = "x".repeat(70_000);
    let middle = "y".repeat(300);
    let record = Data::Map(vec![
        ("double", Data::Double(-52.25)),
        ("bytes", Data::Bytes(vec![0, 171])),
        ("u16", Data::U16(65_535)),
        ("zero", Data::U32(0)),
        ("u64", Data::U64(u64::MAX)),
        ("u128", Data::U128(u128::MAX)),
        ("i32", Data::I32(-2)),
        ("float", Data::Float(0.1)),
        ("is_anycast", Data::Bool(false)),
        ("list", Data::List(vec![text("a"), text("b")])),
        ("deep", Data::List(vec![Data::Map(vec![("z", text("a"))])])),
        ("middle", text(&middle)),
        ("long", text(&long)),
        ("again", text(&long)),
        ("after", text("a")),
        ("empty", text("")),
    ]);
    for padding in [0, 3000, 600_000] {
        let encoder = Encoder { padding, ..Encoder::default() };
        let file = encoder.encode(&[(net("192.0.2.0/24"), record.clone())]);
        let database = Database::open(file).expect("a database");
        let (_, fields) = database.look_up(net("192.0.2.1/32")).expect("a record");
        let expected = owned(&[
            ("double", "-52.25"),
            ("bytes", "00ab"),
            ("u16", "65535"),
            ("zero", "0"),
            ("u64", "18446744073709551615"),
            ("u128", "340282366920938463463374607431768211455"),
            ("i32", "-2"),
            ("float", "0.1"),
            ("is_anycast", "false"),
            ("list", "a, b"),
            ("deep.0.z", "a"),
            ("middle", &middle),
            ("long", &long),
            ("again", &long),
            ("after", "a"),
        ]);
        assert_eq!(fields, expected, "{padding}");
    }
}

#[test]
fn records_of_other_makers_keep_their_own_names() {
    let names = |name| Data::Map(vec![("names", Data::Map(vec![("fr", text(name))]))]);
    let records = [
        (net("192.0.2.0/25"), Data::Map(vec![("country", text("NL")), ("asn", text("AS64500"))])),
        (
            net("192.0.2.128/25"),
            Data::Map(vec![
                ("city", names("La Haye")),
                ("subdivisions", Data::List(vec![names("Hollande")])),
                ("asn", text("AS64500")),
                ("autonomous_system_number", Data::U32(64_500)),
                ("name", text("x")),
            ]),
        ),
    ];
    let database = Database::open(Encoder::default().encode(&records)).expect("a database");
    let fields = |text| database.look_up(net(text)).expect("a record").1;
    assert_eq!(fields("192.0.2.1/32"), owned(&[("country", "NL"), ("asn", "AS64500")]));
    let expected = [
        ("city", "La Haye"),
        ("subdivision_name", "Hollande"),
        ("asn", "AS64500"),
        ("asn_2", "64500"),
        ("name", "x"),
    ];
    assert_eq!(fields("192.0.2.129/32"), owned(&expected));
}

#[test]
fn a_database_that_is_cut_off_anywhere_is_refused() {
    let file = Encoder::default().encode(&small());
    for end in 0..file.len() {
        let error = Database::open(file[..end].to_vec()).expect_err("half a database");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_flipped_byte_is_refused_or_read_and_never_a_panic() {
    let file = Encoder::default().encode(&small());
    let mut refused = 0;
    for at in 0..file.len() {
        for flip in [1, 0x20, 0x80, 0xff] {
            let mut damaged = file.clone();
            damaged[at] ^= flip;
            crate::fuzz::check_enrichment(&damaged);
            refused += usize::from(Database::open(damaged).is_err());
        }
    }
    assert!(refused > file.len(), "only {refused} of {}", 4 * file.len());
}

/// A database of one node, which leads to byte `start` of `section`.
fn with_section(section: &[u8], start: usize) -> Vec<u8> {
    let encoder = Encoder { ip_version: 4, padding: section.len(), ..Encoder::default() };
    let mut file = encoder.encode(&[(net("0.0.0.0/1"), Data::Map(Vec::new()))]);
    let number = (1 + 16 + start) as u32;
    file[..3].copy_from_slice(&number.to_be_bytes()[1..]);
    file[6 + 16..6 + 16 + section.len()].copy_from_slice(section);
    file
}

/// A database of as many nodes as there are pairs, whose numbers the pairs are.
fn with_tree(ip_version: u16, pairs: &[[u32; 2]]) -> Vec<u8> {
    let encoder = Encoder { ip_version, record_size: 32, ..Encoder::default() };
    let whole = encoder.encode(&[(net("192.0.2.1/32"), asn(64_500, "Example Net"))]);
    let nodes = if ip_version == 4 { 32 } else { 128 };
    assert_eq!(pairs.len(), nodes);
    let tree: Vec<u8> = pairs.iter().flatten().flat_map(|number| number.to_be_bytes()).collect();
    [&tree, &whole[tree.len()..]].concat()
}

fn refusal(file: Vec<u8>) -> String {
    Database::open(file).expect_err("a damaged database").to_string()
}

#[test]
fn a_record_that_grows_beyond_measure_by_pointers_is_refused() {
    // Each list holds two pointers to the list before it: 2^30 values in 200 bytes.
    let mut section = vec![0x41, b'x'];
    let mut before = 0_u8;
    for _ in 0..30 {
        let here = section.len() as u8;
        section.extend([0x02, 11 - 7, 0x20, before, 0x20, before]);
        before = here;
    }
    let map = section.len();
    section.extend([0xe1, 0x20, 0, 0x20, before]);
    let said = refusal(with_section(&section, map));
    assert!(said.ends_with("it has too many values"), "{said}");
    // A list that holds itself.
    let said = refusal(with_section(&[0xe1, 0x41, b'x', 0x01, 4, 0x20, 3], 0));
    assert!(said.ends_with("its values are nested too deeply"), "{said}");
    // A pointer to itself.
    let said = refusal(with_section(&[0xe1, 0x41, b'x', 0x20, 3], 0));
    assert!(said.contains("depth"), "{said}");
}

#[test]
fn a_record_of_as_many_values_as_are_taken_is_read_and_one_of_more_is_refused() {
    let items = |count| {
        let list = Data::List((0..count).map(|_| Data::Bool(true)).collect());
        let record = Data::Map(vec![("list", list)]);
        Database::open(Encoder::default().encode(&[(net("192.0.2.0/24"), record)]))
    };
    // The list is a value too.
    assert_eq!(items(4095).expect("a database").records, 1);
    assert!(matches!(items(4096), Err(Damage::Record { at: 0, .. })));
}

#[test]
fn a_record_is_a_map_with_texts_as_keys() {
    let opened = |section: &[u8]| Database::open(with_section(section, 0)).map(|read| read.records);
    assert_eq!(opened(&[0xe1, 0x41, b'x', 0x41, b'y']).expect("a database"), 1);
    for other in [&[0x41, b'y'][..], &[0x00, 4], &[0xe1, 0xa1, 7, 0x41, b'y'], &[0xe1, 0x41, 0xff]]
    {
        assert!(matches!(opened(other), Err(Damage::Record { at: 0, .. })), "{other:02x?}");
    }
}

#[test]
fn a_tree_that_goes_in_a_circle_or_shares_its_nodes_on_every_level_is_refused() {
    for nodes in [32_u32, 128] {
        let ip_version = if nodes == 32 { 4 } else { 6 };
        let circle: Vec<_> = (0..nodes).map(|_| [0, nodes]).collect();
        assert!(refusal(with_tree(ip_version, &circle)).contains("cycle"));
        // 2^32 and 2^128 ways to nothing.
        let shared: Vec<_> = (1..=nodes).map(|next| [next, next]).collect();
        let error = Database::open(with_tree(ip_version, &shared)).expect_err("a damaged database");
        assert!(matches!(error, Damage::Tree), "{error}");
    }
    // 2^96 ways to the first node of IPv4, below which there is nothing.
    let nodes = (0..128).map(|node| if node < 96 { [node + 1; 2] } else { [128; 2] });
    let error = Database::open(with_tree(6, &nodes.collect::<Vec<_>>()));
    assert!(matches!(error, Err(Damage::Tree)), "{error:?}");
}

#[test]
fn a_tree_may_share_the_nodes_of_ipv4_with_a_prefix_of_ipv6() {
    // Node by node the way to ::192.0.2.1, whose record is the first.
    let address = u128::from(u32::from_be_bytes([192, 0, 2, 1]));
    let mut pairs: Vec<[u32; 2]> = (0..128_u32)
        .map(|node| {
            let next = if node == 127 { 128 + 16 } else { node + 1 };
            if address >> (127 - node) & 1 == 0 { [next, 128] } else { [128, next] }
        })
        .collect();
    // 8000::/1 goes on where ::/96 does.
    pairs[0][1] = 96;
    let database = Database::open(with_tree(6, &pairs)).expect("a database");
    assert_eq!(database.records, 1);
    let found = |text: &str| database.look_up(net(text)).map(|(prefix, _)| prefix.to_string());
    assert_eq!(found("192.0.2.1/32").as_deref(), Some("192.0.2.1/32"));
    assert_eq!(found("192.0.2.2/32"), None);
    // 1, and then the bits of 192.0.2.1.
    assert_eq!(found("e000:0100:8000::/128").as_deref(), Some("e000:100:8000::/33"));
    assert_eq!(found("e000:0101::/128"), None);
}

#[test]
fn a_prefix_of_ipv6_that_holds_all_of_ipv4_says_its_record_of_every_ipv4_address() {
    for prefix in ["::/1", "::/95", "::/96"] {
        let file = Encoder::default().encode(&[(net(prefix), asn(64_500, "Example Net"))]);
        let database = Database::open(file).expect("a database");
        let found = |text: &str| database.look_up(net(text)).map(|(prefix, _)| prefix.to_string());
        assert_eq!(found("203.0.113.9/32").as_deref(), Some("0.0.0.0/0"), "{prefix}");
        assert_eq!(found("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"), "{prefix}");
        assert_eq!(found("::7/128").as_deref(), Some(prefix));
        assert_eq!(found("8000::/128"), None);
    }
    let file = Encoder::default().encode(&[(net("0.0.0.0/1"), asn(64_500, "Example Net"))]);
    let database = Database::open(file).expect("a database");
    assert_eq!(database.look_up(net("0.0.0.0/0")), None);
}

#[test]
fn what_is_no_database_says_why() {
    let said = |bytes: &[u8]| refusal(bytes.to_vec());
    assert_eq!(said(b"\0\0"), "invalid database: could not find MaxMind DB metadata in file");
    let metadata = |more: &[u8]| [b"\xab\xcd\xefMaxMind.com", more].concat();
    let cut_off = "invalid database at offset 14: unexpected end of buffer";
    assert_eq!(said(&metadata(b"")), cut_off);
    let incomplete = "decoding error: missing field `binary_format_major_version`";
    assert_eq!(said(&metadata(&[0xe0])), incomplete);
    let mut file = Encoder::default().encode(&small());
    file[0] = 0xff;
    let nowhere = "the MaxMind DB file's data pointer resolves to an invalid location";
    assert_eq!(said(&file), format!("invalid database: {nowhere}"));
}

prop_compose! {
    /// Prefixes that crowd, so that they lie within each other.
    fn prefix()(six: bool, high in 0_u128..4, low: u128, length in 0_u8..40) -> IpNet {
        if six {
            let bits = 0x2001_0db8 << 96 | high << 94 | low >> 34;
            IpNet::new(IpAddr::V6(bits.into()), 88 + length).expect("a length").trunc()
        } else {
            let bits = (203 << 24 | high << 22) as u32 | low as u32 >> 10;
            let length = (length % 32) + 1;
            IpNet::new(IpAddr::V4(bits.into()), length).expect("a length").trunc()
        }
    }
}

/// The number of the record for an address: of the longest prefix, the last one.
fn naive(records: &[(IpNet, Data)], address: IpAddr) -> Option<usize> {
    let holds = |(at, record): (usize, &(IpNet, Data))| {
        record.0.contains(&address).then_some((record.0.prefix_len(), at))
    };
    records.iter().enumerate().filter_map(holds).max().map(|(_, at)| at)
}

proptest! {
    #[test]
    fn look_ups_match_a_naive_scan_of_what_was_encoded(
        prefixes in vec(prefix(), 1..30),
        asked in vec(prefix(), 1..30),
        record_size in prop::sample::select(vec![24_u16, 28, 32]),
    ) {
        let number = |at: usize| Data::Map(vec![("n", Data::U64(at as u64))]);
        let records: Vec<(IpNet, Data)> =
            prefixes.iter().enumerate().map(|(at, net)| (*net, number(at))).collect();
        let encoder = Encoder { record_size, ..Encoder::default() };
        let database = Database::open(encoder.encode(&records)).expect("a database");
        let edges = prefixes.iter().flat_map(|net| [net.network(), net.broadcast()]);
        for address in edges.chain(asked.iter().map(IpNet::addr)) {
            let found = database.look_up(IpNet::from(address));
            let told = found.as_ref().map(|(_, fields)| fields[0].1.clone());
            let expected = naive(&records, address);
            prop_assert_eq!(told, expected.map(|at| at.to_string()), "{}", address);
            if let (Some((prefix, _)), Some(at)) = (found, expected) {
                prop_assert!(prefix.contains(&address) && records[at].0.contains(&prefix));
            }
        }
        // A prefix has a record if all of its addresses have the same one by the same leaf.
        for net in &asked {
            if let Some((prefix, fields)) = database.look_up(*net) {
                prop_assert!(prefix.contains(net));
                for address in [net.network(), net.broadcast()] {
                    prop_assert_eq!(naive(&records, address).map(|at| at.to_string()), Some(fields[0].1.clone()));
                }
            }
        }
    }

    #[test]
    fn any_bytes_behind_the_tree_are_taken_without_panic(bytes in vec(any::<u8>(), 0..200), at in 0_usize..200) {
        let section = [b"\xe1\x41x", &bytes[..]].concat();
        let start = at.min(section.len());
        for start in [0, start] {
            crate::fuzz::check_enrichment(&with_section(&section, start));
        }
        let _ = Database::open([b"\xab\xcd\xefMaxMind.com", &bytes[..]].concat());
    }
}
