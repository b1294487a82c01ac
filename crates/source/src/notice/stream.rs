//! A stream as lines and JSON values, and how it goes on after a broken one.

use std::io::{self, BufRead};
use std::ops::ControlFlow;

use super::error::{NoticeError, NoticeFault, excerpt};
use super::feed::{Feed, Mark};
use super::place::Place;
use super::scan::{Scan, ScanFault, Step};
use super::sink::Sink;
use super::{NOTICE_DOCUMENT_BYTES, NOTICE_LINE_BYTES, Noticed, document, key};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How a JSON value came out.
enum Read {
    /// All of it is held.
    Whole,
    /// It was too long, and was passed up to its end if it has one.
    TooLong { ended: bool },
    /// It is none from here on.
    Fault(NoticeFault),
}

pub(super) fn read<F>(reader: impl BufRead, each: F) -> io::Result<()>
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    let (mut feed, mut sink) = (Feed::new(reader), Sink::new(each));
    while sink.is_open()
        && let Some(byte) = past_blanks(&mut feed)?
    {
        match byte {
            b'{' | b'[' => value(&mut feed, &mut sink)?,
            _ => sink.give(line(&mut feed)?),
        }
        feed.forget();
    }
    Ok(())
}

/// The first byte that is no white space, which stays the next. A file may have been put after
/// another with its byte order mark.
fn past_blanks<R: BufRead>(feed: &mut Feed<R>) -> io::Result<Option<u8>> {
    loop {
        match feed.peek()? {
            Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) => {
                feed.pass_byte(byte);
                feed.forget();
            }
            Some(0xef) if feed.is_at(BYTE_ORDER_MARK)? => feed.pass(BYTE_ORDER_MARK.len()),
            other => return Ok(other),
        }
    }
}

fn line<R: BufRead>(feed: &mut Feed<R>) -> io::Result<Result<Noticed, NoticeError>> {
    let place = Place::at_line(feed.line());
    let notice = match feed.take_line(NOTICE_LINE_BYTES)? {
        None => Err(NoticeFault::LongLine),
        Some(line) => {
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            match str::from_utf8(line) {
                Ok(line) => key::of_line(line),
                Err(_) => Err(not_utf8(line)),
            }
        }
    };
    Ok(notice.map(Noticed::New).map_err(|fault| place.refuse(fault)))
}

fn not_utf8(bytes: &[u8]) -> NoticeFault {
    let beginning = &bytes[..bytes.len().min(1 << 10)];
    NoticeFault::NotUtf8 { excerpt: excerpt(&String::from_utf8_lossy(beginning)) }
}

/// Reads a JSON value, hands on what it says, and goes to where reading goes on.
fn value<R, F>(feed: &mut Feed<R>, sink: &mut Sink<F>) -> io::Result<()>
where
    R: BufRead,
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    let start = feed.mark();
    let place = Place::at_line(start.line());
    match scan(feed, start)? {
        Read::Whole => match whole(feed.since(start), start.line()) {
            Ok(text) => document::open(text, &place, sink),
            Err(fault) => sink.give(Err(place.refuse(fault))),
        },
        Read::TooLong { ended } => {
            sink.give(Err(place.refuse(NoticeFault::TooLong)));
            if !ended {
                recover(feed)?;
            }
        }
        Read::Fault(fault) => {
            sink.give(Err(place.refuse(fault)));
            feed.back_to(start);
            recover(feed)?;
        }
    }
    Ok(())
}

/// The text of a value whose brackets are in order, if the rest of it is.
fn whole(bytes: &[u8], line: u64) -> Result<&serde_json::value::RawValue, NoticeFault> {
    let text = str::from_utf8(bytes).map_err(|_| not_utf8(bytes))?;
    serde_json::from_str(text).map_err(|error| {
        let words = error.to_string();
        // The parser's own words end with its own idea of the place, which counts from the value.
        let reason = words.split(" at line ").next().unwrap_or_default().to_owned();
        NoticeFault::Broken { reason, line: line + (error.line() as u64).saturating_sub(1) }
    })
}

/// Passes a JSON value. It stays held, unless it is too long.
fn scan<R: BufRead>(feed: &mut Feed<R>, start: Mark) -> io::Result<Read> {
    let mut scan = Scan::new();
    let mut length = 0;
    while let Some(byte) = feed.peek()? {
        match scan.push(byte) {
            Ok(step) => {
                feed.pass_byte(byte);
                length += 1;
                if step == Step::Done && length <= NOTICE_DOCUMENT_BYTES {
                    return Ok(Read::Whole);
                } else if step == Step::Done {
                    return Ok(Read::TooLong { ended: true });
                }
            }
            Err(_) if length > NOTICE_DOCUMENT_BYTES => return Ok(Read::TooLong { ended: false }),
            Err(ScanFault::TooDeep) => return Ok(Read::Fault(NoticeFault::TooDeep)),
            Err(ScanFault::Broken(reason)) => return Ok(Read::Fault(broken(reason, feed.line()))),
        }
        if length > NOTICE_DOCUMENT_BYTES {
            feed.forget();
        }
    }
    Ok(match length > NOTICE_DOCUMENT_BYTES {
        true => Read::TooLong { ended: false },
        false => Read::Fault(broken("it ends too early", feed.line().max(start.line()))),
    })
}

fn broken(reason: &str, line: u64) -> NoticeFault {
    NoticeFault::Broken { reason: reason.to_owned(), line }
}

/// Passes this line and those after it, up to one that begins as a value or a place does. The inner
/// lines of a printed document are indented or begin with a closing bracket.
fn recover<R: BufRead>(feed: &mut Feed<R>) -> io::Result<()> {
    loop {
        feed.take_line(0)?;
        match feed.peek()? {
            None | Some(b'{' | b'[') => return Ok(()),
            Some(b's') if feed.is_at(b"s3://")? => return Ok(()),
            Some(_) => {}
        }
    }
}
