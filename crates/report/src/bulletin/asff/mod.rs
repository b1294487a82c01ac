//! Findings as AWS Security Hub imports them: the AWS Security Finding Format of 2018-10-08.

mod batch;
mod finding;
pub(super) mod fits;
mod resources;

use super::{Bulletin, Generator};
use crate::json::escaped;
use batch::Batches;

/// Whose Security Hub the findings are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsffOwner {
    /// The region of that Security Hub, for example `us-east-1`.
    pub region: String,
    /// The account that imports the findings: 12 digits.
    pub account: String,
    /// The partition; `None` takes that of the region: `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: Option<String>,
}

/// Findings for Security Hub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asff {
    /// JSON arrays, each of 1 to 100 findings, as the `Findings` of `BatchImportFindings` are: none
    /// larger than 6 MB.
    pub batches: Vec<String>,
    /// Ids of the findings that are in no batch, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// The findings in their order, as the account of `owner` imports them into its Security Hub.
///
/// Security Hub takes a finding of a product of one's own from the account that the finding is of, and
/// from no other. So a finding of another account is left out, and is to be had by naming that account
/// as the owner. A finding whose account is unknown is left out as well: it might be of any account
/// whose logs were read, and to give it to the owner would be to guess.
///
/// Texts are cut to what Security Hub takes, with three dots; they hold no character that acts. At most
/// 32 resources and 5 addresses are told of a finding. Figures stand in `ProductFields`.
#[must_use]
pub fn asff(bulletin: &Bulletin, generator: &Generator<'_>, owner: &AsffOwner) -> Asff {
    let mut batches = Batches::default();
    let mut left_out = Vec::new();
    for one in &bulletin.findings {
        let told = fits::why_not(one, owner).map_or_else(
            || {
                let value = finding::finding(bulletin, one, generator, owner);
                let json = serde_json::to_string(&value).map_err(|error| error.to_string())?;
                batches.add(&escaped(&json))
            },
            |why| Err(why.to_owned()),
        );
        if let Err(why) = told {
            left_out.push((one.id.clone(), why));
        }
    }
    Asff { batches: batches.done(), left_out }
}
