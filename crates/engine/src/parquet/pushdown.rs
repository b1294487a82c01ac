//! What a file can be asked before its rows are records: a filter on the stored values, by which
//! DataFusion leaves out row groups and pages by their statistics and bloom filters, and reads of the
//! other columns only the rows that pass.
//!
//! The filter is always the weaker one: it lets every row pass that the records' own predicate lets
//! pass, whatever the file has - `-` or NULL, seconds or milliseconds, numbers or texts. What it lets
//! pass is asked again when it is a record. Where that cannot be had, nothing is asked of the file.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, IsNullExpr, binary, in_list, lit};
use flowproof_record::{
    Comparison, FieldId, GOOD_SECONDS, Keep, Kind, MILLISECONDS_AT, Predicate, RawTest,
};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use super::columns::is_account;
use super::layout::{Layout, coded_type};
use super::rawtest::RawTestExpr;
use super::rows::Wanted;
use crate::scan::CoverageScope;

/// What is asked of a file.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// Nothing: all rows may pass.
    Always,
    /// No row can pass.
    Never,
    Filter(Arc<dyn PhysicalExpr>),
}

/// Asks a file for the rows that are wanted.
#[derive(Debug)]
pub(super) struct Pushdown<'a> {
    layout: &'a Layout,
    metadata: &'a ParquetMetaData,
    /// The columns that are read of the file.
    columns: SchemaRef,
    /// Whether the file has addresses in their one spelling only.
    one_spelling: bool,
}

impl<'a> Pushdown<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        metadata: &'a ParquetMetaData,
        columns: SchemaRef,
        one_spelling: bool,
    ) -> Pushdown<'a> {
        Pushdown { layout, metadata, columns, one_spelling }
    }

    /// The weakest question that all wanted rows pass.
    pub(super) fn ask(&self, wanted: &Wanted, scope: &CoverageScope) -> Result<Test> {
        let asked = match &wanted.predicate {
            None => Test::Always,
            Some(predicate) => self.predicate(predicate)?,
        };
        let rows = match (wanted.keep, asked) {
            // Times are kept of rows that the predicate was not asked about.
            (Keep::TrafficAndIdle, asked @ (Test::Never | Test::Filter(_))) => {
                self.or(asked, self.idle(scope)?)?
            }
            (_, asked) => asked,
        };
        let window = self.and(self.until(wanted.to)?, self.since(wanted.from)?)?;
        self.and(rows, window)
    }

    /// NODATA and SKIPDATA rows of the interfaces whose times are kept.
    fn idle(&self, scope: &CoverageScope) -> Result<Test> {
        let idle = self.text_in(FieldId::LOG_STATUS, &texts(["NODATA", "SKIPDATA"]))?;
        let CoverageScope::Interfaces(interfaces) = scope else { return Ok(idle) };
        let of_scope = self.text_in(FieldId::INTERFACE_ID, &texts(interfaces))?;
        let of_nobody = self.missing(FieldId::INTERFACE_ID)?;
        self.and(idle, self.or(of_scope, of_nobody)?)
    }

    /// Rows that begin before `to`.
    fn until(&self, to: Option<i64>) -> Result<Test> {
        let Some(to) = to.filter(|_| self.layout.has(FieldId::START)) else {
            return Ok(Test::Always);
        };
        // Most files lie within a window as a whole.
        if self.range(FieldId::START).is_some_and(|(_, most)| most < within_good(to)) {
            return Ok(Test::Always);
        }
        let before = self.time(FieldId::START, false, to)?;
        self.or(before, self.null(FieldId::START)?)
    }

    /// Rows that end at `from` or later.
    fn since(&self, from: Option<i64>) -> Result<Test> {
        let Some(from) = from.filter(|_| self.layout.has(FieldId::END)) else {
            return Ok(Test::Always);
        };
        let all_after = |(least, most)| least >= within_good(from) && most < MILLISECONDS_AT as i64;
        if self.range(FieldId::END).is_some_and(all_after) {
            return Ok(Test::Always);
        }
        let after = self.time(FieldId::END, true, from)?;
        self.or(after, self.null(FieldId::END)?)
    }

    /// The least and the greatest number that are stored, if statistics tell.
    fn range(&self, id: FieldId) -> Option<(i64, i64)> {
        let is_number =
            |column: &&Field| matches!(column.data_type(), DataType::Int32 | DataType::Int64);
        let name = self.layout.plain_column(id).filter(is_number)?.name();
        let ranges = self.metadata.row_groups().iter().map(|group| {
            let mut columns = group.columns().iter();
            let column = columns.find(|column| column.column_path().parts() == [name.as_str()])?;
            match column.statistics()? {
                Statistics::Int64(told) => Some((*told.min_opt()?, *told.max_opt()?)),
                Statistics::Int32(told) => {
                    Some(((*told.min_opt()?).into(), (*told.max_opt()?).into()))
                }
                _ => None,
            }
        });
        let ranges: Option<Vec<(i64, i64)>> = ranges.collect();
        ranges?.into_iter().reduce(|all, range| (all.0.min(range.0), all.1.max(range.1)))
    }

    fn predicate(&self, predicate: &Predicate) -> Result<Test> {
        match predicate {
            Predicate::And(all) => all
                .iter()
                .try_fold(Test::Always, |so_far, part| self.and(so_far, self.predicate(part)?)),
            Predicate::Or(any) => any
                .iter()
                .try_fold(Test::Never, |so_far, part| self.or(so_far, self.predicate(part)?)),
            Predicate::Missing(id) => self.missing(*id),
            Predicate::TextIn(id, texts) => self.text_in(*id, texts),
            Predicate::TextNotIn(id, texts) => self.text_not_in(*id, texts),
            Predicate::Number(id, comparison, right) => self.number(*id, *comparison, *right),
            Predicate::Raw(id, _) if !self.layout.has(*id) => Ok(Test::Never),
            Predicate::Raw(id, test) => Ok(self.raw(*id, test)),
        }
    }

    /// A question of the caller's own is about the text's meaning: it may be asked of any spelling.
    fn raw(&self, id: FieldId, test: &Arc<dyn RawTest>) -> Test {
        let texts = self.layout.plain_column(id).filter(|column| is_text(column.data_type()));
        match (texts, self.column(id)) {
            (Some(_), Some(column)) => {
                Test::Filter(Arc::new(RawTestExpr::new(column, id, Arc::clone(test))))
            }
            _ => Test::Always,
        }
    }

    fn text_in(&self, id: FieldId, texts: &HashSet<Box<[u8]>>) -> Result<Test> {
        if !self.layout.has(id) {
            return Ok(Test::Never);
        }
        let Some(column) = self.layout.plain_column(id) else { return Ok(Test::Always) };
        let texts = texts.iter().filter_map(|text| std::str::from_utf8(text).ok());
        let texts: BTreeSet<&str> = texts.collect();
        match (column.data_type(), id.field().kind) {
            (data_type, Kind::Address) if is_text(data_type) => self.address_in(id, &texts),
            (data_type, _) if is_text(data_type) => {
                let text = text_of(data_type);
                self.among(id, texts.into_iter().map(text), false)
            }
            (DataType::Int32 | DataType::Int64, Kind::Text) => {
                let numbers = texts.into_iter().filter_map(|text| number_of_text(id, text));
                let literals =
                    numbers.filter_map(|number| literal(number.into(), column.data_type()));
                self.among(id, literals, false)
            }
            _ => Ok(Test::Always),
        }
    }

    fn text_not_in(&self, id: FieldId, texts: &HashSet<Box<[u8]>>) -> Result<Test> {
        if !self.layout.has(id) {
            return Ok(Test::Never);
        }
        // An address may be stored in another spelling than it has in records.
        let as_stored = id.field().kind != Kind::Address;
        match self.layout.plain_column(id) {
            Some(column) if as_stored && is_text(column.data_type()) => {
                let texts = texts.iter().filter_map(|text| std::str::from_utf8(text).ok());
                self.among(id, texts.map(text_of(column.data_type())), true)
            }
            _ => Ok(Test::Always),
        }
    }

    /// The stored text is one of these, or could be another spelling of one.
    fn address_in(&self, id: FieldId, texts: &BTreeSet<&str>) -> Result<Test> {
        // What is not in the one spelling is never in a record.
        let addresses = texts.iter().filter(|text| {
            text.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().to_string() == **text)
        });
        let addresses: Vec<&str> = addresses.copied().collect();
        let text =
            text_of(self.layout.plain_column(id).map_or(&DataType::Utf8View, Field::data_type));
        let mut test = self.among(id, addresses.iter().copied().map(text), false)?;
        if !self.one_spelling {
            for first in first_characters(&addresses) {
                let next = char::from(first as u8 + 1); // ASCII, and not its last.
                let from = self.compare(id, Operator::GtEq, text(&first.to_string()))?;
                let to = self.compare(id, Operator::Lt, text(&next.to_string()))?;
                test = self.or(test, self.and(from, to)?)?;
            }
        }
        Ok(test)
    }

    /// No value is stored, or a text that stands for none. Only of fields whose every text is good: of
    /// others, what is not good is missing too in a record that is not OK.
    fn missing(&self, id: FieldId) -> Result<Test> {
        if !self.layout.has(id) || id.field().kind != Kind::Text {
            return Ok(Test::Always);
        }
        match self.layout.plain_column(id).map(|column| column.data_type()) {
            Some(data_type) if is_text(data_type) => {
                let texts = ["", "-", "None"].into_iter().map(text_of(data_type));
                let none = self.among(id, texts, false)?;
                self.or(none, self.null(id)?)
            }
            _ => Ok(Test::Always),
        }
    }

    fn number(&self, id: FieldId, comparison: Comparison, right: i128) -> Result<Test> {
        if !self.layout.has(id) {
            return Ok(Test::Never);
        }
        if id.field().kind == Kind::Time {
            return self.moment(id, comparison, right);
        }
        let Some(column) = self.layout.plain_column(id) else { return Ok(Test::Always) };
        let operator = match comparison {
            Comparison::Equal => Operator::Eq,
            Comparison::NotEqual => Operator::NotEq,
            Comparison::Less => Operator::Lt,
            Comparison::LessOrEqual => Operator::LtEq,
            Comparison::Greater => Operator::Gt,
            Comparison::GreaterOrEqual => Operator::GtEq,
        };
        match literal(right, column.data_type()) {
            Some(literal) => self.compare(id, operator, literal),
            None => Ok(Test::Always),
        }
    }

    /// A comparison with a moment in nanoseconds: records have whole seconds.
    fn moment(&self, id: FieldId, comparison: Comparison, right: i128) -> Result<Test> {
        const NANOSECONDS: i128 = 1_000_000_000;
        let clamp = |seconds: i128| {
            // Beyond these, all good times are on one side.
            seconds.clamp(GOOD_SECONDS.start.into(), GOOD_SECONDS.end.into()) as i64
        };
        let whole = right.rem_euclid(NANOSECONDS) == 0;
        let floor = right.div_euclid(NANOSECONDS);
        let ceiling = if whole { floor } else { floor + 1 };
        match comparison {
            Comparison::NotEqual => Ok(Test::Always),
            Comparison::Equal if !whole => Ok(Test::Never),
            Comparison::Equal => {
                let from = self.time(id, true, clamp(floor))?;
                self.and(from, self.time(id, false, clamp(floor + 1))?)
            }
            Comparison::Less => self.time(id, false, clamp(ceiling)),
            Comparison::LessOrEqual => self.time(id, false, clamp(floor + 1)),
            Comparison::Greater => self.time(id, true, clamp(floor + 1)),
            Comparison::GreaterOrEqual => self.time(id, true, clamp(ceiling)),
        }
    }

    /// The time is `bound` or later, or before it, in seconds.
    fn time(&self, id: FieldId, later: bool, bound: i64) -> Result<Test> {
        let Some(column) = self.layout.plain_column(id) else { return Ok(Test::Always) };
        let data_type = column.data_type();
        let at = |operator, number: i128| match literal(number, data_type) {
            Some(literal) => self.compare(id, operator, literal),
            None => Ok(Test::Always),
        };
        let seconds = i128::from(within_good(bound));
        match data_type {
            DataType::Timestamp(unit, _) => {
                let bound = seconds * units_in_a_second(*unit);
                at(if later { Operator::GtEq } else { Operator::Lt }, bound)
            }
            DataType::Int64 => {
                let (milliseconds, first) = (seconds * 1000, i128::from(MILLISECONDS_AT));
                if later {
                    let in_seconds =
                        self.and(at(Operator::GtEq, seconds)?, at(Operator::Lt, first)?)?;
                    self.or(in_seconds, at(Operator::GtEq, milliseconds)?)
                } else {
                    let in_milliseconds =
                        self.and(at(Operator::GtEq, first)?, at(Operator::Lt, milliseconds)?)?;
                    self.or(at(Operator::Lt, seconds)?, in_milliseconds)
                }
            }
            // A bound that 32 bits cannot hold is none.
            DataType::Int32 => at(if later { Operator::GtEq } else { Operator::Lt }, seconds),
            _ => Ok(Test::Always),
        }
    }

    fn column(&self, id: FieldId) -> Option<Arc<dyn PhysicalExpr>> {
        let name = self.layout.plain_column(id)?.name();
        let place = self.columns.index_of(name).ok()?;
        Some(Arc::new(Column::new(name, place)))
    }

    /// A comparison; nothing is asked of a column that is not read.
    fn compare(&self, id: FieldId, operator: Operator, right: ScalarValue) -> Result<Test> {
        let Some(column) = self.column(id) else { return Ok(Test::Always) };
        Ok(Test::Filter(binary(column, operator, lit(right), &self.columns)?))
    }

    fn among(
        &self,
        id: FieldId,
        literals: impl Iterator<Item = ScalarValue>,
        negated: bool,
    ) -> Result<Test> {
        let mut literals: Vec<ScalarValue> = literals.collect();
        let Some(column) = self.column(id) else { return Ok(Test::Always) };
        match (literals.len(), negated) {
            (0, true) => Ok(Test::Always),
            (0, false) => Ok(Test::Never),
            (1, _) => {
                let operator = if negated { Operator::NotEq } else { Operator::Eq };
                self.compare(id, operator, literals.remove(0))
            }
            _ => {
                let list = literals.into_iter().map(|literal| lit(literal)).collect();
                Ok(Test::Filter(in_list(column, list, &negated, &self.columns)?))
            }
        }
    }

    fn null(&self, id: FieldId) -> Result<Test> {
        let Some(column) = self.column(id) else { return Ok(Test::Always) };
        Ok(Test::Filter(Arc::new(IsNullExpr::new(column))))
    }

    fn and(&self, one: Test, other: Test) -> Result<Test> {
        Ok(match (one, other) {
            (Test::Never, _) | (_, Test::Never) => Test::Never,
            (Test::Always, test) | (test, Test::Always) => test,
            (Test::Filter(one), Test::Filter(other)) => {
                Test::Filter(joined(one, Operator::And, other, &self.columns)?)
            }
        })
    }

    fn or(&self, one: Test, other: Test) -> Result<Test> {
        Ok(match (one, other) {
            (Test::Always, _) | (_, Test::Always) => Test::Always,
            (Test::Never, test) | (test, Test::Never) => test,
            (Test::Filter(one), Test::Filter(other)) => {
                Test::Filter(joined(one, Operator::Or, other, &self.columns)?)
            }
        })
    }
}

fn joined(
    one: Arc<dyn PhysicalExpr>,
    operator: Operator,
    other: Arc<dyn PhysicalExpr>,
    schema: &Schema,
) -> Result<Arc<dyn PhysicalExpr>> {
    binary(one, operator, other, schema)
}

fn texts(texts: impl IntoIterator<Item = impl AsRef<str>>) -> HashSet<Box<[u8]>> {
    texts.into_iter().map(|text| text.as_ref().as_bytes().into()).collect()
}

/// Whether a column is read as texts, or as numbers of texts.
fn is_text(data_type: &DataType) -> bool {
    data_type == &DataType::Utf8View || data_type == &coded_type()
}

/// Texts to compare such a column with.
fn text_of(data_type: &DataType) -> fn(&str) -> ScalarValue {
    match data_type {
        DataType::Dictionary(_, _) => |text| ScalarValue::Utf8(Some(text.to_owned())),
        _ => |text| ScalarValue::Utf8View(Some(text.to_owned())),
    }
}

/// The number that must be stored for a record to show this text; `None` if there is none.
fn number_of_text(id: FieldId, text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok().filter(|number| *number >= 0)?;
    let shown = if is_account(id) { format!("{number:012}") } else { number.to_string() };
    (shown == text).then_some(number)
}

/// A number as a literal of a column's type; `None` if it does not fit, or is no number there.
fn literal(number: i128, data_type: &DataType) -> Option<ScalarValue> {
    Some(match data_type {
        DataType::Int32 => ScalarValue::Int32(Some(number.try_into().ok()?)),
        DataType::Int64 => ScalarValue::Int64(Some(number.try_into().ok()?)),
        DataType::UInt32 => ScalarValue::UInt32(Some(number.try_into().ok()?)),
        DataType::UInt64 => ScalarValue::UInt64(Some(number.try_into().ok()?)),
        DataType::Timestamp(unit, zone) => {
            let (number, zone) = (Some(number.try_into().ok()?), zone.clone());
            match unit {
                TimeUnit::Second => ScalarValue::TimestampSecond(number, zone),
                TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(number, zone),
                TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(number, zone),
                TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(number, zone),
            }
        }
        _ => return None,
    })
}

/// A bound in seconds: beyond the good ones, all good times are on one side.
fn within_good(bound: i64) -> i64 {
    bound.clamp(GOOD_SECONDS.start, GOOD_SECONDS.end)
}

fn units_in_a_second(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// What other spellings of these addresses can begin with: the first group of an IPv6 address may
/// have zeros before it or be in capitals, and an IPv4 address may be written as an IPv6 one, which
/// then begins with zeros.
fn first_characters(addresses: &[&str]) -> BTreeSet<char> {
    let mut characters = BTreeSet::new();
    for address in addresses {
        characters.insert('0');
        match address.chars().next().filter(|_| address.contains(':')) {
            Some(first) => {
                characters.extend([first, first.to_ascii_uppercase()]);
            }
            None => {
                characters.insert(':');
            }
        }
    }
    characters
}
