//! Who had traffic with given remotes, in all of the logs.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use flowproof_evidence::Peer;
use flowproof_intel::{List, ListRole, Matcher};

use crate::error::EngineError;
use crate::session::Session;

impl Session {
    /// All that each interface had with each of these remotes, by remote, instance and interface. It is
    /// found as the traffic of a list is, whoever the remotes are.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] if a total does not fit in 64 bits.
    pub async fn peers(&self, remotes: &BTreeSet<IpAddr>) -> Result<Vec<Peer>, EngineError> {
        if remotes.is_empty() {
            return Ok(Vec::new());
        }
        let lines: String =
            remotes.iter().map(|remote| format!("{}\n", remote.to_canonical())).collect();
        let list = List::from_bytes("remotes", ListRole::Threat, lines.as_bytes());
        let list = list.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let matcher = Arc::new(Matcher::new(vec![list]));
        let listed = self.listed(Arc::clone(&matcher), true).await?;
        let entries = &matcher.lists()[0].entries;
        let mut peers = Vec::new();
        for row in listed.value.rows {
            // The entry of an address is that address alone.
            let Some(prefix) = entries[row.entry].prefixes.first() else { continue };
            peers.push(Peer {
                remote: prefix.addr(),
                interface: row.interface,
                instance: row.instance,
                traffic: row.traffic,
            });
        }
        peers.sort_by(|a, b| {
            (a.remote, &a.instance, &a.interface).cmp(&(b.remote, &b.instance, &b.interface))
        });
        Ok(peers)
    }
}
