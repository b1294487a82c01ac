//! What Security Hub takes: which findings, and which texts.

use super::AsffOwner;
use crate::bulletin::ListedFinding;
use crate::printable;

/// Why a finding cannot be imported by the owner; `None` if it can.
pub(super) fn why_not(finding: &ListedFinding, owner: &AsffOwner) -> Option<&'static str> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|it| it.is_ascii_digit());
    let is_id = |text: &str| text.len() == 64 && text.bytes().all(|it| it.is_ascii_hexdigit());
    match &finding.account {
        _ if !is_account(&owner.account) => Some("the account that imports is not 12 digits"),
        _ if region(&owner.region).is_none() => Some("the region that imports is not one of AWS"),
        _ if !is_name(owner.partition()) => Some("the partition that imports is not one of AWS"),
        _ if !is_id(&finding.id) => Some("its id is not 64 hexadecimal digits"),
        None => Some("no record of it names an account, and Security Hub needs the one it is of"),
        Some(account) if !is_account(account) => Some("its account is not 12 digits"),
        Some(account) if *account != owner.account => {
            Some("it is of another account, and Security Hub takes it from that account only")
        }
        Some(_) => None,
    }
}

impl AsffOwner {
    /// The partition as given, or that of the region.
    pub(super) fn partition(&self) -> &str {
        match (&self.partition, &*self.region) {
            (Some(partition), _) => partition,
            (None, region) if region.starts_with("cn-") => "aws-cn",
            (None, region) if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

/// A region that can stand in a finding: at most 16 letters, digits and hyphens.
pub(super) fn region(text: &str) -> Option<&str> {
    (is_name(text) && text.len() <= 16).then_some(text)
}

/// Whether a text can stand in an ARN as one name: letters, digits and hyphens, at most 64.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// The text without characters that act, cut to `limit` units of UTF-16, of which a character has one
/// or two: so it fits whichever of the two Security Hub counts. `None` if it would be blank.
pub(in crate::bulletin) fn text(text: &str, limit: usize) -> Option<String> {
    const CUT: &str = "...";
    // One character more than fits is enough to see that it does not.
    let taken: String = text.chars().take(limit + 1).collect();
    let shown = printable(&taken);
    let within = |limit: usize| {
        let mut units = 0;
        let fits = |(_, character): &(usize, char)| {
            units += character.len_utf16();
            units <= limit
        };
        shown.char_indices().take_while(fits).last().map_or(0, |(at, it)| at + it.len_utf8())
    };
    let kept = match within(limit) == shown.len() {
        true => shown.to_string(),
        false => format!("{}{CUT}", &shown[..within(limit.saturating_sub(CUT.len()))]),
    };
    (!kept.trim().is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_text_is_cut_between_characters_and_only_if_it_must_be() {
        assert_eq!(text("abcde", 5).unwrap(), "abcde");
        assert_eq!(text("abcdef", 5).unwrap(), "ab...");
        assert_eq!(text("\u{1f980}\u{1f980}\u{1f980}", 6).unwrap(), "\u{1f980}\u{1f980}\u{1f980}");
        assert_eq!(text("\u{1f980}\u{1f980}\u{1f980}", 5).unwrap(), "\u{1f980}...");
        assert_eq!(text("\u{e9}\u{e9}\u{e9}\u{e9}", 4).unwrap(), "\u{e9}\u{e9}\u{e9}\u{e9}");
    }

    #[test]
    fn what_acts_is_written_out_before_it_is_counted() {
        assert_eq!(text("a\nb", 4).unwrap(), "a\\nb");
        assert_eq!(text("\n\n\n", 5).unwrap(), "\\n...");
        assert_eq!(text(" \u{3000}", 5), None);
        assert_eq!(text("", 5), None);
    }
}
