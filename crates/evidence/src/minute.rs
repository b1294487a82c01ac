//! Single minutes: rates that sums over hours cannot give.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ServicePort;

/// What one interface sent to one remote about one service port in the records of one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteTotals {
    /// The interface that logged the records; `None` where the format lacks it or it is `-`.
    pub interface: Option<String>,
    /// The other side.
    pub remote: Option<IpAddr>,
    /// The IANA protocol number.
    pub protocol: Option<u8>,
    /// The service port, by the rule of [`ServicePort`].
    pub port: Option<ServicePort>,
    /// The minute of the records' `start`.
    pub start: Timestamp,
    /// Packets from the interface in the records that start in that minute, REJECT left out.
    pub packets_out: u64,
    /// From the first `start` of those records to their last `end`, in whole seconds. A record may
    /// last longer than the minute.
    pub seconds: u64,
}
