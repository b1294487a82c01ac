//! Evidence tests: questions that a finding's type puts to the records beyond "was there contact".
//!
//! Each test is a pure function in a file of its own. It gets a few values and gives a [`Look`]: an
//! answer, a sentence and figures. What nobody looked at is answered [`TestAnswer::NotLookedAt`],
//! which never speaks for or against a claim. Which type asks which test, and with which thresholds,
//! stands in the table of `types/`.

mod brute_force;
mod drip;
mod fan_out;
mod flood;
mod follow_up;
mod listed;
mod long_connection;
mod new_port;
mod no_reply;
mod peers;
mod port_spread;
mod probed_ports;
mod resolver;
mod scene;
mod sessions;
mod upload;
mod volume;

#[cfg(test)]
pub(crate) mod fixture;

use flowproof_evidence::{Conversation, Overflow, PortSide};
use serde::Serialize;

pub(crate) use scene::Scene;

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
        /// The port; `None` takes the one that the finding names.
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

/// What the records answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestAnswer {
    /// They show it.
    Shown,
    /// They were looked at and do not show it.
    NotShown,
    /// They were not looked at, or lack what the test needs. It speaks for nothing.
    NotLookedAt,
}

/// One figure of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its name with its unit, for example `bytes_out`.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
}

/// A test and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// The test's name, for example `flood`.
    pub test: &'static str,
    /// Whether the verdict depends on it. If not, it only tells more.
    pub decides: bool,
    /// What the records answer.
    pub answer: TestAnswer,
    /// The answer in words.
    pub said: String,
    /// The figures behind it; none if nothing was looked at.
    pub figures: Vec<Figure>,
}

/// What a test gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) answer: TestAnswer,
    pub(crate) said: String,
    pub(crate) figures: Vec<Figure>,
}

impl Look {
    fn new(shown: bool, said: String, figures: &[(&'static str, u64)]) -> Look {
        let figure = |&(name, value)| Figure { name, value };
        let answer = if shown { TestAnswer::Shown } else { TestAnswer::NotShown };
        Look { answer, said, figures: figures.iter().map(figure).collect() }
    }

    fn none(why: &str) -> Look {
        let answer = TestAnswer::NotLookedAt;
        Look { answer, said: why.to_owned(), figures: Vec::new() }
    }
}

const NOTHING_THERE: &str = "there is no traffic in the claimed place to look at";
const NO_CONNECTIONS: &str = "single connections were not looked at";

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

    /// What it asks, with its thresholds, as the end of "the records are asked ...".
    #[must_use]
    pub fn question(&self) -> String {
        match *self {
            EvidenceTest::Sessions => {
                "who opened the connections and whether any was answered, by tcp-flags".to_owned()
            }
            EvidenceTest::ProbedPorts => {
                "which of the subject's ports were probed, and whether they answered".to_owned()
            }
            EvidenceTest::FanOut { port, bare, remotes } => fan_out::question(port, bare, remotes),
            EvidenceTest::PortSpread { ports } => {
                format!("whether the subject tried at least {ports} ports of the remote")
            }
            EvidenceTest::BruteForce { ports, connections } => format!(
                "whether there were at least {connections} connections on {}, and one far larger than \
                 the rest",
                ports_text(ports)
            ),
            EvidenceTest::Flood { protocols, ports, packets, per_second } => {
                flood::question(protocols, ports, packets, per_second)
            }
            EvidenceTest::LongConnection { seconds } => {
                format!("whether a connection lasted at least {seconds} seconds")
            }
            EvidenceTest::Listed => "whether the remote is on a list that was given".to_owned(),
            EvidenceTest::NewPort { days } => format!(
                "whether the port was unused before (a baseline that knows at least {days} days)"
            ),
            EvidenceTest::Volume { days, spread } => volume::question(days, spread),
            EvidenceTest::NoReply { percent } => {
                format!("whether the bytes that came back are at most {percent} % of those sent")
            }
            EvidenceTest::Resolver { port } => {
                format!("whether something was sent to the remote's port {port}")
            }
            EvidenceTest::Upload => "whether more was sent than came back".to_owned(),
            EvidenceTest::Drip { hours } => format!(
                "whether bytes went out in at least {hours} different hours, no one of them with half \
                 of the total"
            ),
            EvidenceTest::FollowUp => {
                "what the subject had with the addresses that the asker named".to_owned()
            }
            EvidenceTest::Peers => "who else in the logs talked to the remote".to_owned(),
        }
    }

    /// Whether a yes rests on something that is not in the records: where some were lost, it may have
    /// been in those.
    fn rests_on_absence(&self) -> bool {
        matches!(self, EvidenceTest::NoReply { .. } | EvidenceTest::FanOut { bare: true, .. })
    }

    /// Puts the test to the records. What rests on absence is not answered where records were lost.
    pub(crate) fn ask(&self, scene: &Scene<'_>) -> Result<Look, Overflow> {
        let mut look = self.look(scene)?;
        if scene.lossy && self.rests_on_absence() && look.answer == TestAnswer::Shown {
            look.answer = TestAnswer::NotLookedAt;
            look.said.push_str("; records are missing, so what is not there proves nothing");
        }
        Ok(look)
    }

    /// Puts the test to the records as they are.
    fn look(&self, scene: &Scene<'_>) -> Result<Look, Overflow> {
        let (place, connections) = (scene.place.as_slice(), scene.connections.as_deref());
        match *self {
            EvidenceTest::Sessions => sessions::look(connections),
            EvidenceTest::ProbedPorts => Ok(probed_ports::look(place)),
            EvidenceTest::FanOut { port, bare, remotes } => {
                let ports = port.map_or_else(|| scene.claimed_remote_ports(), |port| [port].into());
                Ok(fan_out::look(&ports, bare, remotes, &scene.in_time))
            }
            EvidenceTest::PortSpread { ports } => Ok(port_spread::look(ports, &scene.with_remotes)),
            EvidenceTest::BruteForce { ports, connections: enough } => {
                brute_force::look(ports, enough, place, connections)
            }
            EvidenceTest::Flood { protocols, ports, packets, per_second } => {
                flood::look(protocols, ports, [packets, per_second], place, scene.peaks.as_deref())
            }
            EvidenceTest::LongConnection { seconds } => {
                Ok(long_connection::look(seconds, connections))
            }
            EvidenceTest::Listed => Ok(listed::look(&scene.remotes, scene.listed)),
            EvidenceTest::NewPort { days } => {
                Ok(new_port::look(days, scene.claims, scene.baseline))
            }
            EvidenceTest::Volume { days, spread } => {
                volume::look(days, spread, place, scene.baseline)
            }
            EvidenceTest::NoReply { percent } => no_reply::look(percent, place),
            EvidenceTest::Resolver { port } => resolver::look(port, place),
            EvidenceTest::Upload => upload::look(place),
            EvidenceTest::Drip { hours } => drip::look(hours, place),
            EvidenceTest::FollowUp => follow_up::look(scene.named, &scene.in_time),
            EvidenceTest::Peers => Ok(peers::look(&scene.asked(), scene.own, scene.peers)),
        }
    }
}

/// `port 22`, `ports 5985 and 5986`.
fn ports_text(ports: &[u16]) -> String {
    match ports {
        [] => "any port".to_owned(),
        [port] => format!("port {port}"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(u16::to_string).collect();
            format!("ports {} and {last}", first.join(", "))
        }
    }
}

/// `1 flow`, `2 flows`.
fn several(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Whether traffic to a port of the remote's, up to this one, may be told under a lower port of the
/// subject's own: the lower of the two is the one that a conversation is told by. Nobody connects from a
/// port below 1024, where services live.
fn may_hide(conversation: &Conversation, highest: u16) -> bool {
    conversation
        .port
        .is_some_and(|port| port.side == PortSide::Local && (1024..highest).contains(&port.port))
}

/// Adds counters up.
fn sum(counters: impl Iterator<Item = u64>, counter: &'static str) -> Result<u64, Overflow> {
    let mut total = 0_u64;
    for more in counters {
        total = total.checked_add(more).ok_or(Overflow { counter })?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_told_as_people_say_them() {
        assert_eq!(ports_text(&[22]), "port 22");
        assert_eq!(ports_text(&[5985, 5986]), "ports 5985 and 5986");
        assert_eq!(ports_text(&[1, 2, 3]), "ports 1, 2 and 3");
    }

    #[test]
    fn a_sum_beyond_64_bits_is_an_error() {
        assert_eq!(sum([u64::MAX, 0].into_iter(), "packets_out"), Ok(u64::MAX));
        let overflow = Overflow { counter: "packets_out" };
        assert_eq!(sum([u64::MAX, 1].into_iter(), "packets_out"), Err(overflow));
    }
}
