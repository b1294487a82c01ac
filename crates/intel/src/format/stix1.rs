//! STIX 1.x in XML, and CybOX documents without STIX round them.
//!
//! ```text
//! <stix:Indicator>                                      a context: title, validity, confidence
//!   <indicator:Observable id="...">                     a context, too: STIX may refer to its id
//!     <cybox:Properties category="ipv4-addr">
//!       <AddressObject:Address_Value>203.0.113.9        a candidate
//! ```
//!
//! What an indicator says of an address may stand behind it, and an indicator may refer to an
//! observable that stands elsewhere. So the candidates, not the document, are held to its end.

use std::io::BufRead;

use super::Broken;
use super::xml::{self, Element, Visit, one_line};
use crate::content::{Candidate, Content, sample};
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};

mod context;
#[cfg(test)]
mod tests;
mod value;

use context::Contexts;
use value::{Comparison, Reading, category, read};

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut package = Package::default();
    xml::read(text, &mut package)?;
    Ok(package.finish(options))
}

/// What was found so far.
#[derive(Default)]
struct Package {
    /// The elements that have begun and not ended.
    frames: Vec<Frame>,
    contexts: Contexts,
    /// The innermost context.
    context: Option<usize>,
    candidates: Vec<Held>,
    content: Content,
}

/// An element that has begun.
struct Frame {
    part: Part,
    /// What kind of CybOX address it is, if it is one.
    category: String,
    title: String,
    description: String,
}

/// What an element is to us.
enum Part {
    /// An indicator or an observable, and the context around it.
    Context {
        index: usize,
        outer: Option<usize>,
    },
    /// The value of an address object.
    Address(Comparison),
    /// A value of another kind.
    Named(Indicator, Comparison),
    /// A CybOX object, and the items counted before it.
    Object {
        items_before: u64,
    },
    /// A way to find something that is no address.
    TestMechanism,
    Title,
    Description,
    ValidFrom,
    ValidUntil,
    Confidence,
    ConfidenceValue,
    Other,
}

/// What may be an entry.
struct Held {
    line: u64,
    text: Box<str>,
    context: Option<usize>,
    refused: Option<RejectReason>,
}

impl Visit for Package {
    fn open(&mut self, element: &Element<'_>) {
        let frame = Frame {
            part: self.part(element),
            category: element.attribute("category").unwrap_or_default(),
            title: String::new(),
            description: String::new(),
        };
        self.frames.push(frame);
    }

    fn close(&mut self, _name: &str, text: &str) {
        let Some(frame) = self.frames.pop() else { return };
        match frame.part {
            Part::Context { index, outer } => self.close_context(index, outer, frame),
            Part::Address(comparison) => self.address(&comparison, text),
            Part::Named(kind, comparison) => {
                comparison.values(text).for_each(|_| self.no_address(kind));
            }
            Part::Object { items_before } if self.content.lines == items_before => {
                self.no_address(Indicator::Other);
            }
            Part::TestMechanism => self.no_address(Indicator::Other),
            Part::Title => self.parent(|parent| parent.title = one_line(text)),
            Part::Description => self.parent(|parent| parent.description = one_line(text)),
            Part::ValidFrom => self.contexts.valid_from(self.context, text),
            Part::ValidUntil => self.contexts.valid_until(self.context, text),
            Part::ConfidenceValue => self.contexts.confidence(self.context, text),
            Part::Object { .. } | Part::Confidence | Part::Other => {}
        }
    }
}

impl Package {
    fn part(&mut self, element: &Element<'_>) -> Part {
        let named = |kind| Part::Named(kind, Comparison::new(element));
        match (vocabulary(element.namespace), element.name) {
            (Vocabulary::Object("AddressObject"), "Address_Value") => {
                Part::Address(Comparison::new(element))
            }
            (Vocabulary::Object("DomainNameObject"), "Value")
            | (Vocabulary::Object("HostnameObject"), "Hostname_Value") => named(Indicator::Domain),
            (Vocabulary::Object("URIObject"), "Value") => named(Indicator::Url),
            (Vocabulary::Object(_), "File_Name" | "File_Path" | "Full_Path") => {
                named(Indicator::File)
            }
            (Vocabulary::Cybox, "Simple_Hash_Value" | "Fuzzy_Hash_Value") => named(Indicator::Hash),
            (Vocabulary::Cybox, "Properties") => Part::Object { items_before: self.content.lines },
            (Vocabulary::Cybox | Vocabulary::Stix, "Observable") => self.context(element, false),
            (Vocabulary::Stix, "Indicator") => self.context(element, true),
            (Vocabulary::Stix, "Test_Mechanism") => Part::TestMechanism,
            (Vocabulary::Stix, "Confidence") => Part::Confidence,
            (Vocabulary::Stix, "Start_Time") => Part::ValidFrom,
            (Vocabulary::Stix, "End_Time") => Part::ValidUntil,
            (Vocabulary::Stix, "Value") if self.is_confidence_of_context() => Part::ConfidenceValue,
            (Vocabulary::Cybox | Vocabulary::Stix, "Title") => Part::Title,
            (Vocabulary::Cybox | Vocabulary::Stix, "Description") => Part::Description,
            _ => Part::Other,
        }
    }

    /// An indicator or an observable; or a reference to an observable, which adds no address.
    fn context(&mut self, element: &Element<'_>, is_indicator: bool) -> Part {
        let left_out = element.is("negate");
        if let Some(id) = element.attribute("idref") {
            if !is_indicator {
                let title = self.title_around();
                self.contexts.refer(self.context, id, title, left_out);
            }
            return Part::Other;
        }
        let id = element.attribute("id").unwrap_or_default();
        let outer = self.context;
        let index = self.contexts.open(outer, id, left_out);
        self.context = Some(index);
        Part::Context { index, outer }
    }

    fn close_context(&mut self, index: usize, outer: Option<usize>, frame: Frame) {
        let label = match (frame.title.is_empty(), frame.description.is_empty()) {
            (false, _) => frame.title,
            (true, false) => sample(&frame.description),
            (true, true) if outer.is_none() => self.title_around(),
            (true, true) => String::new(),
        };
        let is_used = self.candidates.last().is_some_and(|last| last.context >= Some(index));
        self.contexts.close(index, label, is_used);
        self.context = outer;
    }

    /// The title of the innermost element round this one that has one.
    fn title_around(&self) -> String {
        let mut titles = self.frames.iter().rev().map(|frame| &frame.title);
        titles.find(|title| !title.is_empty()).cloned().unwrap_or_default()
    }

    /// Of an indicator's confidence, which is not that of something in it.
    fn is_confidence_of_context(&self) -> bool {
        let parts: Vec<&Part> = self.frames.iter().rev().take(2).map(|frame| &frame.part).collect();
        matches!(parts[..], [Part::Confidence, Part::Context { .. }])
    }

    fn parent(&mut self, change: impl FnOnce(&mut Frame)) {
        if let Some(parent) = self.frames.last_mut() {
            change(parent);
        }
    }

    fn address(&mut self, comparison: &Comparison, text: &str) {
        let category = category(self.frames.last().map_or("", |parent| &parent.category));
        for reading in read(category, comparison, text) {
            match reading {
                Reading::Entry(text) => self.hold(comparison.line, &text, None),
                Reading::Refused(text) => {
                    self.hold(comparison.line, &text, Some(RejectReason::Condition));
                }
                Reading::NotAnAddress(kind) => self.no_address(kind),
                Reading::Excluded => {
                    self.content.lines += 1;
                    self.content.revoked += 1;
                }
            }
        }
    }

    fn hold(&mut self, line: u64, text: &str, refused: Option<RejectReason>) {
        self.content.lines += 1;
        self.candidates.push(Held { line, text: text.into(), context: self.context, refused });
    }

    fn no_address(&mut self, kind: Indicator) {
        self.content.lines += 1;
        self.content.not_an_address(kind);
    }

    fn finish(self, options: &ListOptions) -> Content {
        let Self { contexts, candidates, mut content, .. } = self;
        for Held { line, text, context, refused } in candidates {
            let said = contexts.said(context);
            match refused {
                _ if said.left_out => content.revoked += 1,
                Some(reason) => content.reject(line, &text, reason),
                None => {
                    let (label, details) = (&*said.label, said.details);
                    content.take(Candidate { line, text: &text, label, details }, options);
                }
            }
        }
        content
    }
}

/// Whose word an element is, by its namespace in any version.
enum Vocabulary<'a> {
    Stix,
    /// The core and common parts of CybOX.
    Cybox,
    /// One of the kinds of CybOX objects.
    Object(&'a str),
    Other,
}

fn vocabulary(namespace: &str) -> Vocabulary<'_> {
    if let Some(object) = namespace.strip_prefix("http://cybox.mitre.org/objects#") {
        return Vocabulary::Object(object.split('-').next().unwrap_or(object));
    }
    if namespace.starts_with("http://cybox.mitre.org/") {
        return Vocabulary::Cybox;
    }
    if namespace.starts_with("http://stix.mitre.org/") {
        Vocabulary::Stix
    } else {
        Vocabulary::Other
    }
}
