//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use std::io::Read;

use crate::{Encoding, Ending, InflateError, Inflater};

/// Inflates `input` once whole and once in chunks of the given lengths with the given rooms, both
/// used in turn, and compares the two, and both with flate2's own reader of gzip members.
///
/// # Panics
///
/// If they differ: that is what a fuzzer looks for.
pub fn check_inflater(input: &[u8], chunks: &[usize], rooms: &[usize]) {
    let outcome = whole(input);
    assert_eq!(drive(input, chunks, rooms), outcome, "the cut of the input changes the answer");
    match outcome.encoding {
        Some(Encoding::Gzip) => check_members(input, &outcome),
        Some(Encoding::Plain) => assert_eq!(outcome.text, input),
        _ => assert!(outcome.text.is_empty(), "nothing comes out of what is not read"),
    }
}

/// What the reference reads without complaint is read the same here, and what is whole here begins
/// with what the reference reads: it takes zero padding after a member for damage.
fn check_members(input: &[u8], outcome: &Outcome) {
    let mut text = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(input).read_to_end(&mut text);
    let is_whole = matches!(outcome.ending, Ok(Ending::Complete | Ending::Empty));
    if read.is_ok() {
        assert!(is_whole, "the reference reads it, and here it is {:?}", outcome.ending);
        assert_eq!(outcome.text, text);
    } else if is_whole {
        assert!(outcome.text.starts_with(&text), "the reference reads another text");
    }
    let has_text = !outcome.text.is_empty();
    assert!(!is_whole || has_text == (outcome.ending == Ok(Ending::Complete)));
}

/// What came out, and how it ended (an error stands in for the ending).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) text: Vec<u8>,
    pub(crate) ending: Result<Ending, InflateError>,
    pub(crate) encoding: Option<Encoding>,
}

/// Pushes `input` in chunks of the given sizes with the given rooms, both used in turn. Zeros count
/// as ones.
pub(crate) fn drive(input: &[u8], chunks: &[usize], rooms: &[usize]) -> Outcome {
    let mut inflater = Inflater::new();
    let mut text = Vec::new();
    let mut sizes = chunks.iter().cycle().map(|size| *size.max(&1));
    let mut rooms = rooms.iter().cycle().map(|room| *room.max(&1));
    let mut rest = input;
    while !rest.is_empty() {
        let (mut chunk, after) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
        rest = after;
        loop {
            let (room, before) = (rooms.next().unwrap_or(1), text.len());
            match inflater.inflate(chunk, &mut text, room) {
                Ok(taken) => chunk = &chunk[taken..],
                Err(error) => {
                    return Outcome { text, ending: Err(error), encoding: inflater.encoding() };
                }
            }
            assert!(text.len() - before <= room, "the room is kept");
            if text.len() - before < room {
                assert!(chunk.is_empty(), "all input is taken while there is room");
                break;
            }
        }
    }
    Outcome { text, ending: Ok(inflater.finish()), encoding: inflater.encoding() }
}

/// One chunk, ample room.
pub(crate) fn whole(input: &[u8]) -> Outcome {
    drive(input, &[input.len()], &[1 << 20])
}
