//! The last part of reading an object: records become rows of the table, and what is told beside
//! them is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat_batches;
use datafusion::common::Result;
use flowproof_record::{FieldId, Keep, MarkedTimes};
use flowproof_source::Object;

use super::plan::{ScanPlan, SharedSums};
use super::sums::RecordFields;
use super::times::note_times;
use super::witness::Witness;
use super::{
    InterfaceTimes, Kept, LocalCodes, ObjectReport, Outcome, Part, PartReport, Sides, Sums,
};
use crate::copies::{copy_keys, flow_log_of};
use crate::held::Holder;
use crate::inspect::LoggedInterfaces;
use crate::orient::{Desk, Learner, Oriented, effective};
use crate::parquet::passing_records;
use crate::table::{TableColumn, idle_rows, only_rows, text_column, time_column};

/// In a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// Makes batches of the table from batches of records of one object, and keeps what is to be told
/// of the object. Every reader, whatever its objects are written in, ends here.
#[derive(Debug)]
pub(crate) struct Shaper {
    rows: RowShaper,
    object_idx: usize,
    object: Arc<Object>,
    pub(crate) report: ObjectReport,
}

/// As [`Shaper`], for a part of a holder, whose rows are of many objects.
#[derive(Debug)]
pub(crate) struct PartShaper {
    rows: RowShaper,
    part: Part,
    pub(crate) report: PartReport,
}

/// Records, and whose they are.
#[derive(Clone)]
struct Owned<'a> {
    records: RecordBatch,
    origin: Origin<'a>,
}

/// Whose rows a batch has.
#[derive(Clone)]
enum Origin<'a> {
    /// One object's, with its number in the listing.
    Object(usize, &'a Object),
    /// Those of the holder's sources with these numbers, row by row.
    Sources(&'a Holder, Vec<usize>),
}

/// Makes rows of the table of records.
#[derive(Debug)]
struct RowShaper {
    plan: Arc<ScanPlan>,
    sides: Sides,
    desk: Desk,
    /// What learns from all records of a text, if the plan wants that.
    witness: Option<Witness>,
    interfaces: LocalCodes,
    times: BTreeMap<String, InterfaceTimes>,
    logged: LoggedInterfaces,
    sums: Option<SharedSums>,
}

impl Shaper {
    /// `sums` are those of the partition, if the plan asks for sums.
    pub(crate) fn new(plan: Arc<ScanPlan>, object_idx: usize, sums: Option<SharedSums>) -> Shaper {
        let object = plan.context.catalog.object(object_idx);
        let rows = RowShaper::new(plan, sums);
        Shaper { rows, object_idx, object, report: ObjectReport::default() }
    }

    /// What an object is in which there is nothing. Where AWS delivered it, its records were lost: with them it has a
    /// header at least, and without any AWS delivers none.
    pub(super) fn nothing(&self) -> Outcome {
        let layout = self.object.layout.as_ref();
        match layout.is_some_and(flowproof_source::Layout::is_of_a_flow_log) {
            true => {
                Outcome::Truncated("nothing in it, where AWS writes a header at least".to_owned())
            }
            false => Outcome::Empty,
        }
    }

    /// Takes records that an earlier reading kept, instead of reading the object; gives the rows.
    pub(super) fn reshape(
        plan: &Arc<ScanPlan>,
        object_idx: usize,
        sums: Option<SharedSums>,
        kept: &Kept,
    ) -> Result<Vec<RecordBatch>> {
        // An object without a report was not read.
        let Some(report) = kept.reports.get(object_idx) else { return Ok(Vec::new()) };
        Shaper::reshape_one(plan, (object_idx, report), sums, kept)
    }

    fn reshape_one(
        plan: &Arc<ScanPlan>,
        (object_idx, report): (usize, ObjectReport),
        sums: Option<SharedSums>,
        kept: &Kept,
    ) -> Result<Vec<RecordBatch>> {
        // What is counted while rows are shaped is counted anew.
        let report = ObjectReport { rows: 0, sides: Sides::default(), ..report };
        let Some(records) = kept.records.get(&object_idx) else {
            let (learner, times) = (Learner::default(), BTreeMap::new());
            plan.context.progress.add_object();
            plan.context.report.put(object_idx, report, learner, times);
            return Ok(Vec::new());
        };
        let mut shaper = Shaper::new(Arc::clone(plan), object_idx, sums);
        shaper.report = report;
        let mut rows = Vec::new();
        for batch in records {
            let batch = match kept.of_many {
                true => only_rows(batch, plan.wanted(batch)?)?,
                false => batch.clone(),
            };
            rows.extend(shaper.shape(batch)?);
        }
        shaper.put_report();
        Ok(rows)
    }

    /// The rows of all objects, of records that were kept, in as few batches as may be.
    ///
    /// # Errors
    ///
    /// If a column is missing that is asked for.
    pub(crate) fn reshape_all(plan: &Arc<ScanPlan>) -> Result<Vec<RecordBatch>> {
        let context = &plan.context;
        let Some(kept) = &context.kept else { return Ok(Vec::new()) };
        let (mut all, mut few, mut rows) = (Vec::new(), Vec::new(), 0);
        for (object_idx, report) in kept.reports.iter() {
            for batch in Shaper::reshape_one(plan, (object_idx, report), None, kept)? {
                rows += batch.num_rows();
                few.push(batch);
            }
            if rows >= context.batch_rows {
                all.push(concat_batches(&plan.schema, &few)?);
                (few, rows) = (Vec::new(), 0);
            }
        }
        if rows > 0 {
            all.push(concat_batches(&plan.schema, &few)?);
        }
        Ok(all)
    }

    pub(crate) fn plan(&self) -> &Arc<ScanPlan> {
        &self.rows.plan
    }

    /// The sums that records are added to where they stand.
    pub(super) fn sums(&self) -> Option<&SharedSums> {
        self.rows.sums.as_ref()
    }

    /// Says that all records of a text will come by, so that all can be learned from: by this witness, if
    /// there is one already.
    pub(super) fn read_text(&mut self, witness: Option<Witness>) {
        let context = &self.rows.plan.context;
        if context.learns_from_all {
            self.rows.desk = Desk::new(&context.orientation);
            self.rows.witness = witness.or_else(|| Some(Witness::new(&context.orientation)));
        }
    }

    /// The witness, for the next text.
    pub(super) fn take_witness(&mut self) -> Option<Witness> {
        self.rows.witness.take()
    }

    /// What is to be shown all records of the text.
    pub(super) fn witness(&mut self) -> Option<&mut Witness> {
        self.rows.witness.as_mut()
    }

    /// Whether records can be added up where they stand.
    pub(crate) fn adds_up(&self) -> bool {
        let plan = &self.rows.plan;
        self.rows.sums.is_some() && !plan.wants_times() && plan.asked.is_none()
    }

    /// Adds up the records with these numbers where they stand, if sums are asked for.
    pub(crate) fn add_up(&self, fields: &impl RecordFields, records: &[usize]) {
        if let Some(sums) = &self.rows.sums {
            lock(sums).add_records(fields, records);
        }
    }

    /// Takes records with the columns of [`ScanPlan::fields`], and gives rows of the table; `None` if
    /// there are none to give.
    pub(crate) fn shape(&mut self, records: RecordBatch) -> Result<Option<RecordBatch>> {
        let context = &self.plan().context;
        if let Some(gathering) = &context.gathering {
            gathering.take(self.object_idx, &records, &context.coverage)?;
            return Ok(None);
        }
        let keeping = context.keeping.as_ref();
        if let Some(kept) = keeping.filter(|kept| kept.is_keeping()) {
            kept.keep(self.object_idx, &records);
        }
        let origin = Origin::Object(self.object_idx, &self.object);
        let owned = Owned { records, origin };
        let (rows, asked) = self.rows.shape(owned)?;
        self.report.rows += asked.records.num_rows() as u64;
        self.rows.hand_up(rows)
    }

    /// Takes in the times of all of the object's records, if they are asked for.
    pub(crate) fn put_marked(&self, marked: Option<MarkedTimes>) {
        if let (Some(gathering), Some(marked)) = (&self.plan().context.gathering, marked) {
            gathering.mark(self.object_idx, marked);
        }
    }

    /// Reports the object, which is done.
    pub(crate) fn put_report(&mut self) {
        self.take_summed();
        self.report.sides = std::mem::take(&mut self.rows.sides);
        let report = std::mem::take(&mut self.report);
        let (learner, times) = self.rows.take_learned();
        let context = &self.plan().context;
        if let Some(gathering) = &context.gathering {
            gathering.end(self.object_idx);
        }
        context.progress.add_object();
        context.report.put(self.object_idx, report, learner, times);
    }

    /// Takes over what is to be told of records that were added up where they stood.
    fn take_summed(&mut self) {
        let Some(sums) = self.rows.sums.clone() else { return };
        let summed = lock(&sums).take_summed(flow_log_of(&self.object), &mut self.rows.logged);
        self.report.rows += summed.rows;
        self.rows.sides.merge(summed.sides);
    }
}

impl PartShaper {
    pub(crate) fn new(plan: Arc<ScanPlan>, part: Part, sums: Option<SharedSums>) -> PartShaper {
        let sources = part.holder.places.len();
        let report = PartReport {
            of: part.of,
            rows: vec![0; sources],
            in_range: vec![0; sources],
            ..PartReport::default()
        };
        PartShaper { rows: RowShaper::new(plan, sums), part, report }
    }

    pub(crate) fn plan(&self) -> &Arc<ScanPlan> {
        &self.rows.plan
    }

    /// As [`Shaper::shape`], for records of the sources with these numbers. Each is one that the
    /// listing has.
    pub(crate) fn shape(
        &mut self,
        records: RecordBatch,
        numbers: Vec<usize>,
    ) -> Result<Option<RecordBatch>> {
        let holder = Arc::clone(&self.part.holder);
        let owned = Owned { records, origin: Origin::Sources(&holder, numbers) };
        let (rows, asked) = self.rows.shape(owned)?;
        if let Origin::Sources(_, numbers) = &asked.origin {
            numbers.iter().for_each(|number| self.report.rows[*number] += 1);
        }
        self.rows.hand_up(rows)
    }

    /// Reports the part, which is done.
    pub(crate) fn put_report(&mut self) {
        self.report.sides = std::mem::take(&mut self.rows.sides);
        let report = std::mem::take(&mut self.report);
        let (learner, times) = self.rows.take_learned();
        let part = (self.part.holder_idx, self.part.part);
        self.plan().context.report.put_part(part, report, learner, times);
    }
}

impl RowShaper {
    fn new(plan: Arc<ScanPlan>, sums: Option<SharedSums>) -> RowShaper {
        let mut orientation = plan.context.orientation.clone();
        // What is learned from some of the records only must not settle anything.
        orientation.pending.take_if(|_| plan.context.learns_from_all);
        RowShaper {
            desk: Desk::new(&orientation),
            witness: None,
            plan,
            sums,
            sides: Sides::default(),
            interfaces: LocalCodes::default(),
            times: BTreeMap::new(),
            logged: LoggedInterfaces::default(),
        }
    }

    /// What the records taught; which flow logs logged which interfaces is told at once.
    fn take_learned(&mut self) -> (Learner, BTreeMap<String, InterfaceTimes>) {
        if !self.logged.is_empty() {
            self.plan.context.report.put_logged(std::mem::take(&mut self.logged));
        }
        (self.desk.take_learner(), std::mem::take(&mut self.times))
    }

    /// Hands rows up the plan, or adds them up if sums are asked for.
    fn hand_up(&self, rows: RecordBatch) -> Result<Option<RecordBatch>> {
        if let Some(sums) = &self.sums {
            lock(sums).add_rows(&rows)?;
            return Ok(None);
        }
        Ok((rows.num_rows() > 0).then_some(rows))
    }

    /// The rows that records come to, and the records with traffic that are asked about.
    fn shape<'a>(&mut self, mut owned: Owned<'a>) -> Result<(RecordBatch, Owned<'a>)> {
        if self.witness.is_some() {
            owned = self.learn_from_alone(owned)?;
        }
        let others = self.take_others(&mut owned)?;
        let plan = Arc::clone(&self.plan);
        if self.plan.wants_times() {
            let flow_log = |row| owned.origin.object(row).and_then(flow_log_id);
            note_times(&owned.records, &plan.context.coverage, flow_log, &mut self.times)?;
            let traffic = !&idle_rows(&owned.records)?;
            owned = owned.only(traffic)?;
        }
        if plan.context.catalog.may_have_several_flow_logs() {
            let flow_log = |row| owned.origin.object(row).map_or("", flow_log_of);
            self.logged.note(&owned.records, flow_log);
        }
        let mut rows = self.table_batch(&owned, true)?;
        if let Some(others) = others {
            rows = concat_batches(&plan.schema, [&rows, &self.table_batch(&others, false)?])?;
        }
        Ok((rows, owned))
    }

    /// The records that pass. The others are those whose lines were read one by one, of which the witness
    /// was shown nothing.
    fn learn_from_alone<'a>(&mut self, owned: Owned<'a>) -> Result<Owned<'a>> {
        let Some(predicate) = self.plan.predicate.clone() else { return Ok(owned) };
        let passing = passing_records(&predicate, &owned.records)?;
        let others = owned.clone().only(!&passing)?;
        if others.records.num_rows() > 0 && self.plan.wants_orientation() {
            self.plan.context.orientation.orient(&others.records, &mut self.desk)?;
        }
        owned.only(passing)
    }

    /// Parts the records that are asked about from those that are only looked at since they may be
    /// copies of these.
    fn take_others<'a>(&self, owned: &mut Owned<'a>) -> Result<Option<Owned<'a>>> {
        let Some(asked) = &self.plan.asked else { return Ok(None) };
        let mut asked = passing_records(asked, &owned.records)?;
        if self.plan.keep() == Keep::TrafficAndIdle {
            // Idle records are handed out without asking the predicate.
            asked = &asked | &idle_rows(&owned.records)?;
        }
        if asked.count_set_bits() == owned.records.num_rows() {
            return Ok(None);
        }
        let others = owned.clone().only(!&asked)?;
        *owned = owned.clone().only(asked)?;
        Ok(Some(others))
    }

    /// Rows of the table. Those that are not asked about are in no count, and teach nothing.
    fn table_batch(&mut self, owned: &Owned<'_>, asked: bool) -> Result<RecordBatch> {
        let decoded = &owned.records;
        let oriented = if self.plan.wants_orientation() && !asked {
            Some(Oriented::nothing(decoded.num_rows()))
        } else if self.plan.wants_orientation() {
            let orientation = &self.plan.context.orientation;
            let oriented = orientation.orient(decoded, &mut self.desk)?;
            self.sides.unoriented += oriented.unoriented;
            self.sides.conflicts += oriented.conflicts;
            self.sides.assumed += oriented.assumed;
            self.sides.left_open |= oriented.left_open;
            Some(oriented)
        } else {
            None
        };
        let plan = Arc::clone(&self.plan);
        let columns =
            plan.columns.iter().map(|column| match (column, &plan.context.copies.shared) {
                (TableColumn::CopyKey, Some(shared)) => {
                    let place = |row| owned.origin.place(row);
                    copy_keys(shared, decoded, oriented.as_ref().filter(|_| asked), place)
                }
                _ => self.column(*column, decoded, &owned.origin, oriented.as_ref()),
            });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(decoded.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.plan.schema), columns, &options)?)
    }

    fn column(
        &mut self,
        column: TableColumn,
        decoded: &RecordBatch,
        origin: &Origin<'_>,
        oriented: Option<&Oriented>,
    ) -> Result<ArrayRef> {
        let rows = decoded.num_rows();
        let field = |id: FieldId| -> Result<ArrayRef> {
            let place = decoded.schema_ref().index_of(id.field().column)?;
            Ok(Arc::clone(decoded.column(place)))
        };
        let context = Arc::clone(&self.plan.context);
        let Some(oriented) = oriented.filter(|_| column.needs_orientation()) else {
            return match column {
                TableColumn::Field(id) => field(id),
                TableColumn::InterfaceCode => {
                    let interfaces = text_column(decoded, FieldId::INTERFACE_ID)?;
                    self.interfaces.codes(&context.interner, interfaces)
                }
                TableColumn::Place => Ok(origin.places(rows)),
                TableColumn::Object => Ok(origin.texts(rows, |o| Some(o.key.as_str()))),
                TableColumn::FlowLogId => Ok(origin.texts(rows, flow_log_id)),
                TableColumn::ObjectAccount => Ok(origin.texts(rows, account_of)),
                TableColumn::ObjectRegion => Ok(origin.texts(rows, region_of)),
                _ => self.instance(decoded),
            };
        };
        let source = field(FieldId::SRCADDR)?;
        let destination = field(FieldId::DSTADDR)?;
        match column {
            TableColumn::Local => oriented.local(&source, &destination),
            TableColumn::Remote => oriented.remote(
                &effective(&field(FieldId::PKT_SRCADDR)?, &source)?,
                &effective(&field(FieldId::PKT_DSTADDR)?, &destination)?,
            ),
            TableColumn::LocalPort => {
                oriented.local(&field(FieldId::SRCPORT)?, &field(FieldId::DSTPORT)?)
            }
            TableColumn::RemotePort => {
                oriented.remote(&field(FieldId::SRCPORT)?, &field(FieldId::DSTPORT)?)
            }
            TableColumn::OwnInterface => Ok(oriented.own()),
            TableColumn::Pending => Ok(oriented.pending()),
            TableColumn::FlowKind => oriented.kinds(text_column(decoded, FieldId::ACTION)?),
            _ => Ok(oriented.direction()),
        }
    }

    /// The record's own instance, or the one that the address book has for its interface at its start.
    fn instance(&self, decoded: &RecordBatch) -> Result<ArrayRef> {
        let logged = text_column(decoded, FieldId::INSTANCE_ID)?;
        let interface = text_column(decoded, FieldId::INTERFACE_ID)?;
        let book = &self.plan.context.orientation.book;
        let starts = match book.has_timelines() {
            true => Some(time_column(decoded, FieldId::START)?),
            false => None,
        };
        let start = |row| {
            let starts = starts.filter(|starts| starts.is_valid(row))?;
            Some(starts.value(row).div_euclid(NANOSECONDS))
        };
        let instances = (0..decoded.num_rows()).map(|row| {
            if logged.is_valid(row) {
                return Some(logged.value(row));
            }
            let entry = book.get(interface.is_valid(row).then(|| interface.value(row))?)?;
            entry.instance_at(start(row))
        });
        Ok(Arc::new(instances.collect::<StringViewArray>()))
    }
}

/// The sums, which nobody else uses at the same time.
pub(super) fn lock(sums: &SharedSums) -> MutexGuard<'_, Sums> {
    // A thread that panicked in here ended its query too.
    sums.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Owned<'_> {
    /// These of the rows.
    fn only(self, rows: BooleanBuffer) -> Result<Self> {
        if rows.count_set_bits() == rows.len() {
            return Ok(self);
        }
        let origin = match self.origin {
            Origin::Sources(holder, numbers) => {
                Origin::Sources(holder, rows.set_indices().map(|row| numbers[row]).collect())
            }
            object => object,
        };
        Ok(Owned { records: only_rows(&self.records, rows)?, origin })
    }
}

impl Origin<'_> {
    /// The number in the listing of the row's object.
    fn place(&self, row: usize) -> usize {
        match self {
            Origin::Object(place, _) => *place,
            // Only records of sources that the listing has come here.
            Origin::Sources(holder, numbers) => holder.places[numbers[row]].unwrap_or_default(),
        }
    }

    fn object(&self, row: usize) -> Option<&Object> {
        match self {
            Origin::Object(_, object) => Some(object),
            Origin::Sources(holder, numbers) => holder.objects[numbers[row]].as_deref(),
        }
    }

    /// A text of each row's object.
    fn texts(&self, rows: usize, text: impl Fn(&Object) -> Option<&str>) -> ArrayRef {
        let of_row = |row| self.object(row).and_then(&text);
        Arc::new((0..rows).map(of_row).collect::<StringViewArray>())
    }

    /// The place of each row's object. Listings have fewer objects than 32 bits count.
    fn places(&self, rows: usize) -> ArrayRef {
        let number = |row| i32::try_from(self.place(row)).unwrap_or(i32::MAX);
        Arc::new(Int32Array::from_iter_values((0..rows).map(number)))
    }
}

fn flow_log_id(object: &Object) -> Option<&str> {
    object.layout.as_ref()?.flow_log_id.as_deref()
}

fn account_of(object: &Object) -> Option<&str> {
    object.layout.as_ref()?.account.as_deref()
}

fn region_of(object: &Object) -> Option<&str> {
    object.layout.as_ref()?.region.as_deref()
}
