//! What `flowproof volumes` and `flowproof query` answer, asked of the library: does a program that embeds it get the
//! command's speed? Prints the rows as CSV, and on standard error the seconds that opening and asking took.
//!
//! Usage: `embedded volumes|query LOGS THREADS [name=value]...` with `by=KEY,KEY`, `interface=ENI`, `from=TIME`, `to=TIME`,
//! `inventory=FILE`, `list=FILE`, `sql=TEXT`.

#![allow(clippy::print_stderr, reason = "the seconds are what it tells there")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use arrow::csv::WriterBuilder;
use flowproof_engine::{Key, Session, VolumeFilter, read_inventory};
use flowproof_evidence::Window;
use flowproof_intel::{List, ListRole, Matcher};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next =
        || arguments.next().ok_or("usage: embedded volumes|query LOGS THREADS [name=value]...");
    let (question, logs, threads) = (next()?, next()?, next()?.parse()?);
    let given: BTreeMap<String, String> = arguments
        .map(|argument| {
            argument.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect::<Option<_>>()
        .ok_or("options are name=value")?;
    let time = |name: &str| given.get(name).map(|text| text.parse()).transpose();

    let begun = Instant::now();
    let window = Window { from: time("from")?, to: time("to")? };
    let mut builder = Session::builder().logs(logs).threads(threads).window(window);
    if let Some(path) = given.get("inventory") {
        builder = builder.inventory(&read_inventory(&std::fs::read(path)?)?);
    }
    let matcher = match given.get("list") {
        Some(path) => {
            let list = List::from_bytes(path, ListRole::Threat, &std::fs::read(path)?)?;
            Some(Arc::new(Matcher::new(vec![list])))
        }
        None => None,
    };
    let session = builder.open_blocking()?;
    let answer = match question.as_str() {
        "query" => session.query(given.get("sql").ok_or("query needs sql=TEXT")?, matcher)?,
        _ => {
            let by = given.get("by").map_or("interface", String::as_str).split(',');
            let keys = by.map(str::parse::<Key>).collect::<Result<Vec<_>, _>>()?;
            let interfaces = given.get("interface").into_iter().cloned().collect();
            session.volumes(&keys, &VolumeFilter { interfaces, ..VolumeFilter::default() })?
        }
    };
    eprintln!("{:.6}", begun.elapsed().as_secs_f64());

    let mut writer = WriterBuilder::new().with_header(true).build(io::stdout().lock());
    for batch in &answer.value.batches {
        writer.write(batch)?;
    }
    Ok(())
}
