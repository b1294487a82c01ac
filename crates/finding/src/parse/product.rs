//! Whose finding it is: Security Hub and OCSF carry those of many products.

/// What names GuardDuty, wherever it stands: ARNs of the product, of a detector, of a finding, and
/// its name.
pub(super) fn is_guardduty(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let named = text == "guardduty" || text == "amazon guardduty";
    named
        || text.ends_with("product/aws/guardduty")
        || text.ends_with("productv2/aws/guardduty")
        || (text.starts_with("arn:") && text.split(':').nth(2) == Some("guardduty"))
        || text == "aws/guardduty"
}

/// Why a finding that does not name GuardDuty is refused, by the first name that it gives.
pub(super) fn refusal(format: &str, names: &[String]) -> String {
    match names.iter().find(|name| !name.is_empty()) {
        Some(name) => format!(
            "{format} of `{}`: only GuardDuty's findings are read",
            crate::value::excerpt(name)
        ),
        None => {
            format!("{format} that does not name its product: it is not known to be GuardDuty's")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_guardduty;

    #[test]
    fn guardduty_is_known_by_its_arns_and_its_name() {
        for name in [
            "arn:aws:securityhub:us-east-1::product/aws/guardduty",
            "arn:aws-cn:securityhub:cn-north-1::productv2/aws/guardduty",
            "arn:aws:guardduty:us-east-1:123456789012:detector/d1/finding/f1",
            "GuardDuty",
            "Amazon GuardDuty ",
        ] {
            assert!(is_guardduty(name), "{name}");
        }
        for name in [
            "",
            "Inspector",
            "arn:aws:securityhub:us-east-1::product/aws/inspector",
            "arn:aws:securityhub:us-east-1:123456789012:security-control/GuardDuty.1",
            "arn:aws:securityhub:us-east-1::product/example/not-guardduty",
        ] {
            assert!(!is_guardduty(name), "{name}");
        }
    }
}
