//! What stands in a segment beside records.

use std::collections::BTreeMap;

use flowproof_evidence::Traffic;

use super::TroubleEntry;
use crate::bytes::{Flaw, Reader, Writer};
use crate::finding::{FindingKey, FindingRow, Telling};
use crate::remotes::Remotes;
use crate::trouble::Trouble;

pub(super) fn write_epochs(writer: &mut Writer, epochs: &BTreeMap<u32, String>) {
    writer.number(epochs.len() as u64);
    for (&number, lists) in epochs {
        writer.number(number.into());
        writer.text(lists);
    }
}

pub(super) fn epochs(reader: &mut Reader<'_>) -> Result<BTreeMap<u32, String>, Flaw> {
    let mut epochs = BTreeMap::new();
    for _ in 0..reader.count()? {
        if epochs.insert(reader.small()?, reader.text()?).is_some() {
            return Err("an epoch is there twice".into());
        }
    }
    Ok(epochs)
}

pub(super) fn write_rows<'a>(
    writer: &mut Writer,
    rows: impl ExactSizeIterator<Item = &'a FindingRow>,
) {
    writer.number(rows.len() as u64);
    rows.for_each(|row| write_row(writer, row));
}

/// Reads rows, and makes sure that they are sorted.
pub(super) fn rows(reader: &mut Reader<'_>) -> Result<Vec<FindingRow>, Flaw> {
    let mut rows: Vec<FindingRow> = Vec::new();
    for _ in 0..reader.count()? {
        let row = row(reader)?;
        if rows.last().is_some_and(|last| last.key >= row.key) {
            return Err("its finding rows are not sorted".into());
        }
        rows.push(row);
    }
    Ok(rows)
}

fn write_row(writer: &mut Writer, row: &FindingRow) {
    let FindingRow { key, traffic, recounted, remotes, revision, told } = row;
    for part in [&key.account, &key.interface, &key.instance] {
        writer.option(part.as_deref(), Writer::text);
    }
    writer.text(&key.list);
    writer.text(&key.entry);
    counters(traffic).into_iter().for_each(|counter| writer.number(counter));
    writer.option(traffic.first_seen, Writer::time);
    writer.option(traffic.last_seen, Writer::time);
    writer.number((*recounted).into());
    writer.number(*revision);
    writer.option(*told, |writer, told| {
        writer.number(told.first);
        writer.number(told.bulletin);
        writer.number(told.revision);
    });
    let remotes = match remotes {
        Remotes::All(remotes) => Some(remotes),
        Remotes::TooMany => None,
    };
    writer.option(remotes, |writer, remotes| {
        writer.number(remotes.len() as u64);
        remotes.iter().for_each(|&remote| writer.address(remote));
    });
}

fn row(reader: &mut Reader<'_>) -> Result<FindingRow, Flaw> {
    let key = FindingKey {
        account: reader.option(Reader::text)?,
        interface: reader.option(Reader::text)?,
        instance: reader.option(Reader::text)?,
        list: reader.text()?,
        entry: reader.text()?,
    };
    let traffic = traffic(reader)?;
    let recounted = match reader.number()? {
        0 => false,
        1 => true,
        _ => return Err("neither yes nor no".into()),
    };
    let revision = reader.number()?;
    let told = reader.option(|reader| {
        Ok(Telling {
            first: reader.number()?,
            bulletin: reader.number()?,
            revision: reader.number()?,
        })
    })?;
    let remotes = reader.option(|reader| {
        let count = reader.count()?;
        (0..count).map(|_| reader.address()).collect::<Result<Remotes, Flaw>>()
    })?;
    let remotes = remotes.unwrap_or(Remotes::TooMany);
    Ok(FindingRow { key, traffic, recounted, remotes, revision, told })
}

/// The counters in the order in which they are written.
fn counters(traffic: &Traffic) -> [u64; 10] {
    // All fields by name: a new one is not forgotten here.
    let Traffic {
        bytes_in,
        bytes_out,
        bytes_unoriented,
        packets_in,
        packets_out,
        packets_unoriented,
        flows,
        rejected_bytes,
        rejected_packets,
        rejected_flows,
        first_seen: _,
        last_seen: _,
    } = *traffic;
    [
        bytes_in,
        bytes_out,
        bytes_unoriented,
        packets_in,
        packets_out,
        packets_unoriented,
        flows,
        rejected_bytes,
        rejected_packets,
        rejected_flows,
    ]
}

fn traffic(reader: &mut Reader<'_>) -> Result<Traffic, Flaw> {
    Ok(Traffic {
        bytes_in: reader.number()?,
        bytes_out: reader.number()?,
        bytes_unoriented: reader.number()?,
        packets_in: reader.number()?,
        packets_out: reader.number()?,
        packets_unoriented: reader.number()?,
        flows: reader.number()?,
        rejected_bytes: reader.number()?,
        rejected_packets: reader.number()?,
        rejected_flows: reader.number()?,
        first_seen: reader.option(Reader::time)?,
        last_seen: reader.option(Reader::time)?,
    })
}

pub(super) fn write_trouble(writer: &mut Writer, entries: &[TroubleEntry]) {
    writer.number(entries.len() as u64);
    for entry in entries {
        match entry {
            TroubleEntry::Settled(object) => {
                writer.text(object);
                writer.bytes.push(0);
            }
            TroubleEntry::More(Trouble { object, kind, reason, tried }) => {
                writer.text(object);
                writer.bytes.push(1);
                writer.text(kind);
                writer.text(reason);
                writer.number(*tried);
            }
        }
    }
}

pub(super) fn trouble(reader: &mut Reader<'_>) -> Result<Vec<TroubleEntry>, Flaw> {
    let mut entries = Vec::new();
    for _ in 0..reader.count()? {
        let object = reader.text()?;
        let more =
            reader.option(|reader| Ok((reader.text()?, reader.text()?, reader.number()?)))?;
        entries.push(match more {
            None => TroubleEntry::Settled(object),
            Some((kind, reason, tried)) => {
                TroubleEntry::More(Trouble { object, kind, reason, tried })
            }
        });
    }
    Ok(entries)
}
