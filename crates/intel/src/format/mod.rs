//! The formats of lists: one file each, and here the choice between them.

use std::fmt;
use std::io::{self, BufRead};
use std::str::FromStr;

use serde::Serialize;

use crate::content::Content;
use crate::list::ListOptions;

mod alien_vault;
mod aws_ip_ranges;
pub(crate) mod columns;
mod csv;
mod detect;
mod dshield;
mod fire_eye;
mod flat_json;
mod json;
mod kind;
pub(crate) mod lines;
mod misp_csv;
mod misp_json;
mod openioc;
mod otx_csv;
mod plain;
mod proof_point;
pub(crate) mod rows;
mod shape;
mod spamhaus_json;
mod stix1;
mod stix2;
mod suricata;
pub(crate) mod table;
#[cfg(test)]
mod testing;
mod tor;
mod xml;

pub(crate) use detect::{Foreign, detect};

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListFormat {
    /// One entry a line: an address, a prefix (`203.0.113.0/24`) or a range
    /// (`203.0.113.5-203.0.113.10`, blanks around the dash or not).
    ///
    /// A comment begins with `#`, `;` or `//`, at the beginning of a line or after the entry. What
    /// comes after the entry, behind a comment sign or a blank, is its label. This is also the
    /// syntax of FireHOL `.ipset` and `.netset` files, of Spamhaus DROP as text, of the Tor exit
    /// list and of IPsum.
    PlainText,
    /// STIX 2.0 or 2.1: the address comparisons in the patterns of indicators.
    Stix2,
    /// MISP events or attributes as JSON: `ip-src`, `ip-dst`, these with a port, `domain|ip`.
    MispJson,
    /// Spamhaus DROP as JSON, one object a line.
    SpamhausJson,
    /// `ip-ranges.json` of AWS.
    AwsIpRanges,
    /// JSON of no format above: texts, or objects with a key such as `ip_address` or `cidr`.
    Json,
    /// STIX 1.x in XML: every CybOX Address object in it, wherever it stands.
    ///
    /// Several values in one object are several entries; a condition `InclusiveBetween` makes a
    /// range. The label is the title of the indicator, else its description, else the title of what
    /// the observable stands in.
    Stix1,
    /// OpenIOC 1.0 or 1.1: indicator items whose search term or content type means an address.
    /// The label is the short description of the document.
    #[serde(rename = "openioc")]
    OpenIoc,
    /// Rules for Suricata or Snort with addresses written into their headers, on either side. The
    /// label is the message and the number of the rule.
    SuricataRules,
    /// Tor's `exit-addresses`: blocks of `ExitNode` and `ExitAddress` lines. The label is the
    /// fingerprint of the exit node.
    TorExitAddresses,
    /// Columns between commas, tabs or semicolons, quoted or not: ThreatFox, URLhaus, Feodo Tracker,
    /// C2IntelFeeds and what spreadsheets export.
    ///
    /// The column of addresses is the one that [`ListOptions::column`] names, or that the header
    /// does, or the only one that holds addresses. The header may be a comment.
    Csv,
    /// One attribute a row, as MISP exports them.
    MispCsv,
    /// GuardDuty's `OTX_CSV`: `Indicator type, Indicator, Description`.
    OtxCsv,
    /// GuardDuty's `PROOF_POINT`: `ip, category, score, first_seen, last_seen, ports (|)`.
    ProofPoint,
    /// GuardDuty's `FIRE_EYE`: 47 columns from `reportId` to `observationTime`.
    FireEye,
    /// GuardDuty's `ALIEN_VAULT`: `192.0.2.1#4#2#Malicious Host#KR##37.5,126.9#3`.
    AlienVault,
    /// The DShield block list: start, end and netmask between tabs.
    #[serde(rename = "dshield")]
    DShield,
}

/// Why the rest of a list cannot be read.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The bytes do not arrive.
    Read(io::Error),
    /// They break the rules of the format.
    Syntax { line: u64, message: String },
    /// Which column holds the addresses cannot be told: the line where the columns begin, and why.
    Column { line: u64, message: String },
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl ListFormat {
    /// Reads all of a list's text, which begins after any byte order mark.
    pub(crate) fn parse(
        self,
        text: &mut dyn BufRead,
        options: &ListOptions,
    ) -> Result<Content, Broken> {
        match self {
            Self::PlainText => plain::parse(text, options),
            Self::Stix2 => stix2::parse(text, options),
            Self::MispJson => misp_json::parse(text, options),
            Self::SpamhausJson => spamhaus_json::parse(text, options),
            Self::AwsIpRanges => aws_ip_ranges::parse(text, options),
            Self::Json => flat_json::parse(text, options),
            Self::Stix1 => stix1::parse(text, options),
            Self::OpenIoc => openioc::parse(text, options),
            Self::SuricataRules => suricata::parse(text, options),
            Self::TorExitAddresses => tor::parse(text, options),
            Self::Csv => csv::parse(text, options),
            Self::MispCsv => misp_csv::parse(text, options),
            Self::OtxCsv => otx_csv::parse(text, options),
            Self::ProofPoint => proof_point::parse(text, options),
            Self::FireEye => fire_eye::parse(text, options),
            Self::AlienVault => alien_vault::parse(text, options),
            Self::DShield => dshield::parse(text, options),
        }
    }
}

/// Every format and its name, as options and JSON call it.
const NAMES: [(&str, ListFormat); 17] = [
    ("plain_text", ListFormat::PlainText),
    ("csv", ListFormat::Csv),
    ("misp_csv", ListFormat::MispCsv),
    ("otx_csv", ListFormat::OtxCsv),
    ("proof_point", ListFormat::ProofPoint),
    ("fire_eye", ListFormat::FireEye),
    ("alien_vault", ListFormat::AlienVault),
    ("dshield", ListFormat::DShield),
    ("stix1", ListFormat::Stix1),
    ("stix2", ListFormat::Stix2),
    ("misp_json", ListFormat::MispJson),
    ("openioc", ListFormat::OpenIoc),
    ("suricata_rules", ListFormat::SuricataRules),
    ("tor_exit_addresses", ListFormat::TorExitAddresses),
    ("spamhaus_json", ListFormat::SpamhausJson),
    ("aws_ip_ranges", ListFormat::AwsIpRanges),
    ("json", ListFormat::Json),
];

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no list format; formats are {}", NAMES.map(|(name, _)| name).join(", "))]
pub struct UnknownListFormat {
    /// The name as given.
    pub given: String,
}

impl ListFormat {
    /// The name that [`FromStr`] knows it by.
    pub(crate) fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(_, format)| *format == self);
        found.map_or("", |(name, _)| *name)
    }
}

impl FromStr for ListFormat {
    type Err = UnknownListFormat;

    fn from_str(name: &str) -> Result<Self, UnknownListFormat> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format).ok_or_else(|| UnknownListFormat { given: name.to_owned() })
    }
}

impl fmt::Display for ListFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::PlainText => "plain text",
            Self::Stix2 => "STIX 2",
            Self::MispJson => "MISP JSON",
            Self::SpamhausJson => "Spamhaus DROP JSON",
            Self::AwsIpRanges => "AWS ip-ranges.json",
            Self::Json => "JSON",
            Self::Stix1 => "STIX 1.x XML",
            Self::OpenIoc => "OpenIOC",
            Self::SuricataRules => "Suricata or Snort rules",
            Self::TorExitAddresses => "Tor exit addresses",
            Self::Csv => "CSV",
            Self::MispCsv => "MISP CSV",
            Self::OtxCsv => "OTX CSV",
            Self::ProofPoint => "Proofpoint CSV",
            Self::FireEye => "FireEye CSV",
            Self::AlienVault => "AlienVault reputation data",
            Self::DShield => "DShield block list",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_called_the_same_in_options_and_in_json() {
        for (name, format) in NAMES {
            assert_eq!((name.parse(), format.name()), (Ok(format), name));
            assert_eq!(serde_json::to_value(format).expect("a name"), name);
        }
        let error = "xml".parse::<ListFormat>().expect_err("no format").to_string();
        assert!(error.starts_with("`xml` is no list format; formats are plain_text, csv, "));
    }
}
