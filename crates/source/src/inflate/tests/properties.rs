//! What holds for any content, cut and damage.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::bzip2::bzip2;
use super::zstd::zstd;
use super::*;
use crate::fuzz::{check_inflater, drive};

/// Flow log like lines, runs and noise: what compresses well, little, and not at all.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let lines = (0usize..60, any::<u8>()).prop_map(|(count, salt)| {
        (0..count)
            .flat_map(|line| format!("2 eni-{salt:x} 10.0.{line}.7 OK\n").into_bytes())
            .collect()
    });
    prop_oneof![
        lines,
        prop::collection::vec(any::<u8>(), 0..400),
        (any::<u8>(), 0usize..9000).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

/// A well-formed gzip member.
fn member() -> impl Strategy<Value = Vec<u8>> {
    (content(), 0u32..=9).prop_map(|(content, level)| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&content).unwrap();
        encoder.finish().unwrap()
    })
}

/// Well-formed gzip objects of several members, at several levels of compression.
pub(super) fn object() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(member(), 1..4).prop_map(|members| members.concat())
}

/// Content in several parts, in any encoding that is read, and gzip in each of them.
fn packed() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let encode = |kind: usize, content: &[u8]| match kind {
        0 => gzip(content),
        1 => zstd(content, content.len().is_multiple_of(2)),
        _ => bzip2(content),
    };
    let contents = prop::collection::vec(content(), 1..4);
    (contents, 0usize..3, any::<bool>()).prop_map(move |(contents, kind, is_nested)| {
        // Gzip is the one thing that content must not begin with by itself.
        let contents: Vec<_> = contents.iter().map(|part| [b"2", &part[..]].concat()).collect();
        let parts = contents.iter().map(|part| match is_nested {
            true => encode(kind, &gzip(part)),
            false => encode(kind, part),
        });
        (parts.collect::<Vec<_>>().concat(), contents.concat())
    })
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1usize..4, 1usize..3000], 1..6)
}

/// flate2's own reader of members, as the independent answer.
pub(super) fn oracle(object: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(object).read_to_end(&mut text).unwrap();
    text
}

proptest! {
    #[test]
    fn every_encoding_gives_the_content_back(
        (object, content) in packed(), chunks in cuts(), rooms in cuts()
    ) {
        let outcome = drive(&object, &chunks, &rooms);
        prop_assert_eq!(outcome.ending, Ok(Ending::Complete));
        prop_assert!(outcome.text == content);
        check_inflater(&object, &chunks, &rooms);
    }

    #[test]
    fn any_cutting_of_damaged_objects_of_every_encoding_gives_the_same(
        (mut object, _) in packed(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 0..4),
        keep in any::<prop::sample::Index>(), tail in prop::collection::vec(any::<u8>(), 0..9),
        chunks in cuts(), rooms in cuts()
    ) {
        for (at, mask) in flips {
            let at = at.index(object.len());
            object[at] ^= mask;
        }
        object.truncate(1 + keep.index(object.len()));
        object.extend(tail);
        check_inflater(&object, &chunks, &rooms);
    }

    #[test]
    fn a_cut_of_any_encoding_is_truncation_and_gives_a_beginning(
        (object, content) in packed(), keep in any::<prop::sample::Index>(), chunks in cuts()
    ) {
        let length = 1 + keep.index(object.len() - 1);
        let outcome = drive(&object[..length], &chunks, &[1 << 20]);
        prop_assert!(content.starts_with(&outcome.text));
        let is_cut = matches!(outcome.ending, Ok(Ending::Truncated { .. }));
        // Between two parts nothing tells that more was to come.
        prop_assert!(is_cut || outcome.ending == Ok(Ending::Complete));
        prop_assert!(is_cut || outcome.text.len() < content.len());
    }

    #[test]
    fn a_single_gzip_member_is_read_at_once(
        member in member(), padding in 0usize..12, left in 0usize..20_000
    ) {
        let expected = oracle(&member);
        let object = [&member[..], &vec![0; padding]].concat();
        let mut text = vec![0xaa; left];
        let length = WholeInflater::new().inflate(&object, &mut text, 1 << 20);
        if expected.first().is_none_or(|first| *first == 0x1f) {
            prop_assert_eq!(length, None, "left to the other");
        // The size is known from the end, unless padding looks like a part of it.
        } else if padding == 0 || padding > 3 {
            prop_assert_eq!(length, Some(expected.len()));
        }
        if let Some(length) = length {
            prop_assert!(text[..length] == expected);
        }
    }

    #[test]
    fn well_formed_objects_come_out_as_flate2_reads_them(
        object in object(), chunks in cuts(), rooms in cuts()
    ) {
        let text = oracle(&object);
        let outcome = drive(&object, &chunks, &rooms);
        let ending = if text.is_empty() { Ending::Empty } else { Ending::Complete };
        prop_assert_eq!(&outcome.text, &text);
        prop_assert_eq!(outcome.ending, Ok(ending));
    }

    #[test]
    fn any_cutting_of_damaged_objects_gives_the_same(
        mut object in object(), flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
        keep in any::<prop::sample::Index>(), chunks in cuts(), rooms in cuts()
    ) {
        for (at, mask) in flips {
            let at = at.index(object.len());
            object[at] ^= mask;
        }
        object.truncate(1 + keep.index(object.len()));
        check_inflater(&object, &chunks, &rooms);
    }

    #[test]
    fn random_bytes_never_panic(
        gzip_magic in any::<bool>(), noise in prop::collection::vec(any::<u8>(), 0..600),
        chunks in cuts(), rooms in cuts()
    ) {
        let start: &[u8] = if gzip_magic { &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] } else { &[] };
        let input = [start, &noise].concat();
        check_inflater(&input, &chunks, &rooms);
    }
}
