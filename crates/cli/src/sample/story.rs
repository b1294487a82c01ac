//! What the subject does, minute by minute, and what that adds up to.

use std::net::{IpAddr, Ipv4Addr};

use super::answer::SampleTotals;
use super::line::{Body, Flow, Record};
use super::random::Random;
use super::traffic::both_ways;
use super::world::{SUBJECT_ADDRESS, TOR, TOR_PORT, World, bucket_begin};

/// The subject's port in the claimed conversation.
pub(super) const OWN_PORT: u16 = 49_152;
/// Who knocks at the subject's port 22 in vain.
const PROBER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

/// The subject's records so far.
#[derive(Debug)]
pub(super) struct Story<'w> {
    world: &'w World,
    random: Random,
    /// Traffic with the remote that the finding names.
    pub(super) claimed: SampleTotals,
    /// All traffic.
    pub(super) all: SampleTotals,
    /// Bytes in and out of the newest interval of the claimed traffic.
    pub(super) newest: (u64, u64),
}

impl<'w> Story<'w> {
    pub(super) fn new(world: &'w World) -> Story<'w> {
        Story {
            world,
            random: Random::of(world.options.seed, &[4]),
            claimed: SampleTotals::default(),
            all: SampleTotals::default(),
            newest: (0, 0),
        }
    }

    /// The subject's records of one minute: never none, so that it is seen all the time, and at most
    /// five.
    pub(super) fn minute(&mut self, bucket: u64, minute: u64) -> Vec<Record<'w>> {
        let since_begin = bucket * 5 + minute;
        if (24..28).contains(&(since_begin % 30)) {
            return vec![self.idle(bucket, minute)];
        }
        let mut records = Vec::new();
        if since_begin > 0 {
            self.tor(since_begin == 1, bucket, minute, &mut records);
        }
        self.daily_business(bucket, minute, &mut records);
        if since_begin % 17 == 5 {
            let (start, end) = times(bucket, minute, 30, 31);
            records.push(self.record(start, end, probe(since_begin)));
        }
        records
    }

    fn idle(&self, bucket: u64, minute: u64) -> Record<'w> {
        let (start, end) = times(bucket, minute, 0, 58);
        Record { interface: self.world.subject(), start, end, body: Body::NoData }
    }

    fn tor(&mut self, is_first: bool, bucket: u64, minute: u64, records: &mut Vec<Record<'w>>) {
        let (start, end) = times(bucket, minute, self.random.below(3), 57 + self.random.below(3));
        let packets = 150 + self.random.below(200);
        let out = Flow {
            own: SUBJECT_ADDRESS.into(),
            own_port: OWN_PORT,
            remote: TOR.into(),
            remote_port: TOR_PORT,
            protocol: 6,
            is_egress: true,
            packets,
            bytes: packets * 1250 + self.random.below(packets * 90),
            is_accepted: true,
            tcp_flags: if is_first { 2 } else { 0 },
            service: None,
            behind: None,
        };
        let answers = packets * 6 / 10;
        let back = Flow {
            is_egress: false,
            packets: answers,
            bytes: answers * 52 + 543 * self.random.below(40),
            tcp_flags: if is_first { 18 } else { 0 },
            ..out
        };
        self.newest = (back.bytes, out.bytes);
        records.extend([self.record(start, end, out), self.record(start, end, back)]);
    }

    fn daily_business(&mut self, bucket: u64, minute: u64, records: &mut Vec<Record<'w>>) {
        let slot = World::slot(&mut self.random);
        let talk = self.world.conversation(self.world.subject(), slot, bucket);
        let (start, end) = times(bucket, minute, self.random.below(20), 30 + self.random.below(30));
        let (first, second) = both_ways(&talk, &mut self.random);
        records.extend([self.record(start, end, first), self.record(start, end, second)]);
    }

    /// Adds a flow to the totals and makes a record of it.
    fn record(&mut self, start: i64, end: i64, flow: Flow) -> Record<'w> {
        self.all.add(&flow, start, end);
        if flow.remote == IpAddr::V4(TOR) {
            self.claimed.add(&flow, start, end);
        }
        Record { interface: self.world.subject(), start, end, body: Body::Flow(flow) }
    }
}

/// From one second of a minute to another.
fn times(bucket: u64, minute: u64, from: u64, to: u64) -> (i64, i64) {
    let begin = bucket_begin(bucket) + 60 * minute as i64;
    (begin + from as i64, begin + to as i64)
}

fn probe(since_begin: u64) -> Flow {
    let packets = 1 + since_begin % 3;
    Flow {
        own: SUBJECT_ADDRESS.into(),
        own_port: 22,
        remote: PROBER.into(),
        remote_port: 51_000 + (since_begin % 999) as u16,
        protocol: 6,
        is_egress: false,
        packets,
        bytes: packets * 60,
        is_accepted: false,
        tcp_flags: 2,
        service: None,
        behind: None,
    }
}
