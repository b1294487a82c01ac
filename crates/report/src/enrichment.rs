//! What other sources say of an address, in one line.

use flowproof_evidence::EnrichmentNote;

use crate::escape::shortened;
use crate::format::counted;

/// Characters of the line, and of one part of it.
const LONGEST: usize = 120;
const LONGEST_PART: usize = 60;

/// Fields told of a note that has none with a meaning here.
const OTHERS: usize = 3;

/// Names of one thing in several sources, as [`normal`] gives them. The first that is there is told.
const ASN: [&str; 4] = ["asn", "autonomous_system_number", "as_number", "as"];
const ORGANIZATION: [&str; 9] = [
    "as_organization",
    "autonomous_system_organization",
    "as_name",
    "as_org",
    "organization",
    "org_name",
    "org",
    "isp",
    "netname",
];
const COUNTRY: [&str; 5] = ["country", "country_code", "country_iso_code", "cc", "country_name"];
const CITY: [&str; 2] = ["city", "city_name"];

/// Words for what is true of an address.
const FLAGS: [(&str, &str); 6] = [
    ("is_tor_exit_node", "tor exit"),
    ("is_hosting_provider", "hosting"),
    ("is_public_proxy", "public proxy"),
    ("is_residential_proxy", "residential proxy"),
    ("is_anonymous_vpn", "anonymous VPN"),
    ("is_satellite_provider", "satellite"),
];

/// The notes about one address in a short line, for example `AS64500 Example Net, NL, tor exit`; empty
/// if there are none. Of each source the first note is told, the others are counted. Where sources
/// disagree both are told. The line is [`printable`](crate::printable).
#[must_use]
pub fn enrichment_line(notes: &[EnrichmentNote]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut more = 0_u64;
    let mut last = None;
    for note in notes {
        if last == Some(&note.source) {
            more += 1;
            continue;
        }
        last = Some(&note.source);
        for part in of_note(note) {
            let part = shortened(&part, LONGEST_PART);
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    let mut line = shortened(&parts.join(", "), LONGEST);
    if more > 0 {
        line.push_str(&format!(" ({})", counted(more, "more note", "more notes")));
    }
    line
}

fn of_note(note: &EnrichmentNote) -> Vec<String> {
    let known = [network(note), place(note), cloud(note)].into_iter().flatten();
    let known: Vec<String> = known.chain(flags(note)).collect();
    if !known.is_empty() {
        return known;
    }
    note.fields.iter().take(OTHERS).map(|(name, text)| format!("{name}: {text}")).collect()
}

/// `AS64500 Example Net`
fn network(note: &EnrichmentNote) -> Option<String> {
    let asn = first(note, &ASN).map(|asn| match asn.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("AS{asn}"),
        false => asn.to_owned(),
    });
    let organization = first(note, &ORGANIZATION).map(str::to_owned);
    joined(asn, organization)
}

/// `NL Amsterdam`
fn place(note: &EnrichmentNote) -> Option<String> {
    let [country, city] = [first(note, &COUNTRY), first(note, &CITY)];
    joined(country.map(str::to_owned), city.map(str::to_owned))
}

/// `AWS AMAZON, EC2 eu-west-1`
fn cloud(note: &EnrichmentNote) -> Option<String> {
    first(note, &["network_border_group"])?;
    let (service, region) = (first(note, &["service"])?, first(note, &["region"])?);
    Some(format!("AWS {service} {region}"))
}

fn flags(note: &EnrichmentNote) -> impl Iterator<Item = String> {
    let is_true = |text: &str| text.eq_ignore_ascii_case("true") || text == "1";
    note.fields.iter().filter(move |(_, text)| is_true(text)).filter_map(|(name, _)| {
        let name = normal(name);
        let known = FLAGS.iter().find(|(flag, _)| *flag == name);
        let word = || name.strip_prefix("is_").map(|word| word.replace('_', " "));
        known.map(|(_, word)| (*word).to_owned()).or_else(word)
    })
}

fn first<'a>(note: &'a EnrichmentNote, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let field = note.fields.iter().find(|(field, _)| normal(field) == *name);
        field.map(|(_, text)| text.as_str())
    })
}

/// The name as it is compared: `AS Name` is `as_name`.
fn normal(name: &str) -> String {
    name.to_lowercase().replace([' ', '-'], "_")
}

fn joined(one: Option<String>, two: Option<String>) -> Option<String> {
    match (one, two) {
        (Some(one), Some(two)) => Some(format!("{one} {two}")),
        (one, two) => one.or(two),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(source: &str, fields: &[(&str, &str)]) -> EnrichmentNote {
        let fields = fields.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        EnrichmentNote {
            source: source.to_owned(),
            prefix: "203.0.113.0/24".to_owned(),
            fields: fields.collect(),
        }
    }

    #[test]
    fn what_people_ask_for_is_in_one_line_whatever_it_is_called() {
        let asn = note("asn.mmdb", &[("asn", "64500"), ("as_organization", "Example Net")]);
        let city = note("city.mmdb", &[("city", "Delft"), ("country", "NL"), ("x", "y")]);
        let anonymous = note(
            "anonymous.mmdb",
            &[("is_tor_exit_node", "true"), ("is_public_proxy", "false"), ("is_anycast", "TRUE")],
        );
        assert_eq!(
            enrichment_line(&[asn, city, anonymous]),
            "AS64500 Example Net, NL Delft, tor exit, anycast"
        );
        let whois = note("w.csv", &[("ASN", "AS64500"), ("AS Name", "EXAMPLE"), ("cc", "NL")]);
        assert_eq!(enrichment_line(&[whois]), "AS64500 EXAMPLE, NL");
        let aws =
            [("region", "eu-west-1"), ("service", "AMAZON, EC2"), ("network_border_group", "x")];
        assert_eq!(enrichment_line(&[note("r.json", &aws)]), "AWS AMAZON, EC2 eu-west-1");
    }

    #[test]
    fn sources_that_disagree_are_both_told_and_further_notes_are_counted() {
        let notes = [
            note("a", &[("country", "NL")]),
            note("a", &[("country", "DE")]),
            note("b", &[("country", "NL"), ("asn", "1")]),
            note("c", &[("country", "FR")]),
            note("c", &[]),
        ];
        assert_eq!(enrichment_line(&notes), "NL, AS1, FR (2 more notes)");
        assert_eq!(enrichment_line(&[]), "");
    }

    #[test]
    fn other_fields_are_told_by_name_and_nothing_acts_or_runs_on() {
        let fields = [("rrname", "a.example.com"), ("n", "\u{1b}[2J\n"), ("c", "3"), ("d", "4")];
        assert_eq!(
            enrichment_line(&[note("a", &fields)]),
            "rrname: a.example.com, n: \\x1b[2J\\n, c: 3"
        );
        let long = "x".repeat(5000);
        let fields = [("asn", &*long), ("country", &long), ("city", &long), ("is_a", "1")];
        let line = enrichment_line(&[note("a", &fields), note("b", &[("f", &long)])]);
        assert!(line.chars().count() < 160, "{line}");
    }
}
