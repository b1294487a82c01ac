//! Plans as bytes: Flowproof's nodes and functions beside Ballista's and DataFusion's.

use std::sync::{Arc, OnceLock};

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result, TableReference, not_impl_err, plan_err};
use datafusion::execution::{FunctionRegistry, TaskContext};
use datafusion::logical_expr::{AggregateUDF, Expr, Extension, LogicalPlan, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::logical_plan::from_proto::parse_expr;
use datafusion_proto::logical_plan::to_proto::serialize_expr;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::LogicalExprNode;
use flowproof_engine::distributed::{
    PartScan, PartScanExec, Site, TellExec, aggregate_named, function_named, name_aggregate,
    name_function,
};
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::VERSION;

/// How plans are written and read on one machine. What is read of them finds what it needs at `site`.
#[derive(Debug, Clone)]
pub struct Codec {
    site: Arc<Site>,
    ballista: Arc<BallistaPhysicalExtensionCodec>,
}

/// What a node of Flowproof's begins with.
const MARK: &[u8] = b"flowproof ";

/// A node, beside its children.
#[derive(Debug, Serialize, Deserialize)]
enum Node {
    Tell,
    Scan {
        run: String,
        setup: String,
        lists: Option<String>,
        table: String,
        columns: Vec<String>,
        filters: Vec<Vec<u8>>,
    },
}

impl Codec {
    /// A codec for plans that are run at a site, or only pass by.
    #[must_use]
    pub fn new(site: Site) -> Codec {
        Codec { site: Arc::new(site), ballista: Arc::default() }
    }

    fn node(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Node>> {
        if plan.is::<TellExec>() {
            return Ok(Some(Node::Tell));
        }
        let Some(scan) = plan.downcast_ref::<PartScanExec>() else { return Ok(None) };
        let PartScan { run, setup, lists, table, columns, filters } = scan.scan().clone();
        let filters =
            filters.iter().map(|filter| self.filter_bytes(filter)).collect::<Result<_>>()?;
        Ok(Some(Node::Scan { run, setup, lists, table, columns, filters }))
    }

    fn filter_bytes(&self, filter: &Expr) -> Result<Vec<u8>> {
        let node = serialize_expr(filter, self);
        let node = node.map_err(|error| DataFusionError::Plan(error.to_string()))?;
        Ok(node.encode_to_vec())
    }

    fn filter(&self, bytes: &[u8], context: &TaskContext) -> Result<Expr> {
        let wrong =
            |error: String| DataFusionError::Plan(format!("a filter cannot be read: {error}"));
        let node = LogicalExprNode::decode(bytes).map_err(|error| wrong(error.to_string()))?;
        parse_expr(&node, context, self).map_err(|error| wrong(error.to_string()))
    }

    /// A function: ours if it was described, else DataFusion's. Ballista asks for those of DataFusion's here
    /// that it does not know itself.
    fn function(&self, name: &str, described: &[u8]) -> Result<Arc<ScalarUDF>> {
        match described {
            [] => theirs().udf(name),
            described => function_named(&self.site, name, described),
        }
    }

    fn plan(
        &self,
        node: Node,
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = inputs else {
            return plan_err!("a node of Flowproof's has one input, not {}", inputs.len());
        };
        let input = Arc::clone(input);
        match node {
            Node::Tell => Ok(Arc::new(TellExec::new(input))),
            Node::Scan { run, setup, lists, table, columns, filters } => {
                let filters = filters.iter().map(|filter| self.filter(filter, context));
                let filters = filters.collect::<Result<_>>()?;
                let scan = PartScan { run, setup, lists, table, columns, filters };
                Ok(Arc::new(PartScanExec::new(scan, input, Some(Arc::clone(&self.site)))?))
            }
        }
    }
}

/// All functions that a session has by itself.
fn theirs() -> &'static SessionContext {
    static THEIRS: OnceLock<SessionContext> = OnceLock::new();
    THEIRS.get_or_init(SessionContext::new)
}

/// The bytes after the mark and the version, if there is the mark.
fn marked(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let Some(rest) = bytes.strip_prefix(MARK) else { return Ok(None) };
    let Some(end) = rest.iter().position(|byte| *byte == 0) else {
        return plan_err!("a node of Flowproof's has no version");
    };
    let version = String::from_utf8_lossy(&rest[..end]);
    if version != VERSION {
        return plan_err!(
            "the plan was made by flowproof {version}, and this is flowproof {VERSION}"
        );
    }
    Ok(Some(&rest[end + 1..]))
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(bytes) = marked(buf)? else {
            return self.ballista.try_decode(buf, inputs, ctx, proto_converter);
        };
        match postcard::from_bytes(bytes) {
            Ok(node) => self.plan(node, inputs, ctx),
            Err(error) => plan_err!("a node of Flowproof's cannot be read: {error}"),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(ours) = self.node(&node)? else {
            return self.ballista.try_encode(node, buf, proto_converter);
        };
        let bytes = postcard::to_stdvec(&ours);
        let bytes = bytes.map_err(|error| DataFusionError::Plan(error.to_string()))?;
        [MARK, VERSION.as_bytes(), &[0], &bytes]
            .into_iter()
            .for_each(|it| buf.extend_from_slice(it));
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.function(name, buf)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        buf.extend(name_function(node)?.into_iter().flatten());
        Ok(())
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        if buf.is_empty() { theirs().udaf(name) } else { aggregate_named(name) }
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        buf.extend(name_aggregate(node).into_iter().flatten());
        Ok(())
    }
}

/// Filters travel as expressions, and may have functions. Logical plans do not travel: the client plans.
impl LogicalExtensionCodec for Codec {
    fn try_decode(&self, _: &[u8], _: &[LogicalPlan], _: &TaskContext) -> Result<Extension> {
        not_impl_err!("logical plans are not sent")
    }

    fn try_encode(&self, _: &Extension, _: &mut Vec<u8>) -> Result<()> {
        not_impl_err!("logical plans are not sent")
    }

    fn try_decode_table_provider(
        &self,
        _: &[u8],
        _: &TableReference,
        _: SchemaRef,
        _: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        not_impl_err!("logical plans are not sent")
    }

    fn try_encode_table_provider(
        &self,
        _: &TableReference,
        _: Arc<dyn TableProvider>,
        _: &mut Vec<u8>,
    ) -> Result<()> {
        not_impl_err!("logical plans are not sent")
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.function(name, buf)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        buf.extend(name_function(node)?.into_iter().flatten());
        Ok(())
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        if buf.is_empty() { theirs().udaf(name) } else { aggregate_named(name) }
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        buf.extend(name_aggregate(node).into_iter().flatten());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::memory::MemorySourceConfig;
    use datafusion::logical_expr::{col, lit};
    use datafusion_proto::physical_plan::AsExecutionPlan;
    use datafusion_proto::protobuf::PhysicalPlanNode;

    use super::*;

    fn codec() -> Codec {
        Codec::new(Site::new(None, None, 1).unwrap())
    }

    /// A plan as clients send it, of two parts.
    fn plan() -> Arc<dyn ExecutionPlan> {
        let table = Arc::new(Schema::new(vec![Field::new("part", DataType::UInt32, false)]));
        let parts = MemorySourceConfig::try_new_exec(&[vec![], vec![]], table, None).unwrap();
        let scan = PartScan {
            run: "a run".to_owned(),
            setup: "a setup".to_owned(),
            lists: Some("lists".to_owned()),
            table: "traffic".to_owned(),
            columns: vec!["bytes".to_owned(), "remote".to_owned()],
            filters: vec![col("dstport").eq(lit(443)), col("srcaddr").is_null()],
        };
        Arc::new(TellExec::new(Arc::new(PartScanExec::new(scan, parts, None).unwrap())))
    }

    fn read(bytes: &[u8]) -> Result<Arc<dyn ExecutionPlan>> {
        let node = PhysicalPlanNode::try_decode(bytes)?;
        node.try_into_physical_plan(&SessionContext::new().task_ctx(), &codec())
    }

    fn bytes_of(plan: Arc<dyn ExecutionPlan>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let node = PhysicalPlanNode::try_from_physical_plan(plan, &codec()).unwrap();
        node.try_encode(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_plan_comes_back_with_its_parts_and_all_that_it_asks() {
        let (sent, came) = (plan(), read(&bytes_of(plan())).unwrap());
        let scan = |plan: &Arc<dyn ExecutionPlan>| {
            let scan = Arc::clone(plan.children()[0]);
            scan.downcast_ref::<PartScanExec>().unwrap().scan().clone()
        };
        assert!(came.is::<TellExec>());
        assert_eq!(scan(&came), scan(&sent));
        assert_eq!(came.schema(), sent.schema());
        assert_eq!(came.properties().partitioning.partition_count(), 2);
    }

    #[test]
    fn a_plan_of_another_version_is_refused_by_name() {
        let (version, other) = (VERSION.as_bytes(), b"9.9.9");
        assert_eq!(version.len(), other.len());
        let mut bytes = bytes_of(plan());
        let at = bytes.windows(MARK.len()).position(|window| window == MARK).unwrap() + MARK.len();
        bytes[at..at + other.len()].copy_from_slice(other);
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("9.9.9") && error.contains(VERSION), "{error}");
    }

    #[test]
    fn functions_of_ours_come_back_as_ours() {
        let context = SessionContext::new();
        for aggregate in ["sum", "traffic_totals"] {
            let came = PhysicalExtensionCodec::try_decode_udaf(&codec(), aggregate, &[1]).unwrap();
            let mut bytes = Vec::new();
            PhysicalExtensionCodec::try_encode_udaf(&codec(), &came, &mut bytes).unwrap();
            assert!(!bytes.is_empty(), "{aggregate} would be looked for among DataFusion's");
        }
        // DataFusion's own are found by name.
        let theirs = context.udaf("sum").unwrap();
        let mut bytes = Vec::new();
        PhysicalExtensionCodec::try_encode_udaf(&codec(), &theirs, &mut bytes).unwrap();
        assert!(bytes.is_empty());
    }
}
