//! Delimited columns in general: CSV, TSV, semicolons.
//!
//! Where the addresses are is told by an option, by the names in the header (which may be a comment,
//! `# "first_seen_utc",...`) or, where no name is known, by what stands in the columns. So the
//! beginning of the text is looked at before its rows are read. A column of placeholders, as the
//! `127.0.0.1` of hosts files, is never taken for one of addresses.

use std::io::BufRead;

use super::rows::{Found, each_row};
use super::table::{Filing, unclosed};
use super::{Broken, ListFormat, fire_eye, misp_csv, otx_csv, proof_point};
use crate::content::Content;
use crate::list::ListOptions;

mod layout;
mod sample;
mod time;

#[cfg(test)]
mod tests;

use layout::Layout;
use sample::Sample;

/// The format of a text that begins like this, if it is one of columns.
pub(super) fn recognise(head: &str) -> Option<ListFormat> {
    let sample = Sample::of(head, None);
    if let Some(header) = sample.first_row().filter(|_| sample.delimiter == b',') {
        for (is_header, format) in [
            (misp_csv::is_header(header), ListFormat::MispCsv),
            (otx_csv::is_header(header), ListFormat::OtxCsv),
            (proof_point::is_header(header), ListFormat::ProofPoint),
            (fire_eye::is_header(header), ListFormat::FireEye),
        ] {
            if is_header {
                return Some(format);
            }
        }
    }
    sample.is_table(head).then_some(ListFormat::Csv)
}

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let head = String::from_utf8_lossy(text.fill_buf()?).into_owned();
    let sample = Sample::of(&head, options.column.as_deref());
    let layout = Layout::of(&sample, options.column.as_deref())
        .map_err(|message| Broken::Column { line: sample.first_line(), message })?;
    let header = layout.title.as_ref().or(sample.first_row());

    let mut content = Content::default();
    each_row(text, sample.delimiter, |found| match found {
        Found::Row(row) if header.is_some_and(|header| header.is(row)) => {}
        Found::Row(row) => {
            let named = sample.header.as_ref().map_or(usize::MAX, |header| header.names().len());
            let by_names = Filing { row, width: named };
            match by_names.is_too_wide() {
                true => by_names.refuse(&mut content),
                false => layout.take(&Filing { row, width: sample.width }, options, &mut content),
            }
        }
        Found::Unclosed(line, text) => unclosed(line, text, &mut content),
        Found::Comment(_) => {}
    })?;
    Ok(content)
}
