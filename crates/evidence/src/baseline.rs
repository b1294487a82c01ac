//! What a subject did in the days before the window.

use serde::{Deserialize, Serialize};

use crate::{ServicePort, TimelineHour, Window};

/// The subject's traffic in a stretch of time before the window, as far as its records tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// The stretch that was looked at. It ends where the window begins, or before.
    pub window: Window,
    /// An entry for every hour in which the subject was observed, idle hours (NODATA) with empty
    /// traffic among them: what it had with all remotes together. An hour without an entry is not
    /// known and stands for nothing; an hour in which records were lost or unreadable has none.
    pub hours: Vec<TimelineHour>,
    /// The same for the claimed remotes alone. An hour that is in `hours` and not here had none.
    pub claimed_hours: Vec<TimelineHour>,
    /// Ports that were in use, with any remote. A port that the finding names is taken as the service
    /// port whatever the other side's is.
    pub ports: Vec<BaselinePort>,
}

/// A service port that a subject used before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BaselinePort {
    /// The IANA protocol number.
    pub protocol: Option<u8>,
    /// The port and whose it is, by the rule of [`ServicePort`].
    pub port: ServicePort,
    /// UTC days with a record that is not REJECT.
    pub days: u64,
    /// Records that are not REJECT.
    pub flows: u64,
}
