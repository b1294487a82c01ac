//! All that the records say of a subject: what a verdict is made from.

use serde::{Deserialize, Serialize};

use crate::{
    Baseline, ConnectionTotals, Conversation, Coverage, ListedRemote, MinuteTotals, Peer, Subject,
    Window,
};

/// What flow logs say of one subject in one window.
///
/// The fields that are `Option` hold what is not looked at for every question. `None` means that
/// nobody looked, an empty list that there was nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observations {
    /// Whose traffic it is, as asked, completed by what the records taught (interfaces that carry
    /// the instance's id).
    pub subject: Subject,
    /// The window that was asked about, without slack. Coverage is judged over it.
    pub window: Window,
    /// The subject's traffic within the window widened by the slack, sorted.
    pub conversations: Vec<Conversation>,
    /// What was read and what could not be. `observed` and `gaps` are the subject's interfaces'.
    pub coverage: Coverage,
    /// Whether records are known to be counted more than once: an object is there twice, or several flow logs
    /// cover an interface of the subject's.
    #[serde(default)]
    pub counted_twice: bool,
    /// The subject's single connections in the same time as `conversations`, with the claimed remotes
    /// at least.
    #[serde(default)]
    pub connections: Option<Vec<ConnectionTotals>>,
    /// The busiest minutes in the same time, for the claimed remotes at least.
    #[serde(default)]
    pub minutes: Option<Vec<MinuteTotals>>,
    /// What the subject did before.
    #[serde(default)]
    pub baseline: Option<Baseline>,
    /// The subject's remotes that are on a threat or trusted list; `None` if no list was given.
    #[serde(default)]
    pub listed: Option<Vec<ListedRemote>>,
    /// Who in all the logs talked to the claimed or named remotes, the subject among them.
    #[serde(default)]
    pub peers: Option<Vec<Peer>>,
}
