//! Security Lake: OCSF's network activity in Parquet, mapped back to the fields of flow logs by the one
//! table that `record` has for every reader of OCSF.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, StringViewArray, StructArray, UInt32Array,
};
use arrow::compute::{can_cast_types, cast, is_null, nullif, take};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;
use flowproof_record::FieldId;
use flowproof_record::ocsf::{MAPPINGS, Mapping, Place, Reading};

use crate::scan::Outcome;

const ENDPOINTS: [&str; 2] = ["src_endpoint", "dst_endpoint"];
/// What OCSF has no place for, by the names of flow log fields.
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
        let is_group = |name| {
            let field = schema.field_with_name(name);
            field.is_ok_and(|field| matches!(field.data_type(), DataType::Struct(_)))
        };
        if !(ENDPOINTS.into_iter().all(is_group) && is_group("traffic")) {
            let event = schema.index_of("class_uid").is_ok() && is_group("metadata");
            let reason = "Parquet with OCSF events that are not flow logs'".to_owned();
            return if event { Err(Outcome::NotAFlowLog(reason)) } else { Ok(None) };
        }
        let has = |id: &FieldId| paths_of(*id).iter().any(|path| find(schema, path).is_some());
        Ok(Some(Ocsf { fields: FieldId::all().filter(has).collect() }))
    }

    pub(super) fn has(&self, id: FieldId) -> bool {
        self.fields.contains(&id)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.fields.iter().copied()
    }

    /// The columns to read for these fields, without the parts that are not needed.
    pub(super) fn columns(&self, schema: &Schema, fields: &[FieldId]) -> SchemaRef {
        let mut paths: Vec<String> = fields.iter().flat_map(|id| paths_of(*id)).collect();
        if fields.iter().any(|id| is_of_interface(*id)) {
            paths.extend(paths_of(FieldId::FLOW_DIRECTION));
        }
        let columns = schema.fields().iter().filter_map(|field| clipped(field, &paths));
        Arc::new(Schema::new(columns.collect::<Vec<_>>()))
    }

    /// The field's values; `None` if the file lacks it.
    pub(super) fn stored(&self, read: &RecordBatch, id: FieldId) -> Result<Option<ArrayRef>> {
        if !self.has(id) {
            return Ok(None);
        }
        let root = StructArray::from(read.clone());
        if let Some(column) = plain(&root, id)? {
            return Ok(Some(column));
        }
        let texts = texts(&root, id)?;
        let texts = if id == FieldId::LOG_STATUS { or_ok(&texts) } else { texts };
        Ok(Some(Arc::new(texts)))
    }
}

fn mapping(id: FieldId) -> Option<&'static Mapping> {
    MAPPINGS.iter().find(|mapping| mapping.field == id)
}

/// All paths at which the field may be.
fn paths_of(id: FieldId) -> Vec<String> {
    let places = mapping(id).into_iter().flat_map(|mapping| mapping.places);
    let mut paths: Vec<String> = places.map(|place| place.path.to_owned()).collect();
    if is_unmapped(id) {
        paths.push(format!("{UNMAPPED}.{}", id.field().column));
    }
    paths
}

/// Whether the field may be kept under its own name: where OCSF has no place for it, or had none in
/// early versions.
fn is_unmapped(id: FieldId) -> bool {
    mapping(id).is_none() || [FieldId::LOG_STATUS, FieldId::REJECT_REASON].contains(&id)
}

/// Whether the field is of the endpoint on the interface's side, which the direction tells.
fn is_of_interface(id: FieldId) -> bool {
    mapping(id).is_some_and(|mapping| mapping.of_interface)
}

/// The column that holds the field as it stands, if there is only the one.
fn plain(root: &StructArray, id: FieldId) -> Result<Option<ArrayRef>> {
    let Some(mapping) = mapping(id).filter(|_| !is_of_interface(id) && !is_unmapped(id)) else {
        return Ok(None);
    };
    let mut there = Vec::new();
    for place in mapping.places {
        there.extend(at(root, place.path)?.map(|column| (place, column)));
    }
    let [(place, column)] = there.as_slice() else { return Ok(None) };
    let is_moment = matches!(column.data_type(), DataType::Timestamp(..));
    let as_it_stands = match place.reading {
        Reading::AsIs => true,
        Reading::Time => is_moment || column.data_type().is_integer(),
        Reading::TimeText => is_moment,
        _ => false,
    };
    Ok(as_it_stands.then(|| Arc::clone(column)))
}

/// The field's values, each from the first place that says anything.
fn texts(root: &StructArray, id: FieldId) -> Result<StringViewArray> {
    let mut places = Vec::new();
    for place in mapping(id).into_iter().flat_map(|mapping| mapping.places) {
        let column = match place.reading {
            Reading::First => first_of_list(root, place.path)?,
            _ => text_at(root, place.path)?,
        };
        places.push((place, column));
    }
    let beside = if is_unmapped(id) { unmapped(root, id.field().column)? } else { None };
    let direction = match is_of_interface(id) {
        true => Some(texts(root, FieldId::FLOW_DIRECTION)?),
        false => None,
    };
    let rows = (0..root.len()).map(|row| {
        let direction = text(direction.as_ref(), row);
        let asked = mapping(id).into_iter().flat_map(|mapping| mapping.places(direction));
        let mut found = asked.filter_map(|place| {
            let (_, column) = places.iter().find(|(other, _)| other.path == place.path)?;
            read(place, text(column.as_ref(), row)?)
        });
        found.next().or_else(|| text(beside.as_ref(), row).map(str::to_owned))
    });
    Ok(rows.collect())
}

fn read(place: &Place, given: &str) -> Option<String> {
    // A moment of Parquet's own came as its seconds.
    let is_number = given.bytes().all(|byte| byte.is_ascii_digit());
    match place.reading {
        Reading::TimeText if is_number => Some(given.to_owned()),
        reading => reading.read(given),
    }
}

/// A record without a status is as one of a format without the field.
fn or_ok(statuses: &StringViewArray) -> StringViewArray {
    let status = |status: Option<&str>| match status {
        None | Some("" | "-") => Some("OK".to_owned()),
        Some(status) => Some(status.to_owned()),
    };
    statuses.iter().map(status).collect()
}

/// The field at a path. What a map or a list has within is not known before it is read.
fn find(schema: &Schema, path: &str) -> Option<FieldRef> {
    let mut parts = path.split('.');
    let first = parts.next()?;
    let mut field = schema.fields().iter().find(|field| field.name() == first)?.clone();
    for part in parts {
        let inner = match field.data_type() {
            DataType::Struct(fields) => fields.iter().find(|field| field.name() == part)?.clone(),
            DataType::Map(..) | DataType::List(_) => return Some(field),
            _ => return None,
        };
        field = inner;
    }
    Some(field)
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
    let is_empty = parts.is_empty();
    let parts = DataType::Struct(parts.into());
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

/// The column at a path as texts; moments as their seconds.
fn text_at(root: &StructArray, path: &str) -> Result<Option<StringViewArray>> {
    let Some(column) = at(root, path)? else { return Ok(None) };
    let column = match column.data_type() {
        DataType::Timestamp(..) => {
            let seconds = DataType::Timestamp(TimeUnit::Second, None);
            cast(&cast(&column, &seconds)?, &DataType::Int64)?
        }
        _ => column,
    };
    as_texts(&column)
}

/// `None` of a type that has no texts, as a group has none.
fn as_texts(column: &ArrayRef) -> Result<Option<StringViewArray>> {
    if !can_cast_types(column.data_type(), &DataType::Utf8View) {
        return Ok(None);
    }
    Ok(cast(column, &DataType::Utf8View)?.as_string_view_opt().cloned())
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
    as_texts(&take(lists.values(), &places, None)?)
}

fn text(column: Option<&StringViewArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// What is kept under a name beside the columns: in a group, a map, or a list of pairs.
fn unmapped(root: &StructArray, name: &str) -> Result<Option<StringViewArray>> {
    let Some(column) = at(root, UNMAPPED)? else { return Ok(None) };
    if column.as_struct_opt().is_some() {
        return text_at(root, &format!("{UNMAPPED}.{name}"));
    }
    let pairs = match (column.as_map_opt(), column.as_list_opt::<i32>()) {
        (Some(map), _) => Some((map.entries().clone(), map.value_offsets())),
        (None, Some(list)) => {
            list.values().as_struct_opt().map(|pairs| (pairs.clone(), list.value_offsets()))
        }
        _ => None,
    };
    let Some((pairs, offsets)) = pairs.filter(|(pairs, _)| pairs.num_columns() == 2) else {
        return Ok(None);
    };
    let (Some(names), Some(values)) = (as_texts(pairs.column(0))?, as_texts(pairs.column(1))?)
    else {
        return Ok(None);
    };
    let rows = (0..root.len()).map(|row| {
        // Offsets are not negative.
        let mut within = (offsets[row] as usize)..(offsets[row + 1] as usize);
        let place = within.find(|place| text(Some(&names), *place) == Some(name));
        place.filter(|_| column.is_valid(row)).and_then(|place| text(Some(&values), place))
    });
    Ok(Some(rows.collect()))
}
