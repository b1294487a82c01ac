//! Next steps that several types share. Short, and only what helps.

use super::NextSteps;

const ISOLATE: &str = "isolate the instance and keep its memory and disk for examination";
const SAME_REMOTE: &str =
    "look for the same remote at other instances (volumes --by instance,remote)";
const OTHER_REMOTES: &str = "look at the subject's other remotes in the same window (--list)";
const SERVICE: &str = "check what the service behind the port did with the connection";
const RESOLVER_LOGS: &str =
    "look for the domain in Route 53 Resolver query logs, and turn them on if they are off";
const NAME_ADDRESSES: &str =
    "find out the addresses of the domain at that time, and look for connections with them";

/// The instance seems to be in somebody else's hands.
pub(super) const COMPROMISED: &[&str] = &[ISOLATE, SAME_REMOTE, OTHER_REMOTES];

/// Somebody came in.
pub(super) const VISITED: &[&str] = &[SERVICE, OTHER_REMOTES];

/// The instance talked to a bad place, or the bad place to it.
pub(super) const CONTACT: NextSteps = NextSteps { outbound: COMPROMISED, inbound: VISITED };

/// The instance attacks others.
pub(super) const ATTACKING: NextSteps = NextSteps {
    outbound: &[
        ISOLATE,
        "stop the traffic at the security group or network ACL: others are being harmed, and AWS may \
         send an abuse report",
        OTHER_REMOTES,
    ],
    inbound: VISITED,
};

/// Somebody guesses passwords, or the instance does.
pub(super) const GUESSING: NextSteps = NextSteps {
    outbound: ATTACKING.outbound,
    inbound: &[
        "read the host's login records: flow logs cannot show whether a login succeeded",
        "close the port to the internet, or limit its sources",
        OTHER_REMOTES,
    ],
};

/// Somebody tries ports.
pub(super) const PROBED: NextSteps = NextSteps {
    outbound: ATTACKING.outbound,
    inbound: &[
        "close the port in the security group, or limit its sources",
        "check what answers on the host: flow logs do not show its own firewall",
        OTHER_REMOTES,
    ],
};

/// Something is not as usual.
const UNUSUAL_STEPS: &[&str] = &[
    "ask the owner of the instance whether a change, a backup or a release explains it",
    "compare with an earlier stretch of time (--from, --to)",
    OTHER_REMOTES,
];
pub(super) const UNUSUAL: NextSteps = NextSteps { outbound: UNUSUAL_STEPS, inbound: UNUSUAL_STEPS };

/// The instance asks another resolver.
const RESOLVER_STEPS: &[&str] = &[
    "find out which program asks another resolver, and whether it is meant to",
    "where it is not, let only the Amazon resolver through at the security group",
    OTHER_REMOTES,
];
pub(super) const RESOLVER: NextSteps =
    NextSteps { outbound: RESOLVER_STEPS, inbound: RESOLVER_STEPS };

/// The remote swallows traffic.
pub(super) const BLACKHOLE: NextSteps = NextSteps {
    outbound: &[
        "find out which program sends to an address where nobody answers: malware keeps calling \
         servers that were taken down",
        SAME_REMOTE,
        OTHER_REMOTES,
    ],
    inbound: VISITED,
};

/// A domain was asked for.
const DNS_STEPS: &[&str] = &[RESOLVER_LOGS, NAME_ADDRESSES];
pub(super) const DNS: NextSteps = NextSteps { outbound: DNS_STEPS, inbound: DNS_STEPS };

/// Data may have left in queries.
const TUNNEL_STEPS: &[&str] = &[
    RESOLVER_LOGS,
    "add up the length of the names asked for there: bytes inside queries are in no flow log",
    ISOLATE,
];
pub(super) const TUNNEL: NextSteps = NextSteps { outbound: TUNNEL_STEPS, inbound: TUNNEL_STEPS };

/// The instance's metadata, and so its credentials, may have been read.
const REBIND_STEPS: &[&str] = &[
    RESOLVER_LOGS,
    "require IMDSv2 at the instance, and look in CloudTrail for its role's credentials used elsewhere",
];
pub(super) const REBIND: NextSteps = NextSteps { outbound: REBIND_STEPS, inbound: REBIND_STEPS };

/// Several things happened together.
const SEQUENCE_STEPS: &[&str] = &[
    "judge the findings that the sequence is made of one by one",
    ISOLATE,
    SAME_REMOTE,
    OTHER_REMOTES,
];
pub(super) const SEQUENCE: NextSteps =
    NextSteps { outbound: SEQUENCE_STEPS, inbound: SEQUENCE_STEPS };

/// A type that nobody knows.
pub(super) const UNKNOWN: NextSteps = CONTACT;

/// What to do about a corroborated finding.
pub(crate) fn corroborated(name: &str, outbound: bool) -> &'static [&'static str] {
    let steps = super::finding_type(name).map_or(UNKNOWN, |of| of.next_steps);
    if outbound { steps.outbound } else { steps.inbound }
}

/// What to do about a query that no flow log shows.
pub(crate) fn query(name: &str) -> &'static [&'static str] {
    let from_dns = super::finding_type(name).filter(|of| of.source == super::DataSource::DnsLogs);
    from_dns.map_or(DNS_STEPS, |of| of.next_steps.outbound)
}
