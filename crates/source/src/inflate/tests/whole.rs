//! Whole objects at once.

use super::*;
use crate::fuzz::check_inflater;

const LIMIT: usize = 1 << 20;

fn at_once(object: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let length = WholeInflater::new().inflate(object, &mut text, LIMIT)?;
    text.truncate(length);
    Some(text)
}

#[test]
fn one_member_is_read_at_once_with_or_without_padding() {
    let content = LINE.repeat(2000);
    for content in [LINE, &content, &content[..65_536], &content[..512]] {
        let object = gzip(content);
        assert_eq!(at_once(&object).as_deref(), Some(content));
        assert_eq!(at_once(&[&object[..], &[0; 512]].concat()).as_deref(), Some(content));
    }
}

#[test]
fn what_does_not_compress_and_what_compresses_best_is_read_at_once() {
    let mut noise = vec![1u8; 70_000];
    for i in 1..noise.len() {
        noise[i] = noise[i - 1].wrapping_mul(77).wrapping_add((i >> 3) as u8 ^ 0x5d);
    }
    for content in [noise, vec![b'a'; LIMIT]] {
        assert!(at_once(&gzip(&content)) == Some(content));
    }
}

#[test]
fn everything_else_is_left_to_the_other() {
    let object = gzip(LINE);
    let nested = gzip(&object);
    let larger = gzip(&vec![b'a'; LIMIT + 1]);
    for (what, left) in [
        ("nothing", vec![]),
        ("text", LINE.to_vec()),
        ("no content", gzip(b"")),
        ("the beginning of a magic", gzip(b"\x1f")),
        ("gzip in gzip", nested),
        ("more than the limit", larger),
        ("two members", members(&[HEADER, LINE])),
        ("the same member twice", [&object[..], &object].concat()),
        ("an empty member after it", members(&[LINE, b""])),
        ("an empty member before it", members(&[b"", LINE])),
        ("trailing bytes", [&object[..], b"x"].concat()),
        ("its own end once more", [&object[..], &object[object.len() - 8..]].concat()),
        ("its size once more", [&object[..], &object[object.len() - 4..]].concat()),
        ("cut", object[..object.len() - 1].to_vec()),
    ] {
        assert_eq!(at_once(&left), None, "{what}");
        check_inflater(&left, &[7], &[1 << 21]);
    }
}

#[test]
fn any_flipped_bit_is_left_to_the_other_or_changes_nothing() {
    let object = gzip(&LINE.repeat(3));
    for at in 0..object.len() * 8 {
        let mut flipped = object.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let outcome = whole(&flipped);
        match at_once(&flipped) {
            None => {}
            Some(text) => assert_eq!(complete(&text, Encoding::Gzip), outcome, "bit {at}"),
        }
    }
}

#[test]
fn a_header_with_its_own_checksum_is_left_to_the_other() {
    let mut object = gzip(LINE);
    object[3] |= 0b10;
    let mut crc = Crc::new();
    crc.update(&object[..10]);
    let [low, high] = (crc.sum() as u16).to_le_bytes();
    object.splice(10..10, [low, high]);
    assert_eq!(whole(&object), complete(LINE, Encoding::Gzip));
    assert_eq!(at_once(&object), None);
}

#[test]
fn content_that_holds_its_own_size_in_the_stored_bytes_is_still_read_at_once() {
    // Stored as it is, so that the four bytes of the size stand in the object twice.
    let mut content = vec![b'a'; 300];
    content[100..104].copy_from_slice(&300u32.to_le_bytes());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(&content).unwrap();
    let object = encoder.finish().unwrap();
    assert_eq!(object.windows(4).filter(|four| *four == 300u32.to_le_bytes()).count(), 2);
    assert_eq!(at_once(&object), Some(content));
}

#[test]
fn the_text_grows_and_is_not_cleared_between_objects() {
    let mut inflater = WholeInflater::new();
    let mut text = Vec::new();
    let large = LINE.repeat(1000);
    assert_eq!(inflater.inflate(&gzip(&large), &mut text, LIMIT), Some(large.len()));
    let (length, start) = (text.len(), text.as_ptr());
    assert!(length >= large.len() && length <= LIMIT);
    assert_eq!(inflater.inflate(&gzip(HEADER), &mut text, LIMIT), Some(HEADER.len()));
    assert_eq!((text.len(), text.as_ptr()), (length, start));
    assert_eq!(&text[..HEADER.len()], HEADER);
    assert_eq!(&text[HEADER.len()..large.len()], &large[HEADER.len()..], "nobody cleared it");
}

#[test]
fn a_whole_inflater_can_be_handed_to_another_thread() {
    fn can_move<T: Send + 'static>() {}
    can_move::<WholeInflater>();
}
