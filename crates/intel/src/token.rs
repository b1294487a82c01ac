//! One token of a list: an address, a prefix or a range, whole or not at all.
//!
//! Every list format hands the text of its entries in here, so that they agree on what an address
//! is and on what is refused.

use std::borrow::Cow;
use std::net::IpAddr;

use flowproof_prefix::{canonical_prefix, parse_ip, range_to_prefixes};
use ipnet::IpNet;

use crate::entry::addresses;
use crate::list::ListOptions;
use crate::note::{RejectReason, WarningKind};

#[cfg(test)]
mod tests;

/// What a token means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) prefixes: Vec<IpNet>,
    pub(crate) warnings: Vec<WarningKind>,
}

/// The widest prefix that is taken without being allowed by option.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

/// Parses the whole of `text`, which has no blanks around it.
pub(crate) fn parse(text: &str, options: &ListOptions) -> Result<Token, RejectReason> {
    let plain = refang(text);
    let mut token = match range(&plain) {
        Some(range) => range?,
        None => single(&plain)?,
    };
    if matches!(plain, Cow::Owned(_)) {
        token.warnings.push(WarningKind::Defanged);
    }
    match too_wide(&token.prefixes) {
        Some(widest) if !options.allow_wide => Err(RejectReason::TooWide { widest }),
        _ => Ok(token),
    }
}

/// Takes out the brackets that keep mail programs from making links of addresses. The text is
/// owned exactly if there was something to take out.
pub(crate) fn refang(text: &str) -> Cow<'_, str> {
    const DEFANGED: [(&str, &str); 11] = [
        ("[://]", "://"),
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("[DOT]", "."),
        ("(DOT)", "."),
        ("[:]", ":"),
        ("[::]", "::"),
        ("[/]", "/"),
    ];
    let mut plain = Cow::Borrowed(text);
    if !text.contains(['[', '(', '{']) {
        return plain;
    }
    for (defanged, sign) in DEFANGED {
        // The bracketed address `[::]`, alone or before a port, is a spelling of its own.
        let bracketed_address = defanged == "[::]" && plain.starts_with(defanged);
        if plain.contains(defanged) && !bracketed_address {
            plain = Cow::Owned(plain.replace(defanged, sign));
        }
    }
    plain
}

/// `first-last`, with blanks around the dash or not. None if the text is not meant as a range,
/// because what comes before the dash is no address.
fn range(text: &str) -> Option<Result<Token, RejectReason>> {
    let (first, last) = text.split_once('-')?;
    match address(first.trim_end()) {
        Ok(first) => Some(range_from(first, last.trim_start())),
        Err(RejectReason::LeadingZero) => Some(Err(RejectReason::LeadingZero)),
        Err(_) => None,
    }
}

fn range_from(first: IpAddr, last: &str) -> Result<Token, RejectReason> {
    let last = match address(last) {
        Ok(last) => last,
        Err(RejectReason::LeadingZero) => return Err(RejectReason::LeadingZero),
        Err(_) if is_number(last) => return Err(RejectReason::ShortRange),
        Err(_) => return Err(RejectReason::RangeEnd),
    };
    let mut warnings = Vec::new();
    if [first, last].iter().any(is_mapped) {
        warnings.push(WarningKind::MappedIpv4);
    }
    Ok(Token { prefixes: range_to_prefixes(first, last)?, warnings })
}

/// An address or a prefix, the address perhaps with a port.
fn single(text: &str) -> Result<Token, RejectReason> {
    if let Some((address_text, length)) = text.split_once('/') {
        return prefix(address(address_text)?, length);
    }
    let address_only = address(text);
    if let (Err(_), Some(without_port)) = (&address_only, without_port(text)) {
        return without_port.map(|(address, has_port)| {
            let mut token = host(address);
            if has_port {
                token.warnings.push(WarningKind::PortIgnored);
            }
            token
        });
    }
    address_only.map(host)
}

fn prefix(address: IpAddr, length: &str) -> Result<Token, RejectReason> {
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = Some(length)
        .filter(|length| is_number(length) && (*length == "0" || !length.starts_with('0')))
        .and_then(|length| length.parse().ok());
    let net = length.and_then(|length| IpNet::new(address, length).ok());
    net.map(token).ok_or(RejectReason::PrefixLength { longest })
}

fn host(address: IpAddr) -> Token {
    token(IpNet::from(address))
}

fn token(written: IpNet) -> Token {
    let canonical = canonical_prefix(written);
    let mut warnings = Vec::new();
    if written.trunc() != written {
        warnings.push(WarningKind::HostBits);
    }
    if matches!((written, canonical), (IpNet::V6(_), IpNet::V4(_))) {
        warnings.push(WarningKind::MappedIpv4);
    }
    Token { prefixes: vec![canonical], warnings }
}

/// `203.0.113.9:8080`, `[2001:db8::9]:443`, or `[2001:db8::9]` where there is no port to ignore. None
/// for text of any other shape.
fn without_port(text: &str) -> Option<Result<(IpAddr, bool), RejectReason>> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (inside, after) = bracketed.split_once(']')?;
        let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
        let address = address(inside).ok().filter(IpAddr::is_ipv6)?;
        return port.is_none_or(is_port).then_some(Ok((address, port.is_some())));
    }
    // A second colon would make it an IPv6 address, and a damaged one.
    let (before, port) = text.split_once(':')?;
    match address(before) {
        Ok(address) if is_port(port) => Some(Ok((address, true))),
        Err(RejectReason::LeadingZero) => Some(Err(RejectReason::LeadingZero)),
        _ => None,
    }
}

fn address(text: &str) -> Result<IpAddr, RejectReason> {
    parse_ip(text.as_bytes()).ok_or_else(|| {
        // One more than there can be, of a text that may be long.
        let octets: Vec<&str> = text.splitn(5, '.').collect();
        let ambiguous = octets.iter().any(|octet| octet.len() > 1 && octet.starts_with('0'));
        if octets.len() == 4 && octets.iter().all(|octet| is_number(octet)) && ambiguous {
            RejectReason::LeadingZero
        } else {
            RejectReason::NotAnAddress
        }
    })
}

fn is_mapped(address: &IpAddr) -> bool {
    address.is_ipv6() && address.to_canonical().is_ipv4()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_port(text: &str) -> bool {
    is_number(text) && text.parse::<u16>().is_ok()
}

/// The limit that the prefixes pass together, if they do. All are of one family.
fn too_wide(prefixes: &[IpNet]) -> Option<u8> {
    let first = prefixes.first()?;
    let widest = if matches!(first, IpNet::V4(_)) { WIDEST_V4 } else { WIDEST_V6 };
    (addresses(prefixes) > 1_u128 << (first.max_prefix_len() - widest)).then_some(widest)
}

/// The address, prefix or range that `prefixes`, ascending and without gaps, stand for.
pub(crate) fn canonical_text(prefixes: &[IpNet]) -> String {
    match prefixes {
        [] => String::new(),
        [only] if only.prefix_len() == only.max_prefix_len() => only.addr().to_string(),
        [only] => only.to_string(),
        [first, .., last] => format!("{}-{}", first.network(), last.broadcast()),
    }
}
