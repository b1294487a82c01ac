//! `+`, `-` and `*` of integers that never wrap.
//!
//! DataFusion's operators wrap around: `sum(bytes_in) - sum(bytes_out)` of unsigned totals would come
//! out near 2^64 where the difference is negative. This rule puts a checked function in the place of
//! each such operator; it fails with a message instead. Other types keep their operator.

use std::sync::Arc;

use arrow::array::{ArrayRef, Datum, Scalar};
use arrow::compute::kernels::numeric::{add, mul, sub};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, exec_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

/// The rule. It must come after type coercion, which brings both sides to one type.
#[derive(Debug)]
pub(crate) struct CheckedArithmetic;

impl AnalyzerRule for CheckedArithmetic {
    fn name(&self) -> &str {
        "checked_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let checked = plan.transform_up_with_subqueries(|node| {
            let mut schema = merge_schema(&node.inputs());
            if let LogicalPlan::TableScan(scan) = &node {
                schema.merge(&scan.projected_schema);
            }
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                let checked = expr.transform_up(|part| Ok(check(part, &schema)))?;
                Ok(checked.update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(checked.data)
    }
}

/// The expression, with a checked function for an integer operator at its root.
fn check(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else {
        return Transformed::no(expr);
    };
    let types = (left.get_type(schema), right.get_type(schema));
    let integers = matches!(&types, (Ok(l), Ok(r)) if l == r && l.is_integer());
    match Checked::of(op).filter(|_| integers) {
        Some(checked) => {
            let function = Arc::new(ScalarUDF::from(CheckedOperator::new(checked)));
            let call = ScalarFunction::new_udf(function, vec![*left, *right]);
            Transformed::yes(Expr::ScalarFunction(call))
        }
        None => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
    }
}

/// All functions that take the place of operators.
pub(crate) fn checked_operators() -> impl Iterator<Item = ScalarUDF> {
    let all = [Checked::Add, Checked::Subtract, Checked::Multiply].into_iter();
    all.map(|checked| ScalarUDF::from(CheckedOperator::new(checked)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Checked {
    Add,
    Subtract,
    Multiply,
}

impl Checked {
    fn of(op: Operator) -> Option<Checked> {
        match op {
            Operator::Plus => Some(Checked::Add),
            Operator::Minus => Some(Checked::Subtract),
            Operator::Multiply => Some(Checked::Multiply),
            _ => None,
        }
    }

    fn apply(self, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
        match self {
            Checked::Add => add(left, right),
            Checked::Subtract => sub(left, right),
            Checked::Multiply => mul(left, right),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedOperator {
    checked: Checked,
    signature: Signature,
}

impl CheckedOperator {
    fn new(checked: Checked) -> CheckedOperator {
        CheckedOperator { checked, signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for CheckedOperator {
    fn name(&self) -> &str {
        match self.checked {
            Checked::Add => "checked_add",
            Checked::Subtract => "checked_subtract",
            Checked::Multiply => "checked_multiply",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types[0].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let datum = |value: &ColumnarValue| -> Result<Box<dyn Datum>> {
            Ok(match value {
                ColumnarValue::Array(array) => Box::new(Arc::clone(array)),
                ColumnarValue::Scalar(scalar) => Box::new(Scalar::new(scalar.to_array()?)),
            })
        };
        let (left, right) = (datum(&args.args[0])?, datum(&args.args[1])?);
        match self.checked.apply(left.as_ref(), right.as_ref()) {
            Ok(array) if args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_))) => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?))
            }
            Ok(array) => Ok(ColumnarValue::Array(array)),
            Err(ArrowError::ArithmeticOverflow(what)) => exec_err!(
                "{what}: the result does not fit in {}; cast to BIGINT or DOUBLE first",
                args.return_field.data_type()
            ),
            Err(error) => Err(error.into()),
        }
    }
}
