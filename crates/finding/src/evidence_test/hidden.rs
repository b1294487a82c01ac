//! What the choice of service ports hides.

use flowproof_evidence::{Conversation, PortSide};

/// Whether traffic to a port of the remote's, up to this one, may be told under a lower port of the
/// subject's own: the lower of the two is the one that a conversation is told by. Nobody connects from a
/// port below 1024, where services live.
pub(super) fn may_hide(conversation: &Conversation, highest: u16) -> bool {
    conversation
        .port
        .is_some_and(|port| port.side == PortSide::Local && (1024..highest).contains(&port.port))
}
