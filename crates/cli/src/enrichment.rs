//! Sources of what is said beside addresses, as they are named on the command line.

use std::net::IpAddr;

use anyhow::Result;
use flowproof_evidence::{EnrichmentFile, EnrichmentNote, Remote};
use flowproof_intel::{Enrichment, EnrichmentOptions, EnrichmentSource, Entry, Note};
use flowproof_report::counted;

use crate::args::Enrich;
use crate::streams::Streams;

/// Sources that are loaded, and what is to be told of each.
pub(crate) struct LoadedEnrichment {
    enrichment: Enrichment,
    pub(crate) files: Vec<EnrichmentFile>,
}

/// Reads the sources; rows that were refused are told. None if no source is named.
pub(crate) fn load(args: &Enrich, streams: &mut Streams) -> Result<Option<LoadedEnrichment>> {
    if args.enrich.is_empty() {
        return Ok(None);
    }
    let options = EnrichmentOptions { column: args.enrich_column.clone() };
    let mut sources = Vec::new();
    for path in &args.enrich {
        let source = EnrichmentSource::read(path, &options)?;
        if let Some(first) = source.rejects.samples.first() {
            let rows = counted(source.rejects.total, "row", "rows");
            streams.warn(&format!("{}: {rows} not in use; first: {first}", source.name));
        }
        sources.push(source);
    }
    let files = sources.iter().map(file).collect();
    Ok(Some(LoadedEnrichment { enrichment: Enrichment::new(sources), files }))
}

impl LoadedEnrichment {
    /// The notes about every address of a list's entry.
    pub(crate) fn of_entry(&self, entry: &Entry) -> Vec<EnrichmentNote> {
        self.enrichment.notes_of(&entry.prefixes).into_iter().map(told).collect()
    }

    /// The sources, and the notes about remotes.
    pub(crate) fn of_remotes(&self, remotes: &[Remote]) -> flowproof_report::Enrichment {
        let addresses = remotes.iter().filter_map(|remote| remote.address);
        let notes = addresses.map(|address| (address, self.of(address)));
        let notes = notes.filter(|(_, notes)| !notes.is_empty()).collect();
        flowproof_report::Enrichment { files: self.files.clone(), notes }
    }

    fn of(&self, address: IpAddr) -> Vec<EnrichmentNote> {
        self.enrichment.notes(address).into_iter().map(told).collect()
    }
}

fn told(note: Note) -> EnrichmentNote {
    EnrichmentNote { source: note.source, prefix: note.prefix, fields: note.fields }
}

fn file(source: &EnrichmentSource) -> EnrichmentFile {
    EnrichmentFile {
        path: source.name.clone(),
        sha256: source.sha256.clone(),
        kind: source.kind.name().to_owned(),
        entries: source.entries,
        rejected: source.rejects.total,
        database_type: source.database_type.clone(),
        built: source.built,
    }
}
