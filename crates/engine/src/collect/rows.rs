//! The rows of one file: read, sorted, and handed to the writer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int32Array, RecordBatch};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::prelude::SessionContext;
use flowproof_record::FieldId;
use tokio::sync::mpsc;

use super::draft::Draft;
use super::place::Place;
use super::set::Set;
use super::write::{FileWriter, SORTED_BY};
use super::{CollectedFile, Share};
use crate::error::EngineError;
use crate::held::{Manifest, SOURCE};
use crate::parquet::Transit;
use crate::scan::{Reports, ScanTold};
use crate::session::{Pass, Session, Terms};

/// The function that makes the number of a source of the place of its object in the listing.
const NUMBER: &str = "source_number";

/// Batches that may wait for the writer.
const WAITING: usize = 4;

impl Session {
    /// Writes one file, and tells what was met in its objects. No file is written where there is
    /// nothing to tell that the set does not know.
    pub(super) async fn collect_share(
        &self,
        set: &Set,
        place: &Place,
        share: &Share,
    ) -> Result<(Option<CollectedFile>, ScanTold), EngineError> {
        let mut fields = self.guess_fields(share).await?;
        loop {
            let (written, told) = self.write_share(set, share, &fields).await?;
            let met = fields_met(&told.objects);
            if !met.is_subset(&fields) {
                // An object has a field that the first of its flow log did not have.
                fields.extend(met);
                continue;
            }
            let manifest = self.manifest(share, &told);
            check_rows(&manifest, &written.rows)?;
            let draft = written.writer.finish(&manifest)?;
            let file = self.name_draft(set, place, draft, &manifest).await?;
            return Ok((file, told));
        }
    }

    /// The fields that the records will have, as far as one object of each flow log tells.
    async fn guess_fields(&self, share: &Share) -> Result<BTreeSet<FieldId>, EngineError> {
        let mut firsts: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for idx in &share.objects {
            let layout = self.catalog().object(*idx).layout.clone();
            firsts.entry(layout.and_then(|layout| layout.flow_log_id)).or_insert(*idx);
        }
        let terms = self.terms_of(firsts.into_values());
        let count = |context: SessionContext| async move {
            Ok(context.sql("SELECT count(*) FROM collected_rows").await?)
        };
        let run = self.pass(&terms, count).await?;
        Ok(fields_met(&run.told.objects))
    }

    fn terms_of(&self, objects: impl Iterator<Item = usize>) -> Terms {
        let only = Some(Arc::new(objects.collect()));
        Terms { only, collects: true, digests: true, ..self.terms() }
    }

    async fn write_share(
        &self,
        set: &Set,
        share: &Share,
        fields: &BTreeSet<FieldId>,
    ) -> Result<(Written, ScanTold), EngineError> {
        let columns: Vec<FieldId> = FieldId::all().filter(|id| fields.contains(id)).collect();
        let (sql, number) = (sorted_rows(&columns), source_number(self.numbers(share)));
        let plan = |context: SessionContext| async move {
            context.register_udf(number);
            Ok(context.sql(&sql).await?)
        };
        let mut pass = self.begin_pass(&self.terms_of(share.objects.iter().copied()), plan).await?;
        let pool = Some(Arc::clone(self.pool()));
        let writer = FileWriter::new(set.draft()?, &columns, pool)?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let writing = tokio::task::spawn_blocking(move || write_all(writer, receiver));
        let read = hand_over(&mut pass, sender).await;
        let written = writing.await.map_err(|error| DataFusionError::External(Box::new(error)))?;
        read?;
        Ok((written?, pass.end().await?))
    }

    /// By an object's place in the listing: its number among the sources.
    fn numbers(&self, share: &Share) -> Vec<i32> {
        let mut numbers = vec![0; self.catalog().found() as usize];
        for (number, idx) in (0..).zip(&share.objects) {
            numbers[*idx] = number;
        }
        numbers
    }

    fn manifest(&self, share: &Share, told: &ScanTold) -> Manifest {
        let source =
            |idx: &usize| (self.catalog().object(*idx), told.objects.get(*idx).unwrap_or_default());
        Manifest::new(share.objects.iter().map(source), &share.skipped)
    }

    async fn name_draft(
        &self,
        set: &Set,
        place: &Place,
        draft: Draft,
        manifest: &Manifest,
    ) -> Result<Option<CollectedFile>, EngineError> {
        if !set.learns(place, manifest).await? {
            return Ok(None);
        }
        let bytes = draft.bytes();
        Ok(Some(CollectedFile {
            key: set.keep(place, draft).await?,
            objects: manifest.sources.len() as u64,
            object_bytes: manifest.sources.iter().map(|source| source.size).sum(),
            rows: manifest.rows(),
            bytes,
        }))
    }
}

/// Hands batches to the writer until there are no more, or the writer is gone: it will say why.
async fn hand_over(pass: &mut Pass, writer: mpsc::Sender<RecordBatch>) -> Result<(), EngineError> {
    while let Some(batch) = pass.next().await? {
        if writer.send(batch).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The rows that were written must be those that were counted, or the set would tell other
/// figures than its objects.
fn check_rows(manifest: &Manifest, rows: &[RowCounts]) -> Result<(), EngineError> {
    for (number, source) in manifest.sources.iter().enumerate() {
        let written = rows.get(number).copied().unwrap_or_default();
        if !written.agrees(manifest, number) {
            return Err(EngineError::Collect {
                place: source.key.clone(),
                reason: format!(
                    "its records cannot be kept apart by kind ({written:?}); nothing was written"
                ),
            });
        }
    }
    Ok(())
}

/// All fields of the formats that were met.
fn fields_met(reports: &Reports) -> BTreeSet<FieldId> {
    reports.formats().flat_map(|format| format.fields().iter().flatten().copied()).collect()
}

/// Numbers by places. Rows are sorted by these: places are those in which objects were found, and a
/// bucket does not give them in the same order each time.
fn source_number(numbers: Vec<i32>) -> ScalarUDF {
    let number = move |args: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(args)?;
        let [places] = &arrays[..] else { return internal_err!("one place is asked about") };
        let places = places.as_primitive::<Int32Type>();
        let numbers: Int32Array = places.unary(|place| numbers[place as usize]);
        Ok(ColumnarValue::Array(Arc::new(numbers)))
    };
    let (args, result) = (vec![DataType::Int32], DataType::Int32);
    create_udf(NUMBER, args, result, Volatility::Immutable, Arc::new(number))
}

/// Rows in an order that leaves nothing to chance: equal ones are equal in all that is written.
fn sorted_rows(columns: &[FieldId]) -> String {
    let name = |id: &FieldId| format!("\"{}\"", id.field().column);
    let first = SORTED_BY.iter().filter(|id| columns.contains(id));
    let rest = columns.iter().filter(|id| !SORTED_BY.contains(id));
    let order = first.map(name).chain([SOURCE.to_owned()]).chain(rest.map(name));
    let order: Vec<String> = order.map(|name| format!("{name} ASC NULLS FIRST")).collect();
    let number = format!("{NUMBER}(place) AS {SOURCE}");
    let columns = columns.iter().map(name).chain([number]).collect::<Vec<_>>();
    format!("SELECT {} FROM collected_rows ORDER BY {}", columns.join(", "), order.join(", "))
}

/// Rows that were written, but for the footer.
struct Written {
    writer: FileWriter,
    /// By a source's number.
    rows: Vec<RowCounts>,
}

/// Written rows of a source by what they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct RowCounts {
    ok: u64,
    nodata: u64,
    skipdata: u64,
    /// Of `ok`: with a transit gateway's id.
    with_transit_id: u64,
}

impl RowCounts {
    /// Whether reading these rows again gives what the source's report says.
    fn agrees(self, manifest: &Manifest, number: usize) -> bool {
        let report = manifest.report(number);
        let transit = match manifest.transit(number) {
            Transit::None => 0,
            Transit::All => self.ok,
            Transit::Some => self.with_transit_id,
        };
        let counts = report.tally.counts;
        report.rows == self.ok + self.nodata + self.skipdata
            && (counts.ok, counts.transit_gateway) == (self.ok - transit, transit)
            && (counts.nodata, counts.skipdata) == (self.nodata, self.skipdata)
    }
}

/// Adds a batch's rows to the counts of their sources.
fn count(batch: &RecordBatch, counts: &mut Vec<RowCounts>) -> Result<()> {
    let text = |id: FieldId| {
        let column = batch.column_by_name(id.field().column);
        column.and_then(|column| column.as_string_view_opt())
    };
    let numbers = batch.column_by_name(SOURCE).and_then(|c| c.as_primitive_opt::<Int32Type>());
    let numbers = numbers.ok_or_else(|| DataFusionError::Internal("no sources".into()))?;
    let status = text(FieldId::LOG_STATUS);
    let transit = [text(FieldId::TGW_ID), text(FieldId::TGW_ATTACHMENT_ID)];
    for (row, number) in numbers.values().iter().enumerate() {
        let number = *number as usize;
        if counts.len() <= number {
            counts.resize(number + 1, RowCounts::default());
        }
        let counts = &mut counts[number];
        match status.filter(|status| status.is_valid(row)).map(|status| status.value(row)) {
            Some("NODATA") => counts.nodata += 1,
            Some("SKIPDATA") => counts.skipdata += 1,
            _ => {
                counts.ok += 1;
                let has_id = transit.iter().flatten().any(|ids| ids.is_valid(row));
                counts.with_transit_id += u64::from(has_id);
            }
        }
    }
    Ok(())
}

fn write_all(mut writer: FileWriter, mut batches: mpsc::Receiver<RecordBatch>) -> Result<Written> {
    let mut rows = Vec::new();
    while let Some(batch) = batches.blocking_recv() {
        writer.write(&batch)?;
        count(&batch, &mut rows)?;
    }
    Ok(Written { writer, rows })
}
