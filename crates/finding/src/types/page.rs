//! The page `docs/findings.md`, which is made from the table.

use std::fmt::Write;

use super::explain::section;
use super::{DataSource, finding_types};

const HEAD: &str = "\
# Finding types

<!-- Made from the table in crates/finding/src/types. Change that, then run the tests of the crate
with FLOWPROOF_WRITE_PAGES=1. -->

What flow logs can and cannot show of each type of EC2 finding, which tests are put to the records, and with which thresholds. What the words of a verdict mean
stands in [verdicts.md](verdicts.md), the rules in [SEMANTICS.md](SEMANTICS.md#9-verdicts).

The thresholds are ours: GuardDuty does not tell its own. A test that decides keeps a finding from being corroborated if the records say no; the verdict is
then inconclusive, with the figures. A test whose data was not looked at speaks neither for nor against.

A finding that stands for several occurrences shows only the newest one's remote. GuardDuty's findings from flow logs do not cover IPv6.
A type that is not here is judged by what it claims, and the verdict says that the type is not known.
";

/// The page `docs/findings.md`.
#[must_use]
pub fn findings_page() -> String {
    let mut page = HEAD.to_owned();
    let mut add = |text: String| {
        // Writing to a string cannot fail.
        let _ = write!(page, "{text}");
    };
    for (source, heading) in [
        (DataSource::FlowLogs, "From flow logs"),
        (DataSource::DnsLogs, "From DNS logs"),
        (DataSource::Several, "Attack sequences"),
    ] {
        add(format!("\n## {heading}\n"));
        for of in finding_types().filter(|of| of.source == source) {
            add(format!("\n### {}\n\n{}", of.name, section(of)));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_page_is_the_one_in_docs() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/findings.md");
        let made = findings_page();
        if std::env::var_os("FLOWPROOF_WRITE_PAGES").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == made, "docs/findings.md is not what the table makes");
    }

    #[test]
    fn every_type_has_a_section() {
        let page = findings_page();
        let sections = page.lines().filter(|line| line.starts_with("### ")).count();
        assert_eq!(sections, finding_types().count());
    }
}
