//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use crate::{
    Encoding, Ending, InflateError, Inflater, NoticeError, Noticed, WholeInflater, read_notices,
};

/// Reads `input` as a stream of notices, whole and `room` bytes at a time, and compares the two; and
/// holds keys to what a key can be, and lines of refusals to those that there are.
///
/// # Panics
///
/// If something does not hold: that is what a fuzzer looks for.
pub fn check_notices(input: &[u8], room: usize) {
    let noticed = notices(input);
    assert!(notices(BufReader::with_capacity(room.max(1), input)) == noticed, "the cut matters");
    let lines = input.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let mut before = 1;
    for noticed in noticed {
        match noticed {
            Ok(Noticed::New(notice)) => {
                assert!(!notice.bucket.is_empty() && !notice.bucket.contains('/'));
                assert!((1..=1024).contains(&notice.key.len()));
            }
            Ok(_) => {}
            Err(error) => {
                assert!((before..=lines).contains(&error.line), "{error} of {lines} lines");
                before = error.line;
            }
        }
    }
}

/// All that a stream says.
pub(crate) fn notices(reader: impl BufRead) -> Vec<Result<Noticed, NoticeError>> {
    let mut all = Vec::new();
    let read = read_notices(reader, |noticed| {
        all.push(noticed);
        ControlFlow::Continue(())
    });
    assert!(read.is_ok(), "nothing but the reader can fail");
    all
}

/// Inflates `input` once whole and once in chunks of the given lengths with the given rooms, both
/// used in turn, and compares the two, and both with the libraries' own readers; and compares what
/// is read at once with what is read piece by piece.
///
/// # Panics
///
/// If they differ: that is what a fuzzer looks for.
pub fn check_inflater(input: &[u8], chunks: &[usize], rooms: &[usize]) {
    let outcome = whole(input);
    assert_eq!(drive(input, chunks, rooms), outcome, "the cut of the input changes the answer");
    check_at_once(input, &outcome);
    match outcome.encoding {
        Some(encoding @ (Encoding::Gzip | Encoding::Zstd | Encoding::Bzip2)) => {
            check_reference(encoding, input, &outcome);
        }
        Some(Encoding::Plain) => assert_eq!(outcome.text, input),
        _ => assert!(outcome.text.is_empty(), "nothing comes out of what is not read"),
    }
}

/// What is read at once is what is read piece by piece, and that without complaint; also over what
/// an earlier object has left.
fn check_at_once(input: &[u8], outcome: &Outcome) {
    for left in [0, input.len()] {
        let mut text = vec![0xaa; left];
        if let Some(length) = WholeInflater::new().inflate(input, &mut text, 1 << 20) {
            assert!(text[..length] == outcome.text, "another text at once");
            assert_eq!(outcome.ending, Ok(Ending::Complete));
            assert_eq!(outcome.encoding, Some(Encoding::Gzip));
        }
    }
}

/// What the reference reads without complaint is read the same here, and what is whole here begins
/// with what the reference reads: it takes zero padding after a member for damage.
fn check_reference(encoding: Encoding, input: &[u8], outcome: &Outcome) {
    let (text, read) = reference(encoding, input);
    let is_whole = matches!(outcome.ending, Ok(Ending::Complete | Ending::Empty));
    if read && !is_stricter(&text, outcome) {
        assert!(is_whole, "the reference reads it, and here it is {:?}", outcome.ending);
        assert_eq!(outcome.text, text);
    } else if is_whole {
        assert!(outcome.text.starts_with(&text), "the reference reads another text");
    }
    let has_text = !outcome.text.is_empty();
    assert!(!is_whole || has_text == (outcome.ending == Ok(Ending::Complete)));
}

/// What the libraries' readers make of `input`, and whether they do so without complaint.
fn reference(encoding: Encoding, input: &[u8]) -> (Vec<u8>, bool) {
    let (text, outer) = match encoding {
        Encoding::Zstd => match zstd::stream::read::Decoder::new(input) {
            Ok(decoder) => read(decoder),
            Err(_) => (Vec::new(), false),
        },
        Encoding::Bzip2 => read(bzip2::read::MultiBzDecoder::new(input)),
        _ => read(flate2::read::MultiGzDecoder::new(input)),
    };
    if !crate::inflate::is_gzip(&text) {
        return (text, outer);
    }
    let (text, inner) = read(flate2::read::MultiGzDecoder::new(&text[..]));
    (text, outer && inner)
}

fn read(mut reader: impl Read) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let read = reader.read_to_end(&mut text).is_ok();
    (text, read)
}

/// Where we complain and the reference need not: content that is the first half of a magic, and a
/// last block of zstd that is empty although the header tells of more.
fn is_stricter(text: &[u8], outcome: &Outcome) -> bool {
    let is_of_size = |reason: &str| reason.ends_with("the size told in its header is wrong");
    text == [0x1f]
        || matches!(&outcome.ending, Ok(Ending::Corrupt { reason }) if is_of_size(reason))
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
