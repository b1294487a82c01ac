//! A row of Microsoft Sentinel's table `AWSGuardDuty`, as JSON or from a CSV export.

use serde_json::{Map, Value};

use crate::read::Findings;
use crate::{parse, value::field};

/// The columns that no other table has together.
const MARKS: [&str; 2] = ["activityType", "serviceDetails"];

/// Whether an object is a row.
pub(super) fn is_row(value: &Value) -> bool {
    MARKS.iter().all(|mark| field(value, mark).is_some())
}

/// A header is shorter. A longer line is not taken apart to see what it is.
const LONGEST_HEADER: usize = 1 << 16;

/// Whether a line is the header of a CSV export.
pub(crate) fn is_header(line: &str) -> bool {
    if line.len() > LONGEST_HEADER {
        return false;
    }
    let cells: Vec<_> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
    ["ActivityType", "ServiceDetails"].iter().all(|mark| cells.contains(mark))
}

/// Reads a CSV export, whose first line is the header.
pub(crate) fn read_csv(text: &str, read: &mut Findings) {
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = match rows.headers() {
        Ok(header) => header.clone(),
        Err(error) => return read.refuse(1, "", format!("broken CSV: {error}")),
    };
    for row in rows.records() {
        if read.is_full() {
            return;
        }
        match row {
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                read_row(&header, &row, line, read);
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                read.refuse(line, "", format!("broken CSV: {error}"));
            }
        }
    }
}

fn read_row(header: &csv::StringRecord, row: &csv::StringRecord, line: u64, read: &mut Findings) {
    if row.len() != header.len() {
        let reason = format!("a row of {} cells under a header of {}", row.len(), header.len());
        return read.refuse(line, "", reason);
    }
    let cells = header.iter().zip(row).filter(|(_, cell)| !cell.trim().is_empty());
    let object: Map<String, Value> =
        cells.map(|(name, cell)| (name.trim().to_owned(), Value::from(cell))).collect();
    let row = Value::Object(object);
    if is_row(&row) {
        read.findings.push(parse::sentinel(&row));
    } else {
        read.refuse(line, "", "a row without `ActivityType` or `ServiceDetails`");
    }
}
