//! `flowproof fields`.

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use flowproof_record::{FIELDS, Field, Kind};
use serde_json::json;

use crate::args::{Fields, FieldsFormat};
use crate::exit::Exit;
use crate::json::write_pretty;
use crate::streams::Streams;

pub(crate) fn run(args: &Fields, streams: &mut Streams) -> Result<Exit> {
    match args.format {
        FieldsFormat::Table => table(streams)?,
        FieldsFormat::Json => json(streams)?,
        FieldsFormat::Markdown => markdown(streams)?,
    }
    Ok(Exit::Answered)
}

/// The type as SQL shows it.
fn type_name(field: &Field) -> &'static str {
    match field.kind {
        Kind::Text | Kind::Action | Kind::LogStatus => "text",
        Kind::Address => "address (text)",
        Kind::Int(_) => "int32",
        Kind::Counter => "uint64",
        Kind::Time => "timestamp",
    }
}

fn table(streams: &mut Streams) -> Result<()> {
    let mut table = Table::new();
    table.load_style(if streams.out_is_terminal { UTF8_FULL_CONDENSED } else { NOTHING });
    table.set_header(["name", "version", "type", "meaning"]);
    for field in FIELDS {
        let version = field.since.to_string();
        table.add_row([field.name, version.as_str(), type_name(field), field.meaning]);
    }
    for line in table.to_string().lines() {
        writeln!(streams.out(), "{}", line.trim_end())?;
    }
    Ok(())
}

fn json(streams: &mut Streams) -> Result<()> {
    let fields = FIELDS.iter().map(|field| {
        json!({
            "name": field.name,
            "column": field.column,
            "version": field.since,
            "type": type_name(field),
            "meaning": field.meaning,
        })
    });
    let fields: Vec<_> = fields.collect();
    Ok(write_pretty(&fields, streams.out())?)
}

fn markdown(streams: &mut Streams) -> Result<()> {
    let out = streams.out();
    writeln!(out, "| name | SQL column | version | type | meaning |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for field in FIELDS {
        writeln!(
            out,
            "| `{}` | `{}` | {} | {} | {} |",
            field.name,
            field.column,
            field.since,
            type_name(field),
            field.meaning
        )?;
    }
    Ok(())
}
