//! Where a scheduler is: `df://host:port`.

use std::fmt;
use std::str::FromStr;

use crate::ClusterError;

/// The port of a scheduler if an address names none.
pub const SCHEDULER_PORT: u16 = 50050;

/// A scheduler's host and port. It is read from `df://host:port`, and told as that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchedulerAddress {
    host: String,
    port: u16,
}

impl SchedulerAddress {
    /// The address of a host (a name, an IPv4 or an IPv6 address) and a port.
    pub fn new(host: impl Into<String>, port: u16) -> SchedulerAddress {
        SchedulerAddress { host: host.into(), port }
    }

    /// The host, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as gRPC clients want it: `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.authority())
    }

    fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for SchedulerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}", self.authority())
    }
}

impl FromStr for SchedulerAddress {
    type Err = ClusterError;

    /// Reads `df://host:port`, `df://host` (port 50050) and the same without `df://`.
    fn from_str(text: &str) -> Result<SchedulerAddress, ClusterError> {
        let wrong = || ClusterError::Address { text: text.to_owned() };
        let bare = match text.split_once("://") {
            Some(("df", bare)) => bare,
            Some(_) => return Err(wrong()),
            None => text,
        };
        let bare = bare.strip_suffix('/').unwrap_or(bare);
        let (host, port) = host_and_port(bare).ok_or_else(wrong)?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?,
            None => SCHEDULER_PORT,
        };
        Ok(SchedulerAddress::new(host, port))
    }
}

/// Takes a port from the end, and the brackets from an IPv6 address.
fn host_and_port(bare: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match bare.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match bare.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (bare, None),
        },
    };
    let is_of_a_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_of_a_host)).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_as_they_are_read() {
        for text in ["df://127.0.0.1:50050", "df://scheduler.internal:7000", "df://[2001:db8::1]:9"]
        {
            assert_eq!(text.parse::<SchedulerAddress>().unwrap().to_string(), text);
        }
        let address: SchedulerAddress = "scheduler".parse().unwrap();
        assert_eq!(address.to_string(), "df://scheduler:50050");
        assert_eq!(address.url(), "http://scheduler:50050");
    }

    #[test]
    fn what_is_no_address_is_told_as_it_was_written() {
        for text in
            ["", "df://", "http://host:1", "host:", "host:0", "host:70000", "a b", "u@h", "::1"]
        {
            let error = text.parse::<SchedulerAddress>().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
