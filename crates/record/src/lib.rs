//! VPC flow log records: bytes in, Arrow record batches out.
//!
//! The principal type is [`Decoder`]. Whoever has the inflated bytes of one flow log object pushes
//! them in, cut anywhere, and takes [`RecordBatch`](arrow::array::RecordBatch)es out; what is not in
//! the batches - NODATA, SKIPDATA, malformed lines, bad times - is in its [`Tally`]. There is no I/O
//! here and no SQL: `source` brings the bytes, `engine` queries the batches.
//!
//! ```
//! use flowproof_record::{Decoder, DecoderOptions, FieldId};
//! use arrow::{array::AsArray, datatypes::UInt64Type};
//!
//! let log = b"version srcaddr dstaddr bytes log-status\n\
//!             2 10.0.1.5 203.0.113.9 8400 OK\n\
//!             2 - - - NODATA\n\
//!             bogus line\n";
//! let mut decoder = Decoder::new(DecoderOptions {
//!     columns: vec![FieldId::DSTADDR, FieldId::BYTES],
//!     ..DecoderOptions::default()
//! });
//! for piece in log.chunks(7) {
//!     assert_eq!(decoder.decode(piece), piece.len(), "less only if a batch is full");
//! }
//! decoder.finish();
//!
//! let batch = decoder.flush().unwrap();
//! assert_eq!(batch.column(1).as_primitive::<UInt64Type>().value(0), 8400);
//! let counts = decoder.tally().counts;
//! assert_eq!((counts.ok, counts.nodata, counts.malformed), (1, 1, 1));
//! ```
//!
//! Whoever wants no batches takes records one by one, where they stand: see [`records`].
//!
//! Fields are named once, in [`FIELDS`]; columns are mapped by name from the header line, never by
//! count or position. A [`Predicate`] is asked on the raw bytes, before any column is built.
//! [`arrow`], whose types are in this API, is re-exported.

mod address;
mod checks;
mod columns;
mod decoder;
mod digits;
mod field;
mod format;
#[doc(hidden)] // Not part of the API: the fuzz targets and the tests share it.
pub mod fuzz;
mod line;
mod literal;
mod marks;
mod memo;
mod predicate;
mod reader;
mod records;
mod refusal;
mod scan;
mod sheet;
mod sieve;
mod sink;
mod tally;
mod value;
mod wrap;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod twins;

pub use arrow;
pub use columns::schema_of;
pub use decoder::{Decoder, DecoderOptions, Keep};
pub use field::{DEFAULT_FORMAT, FIELDS, Field, FieldId, Kind};
pub use format::{Format, FormatSource, FormatStringError};
pub use line::LogStatus;
pub use marks::{MarkedTimes, TimeMarks};
pub use predicate::{Comparison, Predicate, RawTest};
pub use reader::MAX_LINE;
pub use records::{Record, RecordError, Records, records};
pub use refusal::{LooksLike, Refusal};
pub use sink::{RecordGroup, RecordSink, RecordTexts};
pub use tally::{Counts, Reject, RejectKind, Tally};
pub use value::{
    BAD_ORDER, BAD_TIME, GOOD_SECONDS, MILLISECONDS_AT, check_value, explain_value, one_spelling,
    settle_seconds,
};
pub use wrap::{Unwrapped, Unwrapper, Wrapper, ocsf};

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
