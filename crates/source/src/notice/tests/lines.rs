use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use super::{created, outline, outline_of_bytes};
use crate::{NOTICE_LINE_BYTES, read_notices};

#[test]
fn the_key_of_a_line_is_taken_as_it_stands() {
    let keys =
        ["a b", " a ", "a+b", "a%2Bb", "dt%3D2025", "é", "/a//b/", "a\tb", "{\"a\":1}", "?*"];
    for key in keys {
        assert_eq!(
            outline(&format!("s3://example-logs/{key}\n")),
            [format!("new example-logs {key}")]
        );
    }
}

#[test]
fn line_ends_blank_lines_and_byte_order_marks_are_no_part_of_a_key() {
    let stream = "\u{feff}s3://a/1\r\n\r\n \t\n\u{feff}  s3://a/2\ns3://a/3 \ns3://a/4";
    assert_eq!(outline(stream), ["new a 1", "new a 2", "new a 3 ", "new a 4"]);
    assert_eq!(outline("\u{feff}"), Vec::<String>::new());
    assert_eq!(outline(&format!("\u{feff}{}", created("k"))), ["new example-logs k"]);
}

#[test]
fn a_line_that_names_no_object_is_refused_by_its_line() {
    let no_place = |line: &str| format!("neither JSON nor `s3://bucket/key`: {line:?}");
    for (line, words) in [
        ("s3://example-logs", no_place("s3://example-logs")),
        ("S3://a/b", no_place("S3://a/b")),
        ("AWSLogs/a.log.gz", no_place("AWSLogs/a.log.gz")),
        ("\"s3://a/b\"", no_place("\"s3://a/b\"")),
        ("bell\u{7}", no_place("bell\u{7}")),
        ("s3://a/", r#"the key "" is empty"#.to_owned()),
        ("s3:///k", r#"no name of a bucket: """#.to_owned()),
        ("s3://a b/k", r#"no name of a bucket: "a b""#.to_owned()),
    ] {
        let stream = format!("\n{line}\ns3://a/b\n");
        assert_eq!(outline(&stream), [format!("line 2: {words}"), "new a b".into()], "{line}");
    }
}

#[test]
fn a_key_has_at_most_1024_bytes() {
    let longest = "é".repeat(512);
    assert_eq!(outline(&format!("s3://a/{longest}")), [format!("new a {longest}")]);
    let [refused] = &outline(&format!("s3://a/{longest}x"))[..] else { panic!("one refusal") };
    assert!(refused.ends_with("\"... has more than 1,024 bytes"), "{refused}");
}

#[test]
fn a_line_without_an_end_is_one_refusal_and_no_memory() {
    let most = NOTICE_LINE_BYTES;
    let stream = format!("{}\n{}\ns3://a/b\n", "x".repeat(most), "y".repeat(most + 1));
    let [held, long, after] = &outline(&stream)[..] else { panic!("three parts") };
    assert!(held.starts_with("line 1: neither JSON") && held.contains("`: \"xxx"), "{held}");
    assert_eq!(long, "line 2: a line of more than 64 KiB that is no JSON");
    assert_eq!(after, "new a b");
}

#[test]
fn a_line_that_is_not_utf8_is_refused_by_name() {
    let stream = b"s3://a/\xff\xfe\ns3://a/b\n";
    let refused = "line 1: not UTF-8: \"s3://a/\u{fffd}\u{fffd}\"";
    assert_eq!(outline_of_bytes(stream), [refused, "new a b"]);
}

#[test]
fn reading_ends_when_no_more_is_wanted() {
    let stream = format!("s3://a/1\n{}[{},{}]", created("2"), created("3"), created("4"));
    for wanted in 1..=4 {
        let mut given = 0;
        read_notices(stream.as_bytes(), |_| {
            given += 1;
            if given == wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert_eq!(given, wanted);
    }
}

#[test]
fn what_was_read_is_given_before_the_reader_fails_or_waits() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    for stream in ["s3://a/b\n".to_owned(), created("b")] {
        let mut given = 0;
        let reader = BufReader::new(stream.as_bytes().chain(Fails));
        let read = read_notices(reader, |noticed| {
            given += usize::from(noticed.is_ok());
            ControlFlow::Continue(())
        });
        assert_eq!((read.unwrap_err().to_string().as_str(), given), ("gone", 1), "{stream}");
    }
}
