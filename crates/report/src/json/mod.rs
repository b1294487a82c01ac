//! The investigation for programs: `flowproof.investigation/1`.

mod safe;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use flowproof_evidence::{
    Baseline, Coverage, EnrichmentFile, EnrichmentNote, ListSource, ObjectEvidence, Peer, Remote,
    Subject, TimelineHour, Traffic,
};
use flowproof_finding::{ClaimResult, FindingSummary, Status, TestResult};
use serde::{Serialize, Serializer};

use crate::escape::is_unsafe;
use crate::{Investigation, Tool, WindowView};

pub use safe::SafeJson;

/// The name of the JSON form, its first value.
pub const SCHEMA: &str = "flowproof.investigation/1";

/// Writes the investigation as one JSON document and a line feed: in one line, or set out over
/// several if `pretty`. The same investigation gives the same bytes.
///
/// Characters that act on a terminal or break a line in some reader (C1 controls, U+2028 and their
/// kind) are written as `\u` escapes, which mean the same to every JSON parser.
///
/// # Errors
///
/// The error of `out`.
pub fn write_json(
    investigation: &Investigation,
    out: &mut dyn Write,
    pretty: bool,
) -> io::Result<()> {
    let json = if pretty {
        serde_json::to_string_pretty(investigation)?
    } else {
        serde_json::to_string(investigation)?
    };
    out.write_all(escaped(&json).as_bytes())?;
    out.write_all(b"\n")
}

/// The document with every character that acts written as an escape.
///
/// Beyond ASCII, and for DEL, such characters can only stand inside a string, where an escape is as
/// good. The ASCII controls are escaped by the serializer, and its own line feeds must stay.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if character >= '\u{7f}' && is_unsafe(character) {
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(character);
        }
    }
    text
}

/// A value as JSON that can stand in a script element: it holds no `<`, `>` or `&`, nor any character
/// that acts.
pub(crate) fn for_script(value: &impl Serialize) -> io::Result<String> {
    let json = escaped(&serde_json::to_string(value)?);
    // Outside of strings JSON has none of the three.
    Ok(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}

/// The fields in the order of the published form.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    generated_by: &'a Tool,
    subject: &'a Subject,
    finding: Option<FindingSummary<'a>>,
    window: &'a WindowView,
    verdict: VerdictPart<'a>,
    claimed_traffic: &'a Traffic,
    totals: &'a Traffic,
    remotes: Vec<RemotePart<'a>>,
    timeline: &'a [TimelineHour],
    baseline: Option<&'a Baseline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peers: Option<&'a [Peer]>,
    coverage: &'a Coverage,
    evidence: &'a [ObjectEvidence],
    lists: &'a [ListSource],
    #[serde(skip_serializing_if = "Option::is_none")]
    enrichment: Option<&'a [EnrichmentFile]>,
}

/// A remote, with what other sources say of it where any was asked.
#[derive(Serialize)]
struct RemotePart<'a> {
    #[serde(flatten)]
    remote: &'a Remote,
    #[serde(skip_serializing_if = "Option::is_none")]
    enrichment: Option<&'a [EnrichmentNote]>,
}

/// The verdict without its claimed traffic, which stands beside it.
#[derive(Serialize)]
struct VerdictPart<'a> {
    status: Status,
    reasons: &'a [String],
    next_steps: &'a [String],
    claims: &'a [ClaimResult],
    tests: &'a [TestResult],
}

impl Serialize for Investigation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Taken apart by name, so that a field added later cannot be left out here.
        let Investigation {
            generated_by,
            subject,
            finding,
            window,
            verdict,
            totals,
            remotes,
            timeline,
            coverage,
            evidence,
            baseline,
            peers,
            lists,
            enrichment,
        } = self;
        let remote = |remote| RemotePart {
            remote,
            enrichment: enrichment.as_ref().map(|enrichment| enrichment.of(remote)),
        };
        let document = Document {
            schema: SCHEMA,
            generated_by,
            subject,
            finding: finding.as_ref().map(|finding| finding.summary()),
            window,
            verdict: VerdictPart {
                status: verdict.status,
                reasons: &verdict.reasons,
                next_steps: &verdict.next_steps,
                claims: &verdict.claims,
                tests: &verdict.tests,
            },
            claimed_traffic: &verdict.claimed_traffic,
            totals,
            remotes: remotes.iter().map(remote).collect(),
            timeline,
            baseline: baseline.as_ref(),
            peers: peers.as_deref(),
            coverage,
            evidence,
            lists,
            enrichment: enrichment.as_ref().map(|enrichment| &*enrichment.files),
        };
        document.serialize(serializer)
    }
}
