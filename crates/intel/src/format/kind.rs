//! What an indicator is, by the word for its type or by its looks.

use super::shape::is_address_shaped;
use crate::note::Indicator;
use crate::token::refang;

#[cfg(test)]
mod tests;

/// What a word for a type says of the value beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address, a prefix or a range, perhaps with a port.
    Address,
    /// A domain, and the address that it has or had.
    DomainAndAddress,
    /// No address.
    Other(Indicator),
}

/// What `word` says, as MISP, ThreatFox, OTX and people write it. None if the word is not known.
pub(super) fn of_type(word: &str) -> Option<Kind> {
    let word: String =
        word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    Some(Kind::Other(match &*word {
        "" => return None,
        "ip" | "ips" | "ipv4" | "ipv6" | "ipport" | "ipsrc" | "ipdst" | "ipsrcport"
        | "ipdstport" | "ipaddr" | "ipaddress" | "ipv4addr" | "ipv6addr" | "ipv4address"
        | "ipv6address" | "ipv4port" | "ipv6port" | "address" | "cidr" | "ipcidr" | "ipv4cidr"
        | "ipv6cidr" | "iprange" | "ipv4range" | "ipv6range" | "netblock" | "subnet" => {
            return Some(Kind::Address);
        }
        "domainip" => return Some(Kind::DomainAndAddress),
        "domain" | "domains" | "domainname" | "hostname" | "hostnameport" | "fqdn" => {
            Indicator::Domain
        }
        "url" | "uri" | "link" => Indicator::Url,
        "asn" | "as" => Indicator::Asn,
        "filename" | "filepath" | "file" => Indicator::File,
        "cve" | "mutex" | "regkey" | "registrykey" | "yara" | "useragent" | "btc"
        | "vulnerability" => Indicator::Other,
        _ if is_hash(&word) => Indicator::Hash,
        _ if word.starts_with("email") || word.ends_with("email") => Indicator::Email,
        _ => return None,
    }))
}

/// `sha256`, `sha256_hash`, `FileHash-SHA256`, `filename|sha256`, with only letters and digits left.
fn is_hash(word: &str) -> bool {
    let word =
        word.strip_prefix("filename").or_else(|| word.strip_prefix("filehash")).unwrap_or(word);
    let word = word.strip_suffix("hash").unwrap_or(word);
    let digests =
        ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ssdeep", "imphash", "tlsh"];
    word.is_empty() || word == "imp" || digests.contains(&word)
}

/// What `value` is beyond doubt, if it is no address. None for anything that an address could have
/// been before it was damaged.
pub(super) fn of_value(value: &str) -> Option<Indicator> {
    let plain = refang(value);
    if plain.contains("://") {
        return is_url(&plain).then_some(Indicator::Url);
    }
    if let Some((local, domain)) = plain.split_once('@') {
        let is_email = !local.is_empty() && !is_address_shaped(local) && is_domain(domain);
        return is_email.then_some(Indicator::Email);
    }
    if is_as_number(&plain) {
        return Some(Indicator::Asn);
    }
    let is_hex = plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && matches!(plain.len(), 32 | 40 | 56 | 64 | 96 | 128) {
        return Some(Indicator::Hash);
    }
    is_domain(&plain).then_some(Indicator::Domain)
}

/// Whether `value` begins as URLs do: `http://`, `hxxps[:]//`, `git+ssh://`.
pub(super) fn is_url(value: &str) -> bool {
    let plain = refang(value);
    plain.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || "+-*".contains(sign))
    })
}

/// `AS64500`.
fn is_as_number(text: &str) -> bool {
    let has_prefix = text.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("as"));
    has_prefix && text[2..].parse::<u32>().is_ok() && !text[2..].starts_with('+')
}

/// Labels of letters, digits, `-` and `_`, the last of letters only (or of punycode). An address
/// whose last octet has turned into letters, `203.0.113.lO`, is none.
fn is_domain(text: &str) -> bool {
    let text = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '_'))
    };
    let Some((names, last)) = text.rsplit_once('.') else { return false };
    let is_last = last.chars().count() > 1 && last.chars().all(char::is_alphabetic);
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let is_dotted = names.split('.').count() > 2 && names.split('.').all(is_number);
    let is_last = is_last || (last.starts_with("xn--") && is_label(last));
    names.split('.').all(is_label) && !is_dotted && is_last
}
