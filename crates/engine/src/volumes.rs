//! `volumes`: bytes, packets and flows each way, by any keys.

use std::fmt;
use std::str::FromStr;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;

use crate::answer::Answer;
use crate::error::EngineError;
use crate::session::Session;

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

/// Every key: its name, and its expression over the table `traffic`.
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
    (Key::Hour, "hour", r#"date_trunc('hour', coalesce("start", "end"))"#),
    (Key::Day, "day", r#"date_trunc('day', coalesce("start", "end"))"#),
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

/// Which records are asked about, beside the session's own selection.
#[derive(Debug, Clone, Default)]
pub struct VolumeFilter {
    /// Only these interfaces; none means all.
    pub interfaces: Vec<String>,
    /// Only these instances; none means all.
    pub instances: Vec<String>,
}

/// Totals over the accepted and the rejected records of a group, in the order of the interface.
///
/// A record without an action counts as accepted. `sum` is checked: it fails rather than wrap.
pub(crate) const TOTALS: &str = r#"
    coalesce(sum(CASE WHEN (action IS DISTINCT FROM 'REJECT') AND direction = 'ingress' THEN bytes END), CAST(0 AS BIGINT UNSIGNED)) AS bytes_in,
    coalesce(sum(CASE WHEN (action IS DISTINCT FROM 'REJECT') AND direction = 'egress' THEN bytes END), CAST(0 AS BIGINT UNSIGNED)) AS bytes_out,
    coalesce(sum(CASE WHEN (action IS DISTINCT FROM 'REJECT') AND direction IS NULL THEN bytes END), CAST(0 AS BIGINT UNSIGNED)) AS bytes_unoriented,
    coalesce(sum(CASE WHEN (action IS DISTINCT FROM 'REJECT') AND direction = 'ingress' THEN packets END), CAST(0 AS BIGINT UNSIGNED)) AS packets_in,
    coalesce(sum(CASE WHEN (action IS DISTINCT FROM 'REJECT') AND direction = 'egress' THEN packets END), CAST(0 AS BIGINT UNSIGNED)) AS packets_out,
    coalesce(sum(CASE WHEN (action IS DISTINCT FROM 'REJECT') AND direction IS NULL THEN packets END), CAST(0 AS BIGINT UNSIGNED)) AS packets_unoriented,
    count(CASE WHEN (action IS DISTINCT FROM 'REJECT') THEN 1 END) AS flows,
    coalesce(sum(CASE WHEN action = 'REJECT' THEN bytes END), CAST(0 AS BIGINT UNSIGNED)) AS rejected_bytes,
    coalesce(sum(CASE WHEN action = 'REJECT' THEN packets END), CAST(0 AS BIGINT UNSIGNED)) AS rejected_packets,
    count(CASE WHEN action = 'REJECT' THEN 1 END) AS rejected_flows,
    min(coalesce("start", "end")) AS first_seen,
    max(coalesce("end", "start")) AS last_seen"#;

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
    /// [`EngineError::Query`] if a total does not fit in 64 bits.
    pub async fn volumes(
        &self,
        keys: &[Key],
        filter: &VolumeFilter,
    ) -> Result<Answer<Rows>, EngineError> {
        let sql = volumes_sql(keys, &self.filter_sql(filter));
        let plan = |context: SessionContext| {
            let sql = sql.clone();
            async move { Ok(context.sql(&sql).await?) }
        };
        let run = self.run(self.terms(), plan).await?;
        Ok(self.answer(Rows { schema: run.schema, batches: run.batches }, &run.told))
    }

    /// The filter over `traffic`: instances by the records' own id, and by the interfaces that the
    /// address book has for them where a record has none.
    fn filter_sql(&self, filter: &VolumeFilter) -> String {
        let mut any = Vec::new();
        if !filter.interfaces.is_empty() {
            any.push(format!("interface_id IN ({})", quoted(&filter.interfaces)));
        }
        if !filter.instances.is_empty() {
            any.push(format!("instance_id IN ({})", quoted(&filter.instances)));
            let of = |instance: &'_ String| {
                let interfaces = self.book().interfaces_of(instance).map(str::to_owned);
                interfaces.collect::<Vec<_>>()
            };
            let interfaces: Vec<String> = filter.instances.iter().flat_map(of).collect();
            if !interfaces.is_empty() {
                let ids = quoted(&interfaces);
                any.push(format!("(interface_id IN ({ids}) AND instance_id IS NULL)"));
            }
        }
        any.join(" OR ")
    }
}

fn volumes_sql(keys: &[Key], filter: &str) -> String {
    let columns = keys.iter().map(|key| format!("{} AS \"{}\", ", key.sql(), key.name()));
    let places = (1..=keys.len()).map(|place| place.to_string()).collect::<Vec<_>>().join(", ");
    let sorted = (1..=keys.len()).map(|place| format!("{place} ASC NULLS FIRST"));
    let sorted = sorted.collect::<Vec<_>>().join(", ");
    let filter = if filter.is_empty() { String::new() } else { format!(" WHERE {filter}") };
    let columns: String = columns.collect();
    let grouped = match keys {
        [] => String::new(),
        _ => format!(" GROUP BY {places} ORDER BY {sorted}"),
    };
    format!("SELECT {columns}{TOTALS} FROM traffic{filter}{grouped}")
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
