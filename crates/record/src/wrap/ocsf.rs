//! Where OCSF Network Activity keeps the fields of a flow log record: one table for every reader of
//! OCSF, JSON or Parquet.
//!
//! Source: the mappings that AWS publishes in the `ocsf/examples` repository for schema versions
//! 1.0.0-rc.2, 1.1.0 and 1.5.0, and what Security Lake wrote before with 0.39.0. A flow log field that
//! AWS has no place for lies in `unmapped` under its own name.

use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use serde_json::{Map, Value};

use crate::field::FieldId;

/// The class of Network Activity.
pub const CLASS_UID: u64 = 4001;

/// One flow log field and where OCSF keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Mapping {
    /// The flow log field.
    pub field: FieldId,
    /// The places, in the order in which they are asked: the first that holds a value counts.
    pub places: &'static [Place],
    /// Whether the places are those of source and destination, of which the interface is only one:
    /// see [`Mapping::places`].
    pub of_interface: bool,
}

/// One attribute of OCSF.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The names from the root, parted by dots, for example `src_endpoint.ip`.
    pub path: &'static str,
    /// How its value is read.
    pub reading: Reading,
}

/// How a value of OCSF becomes a value of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading {
    /// As it stands.
    AsIs,
    /// The attribute is a list; its first value.
    First,
    /// Seconds or milliseconds since 1970: as they stand, the decoder tells them apart.
    Time,
    /// A time in RFC 3339, with a blank or a `T` in it; becomes seconds since 1970.
    TimeText,
    /// 1 is ACCEPT, 2 is REJECT.
    ActionId,
    /// `Allowed` is ACCEPT, `Blocked` and `Denied` are REJECT, `Unknown` and `Other` are none; others
    /// stay.
    ActionName,
    /// Before there were actions, AWS told them as activities: 1 (established) is ACCEPT, 5 (refused)
    /// is REJECT.
    ActivityId,
    /// 1 is ingress, 2 is egress.
    DirectionId,
    /// `Inbound` is ingress, `Outbound` is egress; `ingress` and `egress` stay.
    DirectionName,
    /// The traffic path plus 3.
    BoundaryId,
    /// 4 is IPv4, 6 is IPv6.
    VersionId,
    /// A text with `IPv4` or `IPv6` in it; others stay.
    VersionName,
}

/// Declares the rows of the table.
macro_rules! mappings {
    ($($field:ident $(of $interface:ident)?: $($path:literal $reading:ident),+;)*) => {
        /// Every flow log field that AWS maps to an attribute of OCSF.
        pub static MAPPINGS: &[Mapping] = &[
            $(Mapping {
                field: FieldId::$field,
                places: &[$(Place { path: $path, reading: Reading::$reading }),+],
                of_interface: mappings!(@ $($interface)?),
            },)*
        ];
    };
    (@ interface) => { true };
    (@) => { false };
}

#[rustfmt::skip]
mappings! {
    VERSION: "metadata.product.version" AsIs;
    ACCOUNT_ID: "cloud.account.uid" AsIs, "cloud.account_uid" AsIs;
    // AWS puts the packet's address here if it differs, and the other one into the list.
    SRCADDR: "src_endpoint.intermediate_ips" First, "src_endpoint.ip" AsIs;
    DSTADDR: "dst_endpoint.intermediate_ips" First, "dst_endpoint.ip" AsIs;
    PKT_SRCADDR: "src_endpoint.ip" AsIs;
    PKT_DSTADDR: "dst_endpoint.ip" AsIs;
    SRCPORT: "src_endpoint.port" AsIs;
    DSTPORT: "dst_endpoint.port" AsIs;
    PROTOCOL: "connection_info.protocol_num" AsIs;
    PACKETS: "traffic.packets" AsIs;
    BYTES: "traffic.bytes" AsIs;
    START: "start_time" Time, "traffic.start_time" Time, "start_time_dt" TimeText, "time" Time, "time_dt" TimeText;
    END: "end_time" Time, "traffic.end_time" Time, "end_time_dt" TimeText;
    ACTION: "action_id" ActionId, "disposition_id" ActionId, "action" ActionName, "disposition" ActionName, "activity_id" ActivityId;
    LOG_STATUS: "status_code" AsIs;
    INTERFACE_ID of interface: "src_endpoint.interface_uid" AsIs, "dst_endpoint.interface_uid" AsIs;
    INSTANCE_ID of interface: "src_endpoint.instance_uid" AsIs, "dst_endpoint.instance_uid" AsIs;
    VPC_ID of interface: "src_endpoint.vpc_uid" AsIs, "dst_endpoint.vpc_uid" AsIs;
    SUBNET_ID of interface: "src_endpoint.subnet_uid" AsIs, "dst_endpoint.subnet_uid" AsIs;
    TCP_FLAGS: "connection_info.tcp_flags" AsIs;
    TYPE: "connection_info.protocol_ver" VersionName, "connection_info.protocol_ver_id" VersionId;
    REGION: "cloud.region" AsIs;
    AZ_ID: "cloud.zone" AsIs;
    PKT_SRC_AWS_SERVICE: "src_endpoint.svc_name" AsIs;
    PKT_DST_AWS_SERVICE: "dst_endpoint.svc_name" AsIs;
    FLOW_DIRECTION: "connection_info.direction_id" DirectionId, "connection_info.direction" DirectionName;
    TRAFFIC_PATH: "connection_info.boundary_id" BoundaryId;
    REJECT_REASON: "status_detail" AsIs;
}

impl Mapping {
    /// The places that are asked, in order, of an event with this `flow-direction`. What belongs to
    /// the interface lies with the destination if the traffic came in and with the source if it went
    /// out; where the direction is not known (NODATA), whichever says anything is the interface's.
    pub fn places(&self, direction: Option<&str>) -> impl Iterator<Item = &'static Place> {
        let side = match direction.filter(|_| self.of_interface) {
            Some("ingress") => "dst_endpoint.",
            Some("egress") => "src_endpoint.",
            _ => "",
        };
        self.places.iter().filter(move |place| place.path.starts_with(side))
    }
}

impl Reading {
    /// The text of the record's value, from the text of OCSF's; `None` if it says nothing. Text that
    /// is no good value of its field is the decoder's to refuse.
    #[must_use]
    pub fn read(self, given: &str) -> Option<String> {
        let given = given.trim();
        if given.is_empty() || given == "-" {
            return None;
        }
        let is = |names: &[&str]| names.iter().any(|name| given.eq_ignore_ascii_case(name));
        let fixed = |text: &str| Some(text.to_owned());
        match self {
            Reading::AsIs | Reading::First | Reading::Time => fixed(given),
            Reading::TimeText => Some(seconds_of(given).unwrap_or_else(|| given.to_owned())),
            Reading::ActionId if given == "1" => fixed("ACCEPT"),
            Reading::ActionId if given == "2" => fixed("REJECT"),
            Reading::ActionName if is(&["Allowed", "ACCEPT"]) => fixed("ACCEPT"),
            Reading::ActionName if is(&["Blocked", "Denied", "REJECT"]) => fixed("REJECT"),
            Reading::ActionName if !is(&["Unknown", "Other"]) => fixed(given),
            Reading::ActivityId if given == "1" => fixed("ACCEPT"),
            Reading::ActivityId if given == "5" => fixed("REJECT"),
            Reading::DirectionId if given == "1" => fixed("ingress"),
            Reading::DirectionId if given == "2" => fixed("egress"),
            Reading::DirectionName if is(&["Inbound", "ingress"]) => fixed("ingress"),
            Reading::DirectionName if is(&["Outbound", "egress"]) => fixed("egress"),
            Reading::BoundaryId => {
                let boundary = given.parse::<u32>().ok()?;
                // 0 is unknown and 99 another; those below are none of AWS's.
                (4..99).contains(&boundary).then(|| (boundary - 3).to_string())
            }
            Reading::VersionId if given == "4" => fixed("IPv4"),
            Reading::VersionId if given == "6" => fixed("IPv6"),
            Reading::VersionName if given.contains("IPv4") => fixed("IPv4"),
            Reading::VersionName if given.contains("IPv6") => fixed("IPv6"),
            Reading::VersionName if !given.eq_ignore_ascii_case("Unknown") => fixed(given),
            _ => None,
        }
    }
}

/// Whether a product that OCSF names writes flow logs of a VPC: `metadata.product.name`, and
/// `metadata.product.feature.name` if it is there.
#[must_use]
pub fn is_flow_log_product(product: &str, feature: Option<&str>) -> bool {
    let has = |text: &str, part: &str| text.to_ascii_lowercase().contains(part);
    has(product, "vpc") && feature.is_none_or(|feature| has(feature, "flow"))
}

/// Whether an event is network activity of a VPC's flow logs. An event without its product is taken
/// for one.
pub(super) fn is_flow_log(members: &Map<String, Value>) -> bool {
    if members.get("class_uid").and_then(Value::as_u64) != Some(CLASS_UID) {
        return false;
    }
    let product = members.get("metadata").and_then(|metadata| metadata.get("product"));
    let Some(product) = product else { return true };
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let feature = product.get("feature").and_then(name);
    name(product).is_none_or(|name| is_flow_log_product(&name, feature.as_deref()))
}

/// The whole seconds since 1970 that a time in RFC 3339 means.
fn seconds_of(given: &str) -> Option<String> {
    let nanos = string_to_timestamp_nanos(given).ok()?;
    Some(nanos.div_euclid(1_000_000_000).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_mapped_once() {
        for (idx, mapping) in MAPPINGS.iter().enumerate() {
            let again = MAPPINGS[idx + 1..].iter().any(|other| other.field == mapping.field);
            assert!(!again, "{}", mapping.field.field().name);
        }
    }

    #[test]
    fn the_default_format_can_be_mapped_back_whole() {
        for field in crate::DEFAULT_FORMAT {
            assert!(MAPPINGS.iter().any(|mapping| mapping.field == field), "{field:?}");
        }
    }

    #[test]
    fn what_belongs_to_the_interface_is_asked_of_its_own_side() {
        let of = |id, direction| {
            let mapping = MAPPINGS.iter().find(|mapping| mapping.field == id).unwrap();
            mapping.places(direction).map(|place| place.path).collect::<Vec<_>>()
        };
        let [dst, src] = ["dst_endpoint.interface_uid", "src_endpoint.interface_uid"];
        assert_eq!(of(FieldId::INTERFACE_ID, Some("ingress")), [dst]);
        assert_eq!(of(FieldId::INTERFACE_ID, Some("egress")), [src]);
        assert_eq!(of(FieldId::INTERFACE_ID, None), [src, dst]);
        assert_eq!(of(FieldId::SRCADDR, Some("ingress")), of(FieldId::SRCADDR, None));
    }

    #[test]
    fn values_become_those_of_the_record() {
        use Reading::*;
        for (reading, given, expected) in [
            (AsIs, "use1-az1", Some("use1-az1")),
            (AsIs, "-", None),
            (AsIs, "", None),
            (ActionId, "1", Some("ACCEPT")),
            (ActionId, "2", Some("REJECT")),
            (ActionId, "99", None),
            (ActionName, "Allowed", Some("ACCEPT")),
            (ActionName, "Denied", Some("REJECT")),
            (ActionName, "REJECT", Some("REJECT")),
            (ActivityId, "5", Some("REJECT")),
            (ActionName, "Other", None),
            (ActionName, "SUCCESS", Some("SUCCESS")),
            (ActivityId, "6", None),
            (DirectionId, "2", Some("egress")),
            (DirectionName, "Inbound", Some("ingress")),
            (BoundaryId, "4", Some("1")),
            (BoundaryId, "11", Some("8")),
            (BoundaryId, "99", None),
            (BoundaryId, "0", None),
            (VersionName, "Internet Protocol version 6 (IPv6)", Some("IPv6")),
            (VersionName, "EFA", Some("EFA")),
            (VersionId, "4", Some("IPv4")),
            (TimeText, "2025-07-11 15:26:24+00:00", Some("1752247584")),
            (TimeText, "2025-07-11T17:26:24.9+02:00", Some("1752247584")),
            (TimeText, "yesterday at noon", Some("yesterday at noon")),
        ] {
            assert_eq!(reading.read(given).as_deref(), expected, "{reading:?} {given}");
        }
    }
}
