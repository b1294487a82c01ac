//! The tests in words.

use super::{EvidenceTest, fan_out, flood, volume};

impl EvidenceTest {
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
}

/// `port 22`, `ports 5985 and 5986`.
pub(super) fn ports_text(ports: &[u16]) -> String {
    match ports {
        [] => "any port".to_owned(),
        [port] => format!("port {port}"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(u16::to_string).collect();
            format!("ports {} and {last}", first.join(", "))
        }
    }
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
}
