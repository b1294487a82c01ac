//! The lists that functions know.

use std::sync::{Arc, OnceLock};

use flowproof_intel::Matcher;

/// The lists of one question, which all of its functions share.
///
/// On other machines they have a name before they are there: whoever hands records to the functions
/// brings the lists first.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    name: OnceLock<String>,
    matcher: OnceLock<Arc<Matcher>>,
}

impl Lists {
    /// Lists that are here, if any are.
    pub(crate) fn of(matcher: Option<Arc<Matcher>>) -> Arc<Lists> {
        let lists = Lists::default();
        if let Some(matcher) = matcher {
            lists.bring(matcher);
        }
        Arc::new(lists)
    }

    /// Lists that have a name and are not here yet.
    pub(crate) fn named(name: String) -> Arc<Lists> {
        let lists = Lists::default();
        lists.call(name);
        Arc::new(lists)
    }

    /// Brings the lists. Those that are here already stay.
    pub(crate) fn bring(&self, matcher: Arc<Matcher>) {
        let _ = self.matcher.set(matcher);
    }

    /// Says under which name other machines find them.
    pub(crate) fn call(&self, name: String) {
        let _ = self.name.set(name);
    }

    pub(crate) fn matcher(&self) -> Option<&Arc<Matcher>> {
        self.matcher.get()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }
}
