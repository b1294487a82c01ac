//! Putting a test to the records.

use flowproof_evidence::Overflow;

use super::{
    EvidenceTest, Look, Scene, TestAnswer, brute_force, drip, fan_out, flood, follow_up, listed,
    long_connection, new_port, no_reply, peers, port_spread, probed_ports, resolver, sessions,
    upload, volume,
};

const TCP: u8 = 6;

impl EvidenceTest {
    /// Whether a yes rests on something that is not in the records: where some were lost, it may have
    /// been in those.
    fn rests_on_absence(&self) -> bool {
        matches!(self, EvidenceTest::NoReply { .. } | EvidenceTest::FanOut { bare: true, .. })
    }

    /// Whether a yes rests on how much there was.
    fn rests_on_sums(&self) -> bool {
        matches!(
            self,
            EvidenceTest::Flood { .. }
                | EvidenceTest::Volume { .. }
                | EvidenceTest::BruteForce { .. }
        )
    }

    /// Puts the test to the records. What rests on absence is not answered where records were lost.
    pub(crate) fn ask(&self, scene: &Scene<'_>) -> Result<Look, Overflow> {
        let mut look = self.look(scene)?;
        if scene.doubled && self.rests_on_sums() && look.answer == TestAnswer::Shown {
            look.answer = TestAnswer::NotLookedAt;
            look.said.push_str("; records are counted more than once, so the sums prove nothing");
        }
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
                // A port that the table names is one of TCP; a sweep is in the protocol that is claimed.
                let protocol = port.map_or_else(|| scene.claimed_protocol(), |_| Some(TCP));
                let terms = fan_out::Terms { protocol, ports, bare, enough: remotes };
                Ok(fan_out::look(&terms, &scene.in_time))
            }
            EvidenceTest::PortSpread { ports } => Ok(port_spread::look(ports, &scene.with_remotes)),
            EvidenceTest::BruteForce { ports, connections: enough } => {
                brute_force::look(ports, enough, place, connections)
            }
            EvidenceTest::Flood { protocols, ports, packets, per_second } => flood::look(
                protocols,
                ports,
                [packets, per_second],
                place,
                scene.minutes.as_deref(),
            ),
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
