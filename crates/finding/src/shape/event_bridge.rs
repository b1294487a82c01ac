//! An EventBridge event: `{"detail-type": "GuardDuty Finding", "detail": {...}}`, or one of Security
//! Hub with several findings under `detail.findings`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Inner, all};
use crate::value::{embedded, excerpt, field, items};

/// How the events of Security Hub begin that hold findings: ASFF, and OCSF in the newer ones.
const SECURITY_HUB: [&str; 2] = ["Security Hub Findings", "Findings Imported"];

/// What is inside, or why there is nothing; `None` if the value is no event at all.
pub(super) fn open(value: &Value) -> Option<Vec<Inner<'_>>> {
    let kind = field(value, "detail-type")?.as_str().unwrap_or_default();
    let of_security_hub = SECURITY_HUB.iter().any(|beginning| kind.starts_with(beginning));
    if !of_security_hub && !kind.eq_ignore_ascii_case("GuardDuty Finding") {
        let kind = excerpt(kind);
        let reason = format!("EventBridge event of type `{kind}`: no GuardDuty finding");
        return Some(vec![Inner::refused("", reason)]);
    }
    let detail = field(value, "detail").and_then(embedded);
    Some(match detail {
        None => {
            let reason = format!("EventBridge event of type `{}` without `detail`", excerpt(kind));
            vec![Inner::refused("", reason)]
        }
        Some(detail) if !of_security_hub => vec![Inner::value("detail", detail)],
        Some(detail) => of_detail(detail),
    })
}

fn of_detail(detail: Cow<'_, Value>) -> Vec<Inner<'_>> {
    let findings = match &detail {
        Cow::Borrowed(detail) => {
            field(detail, "findings").map(|list| all("detail.findings", items(Some(list))))
        }
        Cow::Owned(detail) => field(detail, "findings").map(|list| {
            let owned = |inner: Inner<'_>| inner.into_owned();
            all("detail.findings", items(Some(list))).into_iter().map(owned).collect()
        }),
    };
    findings.unwrap_or_else(|| {
        let reason = "EventBridge event of Security Hub without `findings`".to_owned();
        vec![Inner::refused("detail", reason)]
    })
}
