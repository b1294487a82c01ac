//! One record as a line of text, in the columns of its flow log.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use super::SampleFormat;
use super::world::{FlowLog, Interface};

/// What a record says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'w> {
    pub(super) interface: &'w Interface,
    /// Seconds since 1970.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) body: Body,
}

/// What happened in the interval.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body {
    Flow(Flow),
    NoData,
    SkipData,
}

/// One direction of a conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    pub(super) own: IpAddr,
    pub(super) own_port: u16,
    pub(super) remote: IpAddr,
    pub(super) remote_port: u16,
    pub(super) protocol: u8,
    pub(super) is_egress: bool,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) is_accepted: bool,
    pub(super) tcp_flags: u8,
    pub(super) service: Option<&'static str>,
    /// The packets' own address on the interface's side, if it is another's.
    pub(super) behind: Option<Ipv4Addr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Version,
    Account,
    Interface,
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    Status,
    Vpc,
    Subnet,
    Instance,
    TcpFlags,
    Type,
    PacketSource,
    PacketDestination,
    Region,
    Zone,
    SublocationType,
    SublocationId,
    SourceService,
    DestinationService,
    Direction,
    TrafficPath,
}

use Column as C;

const V2: &[(&str, Column)] = &[
    ("version", C::Version),
    ("account-id", C::Account),
    ("interface-id", C::Interface),
    ("srcaddr", C::Source),
    ("dstaddr", C::Destination),
    ("srcport", C::SourcePort),
    ("dstport", C::DestinationPort),
    ("protocol", C::Protocol),
    ("packets", C::Packets),
    ("bytes", C::Bytes),
    ("start", C::Start),
    ("end", C::End),
    ("action", C::Action),
    ("log-status", C::Status),
];

const V3: &[(&str, Column)] = &[
    ("version", C::Version),
    ("vpc-id", C::Vpc),
    ("subnet-id", C::Subnet),
    ("instance-id", C::Instance),
    ("interface-id", C::Interface),
    ("account-id", C::Account),
    ("type", C::Type),
    ("srcaddr", C::Source),
    ("dstaddr", C::Destination),
    ("srcport", C::SourcePort),
    ("dstport", C::DestinationPort),
    ("pkt-srcaddr", C::PacketSource),
    ("pkt-dstaddr", C::PacketDestination),
    ("protocol", C::Protocol),
    ("bytes", C::Bytes),
    ("packets", C::Packets),
    ("start", C::Start),
    ("end", C::End),
    ("action", C::Action),
    ("tcp-flags", C::TcpFlags),
    ("log-status", C::Status),
];

const V5: &[(&str, Column)] = &[
    ("version", C::Version),
    ("account-id", C::Account),
    ("interface-id", C::Interface),
    ("srcaddr", C::Source),
    ("dstaddr", C::Destination),
    ("srcport", C::SourcePort),
    ("dstport", C::DestinationPort),
    ("protocol", C::Protocol),
    ("packets", C::Packets),
    ("bytes", C::Bytes),
    ("start", C::Start),
    ("end", C::End),
    ("action", C::Action),
    ("log-status", C::Status),
    ("vpc-id", C::Vpc),
    ("subnet-id", C::Subnet),
    ("instance-id", C::Instance),
    ("tcp-flags", C::TcpFlags),
    ("type", C::Type),
    ("pkt-srcaddr", C::PacketSource),
    ("pkt-dstaddr", C::PacketDestination),
    ("region", C::Region),
    ("az-id", C::Zone),
    ("sublocation-type", C::SublocationType),
    ("sublocation-id", C::SublocationId),
    ("pkt-src-aws-service", C::SourceService),
    ("pkt-dst-aws-service", C::DestinationService),
    ("flow-direction", C::Direction),
    ("traffic-path", C::TrafficPath),
];

const CUSTOM: &[(&str, Column)] = &[
    ("action", C::Action),
    ("bytes", C::Bytes),
    ("dstaddr", C::Destination),
    ("dstport", C::DestinationPort),
    ("end", C::End),
    ("instance-id", C::Instance),
    ("interface-id", C::Interface),
    ("log-status", C::Status),
    ("packets", C::Packets),
    ("protocol", C::Protocol),
    ("srcaddr", C::Source),
    ("srcport", C::SourcePort),
    ("start", C::Start),
];

fn columns(format: SampleFormat) -> &'static [(&'static str, Column)] {
    match format {
        SampleFormat::V2 => V2,
        SampleFormat::V3 => V3,
        SampleFormat::V5 => V5,
        SampleFormat::Custom => CUSTOM,
    }
}

/// Adds the header line of a format.
pub(super) fn push_header(text: &mut Vec<u8>, format: SampleFormat) {
    for (name, _) in columns(format) {
        text.extend_from_slice(name.as_bytes());
        text.push(b' ');
    }
    end_line(text);
}

/// Adds a record's line.
pub(super) fn push_record(text: &mut Vec<u8>, flow_log: &FlowLog, record: &Record<'_>) {
    for (_, column) in columns(flow_log.format) {
        match &record.body {
            Body::Flow(flow) => push_flow(text, *column, flow_log, record, flow),
            Body::NoData => push_rest(text, *column, flow_log, record, "NODATA"),
            Body::SkipData => push_rest(text, *column, flow_log, record, "SKIPDATA"),
        }
        text.push(b' ');
    }
    end_line(text);
}

/// Every column ends with a blank: the last one becomes the line's end.
fn end_line(text: &mut [u8]) {
    if let Some(last) = text.last_mut() {
        *last = b'\n';
    }
}

/// The columns of every record, with traffic or without.
fn push_rest(
    text: &mut Vec<u8>,
    column: Column,
    flow_log: &FlowLog,
    record: &Record<'_>,
    status: &str,
) {
    let interface = record.interface;
    match column {
        C::Version => push_number(text, version(flow_log.format)),
        // AWS does not tell the account of what its services made.
        C::Account if interface.is_nat => push(text, "unknown"),
        C::Account => push(text, flow_log.account),
        C::Interface => push(text, &interface.id),
        C::Start => push_number(text, record.start as u64),
        C::End => push_number(text, record.end as u64),
        C::Status => push(text, status),
        C::Vpc => push(text, &flow_log.vpc),
        C::Subnet => push(text, &flow_log.subnet),
        C::Instance => push(text, interface.instance.as_deref().unwrap_or("-")),
        _ => text.push(b'-'),
    }
}

fn push_flow(
    text: &mut Vec<u8>,
    column: Column,
    flow_log: &FlowLog,
    record: &Record<'_>,
    flow: &Flow,
) {
    let out = flow.is_egress;
    // What stands on the source's side and what on the destination's.
    let own = flow.behind.map_or(flow.own, IpAddr::V4);
    match (column, out) {
        (C::Source, true) | (C::Destination, false) => push_address(text, flow.own),
        (C::Source, false) | (C::Destination, true) => push_address(text, flow.remote),
        (C::SourcePort, true) | (C::DestinationPort, false) => push_port(text, flow.own_port),
        (C::SourcePort, false) | (C::DestinationPort, true) => push_port(text, flow.remote_port),
        (C::PacketSource, true) | (C::PacketDestination, false) => push_address(text, own),
        (C::PacketSource, false) | (C::PacketDestination, true) => push_address(text, flow.remote),
        (C::SourceService, false) | (C::DestinationService, true) => {
            push(text, flow.service.unwrap_or("-"));
        }
        (C::Protocol, _) => push_number(text, flow.protocol.into()),
        (C::Packets, _) => push_number(text, flow.packets),
        (C::Bytes, _) => push_number(text, flow.bytes),
        (C::Action, _) => push(text, if flow.is_accepted { "ACCEPT" } else { "REJECT" }),
        (C::TcpFlags, _) => push_number(text, flow.tcp_flags.into()),
        (C::Type, _) => push(text, if flow.own.is_ipv6() { "IPv6" } else { "IPv4" }),
        (C::Region, _) => push(text, flow_log.region),
        (C::Zone, _) => push(text, flow_log.az),
        (C::Direction, _) => push(text, if out { "egress" } else { "ingress" }),
        (C::TrafficPath, true) => push(text, if is_inside(flow.remote) { "1" } else { "8" }),
        _ => push_rest(text, column, flow_log, record, "OK"),
    }
}

fn version(format: SampleFormat) -> u64 {
    match format {
        SampleFormat::V2 => 2,
        SampleFormat::V3 | SampleFormat::Custom => 3,
        SampleFormat::V5 => 5,
    }
}

fn is_inside(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_private())
}

fn push(text: &mut Vec<u8>, word: &str) {
    text.extend_from_slice(word.as_bytes());
}

fn push_port(text: &mut Vec<u8>, port: u16) {
    push_number(text, port.into());
}

/// Adds a number's digits. The standard formatting machinery takes several times as long.
fn push_number(text: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20]; // 2^64 has 20.
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}

fn push_address(text: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for octet in address.octets() {
                push_number(text, octet.into());
                text.push(b'.');
            }
            text.pop();
        }
        // Rare enough. Writing to memory does not fail.
        IpAddr::V6(address) => drop(write!(text, "{address}")),
    }
}
