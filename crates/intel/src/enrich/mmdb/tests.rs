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
        ("float", Data::Float(0.5)),
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
            ("float", "0.5"),
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

#[test]
fn a_record_that_grows_beyond_measure_by_pointers_is_refused() {
    // Each list holds two pointers to the list before it: 2^40 values in 200 bytes.
    let mut section = vec![0x41, b'x'];
    let mut before = 0_u8;
    for _ in 0..40 {
        let here = section.len() as u8;
        section.extend([0x02, 11 - 7, 0x20, before, 0x20, before]);
        before = here;
    }
    assert_eq!(data::value(&section, before.into()), Err(Damage::TooLarge));
    // A list that holds itself.
    assert_eq!(data::value(&[0x01, 4, 0x20, 0], 0), Err(Damage::TooLarge));
    // A pointer to a pointer.
    assert_eq!(data::value(&[0x20, 2, 0x20, 0], 0), Err(Damage::Value(2)));
}

#[test]
fn what_is_no_database_says_why() {
    let said = |bytes: &[u8]| Database::open(bytes.to_vec()).expect_err("none").to_string();
    assert_eq!(said(b"\0\0"), "it has no metadata at its end");
    let metadata = |more: &[u8]| [b"\xab\xcd\xefMaxMind.com", more].concat();
    assert_eq!(said(&metadata(b"")), "it ends within its search tree or within a record");
    assert_eq!(said(&metadata(&[0xe0])), "its metadata has no usable binary_format_major_version");
    let mut file = Encoder::default().encode(&small());
    file[0] = 0xff;
    assert_eq!(said(&file), "node 0 of its search tree leads nowhere");
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
        let _ = data::value(&bytes, at);
        let _ = Database::open([b"\xab\xcd\xefMaxMind.com", &bytes[..]].concat());
    }
}
