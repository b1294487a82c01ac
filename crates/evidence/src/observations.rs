//! All that the records say of a subject: what a verdict is made from.

use serde::{Deserialize, Serialize};

use crate::{Conversation, Coverage, Subject, Window};

/// What flow logs say of one subject in one window.
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
}
