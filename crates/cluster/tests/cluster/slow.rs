//! A function that takes its time, and the codec that knows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{ScalarUDF, Volatility, create_udf};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use flowproof_cluster::Codecs;

/// How long it takes for a batch.
const TIME: Duration = Duration::from_millis(300);

/// `slow(n)` is `n`, later.
pub(crate) fn slow() -> ScalarUDF {
    let late = |arguments: &[datafusion::logical_expr::ColumnarValue]| {
        std::thread::sleep(TIME);
        Ok(arguments[0].clone())
    };
    let types = vec![DataType::Int64];
    create_udf("slow", types, DataType::Int64, Volatility::Volatile, Arc::new(late))
}

/// How many batches `counted` has had.
pub(crate) static COUNTED: AtomicUsize = AtomicUsize::new(0);

/// `slow` with a count, for one test only.
pub(crate) fn counted() -> ScalarUDF {
    let late = |arguments: &[datafusion::logical_expr::ColumnarValue]| {
        COUNTED.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(TIME);
        Ok(arguments[0].clone())
    };
    let types = vec![DataType::Int64];
    create_udf("counted", types, DataType::Int64, Volatility::Volatile, Arc::new(late))
}

/// Ballista's codec, with `slow`.
#[derive(Debug, Default)]
pub(crate) struct SlowCodec(BallistaPhysicalExtensionCodec);

impl PhysicalExtensionCodec for SlowCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        self.0.try_decode(buf, inputs, ctx, converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<(), DataFusionError> {
        self.0.try_encode(node, buf, converter)
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>, DataFusionError> {
        match name {
            "slow" => Ok(Arc::new(slow())),
            "counted" => Ok(Arc::new(counted())),
            other => self.0.try_decode_udf(other, buf),
        }
    }
}

/// Codecs with `slow`.
pub(crate) fn codecs() -> Codecs {
    Codecs { logical: None, physical: Some(Arc::new(SlowCodec::default())) }
}
