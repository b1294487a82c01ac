//! Where in a stream a part stands.

use super::error::{NoticeError, NoticeFault};

/// Where a part stands: its line, its path in the JSON value, and how many envelopes hold it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    line: u64,
    at: String,
    envelopes: usize,
}

impl Place {
    /// A line, or a whole JSON value that begins there.
    pub(super) fn at_line(line: u64) -> Place {
        Place { line, at: String::new(), envelopes: 0 }
    }

    /// The member `name` of what stands here, which is an envelope.
    pub(super) fn member(&self, name: &str) -> Place {
        let separator = if self.at.is_empty() { "" } else { "." };
        self.within(format!("{}{separator}{name}", self.at))
    }

    /// The item `index` of the list that stands here.
    pub(super) fn item(&self, index: usize) -> Place {
        Place { at: format!("{}[{index}]", self.at), ..*self }
    }

    /// The same place as the inside of one more envelope.
    pub(super) fn list(&self) -> Place {
        self.within(self.at.clone())
    }

    fn within(&self, at: String) -> Place {
        Place { line: self.line, at, envelopes: self.envelopes + 1 }
    }

    pub(super) fn envelopes(&self) -> usize {
        self.envelopes
    }

    pub(super) fn refuse(&self, fault: NoticeFault) -> NoticeError {
        NoticeError { line: self.line, at: self.at.clone(), fault }
    }
}
