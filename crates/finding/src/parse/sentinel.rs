//! Microsoft Sentinel's table `AWSGuardDuty`: GuardDuty's fields under other names, the nested ones as
//! objects or as JSON text.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::guardduty;
use crate::Finding;
use crate::value::{self, Notes, field};

/// The columns, in camelCase, and the names that GuardDuty has for them.
const COLUMNS: &[(&str, &str)] = &[
    ("activityType", "type"),
    ("serviceDetails", "service"),
    ("resourceDetails", "resource"),
    ("timeCreated", "createdAt"),
    ("timeGenerated", "updatedAt"),
    ("accountId", "accountId"),
    ("arn", "arn"),
    ("id", "id"),
    ("region", "region"),
    ("severity", "severity"),
    ("title", "title"),
];

pub(super) fn finding(row: &Value) -> Finding {
    let mut notes = Notes::default();
    let mut finding = Map::new();
    for &(column, name) in COLUMNS {
        let Some(cell) = field(row, column) else { continue };
        let nested = ["service", "resource"].contains(&name);
        let value =
            if nested { nested_cell(column, cell, &mut notes) } else { Some(Cow::Borrowed(cell)) };
        if let Some(value) = value {
            finding.insert(name.to_owned(), value.into_owned());
        }
    }
    let json = Value::Object(finding);
    let mut draft = guardduty::draft(&json);
    notes.0.append(&mut draft.notes.0);
    draft.notes = notes;
    draft.finish()
}

fn nested_cell<'v>(column: &str, cell: &'v Value, notes: &mut Notes) -> Option<Cow<'v, Value>> {
    let value = value::embedded(cell);
    if value.is_none() {
        notes.add(format!("`{column}` is no JSON and was left out"));
    }
    value
}
