//! Which SQL filters have the same meaning on the raw bytes of a record.
//!
//! A filter is translated as a whole or not at all. Only forms without negation are, except `<>`,
//! `NOT IN` and `IS NULL` of one field, so that SQL's third truth value (NULL, which WHERE does not
//! let pass) and a failed test are one and the same.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use flowproof_record::{Comparison, FieldId, Kind, Predicate, RawTest};

use super::TableColumn;
use crate::functions::{raw_match_test, raw_test};

/// The filter as a question about raw bytes, if it has the same meaning there.
pub(crate) fn to_predicate(filter: &Expr) -> Option<Predicate> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            Some(Predicate::And(vec![to_predicate(left)?, to_predicate(right)?]))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            Some(Predicate::Or(vec![to_predicate(left)?, to_predicate(right)?]))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let op = comparison(*op)?;
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(_), Expr::Literal(value, _)) => compare(field(left)?, op, value),
                (Expr::Literal(value, _), Expr::Column(_)) => {
                    compare(field(right)?, mirrored(op), value)
                }
                _ => None,
            }
        }
        Expr::InList(list) => in_list(list),
        Expr::Between(Between { expr, negated: false, low, high }) => {
            let (Expr::Literal(low, _), Expr::Literal(high, _)) = (low.as_ref(), high.as_ref())
            else {
                return None;
            };
            let id = field(expr)?;
            Some(Predicate::And(vec![
                compare(id, Comparison::GreaterOrEqual, low)?,
                compare(id, Comparison::LessOrEqual, high)?,
            ]))
        }
        Expr::ScalarFunction(call) => raw(raw_test(call)?),
        Expr::IsNotNull(call) => match call.as_ref() {
            Expr::ScalarFunction(call) => raw(raw_match_test(call)?),
            _ => None,
        },
        Expr::IsNull(column) => Some(Predicate::Missing(text_field(field(column)?)?)),
        _ => None,
    }
}

/// A question about an address field: other texts have no prefix that could hold them.
fn raw((column, test): (&Expr, Arc<dyn RawTest>)) -> Option<Predicate> {
    let id = field(column)?;
    (id.field().kind == Kind::Address).then(|| Predicate::Raw(id, test))
}

fn field(expr: &Expr) -> Option<FieldId> {
    match expr {
        Expr::Column(column) => TableColumn::field_named(&column.name),
        _ => None,
    }
}

/// The field, if its column shows the record's text as it stands: counters are NULL in records that
/// are not OK, and raw numbers may be written in several ways.
fn text_field(id: FieldId) -> Option<FieldId> {
    matches!(id.field().kind, Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus)
        .then_some(id)
}

fn comparison(op: Operator) -> Option<Comparison> {
    Some(match op {
        Operator::Eq => Comparison::Equal,
        Operator::NotEq => Comparison::NotEqual,
        Operator::Lt => Comparison::Less,
        Operator::LtEq => Comparison::LessOrEqual,
        Operator::Gt => Comparison::Greater,
        Operator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

fn compare(id: FieldId, op: Comparison, value: &ScalarValue) -> Option<Predicate> {
    match id.field().kind {
        Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus => {
            let text = [text_of(value)?];
            match op {
                Comparison::Equal => Some(Predicate::text_in(id, text)),
                Comparison::NotEqual => Some(text_not_in(id, text)),
                _ => None,
            }
        }
        Kind::Int(_) | Kind::Counter | Kind::Time => {
            Some(Predicate::Number(id, op, number_of(id, value)?))
        }
    }
}

fn in_list(list: &InList) -> Option<Predicate> {
    let id = field(&list.expr)?;
    let values = list.list.iter().map(|item| match item {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    });
    let values = values.collect::<Option<Vec<_>>>()?;
    if text_field(id).is_some() {
        let texts = values.into_iter().map(text_of);
        let texts = texts.collect::<Option<Vec<_>>>()?;
        return Some(match list.negated {
            false => Predicate::text_in(id, texts),
            true => text_not_in(id, texts),
        });
    }
    let numbers = values.into_iter().map(|value| number_of(id, value));
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    let each = |op| numbers.iter().map(|n| Predicate::Number(id, op, *n)).collect();
    Some(match list.negated {
        false => Predicate::Or(each(Comparison::Equal)),
        true if numbers.is_empty() => return None,
        true => Predicate::And(each(Comparison::NotEqual)),
    })
}

fn text_not_in<T: AsRef<[u8]>>(id: FieldId, texts: impl IntoIterator<Item = T>) -> Predicate {
    Predicate::TextNotIn(id, texts.into_iter().map(|text| text.as_ref().into()).collect())
}

/// The literal's text.
fn text_of(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
            text.clone()
        }
        _ => None,
    }
}

/// The literal's number, in the unit of the column: nanoseconds for times.
fn number_of(id: FieldId, value: &ScalarValue) -> Option<i128> {
    let is_time = id.field().kind == Kind::Time;
    Some(match value {
        ScalarValue::TimestampNanosecond(Some(number), _) if is_time => (*number).into(),
        ScalarValue::Int64(Some(number)) if !is_time => (*number).into(),
        ScalarValue::UInt64(Some(number)) if !is_time => (*number).into(),
        ScalarValue::Int32(Some(number)) if !is_time => (*number).into(),
        _ => return None,
    })
}
