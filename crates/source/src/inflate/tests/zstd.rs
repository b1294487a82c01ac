//! Zstandard.

use std::io::Write;

use ::zstd::stream::write::Encoder;
use ::zstd::zstd_safe::CParameter;

use super::*;

/// One frame as the `zstd` command makes it of a pipe (no size told) or of a file (size told).
pub(super) fn zstd(content: &[u8], is_size_told: bool) -> Vec<u8> {
    frame(content, |encoder| {
        encoder.include_checksum(true).unwrap();
        if is_size_told {
            encoder.set_pledged_src_size(Some(content.len() as u64)).unwrap();
        }
    })
}

fn frame(content: &[u8], set: impl FnOnce(&mut Encoder<'static, Vec<u8>>)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), 3).unwrap();
    set(&mut encoder);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A frame to be passed over.
fn skippable(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[0x50 | kind, 0x2a, 0x4d, 0x18], &length[..], content].concat()
}

/// A frame of one raw block, without a checksum; `size` is told in the header.
fn raw_frame(content: &[u8], size: u8) -> Vec<u8> {
    let block = u32::try_from(content.len()).unwrap() << 3 | 1;
    [&MAGIC[..], &[0x20, size], &block.to_le_bytes()[..3], content].concat()
}

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

#[test]
fn every_frame_is_read_also_when_the_edge_cuts_a_line() {
    let both = [HEADER, LINE].concat();
    let (left, right) = both.split_at(HEADER.len() + 20);
    let object = [zstd(left, true), zstd(b"", false), zstd(right, false)].concat();
    assert_eq!(both_ways(&object), complete(&both, Encoding::Zstd));
}

#[test]
fn content_larger_than_a_block_comes_out_whole() {
    let content: Vec<u8> = (0..40_000u32).flat_map(|i| format!("{i} OK\n").into_bytes()).collect();
    for is_size_told in [true, false] {
        let object = zstd(&content, is_size_told);
        assert_eq!(whole(&object), complete(&content, Encoding::Zstd));
        assert_eq!(drive(&object, &[700], &[130_000, 1, 9]), complete(&content, Encoding::Zstd));
    }
}

#[test]
fn skippable_frames_and_zero_padding_are_passed_over() {
    let parts = [
        skippable(0, b"index"),
        zstd(HEADER, true),
        skippable(15, b""),
        vec![0; 300],
        zstd(LINE, false),
        skippable(3, &[7; 70_000]),
        vec![0; 8],
    ];
    assert_eq!(both_ways(&parts.concat()), complete(&[HEADER, LINE].concat(), Encoding::Zstd));
}

#[test]
fn frames_without_content_are_empty() {
    for object in [zstd(b"", true), [zstd(b"", false), skippable(1, b"x")].concat()] {
        let outcome = both_ways(&object);
        assert_eq!(outcome.ending, Ok(Ending::Empty));
        assert_eq!(outcome.encoding, Some(Encoding::Zstd));
    }
}

#[test]
fn a_cut_anywhere_is_truncation_and_gives_a_beginning_of_the_text() {
    let content = LINE.repeat(40);
    for object in [zstd(&content, true), zstd(&content, false)] {
        for length in 1..object.len() {
            let outcome = both_ways(&object[..length]);
            assert!(content.starts_with(&outcome.text));
            assert!(matches!(outcome.ending, Ok(Ending::Truncated { .. })), "{length}");
        }
        assert_eq!(reason(&whole(&object[..5])), "ends within the header of zstd frame 1");
        assert_eq!(reason(&whole(&object[..20])), "ends within the data of zstd frame 1");
        let cut_checksum = whole(&object[..object.len() - 3]);
        assert_eq!(cut_checksum.text, content);
        assert_eq!(reason(&cut_checksum), "ends within the checksum of zstd frame 1");
    }
    let second = [zstd(HEADER, true), MAGIC[..2].to_vec()].concat();
    assert_eq!(reason(&both_ways(&second)), "ends within the header of zstd frame 2");
    let skipped = skippable(2, b"abc");
    assert_eq!(
        reason(&both_ways(&skipped[..skipped.len() - 1])),
        "ends within a skippable zstd frame"
    );
}

#[test]
fn damage_in_a_later_block_keeps_what_came_before() {
    // Noise is stored as it is, so that the place of the second block is known.
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let content: Vec<u8> = (0..200_000).map(|_| noise()).collect();
    let mut object = zstd(&content, false);
    let second = object.windows(16).position(|part| part == &content[131_072..131_088]).unwrap();
    object[second - 3] |= 0b110; // a kind of block that does not exist
    let outcome = whole(&object);
    assert_eq!(drive(&object, &[1000], &[1 << 17, 1, 70_000]), outcome);
    assert_eq!(drive(&object, &[object.len()], &[100]), outcome);
    assert!(outcome.text == content[..131_072]);
    assert_eq!(
        reason(&outcome),
        "zstd frame 1 is damaged after 131072 inflated bytes: invalid compressed data"
    );
}

#[test]
fn a_wrong_checksum_is_damage() {
    let mut object = zstd(LINE, true);
    *object.last_mut().unwrap() ^= 1;
    let outcome = both_ways(&object);
    assert_eq!(outcome.text, LINE);
    assert!(reason(&outcome).ends_with("the checksum is wrong"), "{outcome:?}");
}

#[test]
fn a_wrong_size_is_damage() {
    let right = raw_frame(LINE, u8::try_from(LINE.len()).unwrap());
    assert_eq!(both_ways(&right), complete(LINE, Encoding::Zstd));
    for content in [LINE, b""] {
        let outcome = both_ways(&raw_frame(content, 60));
        assert!(reason(&outcome).ends_with("the size told in its header is wrong"), "{outcome:?}");
    }
}

#[test]
fn a_block_beyond_the_size_told_is_damage_before_any_of_it_whether_it_is_the_last_or_not() {
    for is_last in [0, 1] {
        let mut object = raw_frame(LINE, 10);
        object[6] = object[6] & !1 | is_last;
        let outcome = both_ways(&object);
        assert!(outcome.text.is_empty());
        assert!(reason(&outcome).ends_with("the size told in its header is wrong"), "{outcome:?}");
    }
}

#[test]
fn trailing_bytes_are_damage_and_what_came_before_is_kept() {
    for trailing in [&b"garbage"[..], HEADER, &[0x28, 0xb5, 0], &[0, 0, 7], &gzip(LINE)] {
        let outcome = both_ways(&[&zstd(LINE, true)[..], trailing].concat());
        assert_eq!(outcome.text, LINE);
        assert_eq!(reason(&outcome), "trailing bytes that are no zstd frame, after frame 1");
    }
}

#[test]
fn a_window_beyond_the_limit_is_refused_before_memory_is_taken() {
    let large = |log| {
        frame(LINE, |encoder| {
            encoder.set_parameter(CParameter::EnableLongDistanceMatching(true)).unwrap();
            encoder.set_parameter(CParameter::WindowLog(log)).unwrap();
        })
    };
    assert_eq!(both_ways(&large(27)), complete(LINE, Encoding::Zstd));
    assert_eq!(
        reason(&both_ways(&large(28))),
        "zstd frame 1 is damaged after 0 inflated bytes: it takes a window of 256 MiB to read it, \
         and the limit is 128 MiB"
    );
}

#[test]
fn a_bomb_comes_out_in_pieces_no_larger_than_the_room() {
    let object = zstd(&vec![b'a'; 4 << 20], false);
    let (mut inflater, mut out, mut rest, mut total) =
        (Inflater::new(), Vec::new(), &object[..], 0);
    loop {
        out.clear();
        let taken = inflater.inflate(rest, &mut out, 10_000).unwrap();
        rest = &rest[taken..];
        total += out.len();
        if out.len() < 10_000 {
            break;
        }
    }
    assert_eq!((total, inflater.finish()), (4 << 20, Ending::Complete));
    assert!(out.capacity() <= 2 * 64 * 1024, "{}", out.capacity());
}
