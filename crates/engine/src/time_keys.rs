//! `hour_of` and `day_of`: the hour and the day of a record. They are those of its `start`, or of its
//! `end` where it has no other time.
//!
//! SQL's `date_trunc` gives the same; for a column with a time zone it walks through the calendar for
//! each row, where UTC takes a division.

use std::sync::Arc;

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampNanosecondType};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Nanoseconds in an hour.
const HOUR: i64 = 3_600_000_000_000;

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()))
}

/// Both functions.
pub(crate) fn time_keys() -> [ScalarUDF; 2] {
    [("hour_of", HOUR), ("day_of", 24 * HOUR)].map(|(name, unit)| {
        let signature = Signature::exact(vec![time(), time()], Volatility::Immutable);
        ScalarUDF::from(TimeKey { name, unit, signature })
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeKey {
    name: &'static str,
    /// In nanoseconds.
    unit: i64,
    signature: Signature,
}

impl ScalarUDFImpl for TimeKey {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(time())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let times = |n: usize| {
            let array = arrays.get(n).and_then(|a| a.as_primitive_opt::<TimestampNanosecondType>());
            array.ok_or_else(|| DataFusionError::Internal(format!("{}: wrong type", self.name)))
        };
        let (starts, ends) = (times(0)?, times(1)?);
        // The division is by one of two constants, so that it need not be one.
        let floor = |nanoseconds: i64| match self.unit {
            HOUR => nanoseconds.div_euclid(HOUR) * HOUR,
            _ => nanoseconds.div_euclid(24 * HOUR) * (24 * HOUR),
        };
        let keys: PrimitiveArray<TimestampNanosecondType> = if starts.null_count() == 0 {
            starts.unary(floor)
        } else {
            let either = |row| match (starts.is_valid(row), ends.is_valid(row)) {
                (true, _) => Some(floor(starts.value(row))),
                (false, true) => Some(floor(ends.value(row))),
                _ => None,
            };
            (0..starts.len()).map(either).collect()
        };
        Ok(ColumnarValue::Array(Arc::new(keys.with_data_type(time()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::prelude::SessionContext;

    #[tokio::test]
    async fn hours_and_days_are_those_of_date_trunc() {
        let context = SessionContext::new();
        time_keys().into_iter().for_each(|function| context.register_udf(function));
        let sql = "WITH times AS (SELECT arrow_cast(column1, 'Timestamp(Nanosecond, Some(\"+00:00\"))') AS s, \
                   arrow_cast(column2, 'Timestamp(Nanosecond, Some(\"+00:00\"))') AS e FROM (VALUES \
                   (1748735999, 1748736060), (1748736000, 1748736060), (946684800, 946684800), (-1, 5), \
                   (NULL, 1748739600), (4294967295, NULL), (NULL, NULL))) \
                   SELECT (hour_of(s, e) IS NOT DISTINCT FROM date_trunc('hour', coalesce(s, e))) AND \
                   (day_of(s, e) IS NOT DISTINCT FROM date_trunc('day', coalesce(s, e))) AS same FROM times";
        let sql = sql
            .replace("column1", "column1 * 1000000000")
            .replace("column2", "column2 * 1000000000");
        let batches = context.sql(&sql).await.unwrap().collect().await.unwrap();
        let same: Vec<bool> =
            batches.iter().flat_map(|b| b.column(0).as_boolean().iter().flatten()).collect();
        assert_eq!(same, [true; 7]);
    }
}
