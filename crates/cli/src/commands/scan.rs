//! `flowproof scan`.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Result, bail};
use flowproof_engine::{Answer, Listed, ListedRow};
use flowproof_evidence::{ListSource, Traffic};
use flowproof_intel::{List, Matcher};
use flowproof_report::{cell, counted, enrichment_line, human_bytes, printable, span, thousands};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Common;
use crate::args::{Scan, ScanFormat};
use crate::enrichment::{self, LoadedEnrichment};
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::json::{write_line, write_pretty};
use crate::streams::Streams;
use crate::{lists, plan, progress, scheduled, trouble};

pub(crate) async fn run(args: Scan, common: &Common, streams: &mut Streams) -> Result<Exit> {
    if args.scheduled.state.is_some() {
        return scheduled::run(args, common, streams).await;
    }
    scheduled::check_alone(&args.scheduled)?;
    let window = plan::window(&args.time, Timestamp::now())?;
    let beside = args.lists.places().chain(args.inventory.places());
    let inputs = Inputs::for_logs(&args.logs, beside).await?;
    let loaded = lists::load(&args.lists, &inputs, streams)?;
    let Some(matcher) = loaded.matcher.filter(|_| !args.lists.threat.is_empty()) else {
        bail!(UsageError("a list is needed to scan for: --list FILE".to_owned()));
    };
    let enrichment = enrichment::load(&args.enrich, streams)?;
    let book = plan::book(&args.inventory, &inputs, streams)?;
    let session = plan::open(&args.logs, window, book, &inputs, streams).await?;
    let answer = {
        let _shown = progress::show(&session, common, streams);
        session.listed(matcher.clone(), args.include_internal).await?
    };
    let (sources, enrichment) = (&*loaded.sources, enrichment.as_ref());
    let told = Told { matcher: &matcher, sources, enrichment, answer: &answer };
    match args.format {
        ScanFormat::Text => told.text(streams.out())?,
        ScanFormat::Json => told.json(streams.out())?,
        ScanFormat::Jsonl => told.jsonl(streams.out())?,
        ScanFormat::Csv => told.csv(streams.out())?,
    }
    trouble::tell(&answer, streams);
    Ok(Exit::of(&answer))
}

struct Told<'a> {
    matcher: &'a Matcher,
    sources: &'a [ListSource],
    enrichment: Option<&'a LoadedEnrichment>,
    answer: &'a Answer<Listed>,
}

impl Told<'_> {
    fn place(&self, row: &ListedRow) -> (&List, &flowproof_intel::Entry) {
        let list = &self.matcher.lists()[row.list];
        (list, &list.entries[row.entry])
    }

    fn row(&self, row: &ListedRow) -> Value {
        let (list, entry) = self.place(row);
        let mut value = json!({
            "account": row.account,
            "instance": row.instance,
            "interface": row.interface,
            "list": list.name,
            "entry": entry.text(),
            "label": entry.label,
        });
        merge(&mut value, json!(row.traffic));
        merge(&mut value, json!({ "remotes": row.addresses.len(), "line": entry.line }));
        if let Some(enrichment) = self.enrichment {
            merge(&mut value, json!({ "enrichment": enrichment.of_entry(entry) }));
        }
        value
    }

    /// What other sources say of an entry, in a line; none if no source was named.
    fn line(&self, entry: &flowproof_intel::Entry) -> Option<String> {
        self.enrichment.map(|enrichment| enrichment_line(&enrichment.of_entry(entry)))
    }

    fn json(&self, out: &mut dyn Write) -> Result<()> {
        let listed = &self.answer.value;
        let mut answer = json!({
            "rows": listed.rows.iter().map(|row| self.row(row)).collect::<Vec<_>>(),
            // Each record once, however many entries it matches: less than the sum of the rows.
            "total": listed.total,
            "suppressed": listed.suppressed,
            "internal": listed.internal,
            "coverage": self.answer.coverage,
            "lists": self.sources,
        });
        if let Some(enrichment) = self.enrichment {
            merge(&mut answer, json!({ "enrichment": enrichment.files }));
        }
        Ok(write_pretty(&answer, out)?)
    }

    fn jsonl(&self, out: &mut dyn Write) -> Result<()> {
        for row in &self.answer.value.rows {
            write_line(&self.row(row), out)?;
        }
        Ok(())
    }

    fn csv(&self, out: &mut dyn Write) -> Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        let keys = ["account", "instance", "interface", "list", "entry", "label"];
        let totals = TOTALS.iter().map(|total| total.0);
        let last = self.enrichment.map(|_| "enrichment");
        writer.write_record(keys.into_iter().chain(totals).chain(["remotes"]).chain(last))?;
        for row in &self.answer.value.rows {
            let (list, entry) = self.place(row);
            let own = [&row.account, &row.instance, &row.interface];
            let own = own.map(|text| text.as_deref().unwrap_or_default());
            let of_list = [list.name.as_str(), entry.text(), &entry.label];
            let texts = own.into_iter().chain(of_list).map(|text| cell(text).into_owned());
            let totals = TOTALS.iter().map(|(_, total)| total(&row.traffic));
            let remotes = [row.addresses.len().to_string()];
            let line = self.line(entry).map(|line| cell(&line).into_owned());
            writer.write_record(texts.chain(totals).chain(remotes).chain(line))?;
        }
        Ok(writer.flush()?)
    }

    /// By interface, the one with the most bytes first.
    fn text(&self, out: &mut dyn Write) -> Result<()> {
        let listed = &self.answer.value;
        let interfaces = self.interfaces()?;
        let count = counted(interfaces.len() as u64, "interface", "interfaces");
        match listed.total.is_empty() {
            true => writeln!(out, "No traffic with listed addresses")?,
            false => writeln!(out, "{count}: {}", traffic(&listed.total))?,
        }
        if !listed.suppressed.is_empty() {
            writeln!(out, "Suppressed by trusted lists: {}", traffic(&listed.suppressed))?;
        }
        if !listed.internal.is_empty() {
            let told = traffic(&listed.internal);
            writeln!(out, "Listed internal addresses, not shown (--include-internal): {told}")?;
        }
        for interface in interfaces {
            writeln!(out, "\n{}", printable(&interface.name))?;
            for row in &interface.rows {
                self.row_text(row, out)?;
            }
        }
        Ok(())
    }

    /// People are told of an interface once, whether its records name an instance or not.
    fn interfaces(&self) -> Result<Vec<Interface>> {
        let mut found: BTreeMap<_, (BTreeSet<&str>, BTreeMap<_, ListedRow>)> = BTreeMap::new();
        for row in &self.answer.value.rows {
            let (instances, rows) = found.entry((&row.account, &row.interface)).or_default();
            instances.extend(row.instance.as_deref());
            match rows.entry((row.list, row.entry)) {
                Entry::Vacant(place) => drop(place.insert(row.clone())),
                Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    known.traffic.merge(&row.traffic)?;
                    known.addresses.extend(&row.addresses);
                    known.addresses.sort_unstable();
                    known.addresses.dedup();
                }
            }
        }
        let interface =
            |((account, interface), (instances, rows)): ((&Option<_>, &Option<_>), _)| {
                let (instances, rows): (BTreeSet<&str>, BTreeMap<_, ListedRow>) = (instances, rows);
                let parts = [interface, account].into_iter().flatten().map(String::as_str);
                let name: Vec<&str> = instances.into_iter().chain(parts).collect();
                let mut rows: Vec<ListedRow> = rows.into_values().collect();
                rows.sort_by_key(|row| Reverse(moved(&row.traffic)));
                Interface { name: name.join(", "), rows }
            };
        let mut interfaces: Vec<Interface> = found.into_iter().map(interface).collect();
        let most = |of: &Interface| of.rows.first().map(|row| moved(&row.traffic));
        interfaces.sort_by_key(|interface| Reverse(most(interface)));
        Ok(interfaces)
    }

    fn row_text(&self, row: &ListedRow, out: &mut dyn Write) -> Result<()> {
        let (list, entry) = self.place(row);
        let label = match &*entry.label {
            "" => String::new(),
            label => format!(", {label}"),
        };
        let addresses = match row.addresses.len() as u64 {
            1 => String::new(),
            many => format!(", {} addresses", thousands(many)),
        };
        writeln!(out, "  {}{addresses}{}", printable(entry.text()), printable(&label))?;
        writeln!(out, "    {}", traffic(&row.traffic))?;
        if let Some(line) = self.line(entry).filter(|line| !line.is_empty()) {
            writeln!(out, "    note: {line}")?;
        }
        let seen = span(row.traffic.first_seen, row.traffic.last_seen);
        Ok(writeln!(out, "    {seen}; {}, line {}", printable(&list.name), entry.line)?)
    }
}

/// What people are told of an interface: rows, the one with the most bytes first.
struct Interface {
    name: String,
    rows: Vec<ListedRow>,
}

/// Bytes that were transferred. A sum too large for its type is the largest there is: it is only for
/// the order.
fn moved(traffic: &Traffic) -> u64 {
    traffic.bytes().unwrap_or(u64::MAX)
}

/// In words: how much each way, and whether somebody only knocked.
pub(crate) fn traffic(traffic: &Traffic) -> String {
    let mut parts = Vec::new();
    if traffic.flows > 0 {
        parts.push(format!("{} out", human_bytes(traffic.bytes_out)));
        parts.push(format!("{} in", human_bytes(traffic.bytes_in)));
        if traffic.bytes_unoriented > 0 {
            parts.push(format!("{} of unknown direction", human_bytes(traffic.bytes_unoriented)));
        }
        parts.push(counted(traffic.flows, "flow accepted", "flows accepted"));
    }
    if traffic.rejected_flows > 0 {
        parts.push(format!("{} rejected", thousands(traffic.rejected_flows)));
    }
    parts.join(", ")
}

pub(crate) type Total = (&'static str, fn(&Traffic) -> String);

/// The columns of totals, as everywhere.
pub(crate) const TOTALS: [Total; 12] = [
    ("bytes_in", |traffic| traffic.bytes_in.to_string()),
    ("bytes_out", |traffic| traffic.bytes_out.to_string()),
    ("bytes_unoriented", |traffic| traffic.bytes_unoriented.to_string()),
    ("packets_in", |traffic| traffic.packets_in.to_string()),
    ("packets_out", |traffic| traffic.packets_out.to_string()),
    ("packets_unoriented", |traffic| traffic.packets_unoriented.to_string()),
    ("flows", |traffic| traffic.flows.to_string()),
    ("rejected_bytes", |traffic| traffic.rejected_bytes.to_string()),
    ("rejected_packets", |traffic| traffic.rejected_packets.to_string()),
    ("rejected_flows", |traffic| traffic.rejected_flows.to_string()),
    ("first_seen", |traffic| traffic.first_seen.map_or_else(String::new, |at| at.to_string())),
    ("last_seen", |traffic| traffic.last_seen.map_or_else(String::new, |at| at.to_string())),
];

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}
