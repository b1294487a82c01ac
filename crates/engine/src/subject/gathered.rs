//! Many questions answered from one reading: the records of all their subjects are gathered first, and
//! each question then looks at its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::prelude::SessionContext;
use flowproof_evidence::{Subject, Window};
use flowproof_record::{FieldId, MarkedTimes, TimeMarks};
use flowproof_source::Object;

use super::sql::address_list;
use super::{SubjectQuestion, looks_for_addresses};
use crate::catalog::Catalog;
use crate::copies::Duplicates;
use crate::error::EngineError;
use crate::orient::AddressBook;
use crate::scan::{
    CoverageScope, Gathering, Harvest, Kept, NO_INTERFACE, ObjectReport, Reports, WantedTimes,
    unpacked,
};
use crate::session::{Session, Terms, in_seconds};
use crate::table::{only_rows, times_within};
use crate::volumes::quoted;

/// What the answers about a subject are made from.
const FIELDS: [FieldId; 18] = [
    FieldId::INTERFACE_ID,
    FieldId::INSTANCE_ID,
    FieldId::ACCOUNT_ID,
    FieldId::SRCADDR,
    FieldId::DSTADDR,
    FieldId::PKT_SRCADDR,
    FieldId::PKT_DSTADDR,
    FieldId::SRCPORT,
    FieldId::DSTPORT,
    FieldId::PROTOCOL,
    FieldId::PACKETS,
    FieldId::BYTES,
    FieldId::START,
    FieldId::END,
    FieldId::ACTION,
    FieldId::LOG_STATUS,
    FieldId::TCP_FLAGS,
    FieldId::FLOW_DIRECTION,
];

/// The records of the subjects of many questions.
#[derive(Debug)]
pub struct Gathered {
    sought: Sought,
    listings: Vec<Listed>,
    reports: Reports,
    marked: BTreeMap<usize, MarkedTimes>,
    runs: Runs,
}

/// A listing, and by number the places of its objects among those that were gathered.
#[derive(Debug)]
struct Listed {
    catalog: Arc<Catalog>,
    places: Vec<usize>,
}

/// Whose records were gathered.
#[derive(Debug, Default)]
struct Sought {
    interfaces: BTreeSet<String>,
    instances: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    /// Whether the times of all interfaces were.
    everybody: bool,
}

/// Records of one object and one interface each.
#[derive(Debug, Default)]
struct Runs {
    runs: Vec<(usize, RecordBatch)>,
    by_interface: HashMap<String, Vec<usize>>,
    /// The runs in which a record names the instance.
    by_instance: HashMap<String, Vec<usize>>,
}

impl Gathered {
    /// Reads the logs once for the first of these questions, each to be asked of its own session; tells
    /// for how many. No more than `at_most` of them are taken, and fewer if their records are more than
    /// the memory in which records are kept. There is nothing gathered where that would not help: for one
    /// question alone, where copies are to be dropped, or for objects that hold the records of others.
    ///
    /// # Errors
    ///
    /// As for [`Session::subject`].
    pub async fn for_first(
        questions: &[(Session, SubjectQuestion)],
        at_most: usize,
    ) -> Result<(Option<Gathered>, usize), EngineError> {
        let mut count = questions.len().min(at_most).max(1);
        while count > 1 {
            let questions = &questions[..count.min(questions.len())];
            for (session, _) in questions {
                session.whole().await?;
            }
            let can_be = |(session, _): &(Session, SubjectQuestion)| {
                session.duplicates() == Duplicates::Keep
                    && !session.catalog().has_holders()
                    && !session.reads_elsewhere()
            };
            if !questions.iter().all(can_be) {
                return Ok((None, questions.len()));
            }
            if let Some(gathered) = Gathered::read(questions).await? {
                return Ok((Some(gathered), questions.len()));
            }
            count = questions.len().div_ceil(2).min(questions.len() - 1);
        }
        Ok((None, count.min(questions.len())))
    }

    /// Reads all objects of these sessions once, or a second time if the records name interfaces of an
    /// instance that nobody knew, and some do not tell the instance; `None` if they do not fit.
    async fn read(
        questions: &[(Session, SubjectQuestion)],
    ) -> Result<Option<Gathered>, EngineError> {
        let mut asked: Vec<Asked> = questions.iter().map(Asked::of).collect();
        let Some(gathered) = Gathered::read_once(questions, &asked).await? else {
            return Ok(None);
        };
        let more = gathered.runs.interfaces_by_instance();
        let learning = asked.iter_mut().filter_map(|asked| asked.learn(&more).then_some(()));
        let any_learns = learning.count() > 0;
        let lacks_instance =
            gathered.reports.formats().any(|format| !format.has(FieldId::INSTANCE_ID));
        if any_learns && lacks_instance {
            drop(gathered);
            return Gathered::read_once(questions, &asked).await;
        }
        Ok(Some(gathered))
    }

    async fn read_once(
        questions: &[(Session, SubjectQuestion)],
        asked: &[Asked],
    ) -> Result<Option<Gathered>, EngineError> {
        let Some((first, _)) = questions.first() else { return Ok(None) };
        let (objects, listings) = all_objects(questions);
        let (sought, times) = (Sought::by(asked), wanted_times(asked));
        let windows = asked.iter().map(|asked| asked.window);
        let marks = TimeMarks::of(windows.clone().map(in_seconds));
        let catalog = Arc::new(Catalog::of(objects));
        let session = first.over(catalog, hull(windows), AddressBook::default());
        let gathering = Arc::new(Gathering::new(marks, times, session.memory_to_gather()));
        let terms = Terms {
            gathering: Some(Arc::clone(&gathering)),
            coverage: sought.scope(),
            digests: true,
            ..session.terms()
        };
        let sql = sought.sql();
        let plan = |context: SessionContext| async move { Ok(context.sql(&sql).await?) };
        let run = session.pass(&terms, plan).await;
        let Some(Harvest { records, marked }) = gathering.harvest()? else { return Ok(None) };
        let reports = run?.told.objects;
        let mut runs = Runs::default();
        for (object, batches) in &records {
            batches.iter().try_for_each(|sorted| runs.add(*object, sorted))?;
        }
        Ok(Some(Gathered { sought, listings, reports, marked, runs }))
    }

    /// What this session would have kept of its own reading for the question; `None` if something of it
    /// was not gathered.
    pub(super) fn kept(&self, session: &Session, question: &SubjectQuestion) -> Option<Kept> {
        let same = |listed: &&Listed| Arc::ptr_eq(&listed.catalog, session.catalog());
        let places = &self.listings.iter().find(same)?.places;
        if !self.sought.has(question) {
            return None;
        }
        let window = in_seconds(session.window());
        let mut reports = Reports::default();
        let mut numbers = HashMap::with_capacity(places.len());
        for (number, place) in places.iter().enumerate() {
            reports.insert(number, self.report(*place, window)?);
            numbers.insert(*place, number);
        }
        let mut records = BTreeMap::<usize, Vec<RecordBatch>>::new();
        for run in self.runs.of(question) {
            let (place, batch) = &self.runs.runs[run];
            let Some(number) = numbers.get(place) else { continue };
            // The columns are those that were asked for.
            let within = times_within(batch, window).ok()?;
            if within.count_set_bits() > 0 {
                let batch = unpacked(&only_rows(batch, within).ok()?).ok()?;
                records.entry(*number).or_default().push(batch);
            }
        }
        Some(Kept { records, reports, of_many: true })
    }

    /// The report of an object as a reading for this window alone would have it.
    fn report(&self, place: usize, (from, to): (Option<i64>, Option<i64>)) -> Option<ObjectReport> {
        let mut report = self.reports.get(place)?;
        let counts = &mut report.tally.counts;
        counts.in_range = match self.marked.get(&place) {
            Some(marked) => marked.in_window(from, to)?,
            // It could not be read.
            None if counts.ok == 0 => 0,
            None => return None,
        };
        Some(report)
    }
}

/// The column of a text field of packed records.
fn texts(packed: &RecordBatch, id: FieldId) -> Result<StringViewArray, DataFusionError> {
    let place = packed.schema_ref().index_of(id.field().column)?;
    Ok(cast(packed.column(place), &DataType::Utf8View)?.as_string_view().clone())
}

/// Whose records a question looks for, and in which time.
#[derive(Debug)]
struct Asked {
    subject: Subject,
    window: Window,
    /// Whether no interface was known: the times of all of them are wanted, or addresses are looked for.
    others: bool,
}

impl Asked {
    fn of((session, question): &(Session, SubjectQuestion)) -> Asked {
        let mut question = question.clone();
        session.add_known_interfaces(&mut question);
        let others = question.subject.interfaces.is_empty();
        Asked { subject: question.subject, window: session.window(), others }
    }

    /// Adds the interfaces of the subject's instance; whether any is new.
    fn learn(&mut self, by_instance: &HashMap<String, BTreeSet<String>>) -> bool {
        let known = &mut self.subject.interfaces;
        let of_instance = self.subject.instance.iter().filter_map(|it| by_instance.get(it));
        let new: Vec<String> =
            of_instance.flatten().filter(|interface| !known.contains(interface)).cloned().collect();
        known.extend_from_slice(&new);
        !new.is_empty()
    }
}

/// Whose records are looked for in which times.
fn wanted_times(asked: &[Asked]) -> WantedTimes {
    let mut times = WantedTimes::default();
    for Asked { subject, window, others } in asked {
        let whose = subject.interfaces.iter().chain(&subject.instance);
        times.add(whose, *others, in_seconds(*window));
    }
    times
}

/// Each object once, and by listing the places of its objects among them.
fn all_objects(questions: &[(Session, SubjectQuestion)]) -> (Vec<Object>, Vec<Listed>) {
    let mut objects: Vec<Object> = Vec::new();
    let mut places = HashMap::<(String, u64, Option<String>), usize>::new();
    let mut listings: Vec<Listed> = Vec::new();
    for (session, _) in questions {
        let catalog = session.catalog();
        if listings.iter().any(|known| Arc::ptr_eq(&known.catalog, catalog)) {
            continue;
        }
        let place = |object: Arc<Object>| {
            let version = (object.key.clone(), object.size, object.etag.clone());
            *places.entry(version).or_insert_with(|| {
                objects.push(Object::clone(&object));
                objects.len() - 1
            })
        };
        let places = catalog.iter().map(place).collect();
        listings.push(Listed { catalog: Arc::clone(catalog), places });
    }
    let order = order_by_key(&objects);
    for Listed { places, .. } in &mut listings {
        places.iter_mut().for_each(|place| *place = order[*place]);
    }
    (objects, listings)
}

/// The number that each object gets in a catalog, which sorts them by key.
fn order_by_key(objects: &[Object]) -> Vec<usize> {
    let mut by_key: Vec<usize> = (0..objects.len()).collect();
    by_key.sort_by(|a, b| objects[*a].key.cmp(&objects[*b].key));
    let mut order = vec![0; objects.len()];
    by_key.into_iter().enumerate().for_each(|(number, object)| order[object] = number);
    order
}

/// The window that reaches from the first of these to the last.
fn hull(windows: impl Iterator<Item = Window>) -> Window {
    windows
        .reduce(|all, window| Window {
            from: all.from.zip(window.from).map(|(one, other)| one.min(other)),
            to: all.to.zip(window.to).map(|(one, other)| one.max(other)),
        })
        .unwrap_or(Window::ALWAYS)
}

impl Sought {
    fn by(asked: &[Asked]) -> Sought {
        let mut sought = Sought::default();
        for Asked { subject, others, .. } in asked {
            sought.everybody |= *others;
            if looks_for_addresses(subject) {
                sought.addresses.extend(subject.addresses.iter().map(IpAddr::to_canonical));
            }
            sought.instances.extend(subject.instance.clone());
            sought.interfaces.extend(subject.interfaces.iter().cloned());
        }
        sought
    }

    /// Whether all that the question looks for was. Addresses within an account are not: the scan looks at
    /// the records of everybody then, since the account may be told by the object alone.
    fn has(&self, question: &SubjectQuestion) -> bool {
        let subject = &question.subject;
        if looks_for_addresses(subject) && subject.account.is_some() {
            return false;
        }
        let has_address = |address: &IpAddr| self.addresses.contains(&address.to_canonical());
        subject.interfaces.iter().all(|interface| self.interfaces.contains(interface))
            && subject.instance.iter().all(|instance| self.instances.contains(instance))
            && (self.everybody || !subject.interfaces.is_empty())
            && (!looks_for_addresses(subject) || subject.addresses.iter().all(has_address))
    }

    fn scope(&self) -> CoverageScope {
        match self.everybody {
            true => CoverageScope::Everybody,
            false => CoverageScope::Interfaces(self.interfaces.clone()),
        }
    }

    /// The records that any of the questions may be about.
    fn sql(&self) -> String {
        let mut any = Vec::new();
        let texts = [("interface_id", &self.interfaces), ("instance_id", &self.instances)];
        for (column, texts) in texts.into_iter().filter(|(_, texts)| !texts.is_empty()) {
            let texts: Vec<&String> = texts.iter().collect();
            any.push(format!("{column} IN ({})", quoted(&texts)));
        }
        if !self.addresses.is_empty() {
            let list = address_list(self.addresses.iter());
            let columns = ["srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"];
            any.extend(columns.map(|column| format!("{column} IN ({list})")));
        }
        let filter = if any.is_empty() { "false".to_owned() } else { any.join(" OR ") };
        let fields = FIELDS.map(|id| format!("\"{}\"", id.field().column));
        format!("SELECT {} FROM traffic WHERE {filter}", fields.join(", "))
    }
}

impl Runs {
    /// Takes records of an object, which are in the order of their interfaces.
    fn add(&mut self, object: usize, sorted: &RecordBatch) -> Result<(), DataFusionError> {
        let interfaces = texts(sorted, FieldId::INTERFACE_ID)?;
        let interface =
            |row| if interfaces.is_valid(row) { interfaces.value(row) } else { NO_INTERFACE };
        let mut start = 0;
        for row in 1..=sorted.num_rows() {
            if row == sorted.num_rows() || interface(row) != interface(start) {
                self.add_run(object, interface(start), sorted, start..row)?;
                start = row;
            }
        }
        Ok(())
    }

    fn add_run(
        &mut self,
        object: usize,
        interface: &str,
        sorted: &RecordBatch,
        rows: Range<usize>,
    ) -> Result<(), DataFusionError> {
        let run = self.runs.len();
        let batch = sorted.slice(rows.start, rows.len());
        self.by_interface.entry(interface.to_owned()).or_default().push(run);
        let instances = texts(&batch, FieldId::INSTANCE_ID)?;
        let named: BTreeSet<&str> = instances.iter().flatten().collect();
        for instance in named {
            self.by_instance.entry(instance.to_owned()).or_default().push(run);
        }
        self.runs.push((object, batch));
        Ok(())
    }

    /// The interfaces whose records name an instance.
    fn interfaces_by_instance(&self) -> HashMap<String, BTreeSet<String>> {
        let mut interfaces = vec![NO_INTERFACE; self.runs.len()];
        for (interface, runs) in &self.by_interface {
            runs.iter().for_each(|run| interfaces[*run] = interface);
        }
        let named = |runs: &Vec<usize>| {
            let interfaces = runs.iter().map(|run| interfaces[*run].to_owned());
            interfaces.filter(|interface| interface != NO_INTERFACE).collect()
        };
        self.by_instance.iter().map(|(instance, runs)| (instance.clone(), named(runs))).collect()
    }

    /// The runs in which there may be something for the question, in order.
    fn of(&self, question: &SubjectQuestion) -> BTreeSet<usize> {
        let subject = &question.subject;
        if subject.interfaces.is_empty() {
            return (0..self.runs.len()).collect();
        }
        let own = subject.interfaces.iter().map(String::as_str).chain([NO_INTERFACE]);
        let own = own.filter_map(|interface| self.by_interface.get(interface));
        let named = subject.instance.iter().filter_map(|instance| self.by_instance.get(instance));
        own.chain(named).flatten().copied().collect()
    }
}
