//! Bzip2.

use std::io::Write;

use ::bzip2::Compression;
use ::bzip2::write::BzEncoder;

use super::*;

pub(super) fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Some 230 KB, which make three blocks at the fastest level.
fn blocks() -> Vec<u8> {
    (0..20_000u32).flat_map(|i| format!("{i} 10.0.1.5\n").into_bytes()).collect()
}

#[test]
fn every_stream_is_read_also_when_the_edge_cuts_a_line() {
    let both = [HEADER, LINE].concat();
    let (left, right) = both.split_at(HEADER.len() + 20);
    let object = [bzip2(left), bzip2(b""), vec![0; 9], bzip2(right), vec![0; 512]].concat();
    assert_eq!(both_ways(&object), complete(&both, Encoding::Bzip2));
}

#[test]
fn content_of_several_blocks_comes_out_whole_however_it_is_cut() {
    let content = blocks();
    let object = bzip2(&content);
    assert_eq!(whole(&object), complete(&content, Encoding::Bzip2));
    assert_eq!(drive(&object, &[1000], &[70_000, 1, 9]), complete(&content, Encoding::Bzip2));
}

#[test]
fn streams_without_content_are_empty() {
    let outcome = both_ways(&bzip2(b""));
    assert_eq!(outcome.ending, Ok(Ending::Empty));
    assert_eq!(outcome.encoding, Some(Encoding::Bzip2));
}

#[test]
fn a_cut_anywhere_is_truncation_and_gives_a_beginning_of_the_text() {
    let content = LINE.repeat(40);
    let object = bzip2(&content);
    for length in 1..object.len() {
        let outcome = both_ways(&object[..length]);
        assert!(content.starts_with(&outcome.text));
        assert!(matches!(outcome.ending, Ok(Ending::Truncated { .. })), "{length}: {outcome:?}");
    }
    assert_eq!(reason(&whole(&object[..5])), "ends within the data of bzip2 stream 1");
    let second = [&object[..], b"BZ"].concat();
    assert_eq!(reason(&both_ways(&second)), "ends within the header of bzip2 stream 2");
}

#[test]
fn damage_in_a_later_block_keeps_what_came_before() {
    let content = blocks();
    let mut object = bzip2(&content);
    let middle = object.len() / 2;
    object[middle] ^= 0x20;
    let outcome = whole(&object);
    assert_eq!(drive(&object, &[1000], &[70_000, 1, 9]), outcome);
    assert_eq!(drive(&object, &[object.len()], &[100]), outcome);
    assert!(content.starts_with(&outcome.text[..90_000]), "the first block is whole");
    assert!(reason(&outcome).starts_with("bzip2 stream 1 is damaged after "), "{outcome:?}");
}

#[test]
fn wrong_checksums_are_damage() {
    let object = bzip2(LINE);
    // The checksum of the first block follows the header and the mark of a block.
    for at in [10, object.len() - 3] {
        let mut damaged = object.clone();
        damaged[at] ^= 0x10;
        let outcome = both_ways(&damaged);
        assert!(matches!(outcome.ending, Ok(Ending::Corrupt { .. })));
        assert!(reason(&outcome).ends_with("or a checksum is wrong"), "{outcome:?}");
    }
}

#[test]
fn trailing_bytes_are_damage_and_what_came_before_is_kept() {
    for trailing in [&b"garbage"[..], HEADER, b"BZx", &[0, 0, 7], &gzip(LINE)] {
        let outcome = both_ways(&[&bzip2(LINE)[..], trailing].concat());
        assert_eq!(outcome.text, LINE);
        assert_eq!(reason(&outcome), "trailing bytes that are no bzip2 stream, after stream 1");
    }
}

#[test]
fn a_level_that_does_not_exist_is_damage() {
    let mut object = bzip2(LINE);
    object[3] = b'0';
    let outcome = both_ways(&object);
    assert!(outcome.text.is_empty());
    assert!(matches!(outcome.ending, Ok(Ending::Corrupt { .. })));
}

#[test]
fn damage_is_told_only_when_what_came_before_was_fetched() {
    let object = [&bzip2(LINE)[..], b"x"].concat();
    let (mut inflater, mut out) = (Inflater::new(), Vec::new());
    let taken = inflater.inflate(&object, &mut out, LINE.len()).unwrap();
    assert!(!inflater.is_damaged());
    assert_eq!(inflater.inflate(&object[taken..], &mut out, 1), Ok(object.len() - taken));
    assert!(inflater.is_damaged());
    assert_eq!(out, LINE);
}
