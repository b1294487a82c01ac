//! Address lists, as they are named by keyword arguments.

use std::sync::Arc;

use flowproof_evidence::ListSource;
use flowproof_inquiry::{list_source, tell_internal, tell_rejects};
use flowproof_intel::{List, ListFormat, ListOptions, ListRole, Matcher};
use flowproof_report::Remarks;
use pyo3::prelude::*;

use crate::failure::Failure;
use crate::inputs::open;
use crate::keywords::{Keywords, Texts};

/// Where lists are, and how they are read.
pub(crate) struct Lists {
    threat: Vec<String>,
    trusted: Vec<String>,
    options: ListOptions,
}

/// Lists compiled for matching, and what is to be told of each.
pub(crate) struct LoadedLists {
    pub(crate) matcher: Option<Arc<Matcher>>,
    pub(crate) sources: Vec<ListSource>,
}

impl Lists {
    /// The threat lists at these places, with the arguments that name others and say how to read them.
    pub(crate) fn take(threat: Texts, keywords: &Keywords<'_>) -> PyResult<Lists> {
        let format = keywords.take::<String>("list_format")?.map(|name| name.parse::<ListFormat>());
        let options = ListOptions {
            allow_wide: keywords.take_flag("allow_wide")?,
            format: format.transpose().map_err(Failure::of("list_format"))?,
            column: keywords.take("list_column")?,
            ..ListOptions::default()
        };
        Ok(Lists { threat: threat.0, trusted: keywords.take_texts("trusted")?, options })
    }

    /// Whether there is a list to be matched.
    pub(crate) fn has_threats(&self) -> bool {
        !self.threat.is_empty()
    }

    /// Reads the lists; lines that were refused are told.
    pub(crate) fn load(&self, remarks: &mut Remarks) -> Result<LoadedLists, Failure> {
        let threat = self.threat.iter().map(|path| (path, ListRole::Threat));
        let all = threat.chain(self.trusted.iter().map(|path| (path, ListRole::Trusted)));
        let (mut lists, mut sources) = (Vec::new(), Vec::new());
        for (path, role) in all {
            let list = List::from_reader(path, role, open(path)?, &self.options)?;
            tell_rejects(&list, remarks);
            tell_internal(&list, remarks);
            sources.push(list_source(&list));
            lists.push(list);
        }
        let matcher = (!lists.is_empty()).then(|| Arc::new(Matcher::new(lists)));
        Ok(LoadedLists { matcher, sources })
    }
}
