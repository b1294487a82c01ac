//! Gzip in compressed data.

use super::bzip2::bzip2;
use super::zstd::zstd;
use super::*;

#[test]
fn gzip_in_gzip_is_inflated_twice_and_called_gzip() {
    let object = gzip(&members(&[HEADER, LINE]));
    assert_eq!(both_ways(&object), complete(&[HEADER, LINE].concat(), Encoding::Gzip));
    // As Firehose makes it: members in members.
    let object = members(&[&gzip(HEADER), &gzip(LINE)]);
    assert_eq!(both_ways(&object), complete(&[HEADER, LINE].concat(), Encoding::Gzip));
}

#[test]
fn gzip_in_zstd_and_in_bzip2_is_inflated_too() {
    let inner = gzip(LINE);
    assert_eq!(both_ways(&zstd(&inner, true)), complete(LINE, Encoding::Zstd));
    assert_eq!(both_ways(&bzip2(&inner)), complete(LINE, Encoding::Bzip2));
}

#[test]
fn a_third_level_is_left_as_it_is() {
    let inner = gzip(LINE);
    assert_eq!(both_ways(&gzip(&gzip(&inner))), complete(&inner, Encoding::Gzip));
}

#[test]
fn an_edge_of_the_outer_may_cut_the_inner_anywhere() {
    let inner = gzip(LINE);
    for at in 0..inner.len() {
        let (left, right) = inner.split_at(at);
        assert_eq!(both_ways(&members(&[left, right])), complete(LINE, Encoding::Gzip));
    }
}

#[test]
fn nothing_within_is_empty() {
    assert_eq!(both_ways(&gzip(&gzip(b""))).ending, Ok(Ending::Empty));
}

#[test]
fn damage_and_cuts_of_the_inner_are_told_as_such() {
    let mut inner = gzip(LINE);
    let cut = both_ways(&gzip(&inner[..inner.len() - 2]));
    assert_eq!(cut.text, LINE);
    assert_eq!(reason(&cut), "the gzip data inside: ends within the checksum of gzip member 1");
    assert_eq!(
        reason(&both_ways(&gzip(b"\x1f"))),
        "the gzip data inside: ends within the magic bytes of gzip"
    );
    let length = inner.len();
    inner[length - 8] ^= 1;
    let damaged = both_ways(&gzip(&inner));
    assert_eq!(damaged.text, LINE);
    assert!(matches!(damaged.ending, Ok(Ending::Corrupt { .. })));
    assert!(reason(&damaged).starts_with("the gzip data inside: gzip member 1 is damaged"));
}

#[test]
fn damage_and_cuts_of_the_outer_are_told_as_such() {
    let mut object = gzip(&gzip(LINE));
    let cut = both_ways(&object[..object.len() - 2]);
    assert_eq!(cut.text, LINE);
    assert_eq!(reason(&cut), "ends within the checksum of gzip member 1");
    let length = object.len();
    object[length - 8] ^= 1;
    let damaged = both_ways(&object);
    assert_eq!(damaged.text, LINE);
    assert!(reason(&damaged).ends_with("inflated bytes: the checksum is wrong"), "{damaged:?}");
    assert!(!reason(&damaged).contains("inside"));
}
