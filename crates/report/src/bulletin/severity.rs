//! How grave a finding is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How grave a finding is, from the least on. Its names are lower case, in text and in JSON.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nothing need be done.
    Informational,
    /// To be looked at some time.
    Low,
    /// To be looked at.
    #[default]
    Medium,
    /// To be looked at soon.
    High,
    /// To be looked at now.
    Critical,
}

/// A name that is none of a severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no severity: informational, low, medium, high or critical")]
pub struct UnknownSeverity(pub String);

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Severity; 5] = [
        Severity::Informational,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Informational => "informational",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    /// Reads a name in letters of any case.
    fn from_str(text: &str) -> Result<Severity, UnknownSeverity> {
        let named = |it: &Severity| it.name().eq_ignore_ascii_case(text);
        Severity::ALL.into_iter().find(named).ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_text_and_in_json_and_is_read_again() {
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
            assert_eq!(severity.name().to_uppercase().parse(), Ok(severity));
        }
        let unknown = "grave".parse::<Severity>().unwrap_err();
        assert!(unknown.to_string().starts_with("\"grave\" is no severity"), "{unknown}");
    }

    #[test]
    fn the_graver_is_the_greater() {
        assert!(Severity::ALL.is_sorted_by(|a, b| a < b));
    }
}
