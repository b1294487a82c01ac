//! Evidence tests: questions that a finding's type puts to the records beyond "was there contact".
//!
//! Each test is a pure function in a file of its own. It gets a few values and gives a [`Look`]: an
//! answer, a sentence and figures. What nobody looked at is answered [`TestAnswer::NotLookedAt`],
//! which never speaks for or against a claim. Which type asks which test, and with which thresholds,
//! stands in the table of `types/`.

mod arithmetic;
mod ask;
mod brute_force;
mod drip;
mod fan_out;
mod flood;
mod follow_up;
mod hidden;
mod listed;
mod long_connection;
mod look;
mod new_port;
mod no_reply;
mod peers;
mod port_spread;
mod probed_ports;
mod question;
mod resolver;
mod scene;
mod sessions;
mod upload;
mod volume;

#[cfg(test)]
pub(crate) mod fixture;

pub use look::{Figure, TestAnswer, TestResult};

pub(crate) use look::Look;
pub(crate) use scene::Scene;

use arithmetic::{sum, total};
use hidden::may_hide;
use look::{NO_CONNECTIONS, NOTHING_THERE};
use question::ports_text;

use crate::corroborate::several;

/// A test with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EvidenceTest {
    /// Who opened the connections, and whether they were answered, by `tcp-flags`.
    Sessions,
    /// Which of the subject's ports were probed, and whether they answered.
    ProbedPorts,
    /// To how many remotes the subject sent on one port.
    FanOut {
        /// The port, over TCP; `None` takes the one that the finding names, in any protocol.
        port: Option<u16>,
        /// Whether only remotes count with which no payload was exchanged.
        bare: bool,
        /// Remotes from which on it is a fan-out.
        remotes: u64,
    },
    /// How many of the remote's ports the subject tried.
    PortSpread {
        /// Ports from which on it is a scan.
        ports: u64,
    },
    /// Many connections to a login service, and perhaps one that is far larger.
    BruteForce {
        /// The service's ports.
        ports: &'static [u16],
        /// Connections from which on it is guessing.
        connections: u64,
    },
    /// Packets sent at the remote, and how fast.
    Flood {
        /// Which protocols count.
        protocols: Protocols,
        /// The remote's ports that count; empty for all.
        ports: &'static [u16],
        /// Packets from which on it is a flood.
        packets: u64,
        /// Packets a second in the busiest minute from which on it is one.
        per_second: u64,
    },
    /// How long the longest connection lasted.
    LongConnection {
        /// Seconds from which on it is long.
        seconds: u64,
    },
    /// Whether the remote is on a list that was given.
    Listed,
    /// Whether the port was in use in the baseline.
    NewPort {
        /// Days that the baseline must know.
        days: u64,
    },
    /// Bytes out to the remote in an hour, against the same hour of the days before.
    Volume {
        /// Days that the baseline must know.
        days: u64,
        /// The least spread that is assumed, in bytes: days that are all alike have none.
        spread: u64,
    },
    /// Whether the remote sent next to nothing back.
    NoReply {
        /// Bytes in, in percent of bytes out, up to which it is no reply.
        percent: u64,
    },
    /// Whether the subject used the remote as a resolver, on this port.
    Resolver {
        /// 53 (DNS), 443 (DNS over HTTPS) or 853 (DNS over TLS).
        port: u16,
    },
    /// Whether the subject sent more than it got.
    Upload,
    /// Whether what was sent is spread over hours. Totals tell, single records do not.
    Drip {
        /// Hours with bytes out from which on it is spread.
        hours: u64,
    },
    /// Connections with addresses that the asker named: a finding about a domain has none itself.
    FollowUp,
    /// Who else in the logs talked to the remote.
    Peers,
}

/// The protocols that a flood is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocols {
    /// This IANA protocol number.
    Only(u8),
    /// Any but ICMP, TCP, UDP and ICMPv6.
    Unusual,
}

impl EvidenceTest {
    /// The test's name, for example `flood`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            EvidenceTest::Sessions => "sessions",
            EvidenceTest::ProbedPorts => "probed_ports",
            EvidenceTest::FanOut { .. } => "fan_out",
            EvidenceTest::PortSpread { .. } => "port_spread",
            EvidenceTest::BruteForce { .. } => "brute_force",
            EvidenceTest::Flood { .. } => "flood",
            EvidenceTest::LongConnection { .. } => "long_connection",
            EvidenceTest::Listed => "listed",
            EvidenceTest::NewPort { .. } => "new_port",
            EvidenceTest::Volume { .. } => "volume",
            EvidenceTest::NoReply { .. } => "no_reply",
            EvidenceTest::Resolver { .. } => "resolver",
            EvidenceTest::Upload => "upload",
            EvidenceTest::Drip { .. } => "drip",
            EvidenceTest::FollowUp => "follow_up",
            EvidenceTest::Peers => "peers",
        }
    }
}
