//! `volumes`: bytes, packets and flows each way, by any keys.

mod settle;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;
use flowproof_record::{FieldId, Format};

use crate::answer::{Answer, ReadObject};
use crate::error::EngineError;
use crate::orient::{AddressBook, Pending};
use crate::scan::ScanTold;
use crate::session::{Run, Session, Terms, learn};
use crate::totals::{COLUMNS, TOTALS, flatten};
use settle::{Learned, settle};
pub(crate) use settle::{Settled, give_directions};

/// What volumes can be told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Key {
    /// The account of the record, else of the object's key.
    Account,
    /// The Region of the record, else of the object's key.
    Region,
    /// The VPC.
    Vpc,
    /// The subnet.
    Subnet,
    /// The instance of the record, else the one that the address book has for its interface.
    Instance,
    /// The interface that logged the record.
    Interface,
    /// The interface's own address.
    Local,
    /// The other side's address.
    Remote,
    /// The other side's port.
    RemotePort,
    /// The interface's own port.
    LocalPort,
    /// The IANA protocol number.
    Protocol,
    /// `ACCEPT` or `REJECT`.
    Action,
    /// The hour of `start`.
    Hour,
    /// The day of `start`.
    Day,
    /// The AWS service whose address range holds the other side, where the format has it.
    Service,
}

/// Every key: its name, and its expression over the table `measured_traffic`.
const KEYS: [(Key, &str, &str); 15] = [
    (Key::Account, "account", "coalesce(account_id, object_account)"),
    (Key::Region, "region", "coalesce(region, object_region)"),
    (Key::Vpc, "vpc", "vpc_id"),
    (Key::Subnet, "subnet", "subnet_id"),
    (Key::Instance, "instance", "instance"),
    (Key::Interface, "interface", "interface_id"),
    (Key::Local, "local", "local"),
    (Key::Remote, "remote", "remote"),
    (Key::RemotePort, "remote_port", "remote_port"),
    (Key::LocalPort, "local_port", "local_port"),
    (Key::Protocol, "protocol", "protocol"),
    (Key::Action, "action", "action"),
    (Key::Hour, "hour", r#"hour_of("start", "end")"#),
    (Key::Day, "day", r#"day_of("start", "end")"#),
    (
        Key::Service,
        "service",
        "CASE direction WHEN 'egress' THEN pkt_dst_aws_service \
         WHEN 'ingress' THEN pkt_src_aws_service END",
    ),
];

impl Key {
    fn row(self) -> &'static (Key, &'static str, &'static str) {
        // Every key is in the table: a test says so.
        KEYS.iter().find(|row| row.0 == self).unwrap_or(&KEYS[0])
    }

    /// The key's name, as it is given and as its column is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    fn sql(self) -> &'static str {
        self.row().2
    }

    /// Whether a record's key depends on which of its sides is local.
    fn needs_sides(self) -> bool {
        matches!(self, Key::Local | Key::Remote | Key::RemotePort | Key::LocalPort | Key::Service)
    }

    /// The expression where totals are still to be settled: interfaces as numbers, of which the
    /// settling makes texts again.
    fn part_sql(self) -> &'static str {
        match self {
            Key::Interface => "interface_code",
            other => other.sql(),
        }
    }

    /// The column of the table `summed_traffic`, if sums are told by the key there.
    fn summed_column(self) -> Option<&'static str> {
        match self {
            Key::Interface => Some("interface_code"),
            Key::Hour => Some("hour"),
            Key::Day => Some("day"),
            _ => None,
        }
    }

    /// All keys, in the order of their documentation.
    pub fn all() -> impl Iterator<Item = Key> {
        KEYS.iter().map(|row| row.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no key; keys are {}", names())]
pub struct UnknownKey {
    /// The name as given.
    pub given: String,
}

fn names() -> String {
    Key::all().map(Key::name).collect::<Vec<_>>().join(", ")
}

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(name: &str) -> Result<Key, UnknownKey> {
        let key = Key::all().find(|key| key.name() == name.trim());
        key.ok_or_else(|| UnknownKey { given: name.to_owned() })
    }
}

/// Which records are asked about, beside the session's own selection: all, if nothing is named here, else those of
/// any interface and of any instance that is.
#[derive(Debug, Clone, Default)]
pub struct VolumeFilter {
    /// Ids of interfaces.
    pub interfaces: Vec<String>,
    /// Ids of instances.
    pub instances: Vec<String>,
}

/// What a filter leaves out of an interface's records. What is left out may be what tells whose addresses are whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Narrowing {
    /// All of them or none.
    Never,
    /// Those of another instance by their own field, where they have it.
    ByField,
    /// Also those of the time in which the interface was another instance's.
    ByTime,
}

impl Narrowing {
    /// Whether a reading that was narrowed may have missed what tells sides, and some records do not tell theirs.
    fn hides(self, told: &ScanTold) -> bool {
        let leaves_out = match self {
            Narrowing::Never => false,
            Narrowing::ByField => told.objects.formats().any(|it| it.has(FieldId::INSTANCE_ID)),
            Narrowing::ByTime => true,
        };
        let is_open = || told.objects.iter().any(|(_, report)| report.sides.left_open);
        leaves_out && (!told.learner.is_empty() || is_open())
    }
}

/// Result rows, sorted by their keys.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Columns: the keys in the order asked, then the totals.
    pub schema: SchemaRef,
    /// The rows, over all batches in order.
    pub batches: Vec<RecordBatch>,
}

impl Session {
    /// Adds up volumes by keys.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoInstances`] if no record could be told to be an instance's that is asked for: no row would
    /// pass for no traffic. [`EngineError::Query`] if a total does not fit in 64 bits.
    pub async fn volumes(
        &self,
        keys: &[Key],
        filter: &VolumeFilter,
    ) -> Result<Answer<Rows>, EngineError> {
        let moved = self.moved_interfaces(filter);
        // Sums do not know when an interface was whose.
        let sums = self.sums_while_reading() && moved.is_empty();
        let sql = self.filter_sql(filter, &moved);
        let narrowing = match (filter.instances.is_empty(), moved.is_empty()) {
            (true, _) => Narrowing::Never,
            (false, true) => Narrowing::ByField,
            (false, false) => Narrowing::ByTime,
        };
        let answer = match keys.iter().any(|key| key.needs_sides()) {
            true => self.volumes_by_sides(self.terms(), keys, &sql, narrowing).await?,
            false => self.volumes_in_one_reading(keys, &sql, sums, narrowing).await?,
        };
        let asks = filter.interfaces.is_empty() && !filter.instances.is_empty();
        let knows = filter.instances.iter().any(|id| self.knows(id));
        if asks && !knows && answer.coverage.has_flow_logs() && !answer.tells_instances() {
            return Err(EngineError::NoInstances);
        }
        Ok(answer)
    }

    /// Objects that may hold records of an instance that the filter asks for and do not tell it, so that these records
    /// are in no row: they lack `instance-id`, and the address book has no interface of that instance.
    #[must_use]
    pub fn untold_instances(&self, filter: &VolumeFilter, answer: &Answer<Rows>) -> u64 {
        if filter.instances.iter().all(|id| self.knows(id)) {
            return 0;
        }
        let lacks = |read: &ReadObject| {
            let tally = &read.tally;
            let lacks = |(_, format): &(_, Format)| !format.has(FieldId::INSTANCE_ID);
            tally.counts.in_range + tally.counts.passed_over > 0 && tally.formats.iter().any(lacks)
        };
        answer.objects.iter().filter(lacks).count() as u64
    }

    /// Whether the address book has an interface of this instance.
    fn knows(&self, instance: &str) -> bool {
        self.book().interfaces_of(instance).next().is_some()
    }

    /// After a reading of all records, for their sides alone.
    async fn volumes_learned_apart(
        &self,
        keys: &[Key],
        filter: &str,
    ) -> Result<Answer<Rows>, EngineError> {
        let mut terms = self.terms();
        self.learn_sides(&mut terms).await?;
        let sql = volumes_sql(keys, filter);
        let plan = |context: SessionContext| async move { Ok(context.sql(&sql).await?) };
        self.rows_of(self.pass(&terms, plan).await?).await
    }

    async fn rows_of(&self, run: Run) -> Result<Answer<Rows>, EngineError> {
        let schema = flatten(&RecordBatch::new_empty(run.schema))?.schema();
        let batches = run.batches.iter().map(flatten).collect::<Result<_, _>>()?;
        self.answer(Rows { schema, batches }, run.told).await
    }

    /// By keys that need to know each record's sides while it is read.
    async fn volumes_by_sides(
        &self,
        mut terms: Terms,
        keys: &[Key],
        filter: &str,
        narrowing: Narrowing,
    ) -> Result<Answer<Rows>, EngineError> {
        let sql = volumes_sql(keys, filter);
        let plan = |context: SessionContext| {
            let sql = sql.clone();
            async move { Ok(context.sql(&sql).await?) }
        };
        if narrowing == Narrowing::Never {
            return self.rows_of(self.run(terms, plan).await?).await;
        }
        let mut run = self.pass(&terms, plan).await?;
        if narrowing.hides(&run.told) {
            return self.volumes_learned_apart(keys, filter).await;
        }
        if learn(&mut terms, &run.told) {
            run = self.pass(&terms, plan).await?;
        }
        self.rows_of(run).await
    }

    /// By keys that are the same whichever side is local: totals get their direction at the end. `sums`
    /// says whether the scan may add them up.
    async fn volumes_in_one_reading(
        &self,
        keys: &[Key],
        filter: &str,
        sums: bool,
        narrowing: Narrowing,
    ) -> Result<Answer<Rows>, EngineError> {
        let mut terms = self.terms();
        let pending = Arc::new(Pending::default());
        terms.orientation.pending = Some(Arc::clone(&pending));
        let sql = match sums_sql(keys, filter).filter(|_| sums) {
            Some(sql) => sql,
            None => parts_sql(keys, filter),
        };
        let plan = |context: SessionContext| async move { Ok(context.sql(&sql).await?) };
        let mut run = self.pass(&terms, plan).await?;
        if narrowing.hides(&run.told) {
            return self.volumes_learned_apart(keys, filter).await;
        }
        let mut book = AddressBook::clone(self.book());
        let taught = run.told.learner.teach(&mut book) > 0;
        if taught && run.told.objects.iter().any(|(_, report)| report.sides.left_open) {
            let mut terms = self.terms();
            terms.orientation.book = Arc::new(book);
            return self.volumes_by_sides(terms, keys, filter, Narrowing::Never).await;
        }
        let context = self.planning_context(&terms)?;
        let learned = Learned { pending: &pending, book: &book, interner: &terms.interner };
        let (rows, settled) = settle(&context, keys, &run.schema, &run.batches, learned).await?;
        run.told.settled = (settled.records, settled.assumed);
        self.answer(rows, run.told).await
    }

    /// The interfaces that were an instance's of the filter for some time, and another's for some.
    fn moved_interfaces(&self, filter: &VolumeFilter) -> BTreeSet<String> {
        let all = self.interfaces_of_any(&filter.instances);
        all.filter(|interface| self.book().timeline(interface).is_some()).collect()
    }

    /// The interfaces that the address book has for these instances.
    fn interfaces_of_any(&self, instances: &[String]) -> impl Iterator<Item = String> {
        let of = |instance: &String| -> Vec<String> {
            self.book().interfaces_of(instance).map(str::to_owned).collect()
        };
        instances.iter().flat_map(of)
    }

    /// The filter over `traffic`: instances by the records' own id, and by the interfaces that the
    /// address book has for them where a record has none; of those that moved, by its time.
    fn filter_sql(&self, filter: &VolumeFilter, moved: &BTreeSet<String>) -> String {
        let mut any = Vec::new();
        if !filter.interfaces.is_empty() {
            any.push(format!("interface_id IN ({})", quoted(&filter.interfaces)));
        }
        if !filter.instances.is_empty() {
            let instances = quoted(&filter.instances);
            any.push(format!("instance_id IN ({instances})"));
            let all = self.interfaces_of_any(&filter.instances);
            let unmoved: Vec<String> = all.filter(|interface| !moved.contains(interface)).collect();
            if !unmoved.is_empty() {
                let ids = quoted(&unmoved);
                any.push(format!("(interface_id IN ({ids}) AND instance_id IS NULL)"));
            }
            if !moved.is_empty() {
                let ids = quoted(&moved.iter().collect::<Vec<_>>());
                any.push(format!("(interface_id IN ({ids}) AND instance IN ({instances}))"));
            }
        }
        any.join(" OR ")
    }
}

fn volumes_sql(keys: &[Key], filter: &str) -> String {
    let grouped = match keys {
        [] => String::new(),
        _ => format!(" GROUP BY {} ORDER BY {}", places_sql(keys), order_sql(keys)),
    };
    let columns = columns_sql(keys, Key::sql);
    format!("SELECT {columns}{TOTALS} FROM measured_traffic{}{grouped}", where_sql(filter))
}

/// The same with a row for each code of a direction that is still to be settled.
fn parts_sql(keys: &[Key], filter: &str) -> String {
    let places = (1..=keys.len() + 1).map(|place| place.to_string()).collect::<Vec<_>>();
    let columns = columns_sql(keys, Key::part_sql);
    let filter = where_sql(filter);
    format!(
        "SELECT {columns}pending, {TOTALS} FROM measured_traffic{filter} GROUP BY {}",
        places.join(", ")
    )
}

/// The same from sums that the scan makes, if it knows the keys.
fn sums_sql(keys: &[Key], filter: &str) -> Option<String> {
    let column = |key: &Key| Some(format!("{} AS \"{}\", ", key.summed_column()?, key.name()));
    let columns = keys.iter().map(column).collect::<Option<String>>()?;
    let places = (1..=keys.len() + 1).map(|place| place.to_string()).collect::<Vec<_>>();
    let totals = COLUMNS.map(|total| match total {
        "first_seen" => "min(first_seen) AS first_seen".to_owned(),
        "last_seen" => "max(last_seen) AS last_seen".to_owned(),
        total => format!("sum({total}) AS {total}"),
    });
    Some(format!(
        "SELECT {columns}pending, {} FROM summed_traffic{} GROUP BY {}",
        totals.join(", "),
        where_sql(filter),
        places.join(", ")
    ))
}

fn columns_sql(keys: &[Key], sql: fn(Key) -> &'static str) -> String {
    keys.iter().map(|key| format!("{} AS \"{}\", ", sql(*key), key.name())).collect()
}

fn where_sql(filter: &str) -> String {
    if filter.is_empty() { String::new() } else { format!(" WHERE {filter}") }
}

fn places_sql(keys: &[Key]) -> String {
    (1..=keys.len()).map(|place| place.to_string()).collect::<Vec<_>>().join(", ")
}

fn order_sql(keys: &[Key]) -> String {
    let sorted = (1..=keys.len()).map(|place| format!("{place} ASC NULLS FIRST"));
    sorted.collect::<Vec<_>>().join(", ")
}

/// Texts as SQL literals.
pub(crate) fn quoted<T: AsRef<str>>(texts: &[T]) -> String {
    let literal = |text: &T| format!("'{}'", text.as_ref().replace('\'', "''"));
    texts.iter().map(literal).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_by_its_name() {
        for key in Key::all() {
            assert_eq!(key.row().0, key);
            assert_eq!(key.name().parse(), Ok(key));
        }
        let error = "colour".parse::<Key>().unwrap_err();
        assert!(error.to_string().starts_with("`colour` is no key; keys are account, region"));
    }

    #[test]
    fn a_quote_in_an_id_ends_no_literal() {
        assert_eq!(quoted(&["a'b"]), "'a''b'");
    }
}
