//! What the formats on top of JSON share: one pass over a document, which tells a format each object
//! in it, and where it stands.
//!
//! A document is one JSON value or several, one after the other, as in files of one object a line.
//! None of it is held but what a format asks to keep of the objects that are open at the moment.

use std::cell::Cell;
use std::io::{BufRead, BufReader};

use jiff::Timestamp;
use serde::de::DeserializeSeed;
use serde_json::de::Read;
use serde_json::{Deserializer, Error};

use super::Broken;
use crate::counted::Counted;

mod items;
mod keys;
mod scalar;
#[cfg(test)]
pub(super) mod tests;
mod walk;

pub(super) use items::{Items, label};
pub(super) use keys::recognise;
pub(super) use scalar::Scalar;
pub(super) use walk::{Item, Place, Shape};

use walk::Walk;

/// Tells `shape` all that is in the document.
pub(super) fn read(text: &mut dyn BufRead, shape: &mut impl Shape) -> Result<(), Broken> {
    let line = Cell::new(1);
    let counted = Counted { bytes: BufReader::new(text), line: &line };
    let mut document = Deserializer::from_reader(counted);
    let mut place = Place::new(&line);
    while !is_at_end(&mut document)? {
        Walk { shape, place: &mut place }.deserialize(&mut document).map_err(broken)?;
    }
    Ok(())
}

/// A time, as RFC 3339 writes it. None where there is none.
pub(super) fn time(scalar: &Scalar) -> Result<Option<Timestamp>, jiff::Error> {
    if scalar.is_empty() {
        return Ok(None);
    }
    scalar.to_string().parse().map(Some)
}

/// Whether there are only blanks left. What else there is stays unread.
fn is_at_end<'de>(document: &mut Deserializer<impl Read<'de>>) -> Result<bool, Broken> {
    match document.end() {
        Ok(()) => Ok(true),
        Err(error) if error.is_io() => Err(broken(error)),
        Err(_) => Ok(false),
    }
}

fn broken(error: Error) -> Broken {
    if error.is_io() {
        return Broken::Read(error.into());
    }
    let (line, column) = (error.line() as u64, error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    Broken::Syntax { line, message: format!("{message} (column {column})") }
}
