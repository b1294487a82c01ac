use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, Crc, GzBuilder};
use proptest::prelude::*;

mod bzip2;
mod nested;
mod properties;
mod whole;
mod zstd;

use super::*;
use crate::fuzz::{Outcome, drive, whole};
use properties::{object, oracle};

const HEADER: &[u8] = b"version account-id interface-id srcaddr dstaddr\n";
const LINE: &[u8] = b"2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn members(contents: &[&[u8]]) -> Vec<u8> {
    contents.iter().flat_map(|content| gzip(content)).collect()
}

/// As [`whole`], having made sure that single bytes with room for one give the same.
fn both_ways(input: &[u8]) -> Outcome {
    let outcome = whole(input);
    assert_eq!(drive(input, &[1], &[1]), outcome);
    outcome
}

fn complete(text: &[u8], encoding: Encoding) -> Outcome {
    Outcome { text: text.to_vec(), ending: Ok(Ending::Complete), encoding: Some(encoding) }
}

fn reason(outcome: &Outcome) -> &str {
    match &outcome.ending {
        Ok(Ending::Truncated { reason } | Ending::Corrupt { reason }) => reason,
        other => panic!("expected a reason, got {other:?}"),
    }
}

#[test]
fn plain_text_passes_through() {
    assert_eq!(both_ways(LINE), complete(LINE, Encoding::Plain));
}

#[test]
fn text_that_begins_like_a_magic_is_not_lost() {
    for text in ["PARTNER x\n", "PK\n", "BZ\n", "(\n", "\u{1f}\n", "S*M\n", "^\n"] {
        assert_eq!(both_ways(text.as_bytes()), complete(text.as_bytes(), Encoding::Plain));
    }
}

#[test]
fn nothing_at_all_is_empty() {
    let nothing = Outcome { text: vec![], ending: Ok(Ending::Empty), encoding: None };
    assert_eq!(whole(b""), nothing);
}

#[test]
fn members_without_content_are_empty() {
    let outcome = both_ways(&members(&[b"", b""]));
    assert_eq!(outcome.ending, Ok(Ending::Empty));
    assert_eq!(outcome.encoding, Some(Encoding::Gzip));
}

#[test]
fn every_member_is_read_also_when_the_edge_cuts_a_line() {
    let both = [HEADER, LINE].concat();
    assert_eq!(both_ways(&members(&[HEADER, LINE])), complete(&both, Encoding::Gzip));
    let (left, right) = both.split_at(HEADER.len() + 20);
    assert_eq!(both_ways(&members(&[left, b"", right])), complete(&both, Encoding::Gzip));
}

#[test]
fn zero_padding_between_and_after_members_is_passed_over() {
    let padded = [gzip(HEADER), vec![0; 700], gzip(LINE), vec![0; 512]].concat();
    assert_eq!(both_ways(&padded), complete(&[HEADER, LINE].concat(), Encoding::Gzip));
}

#[test]
fn trailing_bytes_are_damage_and_what_came_before_is_kept() {
    for trailing in [&b"garbage"[..], HEADER, &[0x1f, 0x00], &[0, 0, 7]] {
        let outcome = both_ways(&[&gzip(LINE)[..], trailing].concat());
        assert_eq!(outcome.text, LINE);
        assert!(matches!(outcome.ending, Ok(Ending::Corrupt { .. })));
        assert_eq!(reason(&outcome), "trailing bytes that are no gzip member, after member 1");
    }
}

#[test]
fn headers_with_every_optional_field_are_read() {
    let mut encoder = GzBuilder::new()
        .filename("flow.log")
        .comment("made by a test")
        .extra(vec![1, 2, 3, 0, 5])
        .mtime(1_748_736_000)
        .write(Vec::new(), Compression::fast());
    encoder.write_all(LINE).unwrap();
    let object = encoder.finish().unwrap();
    assert_eq!(both_ways(&object), complete(LINE, Encoding::Gzip));

    let with_crc = with_header_crc(&object);
    assert_eq!(both_ways(&with_crc), complete(LINE, Encoding::Gzip));

    let mut wrong_crc = with_crc;
    wrong_crc[4] ^= 1; // the modification time
    assert!(reason(&both_ways(&wrong_crc)).ends_with("the header's checksum is wrong"));
}

/// The same object with a checksum of its header, which flate2 does not write.
fn with_header_crc(object: &[u8]) -> Vec<u8> {
    let length = 10 + 2 + 5 + "flow.log\0".len() + "made by a test\0".len();
    let mut header = object[..length].to_vec();
    header[3] |= 0b10;
    let mut crc = Crc::new();
    crc.update(&header);
    header.extend_from_slice(&(crc.sum() as u16).to_le_bytes());
    [&header, &object[length..]].concat()
}

#[test]
fn an_empty_extra_field_is_read() {
    let mut object = gzip(LINE);
    object[3] |= 0b100;
    object.splice(10..10, [0, 0]);
    assert_eq!(both_ways(&object), complete(LINE, Encoding::Gzip));
}

#[test]
fn a_method_or_flag_that_does_not_exist_is_damage() {
    for (index, value, says) in [(2, 7, "compression method 7"), (3, 0x80, "reserved header flags")]
    {
        let mut object = gzip(LINE);
        object[index] = value;
        let outcome = both_ways(&object);
        assert!(outcome.text.is_empty());
        assert!(reason(&outcome).contains(says), "{outcome:?}");
    }
}

#[test]
fn a_cut_anywhere_is_truncation_and_gives_a_beginning_of_the_text() {
    let content = LINE.repeat(40);
    let object = gzip(&content);
    for length in 1..object.len() {
        let outcome = both_ways(&object[..length]);
        assert!(content.starts_with(&outcome.text));
        assert!(matches!(outcome.ending, Ok(Ending::Truncated { .. })), "{length}: {outcome:?}");
    }
    assert_eq!(reason(&whole(&object[..5])), "ends within the header of gzip member 1");
    assert_eq!(reason(&whole(&object[..20])), "ends within the data of gzip member 1");
    let cut_trailer = whole(&object[..object.len() - 3]);
    assert_eq!(cut_trailer.text, content);
    assert_eq!(reason(&cut_trailer), "ends within the checksum of gzip member 1");
}

#[test]
fn a_second_member_cut_short_is_truncation_and_the_first_is_kept() {
    let object = members(&[HEADER, LINE]);
    let first = gzip(HEADER).len();
    for length in [first + 1, first + 2, first + 11, object.len() - 1] {
        let outcome = both_ways(&object[..length]);
        assert!(outcome.text.starts_with(HEADER));
        assert!(reason(&outcome).ends_with("of gzip member 2"), "{outcome:?}");
    }
}

#[test]
fn wrong_checksums_are_damage() {
    let object = gzip(LINE);
    for (from_end, says) in [(8, "the checksum is wrong"), (4, "the size told at its end is wrong")]
    {
        let mut damaged = object.clone();
        damaged[object.len() - from_end] ^= 0x10;
        let outcome = both_ways(&damaged);
        assert_eq!(outcome.text, LINE);
        assert!(matches!(outcome.ending, Ok(Ending::Corrupt { .. })));
        assert!(reason(&outcome).ends_with(says), "{outcome:?}");
    }
}

#[test]
fn encodings_that_are_known_but_not_read_are_named() {
    for (magic, encoding) in [
        (&b"\xfd7zXZ\0\0"[..], Encoding::Xz),
        (b"PK\x03\x04\x14", Encoding::Zip),
        (b"PAR1\x15\x04", Encoding::Parquet),
    ] {
        let outcome = both_ways(magic);
        assert!(outcome.text.is_empty());
        assert_eq!(outcome.encoding, Some(encoding));
        assert_eq!(outcome.ending, Err(InflateError::Unsupported { encoding }));
        let message = outcome.ending.unwrap_err().to_string();
        assert!(message.starts_with(encoding.name()), "{message}");
    }
}

#[test]
fn an_object_that_is_only_the_beginning_of_a_magic_is_truncated() {
    assert_eq!(reason(&both_ways(b"\x1f")), "ends within the magic bytes of gzip");
    assert_eq!(reason(&both_ways(b"PAR")), "ends within the magic bytes of parquet");
    assert_eq!(reason(&both_ways(b"BZ")), "ends within the magic bytes of bzip2");
    assert_eq!(reason(&both_ways(b"\x53\x2a")), "ends within the magic bytes of zstd");
}

#[test]
fn a_bomb_comes_out_in_pieces_no_larger_than_the_room() {
    let size = 4 << 20;
    let object = gzip(&vec![b'a'; size]);
    assert!(object.len() * 900 < size, "the test needs a ratio worth the name");
    let mut inflater = Inflater::new();
    let (mut out, mut rest, mut total) = (Vec::new(), &object[..], 0);
    loop {
        out.clear();
        let taken = inflater.inflate(rest, &mut out, 10_000).unwrap();
        rest = &rest[taken..];
        total += out.len();
        assert!(out.capacity() <= 2 * 64 * 1024, "{}", out.capacity());
        if out.len() < 10_000 {
            break;
        }
    }
    assert_eq!((total, inflater.finish()), (size, Ending::Complete));
}

#[test]
fn damage_is_seen_at_once_and_the_rest_is_taken_without_output() {
    let mut inflater = Inflater::new();
    let mut out = Vec::new();
    let object = [&gzip(LINE)[..], b"x", &gzip(LINE)].concat();
    assert!(!inflater.is_damaged());
    assert_eq!(inflater.inflate(&object, &mut out, 4096), Ok(object.len()));
    assert!(inflater.is_damaged());
    assert_eq!(inflater.inflate(LINE, &mut out, 4096), Ok(LINE.len()));
    assert_eq!(out, LINE);
}

#[test]
fn an_inflater_can_be_handed_to_another_thread() {
    fn can_move<T: Send + 'static>() {}
    can_move::<Inflater>();
}

#[test]
fn damage_is_told_in_the_same_words_however_the_input_was_cut() {
    // Found by the property below: a copy from before the beginning, right after the first byte.
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let noise = [106, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let outcome = both_ways(&[&header[..], &noise].concat());
    assert_eq!(
        reason(&outcome),
        "gzip member 1 is damaged after 1 inflated bytes: invalid compressed data"
    );
}

#[test]
fn the_encoding_is_told_by_the_first_six_bytes() {
    for (first, expected) in [
        (&gzip(LINE)[..], Some(Encoding::Gzip)),
        (&[0x28, 0xb5, 0x2f, 0xfd], Some(Encoding::Zstd)),
        (&[0x5a, 0x2a, 0x4d, 0x18, 9], Some(Encoding::Zstd)),
        (b"BZh9", Some(Encoding::Bzip2)),
        (b"\xfd7zXZ\0\0", Some(Encoding::Xz)),
        (b"PK\x03\x04", Some(Encoding::Zip)),
        (b"PAR1", Some(Encoding::Parquet)),
        (LINE, Some(Encoding::Plain)),
        (b"", None),
        (b"PAR", None),
        (b"\xfd7zXZ", None),
    ] {
        assert_eq!(encoding_of(first), expected, "{}", first.escape_ascii());
    }
}

proptest! {
    #[test]
    fn a_flipped_bit_never_ends_as_complete_with_other_text(
        mut object in object(), at in any::<prop::sample::Index>(), bit in 0u8..8
    ) {
        let text = oracle(&object);
        let at = at.index(object.len());
        object[at] ^= 1 << bit;
        let outcome = whole(&object);
        // Without its magic it is no gzip object any more; what it is then, its content tells.
        if outcome.encoding == Some(Encoding::Gzip)
            && matches!(outcome.ending, Ok(Ending::Complete | Ending::Empty))
        {
            prop_assert_eq!(outcome.text, text);
        }
    }
}
