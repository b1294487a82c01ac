//! `scan`: all traffic with addresses on threat lists.

mod matches;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;
use flowproof_evidence::Traffic;
use flowproof_intel::Matcher;

use crate::answer::Answer;
use crate::columns::Columns;
use crate::error::EngineError;
use crate::session::{Session, Terms};
use crate::totals::{TOTALS, flatten};
use matches::{ANY, INTERNAL, RecordMatches, SUPPRESSED, place};

/// Traffic of one interface with the addresses of one entry.
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
    /// How many distinct addresses of the entry are in the records.
    pub remotes: u64,
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
        let sql = sql();
        let plan = |context: SessionContext| {
            let function = RecordMatches::new(Arc::clone(&matcher), internal);
            context.register_udf(ScalarUDF::from(function));
            let sql = sql.clone();
            async move { Ok(context.sql(&sql).await?) }
        };
        // The lists leave out records that may be what tells whose an address is.
        let run = match self.try_without_learning(&terms, plan).await? {
            Some(run) => run,
            None => {
                self.learn_sides(&mut terms).await?;
                self.pass(&terms, plan).await?
            }
        };
        let mut listed = Listed::default();
        let mut rows = BTreeMap::new();
        for batch in &run.batches {
            let batch = &flatten(batch)?;
            let columns = Columns { batch };
            for row in 0..batch.num_rows() {
                listed.add(&columns, row, &mut rows)?;
            }
        }
        listed.rows = rows.into_iter().map(listed_row).collect();
        Ok(self.answer(listed, &run.told))
    }
}

/// Account, instance, interface, and the entry's number, which is by list and then by entry.
type Key = (Option<String>, Option<String>, Option<String>, u64);

fn listed_row((key, (traffic, remotes)): (Key, (Traffic, u64))) -> ListedRow {
    let (account, instance, interface, number) = key;
    let (list, entry) = place(number);
    ListedRow { account, instance, interface, list, entry, traffic, remotes }
}

impl Listed {
    /// Adds a row of the result: an address of an entry, or what concerns records as such.
    fn add(
        &mut self,
        columns: &Columns<'_>,
        row: usize,
        rows: &mut BTreeMap<Key, (Traffic, u64)>,
    ) -> Result<(), EngineError> {
        let traffic = columns.traffic(row)?;
        match columns.counter("number", row)? {
            ANY => self.total.merge(&traffic)?,
            SUPPRESSED => self.suppressed.merge(&traffic)?,
            INTERNAL => self.internal.merge(&traffic)?,
            number => {
                let text = |name| columns.text(name, row);
                let key = (text("account")?, text("instance")?, text("interface")?, number);
                let (known, remotes) = rows.entry(key).or_default();
                known.merge(&traffic)?;
                *remotes += 1;
            }
        }
        Ok(())
    }
}

fn sql() -> String {
    let held = ADDRESSES.map(|address| format!("list_matches({address}) IS NOT NULL"));
    format!(
        "SELECT account, instance, interface, found['number'] AS number, \
             found['address'] AS address, {TOTALS} \
         FROM (SELECT coalesce(account_id, object_account) AS account, instance, \
                 interface_id AS interface, flow_kind, bytes, packets, \"start\", \"end\", \
                 unnest({name}({addresses})) AS found \
             FROM measured_traffic WHERE {held}) \
         GROUP BY 1, 2, 3, 4, 5",
        name = RecordMatches::NAME,
        addresses = ADDRESSES.join(", "),
        held = held.join(" OR "),
    )
}
