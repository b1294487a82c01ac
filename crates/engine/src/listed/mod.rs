//! `scan`: all traffic with addresses on threat lists.

mod matches;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::UInt64Type;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;
use flowproof_evidence::Traffic;
use flowproof_intel::Matcher;
use flowproof_prefix::parse_ip;

use crate::answer::Answer;
use crate::columns::Columns;
use crate::error::EngineError;
use crate::orient::{AddressBook, Pending};
use crate::session::{Session, Terms};
use crate::totals::{TOTALS, flatten};
use crate::volumes::{Settled, give_directions};
pub(crate) use matches::RecordMatches;
use matches::{ANY, BETWEEN, INTERNAL, SUPPRESSED, place};

/// Traffic of one interface with the addresses of one entry, of those of its records that tell the same account and
/// instance: an interface has several rows for an entry if some of its flow logs lack `instance-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// The account of the records, else of their object's key.
    pub account: Option<String>,
    /// The instance of the records, else the one that the address book has for the interface.
    pub instance: Option<String>,
    /// The interface that logged them.
    pub interface: Option<String>,
    /// The number of the list among the matcher's.
    pub list: usize,
    /// The number of the entry in the list.
    pub entry: usize,
    /// What the records add up to. A record that matches several entries is in each of their rows.
    pub traffic: Traffic,
    /// The distinct addresses of the entry that are in the records, ascending.
    pub addresses: Vec<IpAddr>,
}

/// All traffic with listed addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// By account, instance, interface, list and entry.
    pub rows: Vec<ListedRow>,
    /// What all records in the rows add up to, each once.
    pub total: Traffic,
    /// What records add up to of which trusted lists left no match.
    pub suppressed: Traffic,
    /// What records add up to of which all that is left are matches of internal addresses, where these
    /// are not asked for.
    pub internal: Traffic,
}

/// Every address field of a record.
const ADDRESSES: [&str; 4] = ["srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"];

impl Session {
    /// Finds all records that have, in any of their address fields, an address on a threat list and
    /// on no trusted one, and adds them up by interface and entry.
    ///
    /// A list that holds private networks matches every flow within a VPC, and would drown what it is
    /// for: addresses that are internal ([`Matcher::is_internal`]) match only if `internal` says so.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] if a total does not fit in 64 bits.
    pub async fn listed(
        &self,
        matcher: Arc<Matcher>,
        internal: bool,
    ) -> Result<Answer<Listed>, EngineError> {
        let mut terms = Terms { matcher: Some(Arc::clone(&matcher)), ..self.terms() };
        // The lists leave out records that may be what tells whose an address is: all are learned from,
        // and totals get their direction at the end.
        let pending = Arc::new(Pending::default());
        terms.orientation.pending = Some(Arc::clone(&pending));
        terms.learns_from_all = true;
        let sql = sql();
        let lists = self.lists(Some(&matcher));
        let plan = |context: SessionContext| {
            let function = RecordMatches::new(Arc::clone(&lists), internal);
            context.register_udf(ScalarUDF::from(function));
            let sql = sql.clone();
            async move { Ok(context.sql(&sql).await?) }
        };
        let mut run = self.pass(&terms, plan).await?;
        let mut book = AddressBook::clone(self.book());
        run.told.learner.teach(&mut book);
        if run.told.objects.iter().any(|(_, report)| report.sides.left_open) {
            let mut terms = Terms { matcher: terms.matcher, ..self.terms() };
            self.learn_sides(&mut terms).await?;
            run = self.pass(&terms, plan).await?;
        }
        let (mut settled, mut of_entries) = (Settled::default(), Settled::default());
        let mut listed = Listed::default();
        let mut rows = BTreeMap::new();
        for batch in &run.batches {
            let (as_such, entries) = parted(&flatten(batch)?)?;
            // A record is as such in one row, and in as many more as it matches entries.
            for (batch, settled) in [(as_such, &mut settled), (entries, &mut of_entries)] {
                let batch = give_directions(&batch, &pending, &book, settled)?;
                let columns = Columns::of(&batch)?;
                for row in 0..batch.num_rows() {
                    listed.add(&columns, row, &mut rows)?;
                }
            }
        }
        listed.rows = rows.into_iter().map(listed_row).collect();
        run.told.settled = (settled.records, settled.assumed);
        self.answer(listed, run.told).await
    }
}

/// Account, instance, interface, and the entry's number, which is by list and then by entry.
type Key = (Option<String>, Option<String>, Option<String>, u64);

/// What is added up of one entry: traffic, and its addresses.
type Found = (Traffic, Vec<IpAddr>);

fn listed_row((key, (traffic, mut addresses)): (Key, Found)) -> ListedRow {
    addresses.sort_unstable();
    addresses.dedup();
    let (account, instance, interface, number) = key;
    let (list, entry) = place(number);
    ListedRow { account, instance, interface, list, entry, traffic, addresses }
}

impl Listed {
    /// Adds a row of the result: addresses of an entry, or what concerns records as such.
    fn add(
        &mut self,
        columns: &Columns,
        row: usize,
        rows: &mut BTreeMap<Key, Found>,
    ) -> Result<(), EngineError> {
        let traffic = columns.traffic(row)?;
        match columns.counter("number", row)? {
            ANY => self.total.merge(&traffic)?,
            SUPPRESSED => self.suppressed.merge(&traffic)?,
            INTERNAL => self.internal.merge(&traffic)?,
            number => {
                let text = |name| columns.text(name, row);
                let key = (text("account")?, text("instance")?, text("interface")?, number);
                let (known, addresses) = rows.entry(key).or_default();
                known.merge(&traffic)?;
                let texts = text("addresses")?.unwrap_or_default();
                let texts = texts.split(BETWEEN).map(str::as_bytes);
                addresses.extend(texts.filter_map(parse_ip));
            }
        }
        Ok(())
    }
}

/// Rows of records as such, and rows of entries.
fn parted(batch: &RecordBatch) -> Result<(RecordBatch, RecordBatch), EngineError> {
    let wrong = || DataFusionError::Internal("no numbers of entries".to_owned());
    let numbers = batch.column_by_name("number").ok_or_else(wrong)?;
    let numbers = numbers.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
    let as_such = numbers.values().iter().map(|number| *number >= INTERNAL);
    let as_such: BooleanArray = as_such.map(Some).collect();
    let entries = not(&as_such)?;
    Ok((filter_record_batch(batch, &as_such)?, filter_record_batch(batch, &entries)?))
}

fn sql() -> String {
    let held = ADDRESSES.map(|address| format!("on_threat_list({address})"));
    format!(
        "SELECT account, instance, interface, found['number'] AS number, \
             found['addresses'] AS addresses, pending, {TOTALS} \
         FROM (SELECT coalesce(account_id, object_account) AS account, instance, \
                 interface_id AS interface, flow_kind, pending, bytes, packets, \"start\", \
                 \"end\", unnest({name}({addresses})) AS found \
             FROM measured_traffic WHERE {held}) \
         GROUP BY 1, 2, 3, 4, 5, 6",
        name = RecordMatches::NAME,
        addresses = ADDRESSES.join(", "),
        held = held.join(" OR "),
    )
}
