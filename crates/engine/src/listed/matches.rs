//! `record_matches`: which entries of threat lists a record matches, by any of its addresses.

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListBuilder, StringBuilder, StringViewArray, StructBuilder,
    UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use flowproof_intel::{ListRole, Matcher};
use flowproof_prefix::parse_ip;

use crate::functions::Lists;

/// Stands for no entry: the record as such, once, if it matches any.
pub(super) const ANY: u64 = u64::MAX;
/// The record as such, if trusted lists leave none of its matches.
pub(super) const SUPPRESSED: u64 = u64::MAX - 1;
/// The record as such, if all its matches are of internal addresses.
pub(super) const INTERNAL: u64 = u64::MAX - 2;

/// The number of an entry among all.
pub(super) fn number((list, entry): (u32, u32)) -> u64 {
    u64::from(list) << 32 | u64::from(entry)
}

/// The list and the entry of a number.
pub(super) fn place(number: u64) -> (usize, usize) {
    ((number >> 32) as usize, (number & u64::from(u32::MAX)) as usize)
}

/// What one record matches: numbers of entries, each once, with those of the record's addresses that the entry holds.
/// Matches of internal addresses count only if `internal` says so.
pub(super) fn of_record(
    matcher: &Matcher,
    internal: bool,
    addresses: impl IntoIterator<Item = IpAddr>,
) -> Vec<(u64, Vec<IpAddr>)> {
    let mut matches: Vec<(u64, Vec<IpAddr>)> = Vec::new();
    let mut seen = Vec::new();
    let (mut is_suppressed, mut is_internal) = (false, false);
    for address in addresses {
        if seen.contains(&address) {
            continue;
        }
        seen.push(address);
        let found = matcher.matches(address).into_iter();
        let found = found.filter(|found| found.list.role == ListRole::Threat);
        let numbers: Vec<u64> = found.map(|found| number(found.place)).collect();
        if matcher.is_trusted(address) {
            is_suppressed |= !numbers.is_empty();
            continue;
        }
        if !internal && matcher.is_internal(address) {
            is_internal |= !numbers.is_empty();
            continue;
        }
        for number in numbers {
            match matches.iter_mut().find(|(known, _)| *known == number) {
                Some((_, addresses)) => addresses.push(address),
                None => matches.push((number, vec![address])),
            }
        }
    }
    let as_such = match matches.is_empty() {
        false => Some(ANY),
        true if is_suppressed => Some(SUPPRESSED),
        true => is_internal.then_some(INTERNAL),
    };
    matches.extend(as_such.map(|number| (number, Vec::new())));
    matches
}

#[derive(Debug)]
pub(crate) struct RecordMatches {
    signature: Signature,
    pub(crate) lists: Arc<Lists>,
    pub(crate) internal: bool,
}

impl RecordMatches {
    pub(crate) const NAME: &'static str = "record_matches";
    const ADDRESSES: usize = 4;

    pub(crate) fn new(lists: Arc<Lists>, internal: bool) -> Self {
        let types = vec![DataType::Utf8View; Self::ADDRESSES];
        Self { signature: Signature::exact(types, Volatility::Immutable), lists, internal }
    }
}

impl PartialEq for RecordMatches {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lists, &other.lists) && self.internal == other.internal
    }
}
impl Eq for RecordMatches {}
impl std::hash::Hash for RecordMatches {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Self::NAME.hash(state);
    }
}

fn fields() -> Fields {
    let number = Field::new("number", DataType::UInt64, false);
    Fields::from(vec![number, Field::new("addresses", DataType::Utf8, true)])
}

impl ScalarUDFImpl for RecordMatches {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new("item", DataType::Struct(fields()), true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let columns: Vec<&StringViewArray> =
            arrays.iter().filter_map(|array| array.as_string_view_opt()).collect();
        if columns.len() != Self::ADDRESSES {
            return exec_err!("{}: expected addresses as text", Self::NAME);
        }
        let Some(matcher) = self.lists.matcher() else {
            return exec_err!("{}: the lists are not here", Self::NAME);
        };
        let mut rows = ListBuilder::new(StructBuilder::from_fields(fields(), args.number_rows));
        for row in 0..args.number_rows {
            let texts = columns.iter().filter(|column| column.is_valid(row));
            let parsed = texts.filter_map(|column| parse_ip(column.value(row).as_bytes()));
            let parsed = parsed.map(|address| address.to_canonical());
            for (number, addresses) in of_record(matcher, self.internal, parsed) {
                append(rows.values(), number, &addresses);
            }
            rows.append(true);
        }
        Ok(ColumnarValue::Array(Arc::new(rows.finish()) as ArrayRef))
    }
}

/// What parts addresses of one record, in a column that is grouped by.
pub(super) const BETWEEN: char = ' ';

fn append(item: &mut StructBuilder, number: u64, addresses: &[IpAddr]) {
    if let Some(builder) = item.field_builder::<UInt64Builder>(0) {
        builder.append_value(number);
    }
    if let Some(builder) = item.field_builder::<StringBuilder>(1) {
        let texts = addresses.iter().map(IpAddr::to_string);
        builder.append_option(texts.reduce(|all, next| format!("{all}{BETWEEN}{next}")));
    }
    item.append(true);
}
