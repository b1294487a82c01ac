//! What everybody but the subject does: an endless mix, cut to an object's share.

use std::net::IpAddr;

use super::line::{Body, Flow, Record};
use super::random::Random;
use super::world::{Conversation, FlowLog, Interface, TOR, TOR_PORT, World, bucket_begin};

/// Of a thousand draws. A conversation gives two records and the others one, so that three records in
/// a hundred are REJECTs, and two are NODATA.
const REJECTS: u64 = 58;
const IDLE: u64 = 38;
/// Of a hundred thousand draws.
const LOST: u64 = 20;
/// Draws that go to one interface before another one's turn comes: fewer than so many, mostly few.
const LONGEST_RUN: u64 = 30;
/// Ports that scanners try.
const SCANNED: [u16; 8] = [22, 22, 23, 3389, 445, 8080, 5900, 1433];
/// What the flags of TCP come to in an interval: mostly nothing, since most connections last.
const TCP_FLAGS: [u8; 8] = [0, 0, 0, 0, 2, 3, 19, 1];

/// The records of one flow log in one bucket, in the order of their minutes.
#[derive(Debug)]
pub(super) struct Traffic<'w> {
    world: &'w World,
    flow_log: &'w FlowLog,
    bucket: u64,
    /// The minute that the next record belongs to.
    pub(super) minute: u64,
    random: Random,
    /// The interface whose turn it is, and for how many more draws.
    run: (&'w Interface, u64),
    /// The other direction of the record before.
    pending: Option<Record<'w>>,
    /// Whether another instance's one contact with the Tor node is still to come.
    contact: bool,
}

impl<'w> Traffic<'w> {
    pub(super) fn new(world: &'w World, flow_log: usize, bucket: u64) -> Self {
        let random = Random::of(world.options.seed, &[3, flow_log as u64, bucket]);
        let log = &world.flow_logs[flow_log];
        Traffic {
            world,
            flow_log: log,
            bucket,
            minute: 0,
            random,
            run: (&world.interfaces[log.busy[0]], 0),
            pending: None,
            contact: bucket == 0 && flow_log == world.subject().flow_log,
        }
    }

    /// The next record.
    pub(super) fn record(&mut self) -> Record<'w> {
        if let Some(record) = self.pending.take() {
            return record;
        }
        let interface = self.interface_in_turn();
        if std::mem::take(&mut self.contact) {
            return self.tor_contact(interface);
        }
        let draw = self.random.below(100_000);
        match draw / 100 {
            _ if draw < LOST => self.whole_interval(interface, Body::SkipData),
            draw if draw < REJECTS => self.scan(interface),
            draw if draw < REJECTS + IDLE && !self.flow_log.idle.is_empty() => {
                let idle = self.random.one_of(&self.flow_log.idle);
                self.whole_interval(&self.world.interfaces[idle], Body::NoData)
            }
            _ => self.conversation(interface),
        }
    }

    /// AWS writes the records of an interface's aggregation interval together, so that they come in
    /// runs; those of a busy one fall into several.
    fn interface_in_turn(&mut self) -> &'w Interface {
        let (interface, more) = self.run;
        self.run = match more {
            0 => (self.busy_interface(), self.random.below_with_favourites(LONGEST_RUN)),
            _ => (interface, more - 1),
        };
        self.run.0
    }

    fn busy_interface(&mut self) -> &'w Interface {
        let busy = &self.flow_log.busy;
        let place = self.random.below_with_favourites(busy.len() as u64);
        &self.world.interfaces[busy[place as usize]]
    }

    fn minute_begin(&self) -> i64 {
        bucket_begin(self.bucket) + 60 * self.minute as i64
    }

    fn whole_interval(&self, interface: &'w Interface, body: Body) -> Record<'w> {
        let end = self.minute_begin() + 58;
        let length = self.flow_log.interval as i64 - 2;
        Record { interface, start: end - length, end, body }
    }

    /// When the first and the last packet of a flow came. The last one came in this minute.
    fn times(&mut self, is_short: bool) -> (i64, i64) {
        let end = self.minute_begin() + 40 + self.random.below(20) as i64;
        let longest = if is_short { 3 } else { self.flow_log.interval - 20 };
        (end - self.random.below(longest) as i64, end)
    }

    fn conversation(&mut self, interface: &'w Interface) -> Record<'w> {
        let slot = World::slot(&mut self.random);
        let talk = self.world.conversation(interface, slot, self.bucket);
        let (start, end) = self.times(talk.protocol == 17);
        let (first, second) = both_ways(&talk, &mut self.random);
        let record = |flow| Record { interface, start, end, body: Body::Flow(flow) };
        self.pending = Some(record(second));
        record(first)
    }

    fn scan(&mut self, interface: &'w Interface) -> Record<'w> {
        let (start, end) = self.times(true);
        let scanner = self.world.peers.scanner(&mut self.random);
        let packets = 1 + self.random.below(3);
        let flow = Flow {
            own: interface.address.into(),
            own_port: self.random.one_of(&SCANNED),
            remote: scanner.into(),
            remote_port: 32_768 + self.random.below(28_232) as u16,
            protocol: 6,
            is_egress: false,
            packets,
            bytes: packets * self.random.one_of(&[40, 44, 60]),
            is_accepted: false,
            tcp_flags: 2,
            service: None,
            behind: None,
        };
        Record { interface, start, end, body: Body::Flow(flow) }
    }

    /// A record with the finding's remote that is none of the subject's.
    fn tor_contact(&mut self, interface: &'w Interface) -> Record<'w> {
        let (start, end) = self.times(false);
        let flow = Flow {
            own: interface.address.into(),
            own_port: 50_001,
            remote: IpAddr::V4(TOR),
            remote_port: TOR_PORT,
            protocol: 6,
            is_egress: true,
            packets: 9,
            bytes: 5208,
            is_accepted: true,
            tcp_flags: 2,
            service: None,
            behind: None,
        };
        Record { interface, start, end, body: Body::Flow(flow) }
    }
}

/// A conversation's two directions in one interval; the one that began it comes first.
pub(super) fn both_ways(talk: &Conversation, random: &mut Random) -> (Flow, Flow) {
    let magnitude = 1 + random.below_with_favourites(14);
    let packets = 1 + random.below(1 << magnitude);
    let answers = 1 + packets * (1 + random.below(6)) / 4;
    let flags = if talk.protocol == 6 { random.one_of(&TCP_FLAGS) } else { 0 };
    // Who answers a SYN does it with SYN and ACK.
    let answer_flags = if flags & 2 == 2 { flags | 16 } else { flags };
    let flow = |is_egress: bool, random: &mut Random| {
        let is_first = is_egress == talk.outward;
        let packets = if is_first { packets } else { answers };
        let packet = if is_egress { talk.packet_out } else { talk.packet_in };
        Flow {
            own: talk.own,
            own_port: talk.own_port,
            remote: talk.remote,
            remote_port: talk.remote_port,
            protocol: talk.protocol,
            is_egress,
            packets,
            bytes: packets * packet + random.below(packets * 8),
            is_accepted: true,
            tcp_flags: if is_first { flags } else { answer_flags },
            service: talk.service,
            behind: talk.behind,
        }
    };
    (flow(talk.outward, random), flow(!talk.outward, random))
}
