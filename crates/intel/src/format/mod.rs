//! The formats of lists: one file each, and here the choice between them.

use std::fmt;
use std::io::{self, BufRead};

use serde::Serialize;

use crate::content::Content;
use crate::list::ListOptions;

mod alien_vault;
mod columns;
mod csv;
mod detect;
mod dshield;
mod fire_eye;
mod kind;
mod lines;
mod misp_csv;
mod otx_csv;
mod plain;
mod proof_point;
mod rows;
mod table;

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

impl fmt::Display for ListFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::PlainText => "plain text",
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
