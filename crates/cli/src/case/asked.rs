//! What a case asks, with nothing left that depends on the clock, the environment or other files.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Result;
use flowproof_evidence::Window;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::about::{FileRow, What};
use crate::args::{
    Enrich, Inventory, Investigate, ListReading, Lists, Logs, OnDuplicates, ReportFormat, Time,
};
use crate::secrets::without_secrets;

/// The question of a case: what was typed or came from the environment, made definite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    logs: Vec<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    slack: String,
    instances: Vec<String>,
    interfaces: Vec<String>,
    addresses: Vec<IpAddr>,
    named: Vec<IpAddr>,
    baseline: Option<String>,
    peers: bool,
    accounts: Vec<String>,
    regions: Vec<String>,
    format_string: Option<String>,
    include_all: bool,
    duplicates: OnDuplicates,
    allow_wide: bool,
    list_format: Option<String>,
    list_column: Option<String>,
    /// Sources of notes. They change no figure, and the case has no copy of them.
    enrich: Vec<String>,
}

impl Asked {
    /// What the arguments ask, in this window.
    pub(super) fn of(args: &Investigate, window: Window) -> Result<Asked> {
        let Investigate { logs, lists, .. } = args;
        let list_format = lists.reading.list_format.map(serde_json::to_value).transpose()?;
        let list_format = list_format.and_then(|name| name.as_str().map(str::to_owned));
        let enrich = args.enrich.enrich.iter().map(|path| path.display().to_string());
        Ok(Asked {
            logs: logs.wheres.iter().map(|place| without_secrets(place).into_owned()).collect(),
            from: window.from,
            to: window.to,
            slack: args.slack.clone(),
            instances: args.instance.clone(),
            interfaces: args.interface.clone(),
            addresses: args.address.clone(),
            named: args.named.clone(),
            baseline: args.baseline.clone(),
            peers: args.peers,
            accounts: logs.account.clone(),
            regions: logs.region.clone(),
            format_string: logs.format_string.clone(),
            include_all: logs.include_all,
            duplicates: logs.duplicates,
            allow_wide: lists.reading.allow_wide,
            list_format,
            list_column: lists.reading.list_column.clone(),
            enrich: enrich.collect(),
        })
    }

    pub(super) fn window(&self) -> Window {
        Window { from: self.from, to: self.to }
    }

    /// The same question to logs that are reached as `logs` says, with the case's own files under the
    /// names that they were given as.
    pub(super) fn again(&self, logs: Logs, files: &[FileRow]) -> Result<Investigate> {
        let of = |what| {
            let files = files.iter().filter(move |file| file.what == what);
            files.filter_map(|file| file.given_as.clone())
        };
        let paths = |what| of(what).map(PathBuf::from).collect::<Vec<_>>();
        let list_format = self.list_format.as_deref().map(str::parse).transpose()?;
        Ok(Investigate {
            logs: Logs {
                format_string: self.format_string.clone(),
                account: self.accounts.clone(),
                region: self.regions.clone(),
                include_all: self.include_all,
                duplicates: self.duplicates,
                ..logs
            },
            finding: of(What::Finding).collect(),
            instance: self.instances.clone(),
            interface: self.interfaces.clone(),
            address: self.addresses.clone(),
            time: Time { from: None, to: None }, // The window is told as it is.
            slack: self.slack.clone(),
            baseline: self.baseline.clone(),
            peers: self.peers,
            named: self.named.clone(),
            lists: Lists {
                threat: paths(What::List),
                trusted: paths(What::Trusted),
                reading: ListReading {
                    allow_wide: self.allow_wide,
                    list_format,
                    list_column: self.list_column.clone(),
                },
            },
            enrich: Enrich { enrich: Vec::new(), enrich_column: None },
            inventory: Inventory { files: paths(What::Inventory) },
            format: ReportFormat::Json,
            output: None,
            case: None,
        })
    }
}
