use super::*;
use crate::format::ListFormat;
use crate::format::testing::{check_cut_anywhere, check_damage, entries, others, read, rejects};
use proptest::prelude::*;

const EXPORT: &str = "\
uuid,event_id,category,type,value,comment,to_ids,date
u1,17,Network activity,ip-dst,\"203.0.113.9\",\"C2, first\",1,20250601
u2,17,Network activity,ip-src,\"203.0.113.10\",\"\",0,20250601
u3,17,Network activity,ip-dst|port,\"203.0.113.11|8443\",\"C2\",1,20250601
u4,17,Network activity,ip-dst|port,\"2001:db8::9|443\",\"\",1,20250601
u5,17,Network activity,domain|ip,\"c2.example.com|203.0.113.12\",\"seen\",1,20250601
u6,17,Network activity,domain,\"c2.example.com\",\"\",1,20250601
u7,17,Artifacts dropped,yara,\"import \"\"pe\"\"\r
rule a { 203.0.113.99, }\r
\",\"\",1,20250601
u8,17,Payload delivery,sha256,\"00\",\"\",0,20250601
u9,17,Network activity,ip-dst,\"203.0.113.300\",\"\",0,20250601
u10,17,Network activity,ip-dst|port,\"203.0.113.13|http\",\"\",1,20250601
u11,17,Network activity,,\"203.0.113.14\",\"\",1,20250601
u12,17,Network activity,ip-dst,\"198.51.100.0/24\",\"net\",1,20250601
";

#[test]
fn a_row_with_more_columns_than_the_header_is_refused() {
    let text = "uuid,event_id,category,type,value,comment,to_ids,date\n\
                1,1,N,ip-dst,203.0.113.9,seen, benign,0,2\n\
                2,1,N,ip-dst,203.0.113.10,seen,1,2\n";
    let content = read(ListFormat::MispCsv, text);
    assert_eq!(entries(&content), [(3, "203.0.113.10", "seen")]);
    assert_eq!(content.rejects.total, 1, "a comma in the comment moved to_ids");
}

#[test]
fn attributes_are_taken_by_type_and_those_not_for_detection_left_out() {
    let content = read(ListFormat::MispCsv, EXPORT);
    assert_eq!(
        entries(&content),
        [
            (2, "203.0.113.9", "C2, first"),
            (4, "203.0.113.11:8443", "C2"),
            (5, "[2001:db8::9]:443", ""),
            (6, "203.0.113.12", "c2.example.com, seen"),
            (15, "198.51.100.0/24", "net"),
        ]
    );
    assert_eq!(content.revoked, 1);
    let kinds = [("domain", 1), ("hash", 1), ("other", 1)];
    assert_eq!(others(&content), kinds.map(|(kind, count)| (kind.to_owned(), count)));
    assert_eq!(
        rejects(&content),
        [
            "line 12: \"203.0.113.300\": not an address",
            "line 13: \"203.0.113.13|http\": not an address",
            "line 14: \"203.0.113.14\": damaged: it has no type",
        ]
    );
}

#[test]
fn columns_may_stand_in_another_order_and_some_may_be_missing() {
    let content = read(
        ListFormat::MispCsv,
        "to_ids,value,type,deleted\nTrue,203.0.113.9,ip-src,0\nFalse,203.0.113.10,ip-src,0\n1,203.0.113.11,ip-src,1\n",
    );
    assert_eq!(entries(&content), [(2, "203.0.113.9", "")]);
    assert_eq!(content.revoked, 2);
}

#[test]
fn a_header_without_the_columns_is_an_error() {
    let read = parse(&mut "uuid,value\nu,203.0.113.9\n".as_bytes(), &ListOptions::default());
    let Err(Broken::Column { line, message }) = read else { panic!("{read:?}") };
    assert_eq!((line, &*message), (1, "no column \"type\", there are uuid, value"));
}

#[test]
fn an_export_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::MispCsv, EXPORT);
}

proptest! {
    #[test]
    fn any_damage_leaves_every_row_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::MispCsv, EXPORT, at, byte);
    }
}
