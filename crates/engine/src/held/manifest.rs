//! What a holder tells of its sources.

use std::collections::HashMap;
use std::sync::Arc;

use flowproof_record::{Counts, FieldId, Format, FormatSource, Reject, RejectKind, Tally, Wrapper};
use flowproof_source::{Encoding, Held, HeldObject, Location, Object, Skipped, SkippedKind};
use serde::{Deserialize, Serialize};

use crate::parquet::Transit;
use crate::scan::{ObjectReport, Outcome};

/// The version of the manifest that this program writes, and the only one it reads.
const VERSION: u32 = 1;

/// All that a holder tells of the objects it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    version: u32,
    written_by: String,
    /// Formats met in the sources.
    formats: Vec<FormatEntry>,
    /// By their numbers, in the order of their keys.
    pub(crate) sources: Vec<Source>,
    /// What the listing passed over beside them.
    skipped: Vec<SkippedEntry>,
}

/// One object whose records the holder has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) key: String,
    /// Where the key led to, if the key alone does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    outcome: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapper: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unknown_members: Vec<String>,
    stored_bytes: u64,
    text_bytes: u64,
    /// Rows of it in the holder.
    pub(crate) rows: u64,
    counts: Counted,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rejects: Vec<RejectEntry>,
    /// Places in [`Manifest::formats`].
    formats: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span: Option<(i64, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FormatEntry {
    source: String,
    names: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    export_timestamp: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RejectEntry {
    kind: String,
    line: u64,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SkippedEntry {
    key: String,
    kind: String,
    reason: String,
}

macro_rules! counted {
    ($($name:ident)*) => {
        /// Counts of lines; what is zero is not written down.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        struct Counted {
            $(#[serde(skip_serializing_if = "is_zero")] $name: u64,)*
        }

        impl Counted {
            fn of(counts: &Counts) -> Counted {
                Counted { $($name: counts.$name,)* }
            }

            fn counts(&self) -> Counts {
                // In no window but the one without ends, in which every record is.
                Counts { $($name: self.$name,)* in_range: self.ok, ..Counts::default() }
            }
        }
    };
}

counted! {
    ok nodata skipdata malformed bad_time transit_gateway passed_over headers bytes_missing
    action_missing time_missing milliseconds
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Manifest {
    /// A manifest of sources in which no format was met.
    pub(crate) fn of_sources(sources: Vec<Source>) -> Manifest {
        Manifest {
            version: VERSION,
            written_by: format!("flowproof {}", env!("CARGO_PKG_VERSION")),
            formats: Vec::new(),
            sources,
            skipped: Vec::new(),
        }
    }

    pub(crate) fn new(
        sources: impl Iterator<Item = (Arc<Object>, ObjectReport)>,
        skipped: &[Skipped],
    ) -> Manifest {
        let mut manifest = Manifest::of_sources(Vec::new());
        manifest.skipped = skipped.iter().map(SkippedEntry::of).collect();
        for (object, report) in sources {
            let source = manifest.source(&object, &report);
            manifest.sources.push(source);
        }
        manifest
    }

    fn source(&mut self, object: &Object, report: &ObjectReport) -> Source {
        let tally = &report.tally;
        Source {
            key: object.key.clone(),
            place: place_of(object),
            size: object.size,
            etag: object.etag.clone(),
            digest: report.digest.clone(),
            outcome: report.outcome.name().to_owned(),
            reason: report.outcome.reason().to_owned(),
            encoding: report.encoding.map(|encoding| encoding.name().to_owned()),
            wrapper: report.wrapper.map(|wrapper| wrapper.name().to_owned()),
            unknown_members: report.unknown_members.clone(),
            stored_bytes: report.stored_bytes,
            text_bytes: report.text_bytes,
            rows: report.rows,
            counts: Counted::of(&tally.counts),
            rejects: tally.rejects.iter().map(RejectEntry::of).collect(),
            formats: tally.formats.iter().map(|(s, f)| self.format(*s, f)).collect(),
            span: tally.span,
        }
    }

    /// The place of a format.
    fn format(&mut self, source: FormatSource, format: &Format) -> usize {
        let entry = FormatEntry {
            source: name_of_format_source(source).to_owned(),
            names: format.names().to_vec(),
            export_timestamp: format.has_export_timestamp(),
        };
        let known = self.formats.iter().position(|other| *other == entry);
        known.unwrap_or_else(|| {
            self.formats.push(entry);
            self.formats.len() - 1
        })
    }

    /// Reads what a footer has; `None` if it is not what this version writes.
    pub(crate) fn parse(text: &str) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_str(text).ok()?;
        let is_known = manifest.version == VERSION
            && manifest.skipped.iter().all(|entry| entry.skipped().is_some())
            && manifest.sources.iter().all(|source| manifest.is_known(source));
        is_known.then_some(manifest)
    }

    /// The footer's text. It has no floating point and no map whose keys are not texts.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn is_known(&self, source: &Source) -> bool {
        Outcome::restore(&source.outcome, &source.reason).is_some()
            && source.encoding.as_deref().is_none_or(|name| encoding(name).is_some())
            && source.wrapper.as_deref().is_none_or(|name| wrapper(name).is_some())
            && source.rejects.iter().all(|entry| entry.reject().is_some())
            && source.formats.iter().all(|place| {
                self.formats.get(*place).is_some_and(|entry| entry.format_source().is_some())
            })
    }

    /// The numbers of the sources, by what tells them from each other.
    pub(crate) fn numbers(&self) -> HashMap<Home, usize> {
        self.sources.iter().map(Source::home).zip(0..).collect()
    }

    /// Rows of all sources.
    pub(crate) fn rows(&self) -> u64 {
        self.sources.iter().map(|source| source.rows).sum()
    }

    /// What was told of a source when it was collected; `rows` are those that the holder has.
    pub(crate) fn report(&self, number: usize) -> ObjectReport {
        let source = &self.sources[number];
        let formats = source.formats.iter().filter_map(|place| {
            let entry = self.formats.get(*place)?;
            let names = entry.names.iter().map(String::as_str);
            Some((entry.format_source()?, Format::restore(names, entry.export_timestamp)))
        });
        let outcome = Outcome::restore(&source.outcome, &source.reason);
        ObjectReport {
            outcome: outcome.unwrap_or_default(),
            encoding: source.encoding.as_deref().and_then(encoding),
            wrapper: source.wrapper.as_deref().and_then(wrapper),
            unknown_members: source.unknown_members.clone(),
            digest: source.digest.clone(),
            stored_bytes: source.stored_bytes,
            text_bytes: source.text_bytes,
            rows: source.rows,
            tally: Tally {
                counts: source.counts.counts(),
                rejects: source.rejects.iter().filter_map(RejectEntry::reject).collect(),
                formats: formats.collect(),
                span: source.span,
            },
            ..ObjectReport::default()
        }
    }

    /// What a listing has in place of the holder.
    pub(crate) fn held(&self) -> Vec<Held> {
        let objects = self.sources.iter().zip(0..).map(|(source, number)| {
            Held::Object(HeldObject {
                number,
                key: source.key.clone(),
                place: source.place.clone(),
                size: source.size,
                etag: source.etag.clone(),
                digest: source.digest.clone(),
                is_read: source.is_read(),
            })
        });
        let skipped = self.skipped.iter().filter_map(SkippedEntry::skipped).map(Held::Skipped);
        objects.chain(skipped).collect()
    }

    /// Which of a source's records are a transit gateway's. A text's format tells it of all of them; a
    /// Parquet table may hold both kinds.
    pub(crate) fn transit(&self, number: usize) -> Transit {
        let ObjectReport { encoding, tally, .. } = self.report(number);
        let mut of_formats = tally.formats.iter().map(|(_, format)| {
            let both = encoding == Some(Encoding::Parquet) && format.has(FieldId::INTERFACE_ID);
            match (format.is_transit_gateway(), both) {
                (false, _) => Transit::None,
                (true, false) => Transit::All,
                (true, true) => Transit::Some,
            }
        });
        let first = of_formats.next().unwrap_or(Transit::None);
        if of_formats.all(|other| other == first) { first } else { Transit::Some }
    }

    pub(crate) fn skipped(&self) -> impl Iterator<Item = Skipped> + '_ {
        self.skipped.iter().filter_map(SkippedEntry::skipped)
    }
}

impl Source {
    /// An object that is still to be collected.
    pub(crate) fn to_come(object: &Object, reason: &str) -> Source {
        let outcome = Outcome::Vanished(reason.to_owned());
        let report = ObjectReport { outcome, ..ObjectReport::default() };
        Manifest::of_sources(Vec::new()).source(object, &report)
    }

    pub(crate) fn home(&self) -> Home {
        (self.key.clone(), self.place.clone())
    }

    /// Whether its bytes were come by: what is in them is then known, and will not change.
    pub(crate) fn is_read(&self) -> bool {
        let outcome = Outcome::restore(&self.outcome, &self.reason).unwrap_or_default();
        self.digest.is_some() || self.rows > 0 && outcome.is_final()
    }
}

impl RejectEntry {
    fn of(reject: &Reject) -> RejectEntry {
        let kind = match reject.kind {
            RejectKind::Malformed => "malformed",
            RejectKind::BadTime => "bad_time",
        };
        RejectEntry { kind: kind.to_owned(), line: reject.line, reason: reject.reason.clone() }
    }

    fn reject(&self) -> Option<Reject> {
        let kind = match self.kind.as_str() {
            "malformed" => RejectKind::Malformed,
            "bad_time" => RejectKind::BadTime,
            _ => return None,
        };
        Some(Reject { kind, line: self.line, reason: self.reason.clone() })
    }
}

impl SkippedEntry {
    fn of(skipped: &Skipped) -> SkippedEntry {
        let kind = match skipped.kind {
            SkippedKind::Empty => "empty",
            SkippedKind::Denied => "denied",
            SkippedKind::Archived => "archived",
            SkippedKind::Vanished => "vanished",
            _ => "not_a_flow_log",
        };
        let (key, reason) = (skipped.key.clone(), skipped.reason.clone());
        SkippedEntry { key, kind: kind.to_owned(), reason }
    }

    fn skipped(&self) -> Option<Skipped> {
        let kind = match self.kind.as_str() {
            "empty" => SkippedKind::Empty,
            "denied" => SkippedKind::Denied,
            "archived" => SkippedKind::Archived,
            "vanished" => SkippedKind::Vanished,
            "not_a_flow_log" => SkippedKind::NotAFlowLog,
            _ => return None,
        };
        Some(Skipped::new(kind, self.key.clone(), self.reason.clone()))
    }
}

/// What tells one object from another: its key, and where that leads to if it is a path.
pub(crate) type Home = (String, Option<String>);

/// What tells an object from another.
pub(crate) fn home_of(object: &Object) -> Home {
    (object.key.clone(), place_of(object))
}

/// Where an object's key leads to, if it is a path: the path with all links resolved.
fn place_of(object: &Object) -> Option<String> {
    match &object.location {
        Location::Local(path) => Some(path.canonicalize().ok()?.display().to_string()),
        Location::Within { place, .. } => place.clone(),
        _ => None,
    }
}

fn name_of_format_source(source: FormatSource) -> &'static str {
    match source {
        FormatSource::Given => "given",
        FormatSource::AssumedDefault => "assumed_default",
        _ => "header",
    }
}

impl FormatEntry {
    fn format_source(&self) -> Option<FormatSource> {
        Some(match self.source.as_str() {
            "given" => FormatSource::Given,
            "assumed_default" => FormatSource::AssumedDefault,
            "header" => FormatSource::Header,
            _ => return None,
        })
    }
}

fn encoding(name: &str) -> Option<Encoding> {
    Encoding::ALL.into_iter().find(|encoding| encoding.name() == name)
}

fn wrapper(name: &str) -> Option<Wrapper> {
    Wrapper::ALL.into_iter().find(|wrapper| wrapper.name() == name)
}
