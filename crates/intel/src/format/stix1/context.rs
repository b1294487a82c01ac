//! What indicators and observables say of the addresses in them.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::entry::Details;

/// All contexts of a document that have candidates, and what is said elsewhere by reference.
#[derive(Default)]
pub(super) struct Contexts {
    all: Vec<Context>,
    /// By the id that was referred to.
    references: HashMap<String, Said<'static>>,
}

struct Context {
    outer: Option<usize>,
    id: String,
    said: Said<'static>,
    /// Ids of observables that stand elsewhere, and whether they are meant as exceptions.
    refers_to: Vec<(String, bool)>,
}

/// What is said of an address.
#[derive(Default, Clone)]
pub(super) struct Said<'a> {
    pub(super) label: Cow<'a, str>,
    pub(super) details: Details,
    /// Not meant for detection.
    pub(super) left_out: bool,
}

impl Contexts {
    pub(super) fn open(&mut self, outer: Option<usize>, id: String, left_out: bool) -> usize {
        let said = Said { left_out, ..Said::default() };
        self.all.push(Context { outer, id, said, refers_to: Vec::new() });
        self.all.len() - 1
    }

    /// The context ends. It is forgotten if no candidate is in it.
    pub(super) fn close(&mut self, index: usize, label: String, is_used: bool) {
        let Some(context) = self.all.get_mut(index) else { return };
        context.said.label = label.into();
        for (id, left_out) in std::mem::take(&mut context.refers_to) {
            let mut said = context.said.clone();
            said.left_out |= left_out;
            insert(&mut self.references, id, said);
        }
        if !is_used {
            self.all.truncate(index);
        }
    }

    /// The context refers to an observable; or something does that is none and has this title.
    pub(super) fn refer(
        &mut self,
        context: Option<usize>,
        id: String,
        title: String,
        left_out: bool,
    ) {
        match self.context(context) {
            Some(context) => context.refers_to.push((id, left_out)),
            None => {
                let said = Said { label: title.into(), left_out, ..Said::default() };
                insert(&mut self.references, id, said);
            }
        }
    }

    /// Where several times are given, it is valid from the first of them.
    pub(super) fn valid_from(&mut self, context: Option<usize>, text: &str) {
        if let Some(context) = self.context(context) {
            let details = &mut context.said.details;
            details.valid_from = details.valid_from.or_else(|| time(text));
            details.valid_until = None;
        }
    }

    /// Where several times are given, it is valid until the last of them.
    pub(super) fn valid_until(&mut self, context: Option<usize>, text: &str) {
        if let Some(context) = self.context(context) {
            context.said.details.valid_until = time(text);
        }
    }

    pub(super) fn confidence(&mut self, context: Option<usize>, text: &str) {
        if let Some(context) = self.context(context) {
            let confidence = confidence(text);
            context.said.details.confidence = confidence;
            context.said.left_out |= confidence == Some(0);
        }
    }

    /// All that is said of a candidate: by its context, by what refers to that, and so outwards.
    /// What is nearer comes first.
    pub(super) fn said(&self, context: Option<usize>) -> Said<'_> {
        let mut said = Said::default();
        let mut next = context;
        while let Some(context) = next.and_then(|index| self.all.get(index)) {
            said.add(&context.said);
            if let Some(reference) = self.references.get(&context.id) {
                said.add(reference);
            }
            next = context.outer;
        }
        said
    }

    fn context(&mut self, index: Option<usize>) -> Option<&mut Context> {
        index.and_then(|index| self.all.get_mut(index))
    }
}

/// Of several that refer to the same, the one counts that is in force for longest: an address that
/// one indicator has dropped and another has not is on the list.
fn insert(references: &mut HashMap<String, Said<'static>>, id: String, said: Said<'static>) {
    let in_force = |said: &Said<'_>| {
        let until = said.details.valid_until.unwrap_or(Timestamp::MAX);
        (!said.left_out, until, !said.label.is_empty())
    };
    match references.get(&id) {
        Some(before) if in_force(before) >= in_force(&said) => {}
        _ => {
            references.insert(id, said);
        }
    }
}

impl<'a> Said<'a> {
    fn add(&mut self, outer: &'a Said<'_>) {
        if self.label.is_empty() {
            self.label = Cow::Borrowed(&outer.label);
        }
        let (details, added) = (&mut self.details, &outer.details);
        details.confidence = details.confidence.or(added.confidence);
        details.valid_from = details.valid_from.or(added.valid_from);
        details.valid_until = details.valid_until.or(added.valid_until);
        self.left_out |= outer.left_out;
    }
}

/// Times without offset are meant as UTC.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let civil = || {
        let time: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    };
    text.parse().ok().or_else(civil)
}

/// The words of STIX 1 in numbers of 0 to 100, by the table that STIX 2.1 has for them.
///
/// `None` is what MISP writes for an attribute that is not meant for detection.
fn confidence(text: &str) -> Option<u32> {
    match text.trim() {
        "None" => Some(0),
        "Low" => Some(15),
        "Medium" => Some(50),
        "High" => Some(85),
        text => text.parse().ok(),
    }
}
