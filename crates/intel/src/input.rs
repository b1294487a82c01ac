//! A list's bytes, stored or compressed, to what a format's parser finds in them.
//!
//! Nothing is held but a look ahead: bytes are digested as they are read, inflated, and handed to the
//! parser, however long the list is.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::content::Content;
use crate::error::ListError;
use crate::format::{self, Broken, Foreign, ListFormat};
use crate::head::{self, Unreadable};
use crate::list::ListOptions;

/// The most bytes of a list, stored or inflated. A published list is a few megabytes; what is
/// larger than this is something else, or made to fill the memory.
pub(crate) const LARGEST: u64 = 1 << 30;

/// How much of the beginning is looked at.
pub(crate) const HEAD: usize = 1 << 16;

/// A list as it was read.
pub(crate) struct ReadList {
    pub(crate) format: ListFormat,
    pub(crate) content: Content,
    pub(crate) stored: Stored,
}

/// What the bytes are as they are stored.
pub(crate) struct Stored {
    /// Their SHA-256 in hex.
    pub(crate) sha256: String,
    /// How many they are.
    pub(crate) size: u64,
}

/// Where bytes failed to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Reading,
    Inflating,
}

pub(crate) fn read(
    name: &str,
    bytes: impl Read,
    options: &ListOptions,
) -> Result<ReadList, ListError> {
    let fault = |stage, source| fault(name, stage, source);
    let parse = |text: &mut dyn BufRead, fault: &Faults<'_, _>| parse(name, text, options, fault);
    let ((format, content), stored) = inflated(bytes, fault, parse)?;
    Ok(ReadList { format, content, stored })
}

/// Makes an error of a failure to read.
pub(crate) type Faults<'a, E> = dyn Fn(io::Error) -> E + 'a;

/// Hands the bytes to `parse`, inflated if they are gzip, and reads what it leaves: for the digest,
/// and for the checksum of compressed bytes. The first look into the text sees 64 KiB of it, if there
/// are as many. `parse` has a way to make its errors of failures to read.
pub(crate) fn inflated<T, E>(
    bytes: impl Read,
    fault: impl Fn(Stage, io::Error) -> E,
    parse: impl FnOnce(&mut dyn BufRead, &Faults<'_, E>) -> Result<T, E>,
) -> Result<(T, Stored), E> {
    let reading = |source| fault(Stage::Reading, source);
    let inflating = |source| fault(Stage::Inflating, source);
    let mut stored = Ahead::new(Digested { bytes, digest: Sha256::new() });
    let is_gzip = stored.head().map_err(reading)?.starts_with(&[0x1f, 0x8b]);
    let parsed = if is_gzip {
        let mut text = Ahead::new(MultiGzDecoder::new(&mut stored));
        let parsed = parse(&mut text, &inflating)?;
        io::copy(&mut text, &mut io::sink()).map_err(inflating)?;
        parsed
    } else {
        let parsed = parse(&mut stored, &reading)?;
        io::copy(&mut stored, &mut io::sink()).map_err(reading)?;
        parsed
    };
    let stored = stored.bytes.into_inner();
    let (sha256, size) = (hex(&stored.bytes.digest.finalize()), LARGEST - stored.left);
    Ok((parsed, Stored { sha256, size }))
}

/// Recognises the format and reads all there is.
fn parse(
    name: &str,
    text: &mut dyn BufRead,
    options: &ListOptions,
    fault: &Faults<'_, ListError>,
) -> Result<(ListFormat, Content), ListError> {
    let head = text.fill_buf().map_err(fault)?;
    let (mark, plain) = head::text(head).map_err(|unreadable| refused(name, unreadable))?;
    let format = match options.format {
        Some(format) => format,
        None => format::detect(&plain).map_err(|foreign| refused_format(name, foreign))?,
    };
    text.consume(mark);
    let content = format.parse(text, options).map_err(|broken| match broken {
        Broken::Read(source) => fault(source),
        Broken::Syntax { line, message } => {
            ListError::Damaged { name: name.to_owned(), format, line, message }
        }
        Broken::Column { line, message } => {
            ListError::Column { name: name.to_owned(), format, line, message }
        }
    })?;
    Ok((format, content))
}

fn refused(name: &str, unreadable: Unreadable) -> ListError {
    match unreadable {
        Unreadable::Encoding(encoding) => ListError::Encoding { name: name.to_owned(), encoding },
        Unreadable::Archive(looks_like) => unsupported(name, looks_like),
    }
}

fn refused_format(name: &str, foreign: Foreign) -> ListError {
    match foreign {
        Foreign::Html => ListError::Html { name: name.to_owned() },
        Foreign::Format(looks_like) => unsupported(name, looks_like),
    }
}

fn unsupported(name: &str, looks_like: &'static str) -> ListError {
    ListError::UnsupportedFormat { name: name.to_owned(), looks_like }
}

fn fault(name: &str, stage: Stage, source: io::Error) -> ListError {
    let name = name.to_owned();
    match (source.kind(), stage) {
        (ErrorKind::FileTooLarge, _) => ListError::TooLarge { name, limit: LARGEST },
        (_, Stage::Reading) => ListError::Read { name, source },
        (_, Stage::Inflating) => ListError::Gzip { name, source },
    }
}

/// Bytes of which a digest is made as they pass.
struct Digested<R> {
    bytes: R,
    digest: Sha256,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

/// Bytes whose beginning can be looked at before they are read, and that are not without end.
struct Ahead<R> {
    bytes: BufReader<Filled<R>>,
}

impl<R: Read> Ahead<R> {
    fn new(bytes: R) -> Self {
        Self { bytes: BufReader::with_capacity(HEAD, Filled { bytes, left: LARGEST }) }
    }

    fn head(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl<R: Read> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.consume(amount);
    }
}

/// Fills each buffer that it is given as far as there are bytes, so that a look at the beginning does
/// not depend on how they arrive.
struct Filled<R> {
    bytes: R,
    left: u64,
}

impl<R: Read> Read for Filled<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.bytes.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.left = self.left.checked_sub(filled as u64).ok_or(ErrorKind::FileTooLarge)?;
        Ok(filled)
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
