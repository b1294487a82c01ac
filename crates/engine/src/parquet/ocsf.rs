//! Security Lake: OCSF's network activity (class 4001), mapped back to the fields of flow logs.
//!
//! Source: the mapping of "Amazon VPC Flow Logs" in the OCSF examples, versions 1.0.0-rc.2 to 1.5, and
//! real events of versions 0.39 and 1.0. Where versions differ, each way is read.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, MapArray, StringViewArray, StructArray, UInt32Array,
};
use arrow::compute::{cast, is_null, nullif, take};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema, SchemaRef};
use datafusion::common::Result;
use flowproof_record::FieldId;

use crate::scan::Outcome;

/// Where a field is found.
enum Place {
    /// The value at the first of these paths that the file has.
    At(&'static [&'static str]),
    /// The address that the interface saw: what lies between, if anything does, else the endpoint's.
    Seen(&'static str),
    /// Of the endpoint on the interface's own side, this part.
    Own(&'static str),
    Direction,
    TrafficPath,
    Action,
    Status,
    /// By the field's name, among what OCSF has no place for.
    Unmapped,
}

use Place::{Action, At, Direction, Own, Seen, Status, TrafficPath, Unmapped};

const TABLE: &[(FieldId, Place)] = &[
    (FieldId::VERSION, At(&["metadata.product.version"])),
    (FieldId::ACCOUNT_ID, At(&["cloud.account.uid", "cloud.account_uid"])),
    (FieldId::INTERFACE_ID, Own("interface_uid")),
    (FieldId::SRCADDR, Seen("src_endpoint")),
    (FieldId::DSTADDR, Seen("dst_endpoint")),
    (FieldId::SRCPORT, At(&["src_endpoint.port"])),
    (FieldId::DSTPORT, At(&["dst_endpoint.port"])),
    (FieldId::PROTOCOL, At(&["connection_info.protocol_num"])),
    (FieldId::PACKETS, At(&["traffic.packets"])),
    (FieldId::BYTES, At(&["traffic.bytes"])),
    (FieldId::START, At(&["start_time", "start_time_dt", "time", "time_dt"])),
    (FieldId::END, At(&["end_time", "end_time_dt"])),
    (FieldId::ACTION, Action),
    (FieldId::LOG_STATUS, Status),
    (FieldId::VPC_ID, Own("vpc_uid")),
    (FieldId::SUBNET_ID, Own("subnet_uid")),
    (FieldId::INSTANCE_ID, Own("instance_uid")),
    (FieldId::TCP_FLAGS, At(&["connection_info.tcp_flags"])),
    (FieldId::TYPE, At(&["connection_info.protocol_ver"])),
    (FieldId::PKT_SRCADDR, At(&["src_endpoint.ip"])),
    (FieldId::PKT_DSTADDR, At(&["dst_endpoint.ip"])),
    (FieldId::REGION, At(&["cloud.region"])),
    (FieldId::AZ_ID, At(&["cloud.zone"])),
    (FieldId::SUBLOCATION_TYPE, Unmapped),
    (FieldId::SUBLOCATION_ID, Unmapped),
    (FieldId::PKT_SRC_AWS_SERVICE, At(&["src_endpoint.svc_name"])),
    (FieldId::PKT_DST_AWS_SERVICE, At(&["dst_endpoint.svc_name"])),
    (FieldId::FLOW_DIRECTION, Direction),
    (FieldId::TRAFFIC_PATH, TrafficPath),
    (FieldId::ECS_CLUSTER_ARN, Unmapped),
    (FieldId::ECS_CLUSTER_NAME, Unmapped),
    (FieldId::ECS_CONTAINER_INSTANCE_ARN, Unmapped),
    (FieldId::ECS_CONTAINER_INSTANCE_ID, Unmapped),
    (FieldId::ECS_CONTAINER_ID, Unmapped),
    (FieldId::ECS_SECOND_CONTAINER_ID, Unmapped),
    (FieldId::ECS_SERVICE_NAME, Unmapped),
    (FieldId::ECS_TASK_DEFINITION_ARN, Unmapped),
    (FieldId::ECS_TASK_ARN, Unmapped),
    (FieldId::ECS_TASK_ID, Unmapped),
    (FieldId::REJECT_REASON, Unmapped),
];

const ENDPOINTS: [&str; 2] = ["src_endpoint", "dst_endpoint"];
const DIRECTIONS: &[&str] = &["connection_info.direction_id", "connection_info.direction"];
const ACTIONS: &[&str] = &["action_id", "disposition_id", "action", "disposition", "activity_id"];
const STATUSES: &[&str] = &["status_code"];
const UNMAPPED: &str = "unmapped";

/// The fields that a file of network activity has.
#[derive(Debug)]
pub(super) struct Ocsf {
    fields: Vec<FieldId>,
}

impl Ocsf {
    /// `None` if the columns are not OCSF's.
    ///
    /// # Errors
    ///
    /// The refusal of events of another class.
    pub(super) fn of(schema: &Schema) -> Result<Option<Ocsf>, Outcome> {
        let is_group = |name| is_at(schema, name, |t| matches!(t, DataType::Struct(_)));
        let network = ENDPOINTS.into_iter().all(is_group) && is_group("traffic");
        if !network {
            let event = schema.index_of("class_uid").is_ok() && is_group("metadata");
            let reason = "Parquet with OCSF events that are not flow logs'".to_owned();
            return if event { Err(Outcome::NotAFlowLog(reason)) } else { Ok(None) };
        }
        let has =
            |place: &Place, id| paths(place, id).iter().any(|path| find(schema, path).is_some());
        let fields = TABLE.iter().filter(|(id, place)| has(place, *id)).map(|(id, _)| *id);
        Ok(Some(Ocsf { fields: fields.collect() }))
    }

    pub(super) fn has(&self, id: FieldId) -> bool {
        self.fields.contains(&id)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.fields.iter().copied()
    }

    /// The columns to read for these fields, without the parts that are not needed.
    pub(super) fn columns(&self, schema: &Schema, fields: &[FieldId]) -> SchemaRef {
        let wanted = TABLE.iter().filter(|(id, _)| fields.contains(id));
        let paths: Vec<String> = wanted.flat_map(|(id, place)| paths(place, *id)).collect();
        let columns = schema.fields().iter().filter_map(|field| clipped(field, &paths));
        Arc::new(Schema::new(columns.collect::<Vec<_>>()))
    }

    /// The field's values; `None` if the file lacks it.
    pub(super) fn stored(
        &self,
        read: &arrow::array::RecordBatch,
        id: FieldId,
    ) -> Result<Option<ArrayRef>> {
        let Some((_, place)) = TABLE.iter().find(|(other, _)| *other == id) else {
            return Ok(None);
        };
        if !self.has(id) {
            return Ok(None);
        }
        let root = StructArray::from(read.clone());
        match place {
            At(paths) => first_at(&root, paths),
            Seen(endpoint) => seen(&root, endpoint),
            Own(part) => own(&root, part),
            Direction => direction(&root).map(|column| Some(Arc::new(column) as ArrayRef)),
            TrafficPath => traffic_path(&root),
            Action => action(&root).map(Some),
            Status => status(&root).map(Some),
            Unmapped => unmapped(&root, id.field().column),
        }
    }
}

/// All paths that are looked at for a field.
fn paths(place: &Place, id: FieldId) -> Vec<String> {
    let all = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    match place {
        At(paths) => all(paths),
        Seen(endpoint) => vec![format!("{endpoint}.ip"), format!("{endpoint}.intermediate_ips")],
        Own(part) => {
            let mut paths: Vec<_> = ENDPOINTS.iter().map(|end| format!("{end}.{part}")).collect();
            paths.extend(all(DIRECTIONS));
            paths
        }
        Direction => all(DIRECTIONS),
        TrafficPath => all(&["connection_info.boundary_id"]),
        Action => all(ACTIONS),
        Status => [all(STATUSES), vec![format!("{UNMAPPED}.log_status")]].concat(),
        Unmapped => vec![format!("{UNMAPPED}.{}", id.field().column)],
    }
}

/// The field at a path. What a map or a list has within is not known before it is read.
fn find(schema: &Schema, path: &str) -> Option<FieldRef> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
    let mut field = schema.fields().iter().find(|field| field.name() == first)?.clone();
    for part in rest.into_iter().flat_map(|rest| rest.split('.')) {
        let inner = match field.data_type() {
            DataType::Struct(fields) => fields.iter().find(|field| field.name() == part)?.clone(),
            DataType::Map(..) | DataType::List(_) => return Some(field),
            _ => return None,
        };
        field = inner;
    }
    Some(field)
}

fn is_at(schema: &Schema, path: &str, is: impl Fn(&DataType) -> bool) -> bool {
    find(schema, path).is_some_and(|field| is(field.data_type()))
}

/// The field with the parts alone that lie on the paths; `None` if none does.
fn clipped(field: &FieldRef, paths: &[String]) -> Option<FieldRef> {
    let within = |path: &String| -> Option<Option<String>> {
        match path.split_once('.') {
            Some((first, rest)) => (first == field.name()).then(|| Some(rest.to_owned())),
            None => (path == field.name()).then_some(None),
        }
    };
    let within: Vec<Option<String>> = paths.iter().filter_map(within).collect();
    if within.is_empty() {
        return None;
    }
    let DataType::Struct(inner) = field.data_type() else { return Some(Arc::clone(field)) };
    let rest: Vec<String> = within.into_iter().flatten().collect();
    let parts: Vec<FieldRef> = inner.iter().filter_map(|part| clipped(part, &rest)).collect();
    let parts = DataType::Struct(parts.into());
    let is_empty = matches!(&parts, DataType::Struct(parts) if parts.is_empty());
    (!is_empty).then(|| Arc::new(Field::new(field.name(), parts, field.is_nullable())))
}

/// The column at a path; NULL where anything above it is. Texts are views.
fn at(root: &StructArray, path: &str) -> Result<Option<ArrayRef>> {
    let mut parent = root.clone();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some(child) = parent.column_by_name(part) else { return Ok(None) };
        let child = match parent.nulls() {
            Some(_) => nullif(child, &is_null(&parent)?)?,
            None => Arc::clone(child),
        };
        if parts.peek().is_none() {
            return Ok(Some(match child.data_type() {
                DataType::Utf8 | DataType::LargeUtf8 => cast(&child, &DataType::Utf8View)?,
                _ => child,
            }));
        }
        let Some(inner) = child.as_struct_opt() else { return Ok(None) };
        parent = inner.clone();
    }
    Ok(None)
}

/// The first column of these that is there and has times, numbers or texts to read.
fn first_at(root: &StructArray, paths: &[&str]) -> Result<Option<ArrayRef>> {
    for path in paths {
        if let Some(column) = at(root, path)?
            && !(path.ends_with("_dt") && column.data_type() == &DataType::Utf8View)
        {
            return Ok(Some(column));
        }
    }
    Ok(None)
}

fn text_at(root: &StructArray, path: &str) -> Result<Option<StringViewArray>> {
    let Some(column) = at(root, path)? else { return Ok(None) };
    Ok(cast(&column, &DataType::Utf8View)?.as_string_view_opt().cloned())
}

fn number_at(root: &StructArray, path: &str) -> Result<Option<Int64Array>> {
    let Some(column) = at(root, path)? else { return Ok(None) };
    if !column.data_type().is_integer() {
        return Ok(None);
    }
    Ok(cast(&column, &DataType::Int64)?.as_primitive_opt::<Int64Type>().cloned())
}

fn text(column: Option<&StringViewArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

fn number(column: Option<&Int64Array>, row: usize) -> Option<i64> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

fn seen(root: &StructArray, endpoint: &str) -> Result<Option<ArrayRef>> {
    let address = text_at(root, &format!("{endpoint}.ip"))?;
    let between = first_of_list(root, &format!("{endpoint}.intermediate_ips"))?;
    let rows = (0..root.len())
        .map(|row| text(between.as_ref(), row).or_else(|| text(address.as_ref(), row)));
    Ok(Some(Arc::new(rows.collect::<StringViewArray>())))
}

/// The first element of each list of texts.
fn first_of_list(root: &StructArray, path: &str) -> Result<Option<StringViewArray>> {
    let Some(column) = at(root, path)? else { return Ok(None) };
    let Some(lists) = column.as_list_opt::<i32>() else { return Ok(None) };
    let first = |row: usize| {
        let there = lists.is_valid(row) && lists.value_length(row) > 0;
        // Offsets are not negative.
        there.then(|| lists.value_offsets()[row] as u32)
    };
    let places: UInt32Array = (0..lists.len()).map(first).collect();
    let texts = cast(&take(lists.values(), &places, None)?, &DataType::Utf8View)?;
    Ok(texts.as_string_view_opt().cloned())
}

fn direction(root: &StructArray) -> Result<StringViewArray> {
    let id = number_at(root, DIRECTIONS[0])?;
    let name = text_at(root, DIRECTIONS[1])?;
    let rows = (0..root.len()).map(|row| match number(id.as_ref(), row) {
        Some(1) => Some("ingress"),
        Some(2) => Some("egress"),
        _ => match text(name.as_ref(), row) {
            Some("ingress" | "Inbound") => Some("ingress"),
            Some("egress" | "Outbound") => Some("egress"),
            _ => None,
        },
    });
    Ok(rows.collect())
}

/// What the interface's own side says: the destination's if traffic came in, the source's if it went
/// out; of records without a direction, whichever says anything.
fn own(root: &StructArray, part: &str) -> Result<Option<ArrayRef>> {
    let direction = direction(root)?;
    let [source, destination] = ENDPOINTS.map(|end| text_at(root, &format!("{end}.{part}")));
    let (source, destination) = (source?, destination?);
    let says = |column: Option<&StringViewArray>, row| {
        // A text is taken from one of two columns that live as long as this function.
        text(column, row).filter(|text| !matches!(*text, "" | "-")).map(str::to_owned)
    };
    let rows = (0..root.len()).map(|row| {
        let of_source = || says(source.as_ref(), row);
        let of_destination = || says(destination.as_ref(), row);
        match text(Some(&direction), row) {
            Some("ingress") => of_destination(),
            Some(_) => of_source(),
            None => of_source().or_else(of_destination),
        }
    });
    Ok(Some(Arc::new(rows.collect::<StringViewArray>())))
}

/// OCSF's boundaries are AWS's paths and three more; 0 and 99 are none.
fn traffic_path(root: &StructArray) -> Result<Option<ArrayRef>> {
    let Some(boundary) = number_at(root, "connection_info.boundary_id")? else { return Ok(None) };
    let path = |id: Option<i64>| id.filter(|id| (4..99).contains(id)).map(|id| id - 3);
    Ok(Some(Arc::new(boundary.iter().map(path).collect::<Int64Array>())))
}

fn action(root: &StructArray) -> Result<ArrayRef> {
    let ids = [number_at(root, ACTIONS[0])?, number_at(root, ACTIONS[1])?];
    let names = [text_at(root, ACTIONS[2])?, text_at(root, ACTIONS[3])?];
    let activity = number_at(root, ACTIONS[4])?;
    let by_id = |id| match id {
        1 => Some("ACCEPT"),
        2 => Some("REJECT"),
        _ => None,
    };
    let by_name = |name| match name {
        "Allowed" => Some("ACCEPT"),
        "Blocked" | "Denied" => Some("REJECT"),
        "Unknown" | "Other" => None,
        // What AWS writes is checked as any other value.
        other => Some(other),
    };
    // Before there were actions, there were connections that were established and refused.
    let by_activity = |activity| match activity {
        1 => Some("ACCEPT"),
        5 => Some("REJECT"),
        _ => None,
    };
    let rows = (0..root.len()).map(|row| {
        let id = ids.iter().find_map(|ids| number(ids.as_ref(), row).and_then(by_id));
        let name = || names.iter().find_map(|names| text(names.as_ref(), row).and_then(by_name));
        let activity = || number(activity.as_ref(), row).and_then(by_activity);
        id.or_else(name).or_else(activity)
    });
    Ok(Arc::new(rows.collect::<StringViewArray>()))
}

/// A record without a status is as one of a format without the field.
fn status(root: &StructArray) -> Result<ArrayRef> {
    let code = text_at(root, STATUSES[0])?;
    let other = unmapped(root, FieldId::LOG_STATUS.field().column)?;
    let other = other.as_ref().and_then(|other| other.as_string_view_opt());
    let rows = (0..root.len()).map(|row| {
        let status = text(code.as_ref(), row).or_else(|| text(other, row));
        Some(status.filter(|status| !matches!(*status, "" | "-")).unwrap_or("OK"))
    });
    Ok(Arc::new(rows.collect::<StringViewArray>()))
}

/// What is kept under a name beside the columns: in a map, a list of pairs, or a group.
fn unmapped(root: &StructArray, name: &str) -> Result<Option<ArrayRef>> {
    let Some(column) = at(root, UNMAPPED)? else { return Ok(None) };
    if column.as_struct_opt().is_some() {
        return at(root, &format!("{UNMAPPED}.{name}"));
    }
    let pairs = match (column.as_map_opt(), column.as_list_opt::<i32>()) {
        (Some(map), _) => Some((map_pairs(map), map.value_offsets().to_vec())),
        (None, Some(list)) => list
            .values()
            .as_struct_opt()
            .map(|pairs| (pairs.clone(), list.value_offsets().to_vec())),
        _ => None,
    };
    let Some((pairs, offsets)) = pairs.filter(|(pairs, _)| pairs.num_columns() == 2) else {
        return Ok(None);
    };
    let as_text = |column: usize| cast(pairs.column(column), &DataType::Utf8View);
    let (names, values) = (as_text(0)?, as_text(1)?);
    let (Some(names), Some(values)) = (names.as_string_view_opt(), values.as_string_view_opt())
    else {
        return Ok(None);
    };
    let rows = (0..root.len()).map(|row| {
        let within = (offsets[row] as usize)..(offsets[row + 1] as usize);
        let place = within.into_iter().find(|place| text(Some(names), *place) == Some(name));
        place.filter(|_| column.is_valid(row)).and_then(|place| text(Some(values), place))
    });
    Ok(Some(Arc::new(rows.collect::<StringViewArray>())))
}

fn map_pairs(map: &MapArray) -> StructArray {
    map.entries().clone()
}
