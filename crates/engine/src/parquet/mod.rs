//! Flow logs in Parquet: as AWS writes them, as people convert them, and as Security Lake keeps them.
//!
//! One object is one [`ParquetObject`]. DataFusion's own Parquet source reads it, with the columns
//! that are needed and a filter on the stored values that leaves out what cannot pass ([`pushdown`]).
//! Where it says that statistics leave nothing out ([`prune`]), gzip pages are inflated here and handed
//! to the Parquet reader that it uses, which is nearly twice as fast ([`whole`]). Texts that a file
//! stores once each are looked at once each ([`coded`]), and rows that are only added up are so where
//! they stand ([`fields`]); what else is read is brought to the schema and the meaning that records
//! have ([`rows`]), so that the rest of the engine does not know what an object was written in.
//!
//! Two things differ from text. A value is checked only if its column is read. And what a filter left
//! out in the file is never seen: those rows are in `passed_over`, and in no other count.

mod bytes;
mod cell;
mod coded;
mod columns;
mod fields;
mod filter;
mod layout;
mod object;
mod ocsf;
mod pages;
mod part;
mod prune;
mod pushdown;
mod rawtest;
mod reading;
mod rows;
mod settled;
mod sheet;
mod views;
mod whole;

#[cfg(test)]
mod tests;

pub(crate) use bytes::{footer_note, read_footer};
pub(crate) use filter::{fields_of, passing_records};
pub(crate) use layout::Transit;
pub(crate) use object::ParquetObject;
pub(crate) use part::HeldPart;

/// The first bytes, and the last, of a Parquet file.
const MAGIC: &[u8] = b"PAR1";

/// Whether an object that begins so is Parquet.
pub(crate) fn is_parquet(beginning: &[u8]) -> bool {
    beginning.starts_with(MAGIC)
}
