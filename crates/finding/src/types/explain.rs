//! What flow logs can and cannot show of one type, in words.

use std::fmt::Write;

use super::{DataSource, FindingType, finding_type, unlisted};

/// What flow logs can and cannot show of a type: lines of Markdown that read well as they stand. A
/// type that is not in the table is said to be unknown, with what its name tells.
#[must_use]
pub fn explain(name: &str) -> String {
    match finding_type(name) {
        Some(of) => format!("{}\n\n{}", of.name, section(of)),
        None => unknown(name),
    }
}

fn unknown(name: &str) -> String {
    let name = crate::value::excerpt(name);
    let rest = unlisted::unobservable(&name).map_or_else(
        || "A finding of it is judged by what it claims alone.".to_owned(),
        |why| format!("By its name, {why}."),
    );
    format!("{name}\n\nThis type is not in the table of EC2 findings. {rest}\n")
}

/// The body of a type's section, without its name.
pub(super) fn section(of: &FindingType) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    line(format!("{} Severity: {}, unless the finding says otherwise.", of.about, of.severity));
    line(String::new());
    line(format!("- Source: {}.", of.source.words()));
    line(format!("- Flow logs show: {}.", of.shows));
    line(format!("- They can never show: {}.", of.never.join("; ")));
    line(format!("- {}", contact(of)));
    for expectation in of.tests {
        let weight = if expectation.decides { "Decides" } else { "Tells more" };
        let (name, question) = (expectation.test.name(), expectation.test.question());
        line(format!("- {weight} (`{name}`): {question}. Why: {}.", expectation.why));
    }
    let steps = of.next_steps;
    if steps.outbound == steps.inbound {
        line(format!("- Next: {}.", steps.outbound.join("; ")));
    } else {
        line(format!("- Next, if the instance connected: {}.", steps.outbound.join("; ")));
        line(format!("- Next, if the remote did: {}.", steps.inbound.join("; ")));
    }
    text
}

fn contact(of: &FindingType) -> &'static str {
    match of.source {
        DataSource::DnsLogs => {
            "Verdict: not observable as to the query, whatever the records hold; never contradicted."
        }
        DataSource::Several => {
            "Decides (`contact`): accepted traffic with each endpoint, with payload where it is TCP. \
             Never contradicted: other sources may be right."
        }
        DataSource::FlowLogs if of.payload => {
            "Decides (`contact`): accepted traffic in the claimed direction and place, with payload \
             where it is TCP."
        }
        DataSource::FlowLogs => {
            "Decides (`contact`): accepted traffic in the claimed direction and place; bare packets \
             are enough."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_type_is_explained_with_its_thresholds() {
        let text = explain("unauthorizedaccess:ec2/sshbruteforce");
        assert!(text.starts_with("UnauthorizedAccess:EC2/SSHBruteForce\n\n"), "{text}");
        assert!(
            text.contains("- Decides (`brute_force`): whether there were at least 10"),
            "{text}"
        );
        assert!(text.contains("whether a login succeeded"), "{text}");
        assert!(explain("Trojan:EC2/DropPoint!DNS").contains("never contradicted"));
    }

    #[test]
    fn an_unknown_type_is_said_to_be_one_and_never_echoed_whole() {
        let text = explain("Trojan:EC2/Newcomer");
        assert!(text.contains("not in the table") && text.contains("by what it claims"), "{text}");
        assert!(explain("A:IAMUser/B").contains("API calls are not in flow logs"));
        assert!(explain(&"x".repeat(10_000)).len() < 1000);
    }
}
