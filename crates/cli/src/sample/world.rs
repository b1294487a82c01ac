//! Who is there: accounts, flow logs, interfaces, and what they talk about.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use super::peers::Peers;
use super::random::Random;
use super::{BEGIN, BUCKET, SampleFormat, SampleLayout, SampleOptions};

/// The interface that the finding is about.
pub(super) const SUBJECT_INTERFACE: &str = "eni-0a1b2c3d4e5f60001";
/// Its instance.
pub(super) const SUBJECT_INSTANCE: &str = "i-0aaaabbbbcccc0001";
/// Its address.
pub(super) const SUBJECT_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 5);
/// The Tor node that the finding names.
pub(super) const TOR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
/// The port that it was contacted on.
pub(super) const TOR_PORT: u16 = 9001;

/// Ports of services that interfaces use, the usual ones more often.
const OUTWARD: [(u16, u8); 12] = [
    (443, 6),
    (443, 6),
    (443, 6),
    (443, 6),
    (80, 6),
    (53, 17),
    (53, 17),
    (123, 17),
    (5432, 6),
    (6379, 6),
    (25, 6),
    (22, 6),
];
/// Ports of services that interfaces offer.
const INWARD: [(u16, u8); 5] = [(443, 6), (443, 6), (80, 6), (8080, 6), (22, 6)];
/// AWS services, as version 5 names them; most peers are none.
const SERVICES: [&str; 4] = ["S3", "DYNAMODB", "EC2", "CLOUDFRONT"];
/// Conversations that an interface has at a time.
const SLOTS: u64 = 32;

/// One flow log and what its records share.
#[derive(Debug)]
pub(super) struct FlowLog {
    pub(super) id: String,
    pub(super) format: SampleFormat,
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) az: &'static str,
    pub(super) vpc: String,
    pub(super) subnet: String,
    /// The aggregation interval in seconds.
    pub(super) interval: u64,
    /// Its interfaces with traffic, the busiest first. There is always one.
    pub(super) busy: Vec<usize>,
    /// Its interfaces without.
    pub(super) idle: Vec<usize>,
}

/// One network interface.
#[derive(Debug)]
pub(super) struct Interface {
    pub(super) number: u64,
    pub(super) id: String,
    /// `None`: an AWS service made it.
    pub(super) instance: Option<String>,
    pub(super) address: Ipv4Addr,
    pub(super) ipv6: Option<Ipv6Addr>,
    /// Whether it passes on what others send: the packets' addresses are not the records'.
    pub(super) is_nat: bool,
    pub(super) flow_log: usize,
}

/// What an interface talks about with whom, for some intervals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conversation {
    pub(super) own: IpAddr,
    pub(super) own_port: u16,
    pub(super) remote: IpAddr,
    pub(super) remote_port: u16,
    pub(super) protocol: u8,
    /// Whether the interface began it.
    pub(super) outward: bool,
    /// Bytes of a usual packet, each way.
    pub(super) packet_out: u64,
    pub(super) packet_in: u64,
    pub(super) service: Option<&'static str>,
    /// The packets' own address on the interface's side, if it is another's.
    pub(super) behind: Option<Ipv4Addr>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) options: SampleOptions,
    pub(super) flow_logs: Vec<FlowLog>,
    pub(super) interfaces: Vec<Interface>,
    /// The place of the subject in `interfaces`.
    pub(super) subject: usize,
    pub(super) peers: Peers,
}

impl World {
    pub(super) fn new(options: &SampleOptions) -> World {
        let formats = &options.formats;
        let subjects_log = formats.iter().position(|f| *f == SampleFormat::V5).unwrap_or(0);
        let mut flow_logs: Vec<FlowLog> = formats
            .iter()
            .enumerate()
            .map(|(index, format)| flow_log(index, *format, index == subjects_log, options.seed))
            .collect();
        let by_records = (options.records / 400).clamp(6 * formats.len() as u64, 4000);
        let count = options.interfaces.map_or(by_records, u64::from);
        let interfaces: Vec<Interface> = (0..count)
            .map(|number| {
                let flow_log = (number as usize + subjects_log) % formats.len();
                interface(number, flow_log, options.seed)
            })
            .collect();
        for (index, interface) in interfaces.iter().enumerate() {
            let flow_log = &mut flow_logs[interface.flow_log];
            // The last sixth is idle. The subject, number 0, has a story of its own.
            match index {
                0 => {}
                _ if index as u64 * 6 >= count * 5 => flow_log.idle.push(index),
                _ => flow_log.busy.push(index),
            }
        }
        let peers = Peers::new(options);
        World { options: options.clone(), flow_logs, interfaces, subject: 0, peers }
    }

    pub(super) fn subject(&self) -> &Interface {
        &self.interfaces[self.subject]
    }

    pub(super) fn subjects_log(&self) -> &FlowLog {
        &self.flow_logs[self.subject().flow_log]
    }

    /// The first second of the records, and the second after the last.
    pub(super) fn span(&self) -> (i64, i64) {
        (BEGIN, bucket_begin(self.options.buckets()))
    }

    /// What an interface talks about in one of its slots at a time. A slot keeps its conversation for
    /// two to 32 periods of five minutes, the first slots the longest.
    pub(super) fn conversation(
        &self,
        interface: &Interface,
        slot: u64,
        bucket: u64,
    ) -> Conversation {
        let lifetime = 2 + 30 / (slot + 1);
        let epoch = (bucket + slot) / lifetime;
        let seed = self.options.seed;
        let mut random = Random::of(seed, &[interface.number, slot, epoch]);
        let outward = random.happens(700);
        let services: &[(u16, u8)] = if outward { &OUTWARD } else { &INWARD };
        let (service_port, protocol) = match random.below(60) {
            0 => (0, 1),
            _ => random.one_of(services),
        };
        let high_port = if protocol == 1 { 0 } else { 32_768 + random.below(28_232) as u16 };
        let (own_port, remote_port) =
            if outward { (high_port, service_port) } else { (service_port, high_port) };
        let small = protocol == 17 || service_port == 0;
        let packet = |random: &mut Random| {
            if small { 60 + random.below(140) } else { 52 + random.below(1400) }
        };
        let (own, remote) = self.addresses(interface, slot, outward, &mut random);
        let protocol = if protocol == 1 && own.is_ipv6() { 58 } else { protocol };
        Conversation {
            own,
            own_port,
            remote,
            remote_port,
            protocol,
            outward,
            packet_out: packet(&mut random),
            packet_in: packet(&mut random),
            service: random.happens(150).then(|| random.one_of(&SERVICES)),
            behind: interface.is_nat.then(|| {
                self.interfaces[random.below(self.interfaces.len() as u64) as usize].address
            }),
        }
    }

    /// A slot of an interface: the first ones more often.
    pub(super) fn slot(random: &mut Random) -> u64 {
        random.below_with_favourites(SLOTS)
    }

    fn addresses(
        &self,
        interface: &Interface,
        slot: u64,
        outward: bool,
        random: &mut Random,
    ) -> (IpAddr, IpAddr) {
        if let Some(own) = interface.ipv6.filter(|_| slot % 4 == 1) {
            let remote = self.peers.v6(self.peers.draw(random));
            return (own.into(), remote.into());
        }
        let inside = outward && random.happens(300);
        let remote = if inside {
            // Not with the subject, whose own story would have to tell it too, nor with itself.
            let others = self.interfaces.len() - 1;
            let other = 1 + random.below_with_favourites(others as u64) as usize;
            let is_itself = other as u64 == interface.number;
            self.interfaces[if is_itself { 1 + other % others } else { other }].address
        } else {
            self.peers.v4(self.peers.draw(random))
        };
        (interface.address.into(), remote.into())
    }

    /// The key of an object, from the folder `logs` on.
    pub(super) fn key(&self, flow_log: usize, bucket: u64) -> String {
        let flow_log = &self.flow_logs[flow_log];
        let stamp = Timestamp::from_second(bucket_begin(bucket)).unwrap_or(Timestamp::MAX);
        let (account, region) = (flow_log.account, flow_log.region);
        let date = |form: &str| stamp.strftime(form).to_string();
        let classic = format!("AWSLogs/{account}/vpcflowlogs/{region}");
        let hive =
            format!("AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}");
        let folder = match self.options.layout {
            SampleLayout::Classic => classic + &date("/%Y/%m/%d"),
            SampleLayout::ClassicHourly => classic + &date("/%Y/%m/%d/%H"),
            SampleLayout::Hive => hive + &date("/year=%Y/month=%m/day=%d"),
            SampleLayout::HiveHourly => hive + &date("/year=%Y/month=%m/day=%d/hour=%H"),
        };
        let hash = Random::of(self.options.seed, &[bucket]).number() as u32;
        let id = &flow_log.id;
        let stamp = date("%Y%m%dT%H%MZ");
        format!("{folder}/{account}_vpcflowlogs_{region}_{id}_{stamp}_{hash:08x}.log.gz")
    }
}

/// The first second of a bucket.
pub(super) fn bucket_begin(bucket: u64) -> i64 {
    BEGIN + BUCKET * bucket as i64
}

fn flow_log(index: usize, format: SampleFormat, is_subjects: bool, seed: u64) -> FlowLog {
    // The subject's own account and Region come first; the custom format has neither in its records.
    let elsewhere = format == SampleFormat::Custom && !is_subjects;
    let mut random = Random::of(seed, &[1, index as u64]);
    let mut id = |kind: &str| format!("{kind}-0{:016x}", random.number());
    FlowLog {
        id: id("fl"),
        format,
        account: if elsewhere { "210987654321" } else { "123456789012" },
        region: if elsewhere { "eu-west-1" } else { "us-east-1" },
        az: if elsewhere { "euw1-az2" } else { "use1-az1" },
        vpc: id("vpc"),
        subnet: id("subnet"),
        // A Nitro instance has a minute whatever was asked for; the subject is one.
        interval: match format {
            SampleFormat::V2 | SampleFormat::Custom if !is_subjects => 600,
            _ => 60,
        },
        busy: Vec::new(),
        idle: Vec::new(),
    }
}

fn interface(number: u64, flow_log: usize, seed: u64) -> Interface {
    let mut random = Random::of(seed, &[2, number]);
    let [a, b] = [(number / 200) as u8, (number % 200) as u8 + 10];
    let is_service = number % 11 == 7;
    let mut interface = Interface {
        number,
        id: format!("eni-0{:016x}", random.number()),
        instance: (!is_service).then(|| format!("i-0{:016x}", random.number())),
        address: Ipv4Addr::new(10, 16 + flow_log as u8 % 200, a, b),
        ipv6: (number % 3 == 1)
            .then(|| Ipv6Addr::new(0x2001, 0xdb8, flow_log as u16, number as u16, 0, 0, 0, 5)),
        is_nat: number % 33 == 7,
        flow_log,
    };
    if number == 0 {
        interface.id = SUBJECT_INTERFACE.to_owned();
        interface.instance = Some(SUBJECT_INSTANCE.to_owned());
        interface.address = SUBJECT_ADDRESS;
    }
    interface
}
