//! The types that GuardDuty takes from VPC flow logs.

use super::steps::{ATTACKING, BLACKHOLE, CONTACT, GUESSING, PROBED, RESOLVER, UNUSUAL};
use super::{DataSource, Expectation, FindingType, NextSteps};
use crate::EvidenceTest;
use crate::evidence_test::Protocols;

/// What every row has unless it says otherwise.
const ROW: FindingType = FindingType {
    name: "",
    source: DataSource::FlowLogs,
    severity: "High",
    about: "",
    shows: "",
    never: &[],
    payload: true,
    tests: &[],
    next_steps: CONTACT,
};

const fn tells(test: EvidenceTest, why: &'static str) -> Expectation {
    Expectation { test, decides: false, why }
}

const fn decides(test: EvidenceTest, why: &'static str) -> Expectation {
    Expectation { test, decides: true, why }
}

const SESSIONS: Expectation = tells(
    EvidenceTest::Sessions,
    "an answered opening shows that the two really spoke, and who began",
);
const PEERS: Expectation =
    tells(EvidenceTest::Peers, "what one instance talks to, others may talk to as well");
const DRIP: Expectation = tells(
    EvidenceTest::Drip { hours: 4 },
    "small amounts over many hours are how data leaves unnoticed; four hours with less than half in \
     each are no single transfer",
);
const UPLOAD: Expectation =
    tells(EvidenceTest::Upload, "a client mostly receives; one that mostly sends hands data over");
const LISTED: Expectation = tells(
    EvidenceTest::Listed,
    "the finding rests on a list: the same address on a list of yours is a second witness",
);

const fn flood(protocols: Protocols, ports: &'static [u16]) -> Expectation {
    decides(
        EvidenceTest::Flood { protocols, ports, packets: 10_000, per_second: 100 },
        "fewer than 10,000 packets, 600 kB of bare ones, slow nobody down; a busy client sends tens of \
         packets a second to one remote, a flood hundreds and more",
    )
}

const fn brute_force(ports: &'static [u16]) -> Expectation {
    decides(
        EvidenceTest::BruteForce { ports, connections: 10 },
        "a person who mistypes a password gives up or is let in after a few connections; guessing takes \
         many",
    )
}

const fn resolver(port: u16) -> Expectation {
    decides(
        EvidenceTest::Resolver { port },
        "the type is about this service's port; a single query is enough",
    )
}

const PAYLOAD: &str = "what was said: payload, domain names, process";
const LIST: &str = "the list that GuardDuty took the address from";
const INTENT: &str = "whether it is meant as an attack, and what it did at the target";
const LOGIN: &str = "whether a login succeeded";
const HOST_FIREWALL: &str = "the host's own firewall, and which program answers";
const NAMES: &str = "the names that were asked for";
const AWS_BASELINE: &str = "the baseline that GuardDuty learned, and its threshold";

pub(super) const TYPES: &[FindingType] = &[
    FindingType {
        name: "Backdoor:EC2/C&CActivity.B",
        about: "The instance talks to an address known as a command and control server.",
        shows: "accepted traffic with the remote in the claimed direction, bytes each way, and its \
                spread over hours",
        never: &[PAYLOAD, LIST],
        tests: &[SESSIONS, DRIP, LISTED, PEERS],
        ..ROW
    },
    FindingType {
        name: "Backdoor:EC2/DenialOfService.Dns",
        about: "The instance seems to take part in a flood over DNS.",
        shows: "many UDP packets to port 53 of the remote, fast",
        never: &[INTENT, "queries to the Amazon resolver"],
        payload: false,
        tests: &[flood(Protocols::Only(17), &[53])],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Backdoor:EC2/DenialOfService.Tcp",
        about: "The instance seems to take part in a flood over TCP.",
        shows: "many TCP packets to the remote, fast, mostly bare ones",
        never: &[INTENT],
        payload: false,
        tests: &[flood(Protocols::Only(6), &[]), SESSIONS],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Backdoor:EC2/DenialOfService.Udp",
        about: "The instance seems to take part in a flood over UDP.",
        shows: "many UDP packets to the remote, fast",
        never: &[INTENT],
        payload: false,
        tests: &[flood(Protocols::Only(17), &[])],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Backdoor:EC2/DenialOfService.UdpOnTcpPorts",
        about: "The instance sends a flood of UDP at ports that are mostly used with TCP.",
        shows: "many UDP packets to the remote's port that the finding names, fast",
        never: &[INTENT],
        payload: false,
        tests: &[flood(Protocols::Only(17), &[])],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Backdoor:EC2/DenialOfService.UnusualProtocol",
        about: "The instance sends a flood in a protocol that is seldom used.",
        shows: "many packets of a protocol that is neither TCP, UDP nor ICMP, fast",
        never: &[INTENT],
        payload: false,
        tests: &[flood(Protocols::Unusual, &[])],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Backdoor:EC2/Spambot",
        severity: "Medium",
        about: "The instance sends to port 25 of a remote, which it did not do before.",
        shows: "accepted TCP to port 25 of the remote, and of others",
        never: &["the mail itself, and whether it is spam"],
        tests: &[
            tells(
                EvidenceTest::FanOut { port: Some(25), bare: false, remotes: 5 },
                "a host with one mail relay talks to that relay; one that delivers mail itself talks \
                 to many servers",
            ),
            tells(
                EvidenceTest::NewPort { days: 5 },
                "GuardDuty says that port 25 was not in use before; a week without its weekend has five \
                 days",
            ),
            UPLOAD,
        ],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Behavior:EC2/NetworkPortUnusual",
        severity: "Medium",
        about: "The instance talks to a remote on a port that is not usual for it.",
        shows: "accepted traffic on the port, and none on it in the days before",
        never: &[AWS_BASELINE],
        tests: &[
            decides(
                EvidenceTest::NewPort { days: 5 },
                "a port that was in use in the days before is not unusual; a week without its weekend \
                 has five days",
            ),
            SESSIONS,
        ],
        next_steps: UNUSUAL,
        ..ROW
    },
    FindingType {
        name: "Behavior:EC2/TrafficVolumeUnusual",
        severity: "Medium",
        about: "The instance sends far more to a remote than it used to.",
        shows: "bytes out to the remote in an hour, far above the same hour of the days before",
        never: &[AWS_BASELINE, "what was sent"],
        tests: &[
            decides(
                EvidenceTest::Volume { days: 5, spread: 200_000 },
                "five days are the least of which a median and its spread say something; below a \
                 megabyte an hour (five times 200,000) nothing is a large volume",
            ),
            UPLOAD,
            DRIP,
        ],
        next_steps: UNUSUAL,
        ..ROW
    },
    FindingType {
        name: "CryptoCurrency:EC2/BitcoinTool.B",
        about: "The instance talks to an address that is used for mining or trading cryptocurrency.",
        shows: "accepted traffic with the pool's address and port, mostly in long connections",
        never: &["the wallet, the program, and what the processor does"],
        tests: &[
            tells(
                EvidenceTest::LongConnection { seconds: 600 },
                "a miner keeps its connection to the pool open; ten minutes is beyond a look at a web \
                 page",
            ),
            SESSIONS,
            LISTED,
            PEERS,
        ],
        ..ROW
    },
    FindingType {
        name: "DefenseEvasion:EC2/UnusualDNSResolver",
        severity: "Medium",
        about: "The instance asks a DNS resolver that is not usual for it.",
        shows: "accepted traffic to port 53 of the resolver: only queries to the Amazon resolver are \
                missing in flow logs",
        never: &[NAMES],
        tests: &[resolver(53), PEERS],
        next_steps: RESOLVER,
        ..ROW
    },
    FindingType {
        name: "DefenseEvasion:EC2/UnusualDoHActivity",
        severity: "Medium",
        about: "The instance asks for names over HTTPS, which is not usual for it.",
        shows: "accepted traffic to port 443 of the resolver",
        never: &[NAMES, "that it is DNS: it looks like any other HTTPS"],
        tests: &[resolver(443), PEERS],
        next_steps: RESOLVER,
        ..ROW
    },
    FindingType {
        name: "DefenseEvasion:EC2/UnusualDoTActivity",
        severity: "Medium",
        about: "The instance asks for names over TLS, which is not usual for it.",
        shows: "accepted traffic to port 853 of the resolver",
        never: &[NAMES],
        tests: &[resolver(853), PEERS],
        next_steps: RESOLVER,
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/PortSweep",
        about: "The instance tries one port on many addresses.",
        shows: "one port of many remotes, with bare packets or REJECTs",
        never: &["which services were found behind answers"],
        payload: false,
        tests: &[decides(
            EvidenceTest::FanOut { port: None, bare: true, remotes: 20 },
            "clients finish what they begin: twenty remotes on one port with which nothing was \
             exchanged are no accident",
        )],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/WinRMBruteForce",
        severity: "Low",
        about: "The instance guesses passwords of Windows Remote Management, or somebody guesses its.",
        shows: "many connections on port 5985 or 5986",
        never: &[LOGIN],
        tests: &[brute_force(&[5985, 5986]), SESSIONS],
        next_steps: GUESSING,
        ..ROW
    },
    FindingType {
        name: "Recon:EC2/PortProbeEMRUnprotectedPort",
        about: "A port of an EMR cluster's node is open to all, and a known scanner tries it.",
        shows: "accepted packets from each scanner to the port",
        never: &[HOST_FIREWALL],
        payload: false,
        tests: &[tells(
            EvidenceTest::ProbedPorts,
            "a port that answers is open; one that is let in and stays silent may be guarded by the host",
        )],
        next_steps: PROBED,
        ..ROW
    },
    FindingType {
        name: "Recon:EC2/PortProbeUnprotectedPort",
        severity: "Low",
        about: "A port of the instance is open to all, and a known scanner tries it.",
        shows: "accepted packets from each scanner to the port",
        never: &[HOST_FIREWALL],
        payload: false,
        tests: &[tells(
            EvidenceTest::ProbedPorts,
            "a port that answers is open; one that is let in and stays silent may be guarded by the host",
        )],
        next_steps: PROBED,
        ..ROW
    },
    FindingType {
        name: "Recon:EC2/Portscan",
        severity: "Medium",
        about: "The instance tries many ports of a remote.",
        shows: "many ports of one remote, with bare packets or REJECTs",
        never: &["which services were found behind answers"],
        payload: false,
        tests: &[decides(
            EvidenceTest::PortSpread { ports: 10 },
            "a client uses few ports of one server; passive FTP is the one exception, and looks alike",
        )],
        next_steps: ATTACKING,
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/BlackholeTraffic",
        severity: "Medium",
        about: "The instance talks to an address that swallows traffic and does not answer.",
        shows: "packets to the remote and next to none back",
        never: &["why nobody answers"],
        payload: false,
        tests: &[decides(
            EvidenceTest::NoReply { percent: 1 },
            "bare acknowledgements of an upload alone come to more than one percent of it",
        )],
        next_steps: BLACKHOLE,
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/DropPoint",
        severity: "Medium",
        about: "The instance talks to an address where stolen data is known to be left.",
        shows: "accepted traffic with the remote, and how much of it went out",
        never: &["what was sent"],
        tests: &[UPLOAD, DRIP, LISTED, PEERS],
        ..ROW
    },
    FindingType {
        name: "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
        severity: "Medium",
        about: "The instance talks to an address on a threat list of yours.",
        shows: "accepted traffic with the remote; with the same list given, the entry",
        never: &[PAYLOAD],
        tests: &[LISTED, SESSIONS, DRIP, PEERS],
        ..ROW
    },
    FindingType {
        name: "UnauthorizedAccess:EC2/RDPBruteForce",
        severity: "Low",
        about: "The instance guesses passwords of Remote Desktop, or somebody guesses its.",
        shows: "many connections on port 3389",
        never: &[LOGIN],
        tests: &[brute_force(&[3389]), SESSIONS],
        next_steps: GUESSING,
        ..ROW
    },
    FindingType {
        name: "UnauthorizedAccess:EC2/SSHBruteForce",
        severity: "Low",
        about: "The instance guesses passwords of SSH, or somebody guesses its.",
        shows: "many connections on port 22; one far larger than the rest hints at a login",
        never: &[LOGIN],
        tests: &[brute_force(&[22]), SESSIONS],
        next_steps: GUESSING,
        ..ROW
    },
    FindingType {
        name: "UnauthorizedAccess:EC2/TorClient",
        about: "The instance talks to a Tor guard or authority, as a client of the network does.",
        shows: "accepted traffic with the relay",
        never: &[
            "the circuit and where it leads",
            "that the remote is a relay: lists of exits do not hold guards",
        ],
        tests: &[LISTED, SESSIONS, PEERS],
        ..ROW
    },
    FindingType {
        name: "UnauthorizedAccess:EC2/TorRelay",
        about: "The instance talks to the Tor network as one of its relays does.",
        shows: "accepted traffic with relays, in both directions",
        never: &["the circuits that pass through it"],
        tests: &[LISTED, SESSIONS, PEERS],
        next_steps: RELAY,
        ..ROW
    },
];

/// A relay is visited and visits.
const RELAY: NextSteps = NextSteps { inbound: CONTACT.outbound, ..CONTACT };
