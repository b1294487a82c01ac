//! The one table of flow log fields. Schema, decoder, SQL columns, the `fields` command and the docs
//! page derive from it.
//!
//! Source: the AWS VPC User Guide, "Flow log records", and the AWS Transit Gateway guide, "Flow log
//! records"; versions 7 to 11 after the announcements of 2024 to 2026.

use std::fmt;

use arrow::datatypes::{DataType, TimeUnit};

/// What a field holds, and so how its text is checked and which Arrow type it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any text. Arrow `Utf8View`.
    Text,
    /// The text of an IPv4 or IPv6 address. Arrow `Utf8View`.
    Address,
    /// `ACCEPT` or `REJECT`. Arrow `Utf8View`.
    Action,
    /// `OK`, `NODATA` or `SKIPDATA`. Arrow `Utf8View`.
    LogStatus,
    /// A whole number from 0 to the bound. Arrow `Int32`.
    Int(u32),
    /// A 64-bit counter. Arrow `UInt64`.
    Counter,
    /// Whole seconds since 1970. Arrow `Timestamp(Nanosecond, "+00:00")`: with a coarser unit, SQL
    /// would cut the fraction off a literal before comparing.
    Time,
}

impl Kind {
    /// The Arrow type of a column of this kind. All columns are nullable: `-` is NULL.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => DataType::Utf8View,
            Kind::Int(_) => DataType::Int32,
            Kind::Counter => DataType::UInt64,
            Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into())),
        }
    }
}

/// One field of the flow log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name as AWS spells it in text headers, for example `interface-id`.
    pub name: &'static str,
    /// The name as AWS spells it in Parquet and as SQL knows it, for example `interface_id`.
    pub column: &'static str,
    /// The flow log version that brought the field.
    pub since: u8,
    /// What it holds.
    pub kind: Kind,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// The number of a field: its place in [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(u8);

impl FieldId {
    /// The field's row of the table.
    #[must_use]
    pub fn field(self) -> &'static Field {
        &FIELDS[usize::from(self.0)]
    }

    /// The place in [`FIELDS`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// All fields, in the order of the table.
    pub fn all() -> impl Iterator<Item = FieldId> {
        (0..FIELDS.len()).map(|index| FieldId(index as u8))
    }

    /// Finds a field by name. Hyphen and underscore are the same, and case does not matter.
    #[must_use]
    pub fn by_name(name: &[u8]) -> Option<FieldId> {
        let same = |field: &Field| {
            field.name.len() == name.len()
                && field.name.bytes().zip(name).all(|(ours, theirs)| {
                    ours == theirs.to_ascii_lowercase() || (ours == b'-' && *theirs == b'_')
                })
        };
        FIELDS.iter().position(same).map(|index| FieldId(index as u8))
    }
}

/// The name as AWS spells it, for example `interface-id`.
impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.field().name)
    }
}

/// Declares the table and a constant for each field's number.
macro_rules! fields {
    ($($id:ident, $name:literal, $column:literal, $since:literal, $kind:expr, $meaning:literal;)*) => {
        /// Every field of every flow log version: VPC, transit gateway and ECS.
        pub static FIELDS: &[Field] = &[
            $(Field { name: $name, column: $column, since: $since, kind: $kind, meaning: $meaning },)*
        ];
        fields!(@ids 0u8; $($id, $name;)*);
    };
    (@ids $n:expr; $id:ident, $name:literal; $($rest:tt)*) => {
        impl FieldId {
            #[doc = concat!("The field `", $name, "`.")]
            pub const $id: FieldId = FieldId($n);
        }
        fields!(@ids $n + 1u8; $($rest)*);
    };
    (@ids $n:expr;) => {};
}

use Kind::{Action, Address, Counter, Int, LogStatus, Text, Time};

#[rustfmt::skip]
fields! {
    VERSION, "version", "version", 2, Int(255), "Highest version among the fields of the record";
    ACCOUNT_ID, "account-id", "account_id", 2, Text, "Account that owns the source interface; `unknown` for interfaces that an AWS service made";
    INTERFACE_ID, "interface-id", "interface_id", 2, Text, "Network interface that logged the record; `-` for a regional NAT gateway";
    SRCADDR, "srcaddr", "srcaddr", 2, Address, "Source address; the interface's own side is always its primary private IPv4 address";
    DSTADDR, "dstaddr", "dstaddr", 2, Address, "Destination address; the interface's own side is always its primary private IPv4 address";
    SRCPORT, "srcport", "srcport", 2, Int(65_535), "Source port; 0 for ICMP";
    DSTPORT, "dstport", "dstport", 2, Int(65_535), "Destination port; 0 for ICMP";
    PROTOCOL, "protocol", "protocol", 2, Int(255), "IANA protocol number: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6";
    PACKETS, "packets", "packets", 2, Counter, "Packets of the flow in this interval and direction";
    BYTES, "bytes", "bytes", 2, Counter, "Layer 3 bytes of the flow in this interval and direction";
    START, "start", "start", 2, Time, "When the first packet of the interval came, up to 60 seconds late";
    END, "end", "end", 2, Time, "When the last packet of the interval came, up to 60 seconds late";
    ACTION, "action", "action", 2, Action, "`ACCEPT`, or `REJECT` by a security group or network ACL";
    LOG_STATUS, "log-status", "log_status", 2, LogStatus, "`OK`, `NODATA` (no traffic) or `SKIPDATA` (records were lost)";
    VPC_ID, "vpc-id", "vpc_id", 3, Text, "VPC of the interface";
    SUBNET_ID, "subnet-id", "subnet_id", 3, Text, "Subnet of the interface";
    INSTANCE_ID, "instance-id", "instance_id", 3, Text, "Instance of the interface; `-` for interfaces of AWS services";
    TCP_FLAGS, "tcp-flags", "tcp_flags", 3, Int(65_535), "TCP flags of the interval, or-ed: FIN 1, SYN 2, RST 4, SYN-ACK 18; 0 if none of them";
    TYPE, "type", "type", 3, Text, "`IPv4`, `IPv6` or `EFA`";
    PKT_SRCADDR, "pkt-srcaddr", "pkt_srcaddr", 3, Address, "Source address of the packet itself, beyond NAT and other middle layers";
    PKT_DSTADDR, "pkt-dstaddr", "pkt_dstaddr", 3, Address, "Destination address of the packet itself, beyond NAT and other middle layers";
    REGION, "region", "region", 4, Text, "Region of the interface";
    AZ_ID, "az-id", "az_id", 4, Text, "Availability Zone of the interface";
    SUBLOCATION_TYPE, "sublocation-type", "sublocation_type", 4, Text, "`wavelength`, `outpost` or `localzone`";
    SUBLOCATION_ID, "sublocation-id", "sublocation_id", 4, Text, "Id of the sublocation";
    PKT_SRC_AWS_SERVICE, "pkt-src-aws-service", "pkt_src_aws_service", 5, Text, "AWS service whose range holds pkt-srcaddr";
    PKT_DST_AWS_SERVICE, "pkt-dst-aws-service", "pkt_dst_aws_service", 5, Text, "AWS service whose range holds pkt-dstaddr";
    FLOW_DIRECTION, "flow-direction", "flow_direction", 5, Text, "`ingress` or `egress`, seen from the interface";
    TRAFFIC_PATH, "traffic-path", "traffic_path", 5, Int(2_147_483_647), "Way that egress traffic took: 1 same VPC, 2 or 8 internet gateway, 3 virtual private gateway, 4 peering, 5 inter-Region peering, 6 local gateway, 7 gateway endpoint";
    RESOURCE_TYPE, "resource-type", "resource_type", 6, Text, "Resource that logged the record, for example `TransitGateway`";
    TGW_ID, "tgw-id", "tgw_id", 6, Text, "Transit gateway";
    TGW_ATTACHMENT_ID, "tgw-attachment-id", "tgw_attachment_id", 6, Text, "Transit gateway attachment";
    TGW_SRC_VPC_ACCOUNT_ID, "tgw-src-vpc-account-id", "tgw_src_vpc_account_id", 6, Text, "Account of the source VPC";
    TGW_DST_VPC_ACCOUNT_ID, "tgw-dst-vpc-account-id", "tgw_dst_vpc_account_id", 6, Text, "Account of the destination VPC";
    TGW_SRC_VPC_ID, "tgw-src-vpc-id", "tgw_src_vpc_id", 6, Text, "Source VPC";
    TGW_DST_VPC_ID, "tgw-dst-vpc-id", "tgw_dst_vpc_id", 6, Text, "Destination VPC";
    TGW_SRC_SUBNET_ID, "tgw-src-subnet-id", "tgw_src_subnet_id", 6, Text, "Subnet of the source traffic";
    TGW_DST_SUBNET_ID, "tgw-dst-subnet-id", "tgw_dst_subnet_id", 6, Text, "Subnet of the destination traffic";
    TGW_SRC_ENI, "tgw-src-eni", "tgw_src_eni", 6, Text, "Source attachment interface";
    TGW_DST_ENI, "tgw-dst-eni", "tgw_dst_eni", 6, Text, "Destination attachment interface";
    TGW_SRC_AZ_ID, "tgw-src-az-id", "tgw_src_az_id", 6, Text, "Availability Zone of the source attachment";
    TGW_DST_AZ_ID, "tgw-dst-az-id", "tgw_dst_az_id", 6, Text, "Availability Zone of the destination attachment";
    TGW_PAIR_ATTACHMENT_ID, "tgw-pair-attachment-id", "tgw_pair_attachment_id", 6, Text, "Attachment at the other side of the flow";
    PACKETS_LOST_NO_ROUTE, "packets-lost-no-route", "packets_lost_no_route", 6, Counter, "Packets lost for want of a route";
    PACKETS_LOST_BLACKHOLE, "packets-lost-blackhole", "packets_lost_blackhole", 6, Counter, "Packets lost in a blackhole route";
    PACKETS_LOST_MTU_EXCEEDED, "packets-lost-mtu-exceeded", "packets_lost_mtu_exceeded", 6, Counter, "Packets lost for their size";
    PACKETS_LOST_TTL_EXPIRED, "packets-lost-ttl-expired", "packets_lost_ttl_expired", 6, Counter, "Packets lost for their age in hops";
    ECS_CLUSTER_ARN, "ecs-cluster-arn", "ecs_cluster_arn", 7, Text, "ARN of the ECS cluster";
    ECS_CLUSTER_NAME, "ecs-cluster-name", "ecs_cluster_name", 7, Text, "Name of the ECS cluster";
    ECS_CONTAINER_INSTANCE_ARN, "ecs-container-instance-arn", "ecs_container_instance_arn", 7, Text, "ARN of the ECS container instance; `-` on Fargate";
    ECS_CONTAINER_INSTANCE_ID, "ecs-container-instance-id", "ecs_container_instance_id", 7, Text, "Id of the ECS container instance; `-` on Fargate";
    ECS_CONTAINER_ID, "ecs-container-id", "ecs_container_id", 7, Text, "Docker runtime id of the first container of the task";
    ECS_SECOND_CONTAINER_ID, "ecs-second-container-id", "ecs_second_container_id", 7, Text, "Docker runtime id of the second container of the task";
    ECS_SERVICE_NAME, "ecs-service-name", "ecs_service_name", 7, Text, "Name of the ECS service";
    ECS_TASK_DEFINITION_ARN, "ecs-task-definition-arn", "ecs_task_definition_arn", 7, Text, "ARN of the ECS task definition";
    ECS_TASK_ARN, "ecs-task-arn", "ecs_task_arn", 7, Text, "ARN of the ECS task";
    ECS_TASK_ID, "ecs-task-id", "ecs_task_id", 7, Text, "Id of the ECS task";
    REJECT_REASON, "reject-reason", "reject_reason", 8, Text, "Why traffic was rejected: `BPA` (block public access), `EC` (encryption controls); an open set";
    RESOURCE_ID, "resource-id", "resource_id", 9, Text, "Resource that logged the record where it has no interface: a regional NAT gateway";
    ENCRYPTION_STATUS, "encryption-status", "encryption_status", 10, Int(2_147_483_647), "0 not encrypted, 1 by Nitro, 2 by the application, 3 by both";
    INSTANCE_TAG, "instance-tag", "instance_tag", 11, Text, "Value of the chosen tag of the instance, percent-encoded";
    INSTANCE_TAG_2, "instance-tag-2", "instance_tag_2", 11, Text, "Value of the second chosen tag of the instance, percent-encoded";
    INTERFACE_TAG, "interface-tag", "interface_tag", 11, Text, "Value of the chosen tag of the interface, percent-encoded";
    INTERFACE_TAG_2, "interface-tag-2", "interface_tag_2", 11, Text, "Value of the second chosen tag of the interface, percent-encoded";
    ASG_TAG, "asg-tag", "asg_tag", 11, Text, "Value of the chosen tag of the Auto Scaling group, percent-encoded";
    ASG_TAG_2, "asg-tag-2", "asg_tag_2", 11, Text, "Value of the second chosen tag of the Auto Scaling group, percent-encoded";
    INTERFACE_TYPE, "interface-type", "interface_type", 11, Text, "`nat_gateway`, `network_load_balancer`, `regional_nat_gateway`, `transit_gateway` or `vpc_endpoint`";
    NEXT_HOP_INTERFACE_ID, "next-hop-interface-id", "next_hop_interface_id", 11, Text, "Interface that receives egress traffic or sent ingress traffic";
    NEXT_HOP_SUBNET_ID, "next-hop-subnet-id", "next_hop_subnet_id", 11, Text, "Subnet of the next hop's interface";
    NEXT_HOP_AZ_ID, "next-hop-az-id", "next_hop_az_id", 11, Text, "Availability Zone of the next hop's interface";
    NEXT_HOP_VPC_ID, "next-hop-vpc-id", "next_hop_vpc_id", 11, Text, "VPC of the next hop's interface";
    NEXT_HOP_INTERFACE_TYPE, "next-hop-interface-type", "next_hop_interface_type", 11, Text, "Type of the next hop's interface, as interface-type";
}

/// The 14 fields of the default format (version 2), in AWS's order.
pub const DEFAULT_FORMAT: [FieldId; 14] = [
    FieldId::VERSION,
    FieldId::ACCOUNT_ID,
    FieldId::INTERFACE_ID,
    FieldId::SRCADDR,
    FieldId::DSTADDR,
    FieldId::SRCPORT,
    FieldId::DSTPORT,
    FieldId::PROTOCOL,
    FieldId::PACKETS,
    FieldId::BYTES,
    FieldId::START,
    FieldId::END,
    FieldId::ACTION,
    FieldId::LOG_STATUS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_points_at_its_own_row() {
        assert_eq!(FieldId::VERSION.field().name, "version");
        assert_eq!(FieldId::LOG_STATUS.field().name, "log-status");
        assert_eq!(FieldId::TGW_PAIR_ATTACHMENT_ID.field().name, "tgw-pair-attachment-id");
        assert_eq!(FieldId::NEXT_HOP_INTERFACE_TYPE.index(), FIELDS.len() - 1);
    }

    #[test]
    fn column_names_are_the_names_with_underscores() {
        for field in FIELDS {
            assert_eq!(field.column, field.name.replace('-', "_"));
        }
    }

    #[test]
    fn names_are_found_whatever_the_hyphen_or_case_and_are_unique() {
        for id in FieldId::all() {
            let field = id.field();
            assert_eq!(FieldId::by_name(field.name.as_bytes()), Some(id));
            assert_eq!(FieldId::by_name(field.column.as_bytes()), Some(id));
            assert_eq!(FieldId::by_name(field.name.to_uppercase().as_bytes()), Some(id));
        }
        assert_eq!(FieldId::by_name(b"some-future-field"), None);
        assert_eq!(FieldId::by_name(b""), None);
    }

    #[test]
    fn each_version_has_its_count_of_fields() {
        // 14 default, 29 with version 5, then 18 of transit gateways, 10 of ECS, and so on.
        let up_to = |version| FIELDS.iter().filter(|field| field.since <= version).count();
        assert_eq!([2, 3, 4, 5].map(up_to), [14, 21, 25, 29]);
        let of = |version| FIELDS.iter().filter(|field| field.since == version).count();
        assert_eq!([6, 7, 8, 9, 10, 11].map(of), [18, 10, 1, 1, 1, 12]);
    }
}
