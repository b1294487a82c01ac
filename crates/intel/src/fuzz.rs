//! What must hold for any bytes. The property tests and the fuzz targets call the same function.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::content::Content;
use crate::head;
use crate::note::Tally;
use crate::token;
use crate::{
    Enrichment, EnrichmentOptions, EnrichmentSource, Entry, List, ListFormat, ListOptions,
    ListRole, Matcher, Note,
};

/// Reads any bytes as a list, and asks the matcher about what came out.
///
/// # Panics
///
/// If something in the way panics, if a line of the list is not accounted for, or if an entry is not
/// found at its own edges as a scan over all entries finds it: that is what a fuzzer looks for.
pub fn check_list(bytes: &[u8]) {
    if let Ok((_, text)) = head::text(bytes) {
        check_lines(&text);
    }
    let options = ListOptions { allow_empty: true, ..ListOptions::default() };
    let read = || {
        let list = List::from_bytes_with("fuzz.txt", ListRole::Threat, bytes, &options);
        list.map_err(|error| error.to_string())
    };
    let list = read();
    assert_eq!(list, read(), "the same bytes give the same list");
    let Ok(list) = list else { return };
    list.entries.iter().for_each(check_entry);
    check_matcher(&Matcher::new(vec![list]));
}

/// Reads any bytes as a source of enrichment, and asks it about some addresses.
///
/// # Panics
///
/// If something in the way panics, if the same bytes say different things, or if a note is about other
/// addresses than those it was asked for: that is what a fuzzer looks for.
pub fn check_enrichment(bytes: &[u8]) {
    let options = EnrichmentOptions::default();
    let read = || {
        let source = EnrichmentSource::from_reader("fuzz", bytes, &options);
        source.map(|source| Enrichment::new(vec![source])).map_err(|error| error.to_string())
    };
    let asked = ["192.0.2.1", "203.0.113.9", "198.51.100.0", "2001:db8::1", "::"];
    let told = |enrichment: &Enrichment| {
        let addresses = asked.iter().filter_map(|text| text.parse::<IpAddr>().ok());
        addresses.map(|address| (address, enrichment.notes(address))).collect::<Vec<_>>()
    };
    let (first, second) = (read().map(|read| told(&read)), read().map(|read| told(&read)));
    assert_eq!(first, second, "the same bytes say the same");
    for (address, notes) in first.into_iter().flatten() {
        notes.iter().for_each(|note| check_note(address, note));
    }
}

fn check_note(address: IpAddr, note: &Note) {
    let options = ListOptions { allow_wide: true, ..ListOptions::default() };
    let about = token::parse(&note.prefix, &options).expect("an address, a prefix or a range");
    assert!(about.prefixes.iter().any(|net| net.contains(&address)), "{address}: {note:?}");
    let names: BTreeSet<&String> = note.fields.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), note.fields.len(), "a name is there twice: {note:?}");
    assert!(note.fields.iter().all(|(_, text)| !text.is_empty()), "{note:?}");
}

/// Every line that is not blank is an entry, a refusal, an indicator of another kind or a comment,
/// and only one of them.
fn check_lines(text: &str) {
    let content = plain(text);
    let comments = text.split(['\n', '\r']).filter(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.starts_with('#') || line.starts_with(';') || line.starts_with("//")
    });
    let others: u64 = content.not_addresses.values().sum();
    let told = content.entries.len() as u64 + content.rejects.total + others;
    assert_eq!(told + comments.count() as u64, content.lines, "a line is lost or told twice");
    assert_eq!(content.rejects.samples.len() as u64, kept(&content.rejects));
    assert_eq!(content.warnings.samples.len() as u64, kept(&content.warnings));

    let entries = content.entries.iter().map(|entry| entry.line);
    let mut lines: Vec<u64> = content.rejects.samples.iter().map(|reject| reject.line).collect();
    assert!(lines.is_sorted() && entries.clone().is_sorted(), "in the order of the file");
    lines.extend(entries);
    lines.sort_unstable();
    assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "a line is told twice: {lines:?}");
}

fn plain(text: &str) -> Content {
    let parsed = ListFormat::PlainText.parse(&mut text.as_bytes(), &ListOptions::default());
    parsed.expect("memory is read without errors")
}

fn kept<T>(tally: &Tally<T>) -> u64 {
    tally.total.min(Tally::<T>::MOST_SAMPLES as u64)
}

/// The prefixes of an entry are masked, ascending and disjoint, and its text alone gives them again.
fn check_entry(entry: &Entry) {
    assert!(!entry.prefixes.is_empty(), "{entry:?}");
    for prefix in &entry.prefixes {
        assert_eq!(*prefix, prefix.trunc(), "{entry:?}");
        assert_eq!(prefix.addr(), prefix.addr().to_canonical(), "{entry:?}");
    }
    for pair in entry.prefixes.windows(2) {
        assert_eq!(pair[0].addr().is_ipv4(), pair[1].addr().is_ipv4(), "{entry:?}");
        assert!(pair[0].broadcast() < pair[1].network(), "{entry:?}");
    }
    let again = plain(entry.text());
    let alone = Entry { line: 1, label: "".into(), details: None, ..entry.clone() };
    assert_eq!(again.entries, [alone], "the entry does not stand for itself");
}

/// Entries whose edges are asked for; a scan for each of them costs the length of the list.
const ASKED: usize = 16;

fn check_matcher(matcher: &Matcher) {
    let entries = &matcher.lists()[0].entries;
    for prefix in entries.iter().take(ASKED).flat_map(|entry| &entry.prefixes) {
        for address in [prefix.network(), prefix.broadcast()] {
            // A prefix wider than that of all mapped addresses may end with one of them: it is IPv4.
            let address = address.to_canonical();
            let found: Vec<&Entry> =
                matcher.matches(address).iter().map(|found| found.entry).collect();
            let expected = scan(entries, address);
            assert_eq!(found, expected, "{address}");
            let is_found = !expected.is_empty();
            assert!(is_found || address.is_ipv4() != prefix.addr().is_ipv4(), "{address}");
            assert_eq!(matcher.contains(address), is_found, "{address}");
            assert_eq!(matcher.threat_contains(address), is_found, "{address}");
        }
    }
}

/// The naive answer: all entries that hold the address, the narrowest first, then by line.
fn scan(entries: &[Entry], address: IpAddr) -> Vec<&Entry> {
    let holds = |entry: &&Entry| entry.prefixes.iter().any(|prefix| prefix.contains(&address));
    let mut found: Vec<&Entry> = entries.iter().filter(holds).collect();
    found.sort_by_key(|entry| entry.addresses());
    found
}
