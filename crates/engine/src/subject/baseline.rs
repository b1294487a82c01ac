//! What a subject did before: its traffic in an earlier window as something to compare with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{
    Baseline, BaselinePort, Conversation, Coverage, Gap, Observed, Overflow, ServicePort,
    TimelineHour, Traffic,
};
use jiff::{SignedDuration, Timestamp};

use super::SubjectTraffic;
use crate::answer::Answer;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Answer<SubjectTraffic> {
    /// The subject's traffic in the window of the question as a baseline; `None` if objects could not be
    /// read: an hour that seems quiet may be one of theirs.
    ///
    /// Only hours count in which the subject was observed without a gap; idle ones are among them.
    ///
    /// # Errors
    ///
    /// [`Overflow`] if a total of an hour exceeds 64 bits.
    pub fn baseline(&self, claimed: &BTreeSet<IpAddr>) -> Result<Option<Baseline>, Overflow> {
        let coverage = &self.coverage;
        if coverage.objects.unreadable() + coverage.objects.not_read > 0 {
            return Ok(None);
        }
        let of_claimed = |conversation: &&Conversation| {
            conversation.remote.is_some_and(|remote| claimed.contains(&remote.to_canonical()))
        };
        let conversations = &self.value.observations.conversations;
        let mut claimed_hours: BTreeMap<Timestamp, Traffic> = BTreeMap::new();
        for conversation in conversations.iter().filter(of_claimed) {
            if let Some(hour) = conversation.hour {
                claimed_hours.entry(hour).or_default().merge(&conversation.traffic)?;
            }
        }
        let known = |hour: &Timestamp| !coverage.gaps.iter().any(|gap| touches(gap, *hour));
        let mut hours: BTreeMap<Timestamp, Traffic> =
            self.value.timeline.iter().map(|hour| (hour.start, hour.traffic)).collect();
        for hour in observed_hours(coverage) {
            hours.entry(hour).or_default();
        }
        let told = |hours: BTreeMap<Timestamp, Traffic>| -> Vec<TimelineHour> {
            let hours = hours.into_iter().filter(|(hour, _)| known(hour));
            hours.map(|(start, traffic)| TimelineHour { start, traffic }).collect()
        };
        Ok(Some(Baseline {
            window: self.value.observations.window,
            hours: told(hours),
            claimed_hours: told(claimed_hours),
            ports: ports(conversations),
        }))
    }
}

/// The hours that lie within a stretch in which an interface was observed.
fn observed_hours(coverage: &Coverage) -> BTreeSet<Timestamp> {
    coverage.observed.iter().flat_map(whole_hours).collect()
}

fn whole_hours(observed: &Observed) -> impl Iterator<Item = Timestamp> {
    let from = observed.from.as_second();
    let first = from + (3600 - from.rem_euclid(3600)) % 3600;
    let last = observed.to.as_second() - 3600;
    let seconds = (first..=last).step_by(3600);
    seconds.filter_map(|second| Timestamp::from_second(second).ok())
}

/// Whether a gap reaches into an hour.
fn touches(gap: &Gap, hour: Timestamp) -> bool {
    let end = hour.checked_add(HOUR).unwrap_or(Timestamp::MAX);
    gap.from < end && gap.to > hour
}

/// The service ports in use, with the days and the records.
fn ports(conversations: &[Conversation]) -> Vec<BaselinePort> {
    let mut ports: BTreeMap<(Option<u8>, ServicePort), (BTreeSet<i64>, u64)> = BTreeMap::new();
    for conversation in conversations.iter().filter(|of| of.traffic.flows > 0) {
        let Some(port) = conversation.port else { continue };
        let (days, flows) = ports.entry((conversation.protocol, port)).or_default();
        days.extend(conversation.hour.map(|hour| hour.as_second().div_euclid(86_400)));
        *flows = flows.saturating_add(conversation.traffic.flows);
    }
    let ports = ports.into_iter().map(|((protocol, port), (days, flows))| BaselinePort {
        protocol,
        port,
        days: days.len() as u64,
        flows,
    });
    ports.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::ReadObjects;
    use flowproof_evidence::{Observations, PortSide};
    use std::collections::BTreeMap as Map;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn conversation(remote: &str, hour: &str, bytes_out: u64) -> Conversation {
        let traffic = Traffic { bytes_out, flows: 1, ..Traffic::default() };
        Conversation {
            interface: Some("eni-1".into()),
            local: None,
            remote: Some(remote.parse().unwrap()),
            protocol: Some(6),
            port: Some(ServicePort { side: PortSide::Remote, port: 443 }),
            hour: Some(at(hour)),
            traffic,
        }
    }

    /// Observed from 00:30 to 05:00 but for a gap at 03:10; traffic at 01:00, 03:00 and, claimed, at
    /// 01:00 and on the next day.
    fn answer() -> Answer<SubjectTraffic> {
        let conversations = vec![
            conversation("203.0.113.9", "2025-06-01T01:00:00Z", 5),
            conversation("192.0.2.1", "2025-06-01T01:00:00Z", 7),
            conversation("192.0.2.1", "2025-06-01T03:00:00Z", 11),
            conversation("203.0.113.9", "2025-06-02T01:00:00Z", 13),
        ];
        let hour = |start: &str, bytes_out| TimelineHour {
            start: at(start),
            traffic: Traffic { bytes_out, ..Traffic::default() },
        };
        let timeline = vec![
            hour("2025-06-01T01:00:00Z", 12),
            hour("2025-06-01T03:00:00Z", 11),
            hour("2025-06-02T01:00:00Z", 13),
        ];
        let interface = || "eni-1".to_owned();
        let observed = Observed {
            interface: interface(),
            from: at("2025-06-01T00:30:00Z"),
            to: at("2025-06-01T05:00:00Z"),
        };
        let gap = Gap {
            interface: interface(),
            from: at("2025-06-01T03:10:00Z"),
            to: at("2025-06-01T03:20:00Z"),
            why: "no record".into(),
        };
        let coverage =
            Coverage { observed: vec![observed], gaps: vec![gap], ..Coverage::default() };
        let observations = Observations { conversations, ..Observations::default() };
        let value = SubjectTraffic { observations, timeline, ..SubjectTraffic::default() };
        Answer { value, coverage, objects: ReadObjects::none(), overlaps: Map::new() }
    }

    #[test]
    fn hours_that_were_observed_count_idle_ones_too_and_hours_with_a_gap_do_not() {
        let claimed = BTreeSet::from(["203.0.113.9".parse().unwrap()]);
        let baseline = answer().baseline(&claimed).unwrap().unwrap();
        let hours = |hours: &[TimelineHour]| -> Vec<(String, u64)> {
            hours.iter().map(|h| (h.start.to_string(), h.traffic.bytes_out)).collect()
        };
        let expected = [
            ("2025-06-01T01:00:00Z", 12),
            ("2025-06-01T02:00:00Z", 0),
            ("2025-06-01T04:00:00Z", 0),
            ("2025-06-02T01:00:00Z", 13),
        ];
        assert_eq!(hours(&baseline.hours), expected.map(|(hour, bytes)| (hour.to_owned(), bytes)));
        let expected = [("2025-06-01T01:00:00Z", 5), ("2025-06-02T01:00:00Z", 13)];
        let claimed = hours(&baseline.claimed_hours);
        assert_eq!(claimed, expected.map(|(hour, bytes)| (hour.to_owned(), bytes)));
        let [port] = &baseline.ports[..] else { panic!("{:?}", baseline.ports) };
        assert_eq!((port.port.port, port.days, port.flows), (443, 2, 4));
    }

    #[test]
    fn what_could_not_be_read_leaves_no_baseline() {
        let mut answer = answer();
        answer.coverage.objects.denied = 1;
        assert_eq!(answer.baseline(&BTreeSet::new()).unwrap(), None);
    }
}
