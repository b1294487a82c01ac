//! The types that GuardDuty takes from DNS logs. No flow log holds the query.

use super::steps::{DNS, REBIND, TUNNEL};
use super::{DataSource, Expectation, FindingType};
use crate::EvidenceTest;

const QUERY: &str = "the query: flow logs leave out all traffic with the Amazon resolver, and the \
                     finding names no address";

const FOLLOW_UP: Expectation = Expectation {
    test: EvidenceTest::FollowUp,
    decides: false,
    why: "a name is asked for to connect: the addresses that it stood for may be in the records",
};
const PEERS: Expectation = Expectation {
    test: EvidenceTest::Peers,
    decides: false,
    why: "others may have connected to the addresses that were named",
};

/// What every row has unless it says otherwise.
const ROW: FindingType = FindingType {
    name: "",
    source: DataSource::DnsLogs,
    severity: "High",
    about: "",
    shows: "connections that followed, if somebody names the domain's addresses",
    never: &[QUERY],
    payload: true,
    tests: &[FOLLOW_UP, PEERS],
    next_steps: DNS,
};

pub(super) const TYPES: &[FindingType] = &[
    FindingType {
        name: "Backdoor:EC2/C&CActivity.B!DNS",
        about: "The instance asks for a domain of a command and control server.",
        ..ROW
    },
    FindingType {
        name: "CryptoCurrency:EC2/BitcoinTool.B!DNS",
        about: "The instance asks for a domain that is used for cryptocurrency.",
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/AbusedDomainRequest.Reputation",
        severity: "Medium",
        about: "The instance asks for a known domain that is often abused.",
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/BitcoinDomainRequest.Reputation",
        about: "The instance asks for a domain of bad repute that has to do with cryptocurrency.",
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/MaliciousDomainRequest.Custom",
        severity: "Medium",
        about: "The instance asks for a domain on a threat list of yours.",
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/MaliciousDomainRequest.Reputation",
        about: "The instance asks for a domain known to be malicious.",
        ..ROW
    },
    FindingType {
        name: "Impact:EC2/SuspiciousDomainRequest.Reputation",
        severity: "Low",
        about: "The instance asks for a domain that is suspicious by its age or popularity.",
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/BlackholeTraffic!DNS",
        severity: "Medium",
        about: "The instance asks for a domain that leads to an address without an answer.",
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/DGADomainRequest.B",
        about: "The instance asks for domains that look as if a program had made them up.",
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/DGADomainRequest.C!DNS",
        about: "The instance asks for domains that a known malware makes up.",
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/DNSDataExfiltration",
        about: "The instance seems to send data out inside DNS queries.",
        shows: "nothing of what left through the Amazon resolver; connections that followed, if \
                somebody names addresses",
        never: &[QUERY, "the bytes inside queries: no figure stands for them, and least of all 0"],
        next_steps: TUNNEL,
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/DriveBySourceTraffic!DNS",
        about: "The instance asks for a domain known for downloads that infect a visitor.",
        shows: "the download that followed, if somebody names the domain's addresses",
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/DropPoint!DNS",
        severity: "Medium",
        about: "The instance asks for a domain where stolen data is known to be left.",
        ..ROW
    },
    FindingType {
        name: "Trojan:EC2/PhishingDomainRequest!DNS",
        about: "The instance asks for a domain that is used for phishing.",
        ..ROW
    },
    FindingType {
        name: "UnauthorizedAccess:EC2/MetadataDNSRebind",
        about: "The instance asks for a domain that leads to the instance metadata service.",
        shows: "nothing: neither the query nor traffic with the metadata service is logged",
        never: &[QUERY, "traffic with the instance metadata service"],
        tests: &[],
        next_steps: REBIND,
        ..ROW
    },
];
