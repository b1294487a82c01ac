//! Plans whose scans are run in parts elsewhere: on a cluster within this process, which loses results.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::prelude::{SessionConfig, SessionContext};
use flowproof_engine::distributed::{Cluster, ClusterError, Done, Fleet, Home, PartScanExec, Site};
use flowproof_engine::{Answer, EngineError, Key, Rows, Session, SessionOptions, VolumeFilter};
use flowproof_evidence::Window;
use flowproof_intel::{List, ListRole, Matcher};
use futures::{StreamExt, stream};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::*;

/// What befalls the results of one part in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// They cannot be fetched.
    All,
    /// The end does not come, and nothing says so.
    End,
    /// What comes first does not come.
    Beginning,
    /// They break off, and come again later whole.
    Broken,
    /// They come twice.
    Twice,
}

/// What is kept, and what was done.
#[derive(Debug, Default)]
struct Store {
    blobs: Mutex<HashMap<String, Bytes>>,
    puts: AtomicU64,
    done: Mutex<HashMap<u32, Done>>,
}

#[async_trait]
impl Home for Store {
    async fn get(&self, name: &str) -> Result<Bytes, ClusterError> {
        let blobs = self.blobs.lock().unwrap();
        blobs.get(name).cloned().ok_or_else(|| ClusterError(format!("no {name}")))
    }

    async fn is_wanted(&self, _: &str) -> Result<bool, ClusterError> {
        Ok(true)
    }

    async fn tell_done(&self, _: &str, part: u32, done: Done) {
        self.done.lock().unwrap().insert(part, done);
    }
}

/// A cluster whose executors are threads of this process.
#[derive(Debug)]
struct Here {
    store: Arc<Store>,
    site: Arc<Site>,
    slots: usize,
    /// By run, then by partition.
    losses: Mutex<Vec<Vec<Option<Loss>>>>,
}

impl Here {
    fn new(slots: usize, mut losses: Vec<Vec<Option<Loss>>>) -> Arc<Here> {
        losses.reverse();
        let store = Arc::new(Store::default());
        let home: Arc<dyn Home> = store.clone();
        let site = Arc::new(Site::new(Some(home), None, 1).unwrap());
        Arc::new(Here { store, site, slots, losses: Mutex::new(losses) })
    }

    /// The plan as it would come out of its bytes on an executor.
    fn on_site(&self, plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        let here = |node: Arc<dyn ExecutionPlan>| {
            let Some(scan) = node.downcast_ref::<PartScanExec>() else {
                return Ok(Transformed::no(node));
            };
            let (parts, site) = (Arc::clone(node.children()[0]), Arc::clone(&self.site));
            let scan = PartScanExec::new(scan.scan().clone(), parts, Some(site))?;
            Ok(Transformed::yes(Arc::new(scan) as Arc<dyn ExecutionPlan>))
        };
        plan.transform_up(here).unwrap().data
    }
}

#[async_trait]
impl Cluster for Here {
    async fn slots(&self) -> Result<usize, ClusterError> {
        Ok(self.slots)
    }

    async fn keep(&self, blobs: Vec<Bytes>) -> Result<Vec<String>, ClusterError> {
        let mut kept = self.store.blobs.lock().unwrap();
        let name = |blob: Bytes| {
            let name = format!("blob {}", self.store.puts.fetch_add(1, Ordering::Relaxed));
            kept.insert(name.clone(), blob);
            name
        };
        Ok(blobs.into_iter().map(name).collect())
    }

    async fn run(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &SessionConfig,
    ) -> Result<SendableRecordBatchStream, ClusterError> {
        let losses = self.losses.lock().unwrap().pop().unwrap_or_default();
        let plan = self.on_site(plan);
        let mut rows: Vec<PlanResult<RecordBatch>> = Vec::new();
        let mut later = Vec::new();
        for partition in 0..plan.output_partitioning().partition_count() {
            let task = SessionContext::new_with_config(config.clone()).task_ctx();
            let of_part = plan.execute(partition, task).unwrap().collect::<Vec<_>>().await;
            let failed = of_part.iter().find_map(|batch| batch.as_ref().err());
            if let Some(error) = failed {
                return Err(ClusterError(error.to_string()));
            }
            let of_part = of_part.into_iter().map(Result::unwrap).collect::<Vec<_>>();
            let lost = || Err(DataFusionError::Execution("an executor was lost".to_owned()));
            let whole = || of_part.iter().cloned().map(Ok);
            match losses.get(partition).copied().flatten() {
                None => rows.extend(whole()),
                Some(Loss::All) => rows.push(lost()),
                Some(Loss::End) => rows.extend(whole().take(of_part.len() - 1)),
                Some(Loss::Beginning) => rows.extend(whole().skip(1.min(of_part.len() - 1))),
                Some(Loss::Broken) => {
                    rows.extend(whole().take(of_part.len() - 1));
                    rows.push(lost());
                    later.extend(whole());
                }
                Some(Loss::Twice) => {
                    rows.extend(whole());
                    later.extend(whole());
                }
            }
        }
        rows.extend(later);
        Ok(Box::pin(RecordBatchStreamAdapter::new(plan.schema(), stream::iter(rows))))
    }

    async fn done(&self, _: &str) -> Result<Done, ClusterError> {
        Ok(Done::default())
    }
}

/// Options to ask a cluster with.
fn on(cluster: Arc<Here>) -> SessionOptions {
    SessionOptions { fleet: Some(Fleet::new(cluster)), ..options() }
}

/// What is asked.
#[derive(Debug, Clone)]
enum Question {
    Volumes(Vec<Key>),
    Sql(&'static str),
    Listed,
}

const SQL: [&str; 16] = [
    "SELECT count(*), sum(bytes), min(\"start\"), max(dstaddr) FROM flow_logs",
    "SELECT interface_id, count(DISTINCT dstaddr), avg(bytes) FROM flow_logs GROUP BY 1 HAVING count(*) > 1",
    "SELECT a.srcaddr, b.dstaddr, a.bytes + b.bytes FROM flow_logs a JOIN flow_logs b ON a.dstaddr = b.srcaddr",
    "SELECT srcaddr, bytes, row_number() OVER (PARTITION BY srcaddr ORDER BY bytes, dstaddr, \"start\") FROM flow_logs",
    "SELECT * FROM traffic ORDER BY bytes DESC LIMIT 3",
    "SELECT dstaddr, bytes FROM flow_logs WHERE bytes >= (SELECT max(bytes) FROM flow_logs) \
     UNION ALL SELECT srcaddr, bytes * 2 FROM flow_logs WHERE bytes < 500",
    "SELECT local, remote, sum(bytes) FROM traffic WHERE in_list(remote) OR on_threat_list(local) GROUP BY 1, 2",
    "SELECT max(bytes) - 500 FROM flow_logs WHERE bytes < 900",
    "SELECT bytes - 100, dstaddr FROM flow_logs WHERE bytes > 90",
    "SELECT interface_id, dstport, sum(bytes) FROM flow_logs GROUP BY CUBE(interface_id, dstport)",
    "SELECT place, count(*) FROM collected_rows WHERE place = 0 GROUP BY 1",
    "SELECT max(place), count(*) FROM collected_rows WHERE bytes > 5",
    "SELECT CASE WHEN place > 0 THEN 1 ELSE 0 END, bytes FROM collected_rows ORDER BY place, bytes LIMIT 3",
    "SELECT arrow_cast(srcaddr, 'Dictionary(Int32, Utf8)') FROM flow_logs",
    "SELECT bytes / (bytes - bytes) FROM flow_logs",
    "SELECT o.object, o.n FROM (SELECT object, count(*) AS n FROM flow_logs GROUP BY 1) o WHERE o.n > 0",
];

fn matcher() -> Arc<Matcher> {
    let list = b"203.0.113.0/28\n10.0.0.7\n198.51.100.7,label\n";
    let list = List::from_bytes("list.txt", ListRole::Threat, &list[..]).unwrap();
    Arc::new(Matcher::new(vec![list]))
}

fn ask(
    logs: &TempDir,
    options: SessionOptions,
    question: &Question,
) -> Result<String, EngineError> {
    fn told<T>(answer: &Answer<T>, value: &str) -> String {
        format!("{value}\n{:?}\n{:?}\n{:?}", answer.coverage, answer.evidence(), answer.overlaps)
    }
    let rows = |answer: Answer<Rows>| told(&answer, &texts(&answer.value).join("\n"));
    block_on(async {
        let session: Session = open(logs, Window::ALWAYS, options).await;
        Ok(match question {
            Question::Volumes(keys) => rows(session.volumes(keys, &VolumeFilter::default()).await?),
            Question::Sql(sql) => {
                let answer = session.query(sql, Some(matcher())).await?;
                // A plan that reads the table several times tells how many rows one of these readings had.
                format!("{}\n{:?}", texts(&answer.value).join("\n"), answer.coverage)
            }
            Question::Listed => {
                let answer = session.listed(matcher(), true).await?;
                told(&answer, &format!("{:?}", answer.value))
            }
        })
    })
}

fn question() -> impl Strategy<Value = Question> {
    let keys: Vec<Key> = Key::all().collect();
    prop_oneof![
        prop::sample::subsequence(keys, 0..3).prop_map(Question::Volumes),
        prop::sample::select(&SQL[..]).prop_map(Question::Sql),
        Just(Question::Listed),
    ]
}

const ADDRESSES: [&str; 6] =
    ["10.0.0.5", "10.0.0.6", "10.0.0.7", "203.0.113.9", "198.51.100.7", "203.0.113.200"];

/// Files of records of a few interfaces, some of which do not tell their own address alone.
fn logs() -> impl Strategy<Value = Vec<Vec<String>>> {
    let address = || prop::sample::select(&ADDRESSES[..]);
    let record = (0..3u8, address(), address(), 1..1000u64, 0..9i64).prop_map(
        |(eni, source, destination, bytes, minute)| {
            let eni = format!("eni-0a1b2c3d4e5f6000{eni}");
            v2(&eni, source, destination, bytes, 1_748_736_000 + 60 * minute)
        },
    );
    let line = prop_oneof![8 => record, 1 => Just("no record".to_owned())];
    prop::collection::vec(prop::collection::vec(line, 0..12), 0..7)
}

fn losses() -> impl Strategy<Value = Vec<Vec<Option<Loss>>>> {
    let all = [Loss::All, Loss::End, Loss::Beginning, Loss::Broken, Loss::Twice];
    let loss = prop_oneof![2 => Just(None), 1 => prop::sample::select(all.to_vec()).prop_map(Some)];
    prop::collection::vec(prop::collection::vec(loss, 0..8), 0..3)
}

fn written(logs: &[Vec<String>]) -> TempDir {
    let files: Vec<(String, String)> = logs
        .iter()
        .enumerate()
        .map(|(n, lines)| (format!("{n}.log"), lines.join("\n") + "\n"))
        .collect();
    let files: Vec<(&str, String)> =
        files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    folder(&files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is lost on the way, the answer and its coverage are those of one process, or the error is.
    #[test]
    fn an_answer_from_elsewhere_is_the_answer(
        logs in logs(), question in question(), losses in losses(), slots in 1..3usize,
    ) {
        let logs = written(&logs);
        let asked = |options| ask(&logs, options, &question).map_err(|error| error.to_string());
        let here = asked(options());
        let there = asked(on(Here::new(slots, losses)));
        prop_assert_eq!(there, here);
    }
}

#[test]
fn what_is_lost_again_and_again_is_an_error() {
    let logs = written(&[vec![v2(ENI, "10.0.0.5", "203.0.113.9", 5, 1_748_736_000)]]);
    let cluster = Here::new(1, vec![vec![Some(Loss::All)]; 3]);
    let error = ask(&logs, on(cluster), &Question::Volumes(vec![Key::Interface])).unwrap_err();
    assert!(matches!(&error, EngineError::Cluster(_)), "{error:?}");
    assert!(error.to_string().contains("an executor was lost"), "{error}");
}

#[test]
fn lists_are_sent_once_for_many_questions_and_parts() {
    let logs = written(&vec![vec![v2(ENI, "10.0.0.5", "203.0.113.9", 5, 1_748_736_000)]; 9]);
    let cluster = Here::new(2, Vec::new());
    let matcher = matcher();
    block_on(async {
        let session = open(&logs, Window::ALWAYS, on(Arc::clone(&cluster))).await;
        for _ in 0..3 {
            session.listed(Arc::clone(&matcher), true).await.unwrap();
        }
    });
    let lists = matcher.pack();
    let blobs = cluster.store.blobs.lock().unwrap();
    assert_eq!(blobs.values().filter(|blob| ***blob == *lists).count(), 1);
    let done = cluster.store.done.lock().unwrap();
    assert_eq!(done.len(), 8, "a part for each slot, and four times as many");
    assert_eq!(done.values().map(|done| done.objects).sum::<u64>(), 9);
}
