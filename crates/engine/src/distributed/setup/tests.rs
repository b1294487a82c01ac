use std::net::IpAddr;

use flowproof_evidence::InterfaceIdentity;
use flowproof_source::s3::S3Options;
use proptest::prelude::*;

use super::*;
use crate::read_inventory;

fn object(key: &str, location: Location) -> Object {
    Object { key: key.into(), location, size: 7, etag: None, layout: None }
}

fn file(key: &str) -> Object {
    object(key, Location::Local(key.into()))
}

fn context(catalog: Catalog) -> ScanContext {
    ScanContext { catalog: Arc::new(catalog), ..ScanContext::of(file("a.log")) }
}

/// A book with all that books may have.
fn book(entries: &[(u8, u8, u8, bool)]) -> AddressBook {
    let mut book = AddressBook::default();
    for (interface, instance, address, is_learned) in entries {
        let interface = format!("eni-{interface}");
        let address: IpAddr = match address % 2 {
            0 => [10, 0, 0, *address].into(),
            _ => [0x2001, 0xdb8, (*address).into(), 0, 0, 0, 0, 1].into(),
        };
        match is_learned {
            true => book.learn(&interface, address, instance % 2 == 0),
            false => book.add(&InterfaceIdentity {
                interface,
                instance: (*instance > 0).then(|| format!("i-{instance}")),
                addresses: vec![address],
            }),
        }
    }
    book
}

/// A book in which an interface moved.
fn moved() -> AddressBook {
    let told = |instance: &str, time: &str| {
        format!(
            r#"{{"NetworkInterfaces": [{{"NetworkInterfaceId": "eni-0a1b2c3d4e5f60001",
                "Attachment": {{"InstanceId": "{instance}", "AttachTime": "{time}"}}}}]}}"#
        )
    };
    let one = told("i-0aaaabbbbcccc0001", "2025-05-01T00:00:00.000Z");
    let other = told("i-0aaaabbbbcccc0002", "2025-06-01T00:00:00.000Z");
    let mut book = AddressBook::default();
    book.add_inventory(&read_inventory(format!("{one}{other}").as_bytes()).unwrap());
    book
}

fn again(context: &ScanContext) -> ScanContext {
    let bytes = Setup::of(context).encode().unwrap();
    let setup = Setup::decode(&bytes).unwrap();
    assert_eq!(setup.encode().unwrap(), bytes);
    let book = Arc::new(setup.book());
    setup.context(book, Arc::clone(&context.catalog), Arc::clone(&context.pool))
}

fn coverage() -> impl Strategy<Value = CoverageScope> {
    prop_oneof![
        Just(CoverageScope::Nobody),
        Just(CoverageScope::Everybody),
        prop::collection::btree_set("eni-[1-3]", 0..3).prop_map(CoverageScope::Interfaces),
    ]
}

proptest! {
    #[test]
    fn a_scan_is_set_up_elsewhere_as_it_is_here(
        entries in prop::collection::vec((0u8..4, 0u8..4, 0u8..6, any::<bool>()), 0..9),
        (from, to, batch_rows) in any::<(Option<i64>, Option<i64>, u16)>(),
        format in prop::option::of(prop::sample::select(&[
            "${version} ${srcaddr} ${pkt-srcaddr}", "srcaddr new-field srcaddr",
        ][..])),
        flags in any::<[bool; 5]>(),
        coverage in coverage(),
        sides in prop::array::uniform2(prop::collection::btree_set("10\\.0\\.0\\.[1-9]", 0..3)),
    ) {
        let [wants_pending, digests, thorough, learns_from_all, push_filters] = flags;
        let [perspective, foreign] = sides;
        let here = ScanContext {
            format: format.map(|format| Format::parse_format_string(format).unwrap()),
            from,
            to,
            batch_rows: usize::from(batch_rows).max(1),
            orientation: Orientation {
                book: Arc::new(book(&entries)),
                perspective,
                foreign,
                pending: wants_pending.then(Arc::default),
            },
            coverage,
            digests,
            thorough,
            learns_from_all,
            push_filters,
            ..context(Catalog::of(vec![]))
        };
        let there = again(&here);
        prop_assert_eq!(&there.format, &here.format);
        prop_assert_eq!((there.from, there.to), (from, to));
        prop_assert_eq!(there.batch_rows, here.batch_rows);
        let flags = |scan: &ScanContext| {
            (scan.digests, scan.thorough, scan.learns_from_all, scan.push_filters)
        };
        prop_assert_eq!(flags(&there), flags(&here));
        prop_assert_eq!(&there.coverage, &here.coverage);
        let (one, other) = (&there.orientation, &here.orientation);
        prop_assert_eq!(&one.book, &other.book);
        prop_assert_eq!(&one.perspective, &other.perspective);
        prop_assert_eq!(&one.foreign, &other.foreign);
        prop_assert_eq!(one.pending.is_some(), other.pending.is_some());
    }

    #[test]
    fn damaged_setups_and_objects_are_refused_or_are_others(
        entries in prop::collection::vec((0u8..4, 0u8..4, 0u8..6, any::<bool>()), 0..9),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        any_bytes in prop::collection::vec(any::<u8>(), 0..99),
    ) {
        let mut here = context(Catalog::of(vec![file("a.log"), file("b.log")]));
        here.orientation.book = Arc::new(book(&entries));
        let mut bytes = Setup::of(&here).encode().unwrap();
        let cut = at.index(bytes.len());
        prop_assert!(Setup::decode(&bytes[..cut]).is_err());
        bytes[cut] ^= flip;
        if let Ok(setup) = Setup::decode(&bytes) {
            setup.context(Arc::new(setup.book()), Arc::clone(&here.catalog), Arc::clone(&here.pool));
        }
        let mut bytes = ObjectSet::of(&here, &[1, 0]).unwrap().encode().unwrap();
        let cut = at.index(bytes.len());
        prop_assert!(ObjectSet::decode(&bytes[..cut]).is_err());
        bytes[cut] ^= flip;
        if let Ok(set) = ObjectSet::decode(&bytes) {
            let _ = set.catalog(None);
        }
        let _ = Setup::decode(&any_bytes);
        if let Ok(set) = ObjectSet::decode(&any_bytes) {
            let _ = set.catalog(None);
        }
    }
}

#[test]
fn whose_an_interface_was_when_is_known_elsewhere() {
    let mut here = context(Catalog::of(vec![]));
    here.orientation.book = Arc::new(moved());
    let there = again(&here).orientation.book;
    assert!(there.has_timelines());
    let entry = there.get("eni-0a1b2c3d4e5f60001").unwrap();
    let at = |second| entry.instance_at(Some(second));
    assert_eq!(at(1_747_000_000), Some("i-0aaaabbbbcccc0001"));
    assert_eq!(at(1_749_000_000), Some("i-0aaaabbbbcccc0002"));
    assert_eq!(*there, *here.orientation.book);
    assert_eq!(there.interfaces_of("i-0aaaabbbbcccc0002").count(), 1);
}

#[test]
fn objects_have_the_numbers_in_which_they_are_told_and_what_all_of_them_tell() {
    let flow_log = |id: &str| {
        let name = format!("123456789012_vpcflowlogs_us-east-1_{id}_20250601T0005Z_1a2b3c4d.log");
        Object { layout: key_layout(&name), ..file(&name) }
    };
    let larger = Object { size: 9, etag: Some("\"d41d\"".into()), ..file("c.log") };
    let layout = flow_log("fl-0123456789abcdef0").layout;
    let other = Object { size: 8, layout, ..file("d.log") };
    let objects = vec![flow_log("fl-0123456789abcdef0"), file("b.log"), larger, other];
    let here = context(Catalog::of(objects));
    assert!(here.catalog.may_have_several_flow_logs());
    let set = ObjectSet::of(&here, &[3, 2, 1]).unwrap().encode().unwrap();
    let set = ObjectSet::decode(&set).unwrap();
    assert_eq!(set.objects.len(), 3);
    let there = set.catalog(None).unwrap();
    let folder = std::env::current_dir().unwrap();
    for (there_idx, here_idx) in [3, 2, 1].into_iter().enumerate() {
        let (here, there) = (here.catalog.object(here_idx), there.object(there_idx));
        assert_eq!((&there.key, there.size), (&here.key, here.size));
        assert_eq!((&there.etag, &there.layout), (&here.etag, &here.layout));
        let Location::Local(path) = &there.location else { panic!("{there:?}") };
        assert_eq!(*path, folder.join(&here.key));
    }
    // The first is as large as the third, which is not here.
    assert_eq!([0, 1, 2].map(|idx| there.may_be_double(idx)), [false, false, true]);
    assert!(there.may_have_several_flow_logs(), "though these are of one");
    let one = ObjectSet::of(&context(Catalog::of(vec![file("a")])), &[0]).unwrap();
    assert!(!one.catalog(None).unwrap().may_have_several_flow_logs());
}

#[test]
fn objects_that_only_this_process_has_are_refused_by_name() {
    let holder = Arc::new(file("set.parquet"));
    let within = Location::Within { holder, number: 0, place: None };
    let here = ScanContext::of(object("a.log", within));
    let error = ObjectSet::of(&here, &[0]).unwrap_err().to_string();
    assert_eq!(error, "a.log cannot be read elsewhere: its records are within another object");
}

#[test]
fn buckets_are_reached_through_the_connection_of_the_other_side() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connect = async |requester_pays, endpoint: &str| {
            let options = S3Options {
                requester_pays,
                endpoint_url: Some(endpoint.to_owned()),
                region: Some("us-east-1".to_owned()),
                ..S3Options::default()
            };
            S3::connect(&options).await.unwrap()
        };
        let (pays, own) = ("http://192.0.2.1:9000", "http://192.0.2.2:9000");
        let [paid, free] = [connect(true, pays).await, connect(false, pays).await];
        let bucket = |s3: &S3, bucket: &str| {
            let key = format!("s3://{bucket}/a b+%3D//c.log");
            object(&key, Location::S3 { store: s3.bucket(bucket) })
        };
        let objects = vec![bucket(&paid, "logs"), bucket(&free, "more"), bucket(&paid, "logs")];
        let here = context(Catalog::of_part(objects, vec![false; 3], false));
        let set = ObjectSet::of(&here, &[0, 1, 2]).unwrap();
        assert_eq!(set.buckets.len(), 2);
        let set = ObjectSet::decode(&set.encode().unwrap()).unwrap();
        let error = set.catalog(None).unwrap_err().to_string();
        assert!(error.starts_with("objects in s3://logs are to be read"), "{error}");
        let there = set.catalog(Some(&connect(false, own).await)).unwrap();
        let stores = [0, 1, 2].map(|idx| match &there.object(idx).location {
            Location::S3 { store } => store.clone(),
            other => panic!("{other:?}"),
        });
        let options = stores.each_ref().map(|store| store.s3().options().clone());
        assert!(options.iter().all(|options| options.endpoint_url.as_deref() == Some(own)));
        assert_eq!(options.map(|options| options.requester_pays), [true, false, true]);
        assert_eq!(stores.each_ref().map(|store| store.bucket()), ["logs", "more", "logs"]);
        assert_eq!(there.object(0).key_in_bucket(), "a b+%3D//c.log");
    });
}
