//! Plans on a scheduler and executors, and what happens when one of them goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ballista_core::extension::SessionConfigExt;
use datafusion::arrow::array::Int64Array;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use flowproof_cluster::{
    ClusterError, Codecs, Executor, Job, Output, SchedulerAddress, SchedulerOptions, StoreClient,
    VERSION,
};
use futures::TryStreamExt;

use crate::slow::{COUNTED, SlowCodec, counted, slow};
use crate::support::{executor, executor_options, scheduler, scheduler_options};

/// How many rows each partition has.
const ROWS: i64 = 1000;

/// A table `t` of one column `n`: the numbers from 0 on, in partitions.
fn context(partitions: i64) -> SessionContext {
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let batch = |partition: i64| {
        let numbers = Int64Array::from_iter_values(partition * ROWS..(partition + 1) * ROWS);
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(numbers)]).unwrap()
    };
    let partitions = (0..partitions).map(|partition| vec![batch(partition)]).collect();
    let table = MemTable::try_new(Arc::clone(&schema), partitions).unwrap();
    let context = SessionContext::new();
    context.register_udf(slow());
    context.register_udf(counted());
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

async fn plan(context: &SessionContext, sql: &str) -> Arc<dyn ExecutionPlan> {
    context.sql(sql).await.unwrap().create_physical_plan().await.unwrap()
}

/// Hands a plan in, one task for each partition.
async fn submit(
    scheduler: &SchedulerAddress,
    plan: Arc<dyn ExecutionPlan>,
) -> Result<Job, ClusterError> {
    let mut config = SessionConfig::new_with_ballista().with_ballista_adaptive_query_planner(false);
    config.options_mut().set("ballista.scheduler.max_partitions_per_task", "1").unwrap();
    Job::submit(scheduler, plan, &SlowCodec::default(), &config, 64 << 20).await
}

/// The numbers of the first column of all outputs, sorted.
async fn numbers(outputs: &[Output]) -> Vec<i64> {
    let mut numbers = Vec::new();
    for output in outputs {
        let batches: Vec<RecordBatch> = output.read().await.unwrap().try_collect().await.unwrap();
        for batch in batches {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            numbers.extend_from_slice(column.values());
        }
    }
    numbers.sort_unstable();
    numbers
}

/// Runs a plan on a cluster: the numbers of its first column, sorted.
async fn run(scheduler: &SchedulerAddress, plan: Arc<dyn ExecutionPlan>) -> Vec<i64> {
    let mut job = submit(scheduler, plan).await.unwrap();
    let outputs = tokio::time::timeout(Duration::from_secs(60), job.outputs()).await;
    let numbers = numbers(&outputs.unwrap().unwrap()).await;
    job.forget().await.unwrap();
    numbers
}

/// Waits until the scheduler knows so many executors.
async fn until_executors(store: &StoreClient, count: usize) {
    let wait = async {
        while store.hello().await.unwrap().executors.len() != count {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_executors_work_through_a_plan_and_are_told_with_their_slots_and_version() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let (first, _, one) = executor(executor_options(&address)).await;
    let (second, _, two) = executor(executor_options(&address)).await;

    let store = StoreClient::connect(&address).await.unwrap();
    let hello = store.hello().await.unwrap();
    let ids: Vec<&str> = hello.executors.iter().map(|executor| &*executor.id).collect();
    assert!(ids.len() == 2 && ids.contains(&&*first) && ids.contains(&&*second), "{hello:?}");
    assert_eq!((hello.flowproof.as_str(), hello.slots), (VERSION, 4));
    for executor in &hello.executors {
        assert_eq!((executor.host.as_str(), executor.slots), ("127.0.0.1", 2));
        assert_eq!(executor.version.as_deref(), Some(VERSION));
    }

    let plan = plan(&context(16), "SELECT n FROM t WHERE n % 2 = 0").await;
    let expected: Vec<i64> = (0..16 * ROWS).step_by(2).collect();
    assert_eq!(run(&address, plan).await, expected);

    one.stop().await.unwrap();
    // It has said so, and need not be found dead.
    tokio::time::timeout(Duration::from_secs(4), until_executors(&store, 1)).await.unwrap();
    two.stop().await.unwrap();
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_a_shuffle_runs_in_two_stages() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let (_, _, one) = executor(executor_options(&address)).await;
    let (_, _, two) = executor(executor_options(&address)).await;
    let plan = plan(&context(8), "SELECT CAST(count(*) AS BIGINT) FROM t GROUP BY n % 5").await;
    assert_eq!(run(&address, plan).await, [8 * ROWS / 5; 5]);
    one.stop().await.unwrap();
    two.stop().await.unwrap();
    serving.stop().await.unwrap();
}

/// Kills one of two executors while a job runs, and reads its outputs.
async fn all_numbers_are_there_if_one_dies_after(time: Duration) {
    let timeout = Duration::from_secs(3);
    let options = SchedulerOptions { executor_timeout: timeout, ..scheduler_options() };
    let (address, serving) = scheduler(options).await;
    let (_, _, dies) = executor(executor_options(&address)).await;
    let (_, _, stays) = executor(executor_options(&address)).await;
    let store = StoreClient::connect(&address).await.unwrap();
    until_executors(&store, 2).await;

    // Four tasks run at once, 300 ms each.
    let plan = plan(&context(16), "SELECT slow(n) FROM t").await;
    let mut job = submit(&address, plan).await.unwrap();
    tokio::time::sleep(time).await;
    dies.kill();
    let outputs = tokio::time::timeout(Duration::from_secs(60), job.outputs()).await.unwrap();
    let outputs = outputs.unwrap();
    assert_eq!(outputs.len(), 16);
    assert_eq!(numbers(&outputs).await, (0..16 * ROWS).collect::<Vec<_>>());
    until_executors(&store, 1).await;
    stays.stop().await.unwrap();
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_an_executor_that_dies_are_run_by_the_other() {
    all_numbers_are_there_if_one_dies_after(Duration::from_millis(150)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_executor_had_done_before_it_died_is_done_again() {
    all_numbers_are_there_if_one_dies_after(Duration::from_millis(800)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_went_with_its_executor_is_told_by_its_partition() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let (_, _, working) = executor(executor_options(&address)).await;
    let mut job = submit(&address, plan(&context(2), "SELECT n FROM t").await).await.unwrap();
    let outputs = job.outputs().await.unwrap();
    working.kill();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let error = outputs[1].read().await.err().unwrap();
    assert!(matches!(error, ClusterError::Output { partition: 1, .. }), "{error}");
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_dropped_is_given_up() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let (_, _, working) = executor(executor_options(&address)).await;
    // Two at once: 20 s altogether.
    let long = plan(&context(128), "SELECT counted(n) FROM t").await;
    let job = submit(&address, long).await.unwrap();
    let begun = async {
        while COUNTED.load(Ordering::SeqCst) < 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), begun).await.unwrap();
    drop(job);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let counted = COUNTED.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(COUNTED.load(Ordering::SeqCst), counted);
    let short = plan(&context(1), "SELECT n FROM t").await;
    assert_eq!(run(&address, short).await, (0..ROWS).collect::<Vec<_>>());
    working.stop().await.unwrap();
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_fails_fails_the_job_with_its_reason() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let (_, _, working) = executor(executor_options(&address)).await;
    let plan = plan(&context(2), "SELECT 1 / (n - 500) FROM t").await;
    let error = submit(&address, plan).await.unwrap().outputs().await.unwrap_err();
    assert!(matches!(error, ClusterError::Job { .. }), "{error}");
    assert!(error.to_string().contains("DivideByZero"), "{error}");
    working.stop().await.unwrap();
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_ends_with_an_error_when_its_scheduler_is_gone_for_good() {
    let within = tempfile::tempdir().unwrap();
    let (address, serving) = scheduler(scheduler_options()).await;
    let mut options = executor_options(&address);
    options.work_folder = Some(within.path().to_owned());
    let (_, folder, working) = executor(options).await;
    assert!(folder.is_dir() && folder.starts_with(within.path()));
    serving.stop().await.unwrap();
    let error = working.ended().await.unwrap_err();
    assert!(matches!(error, ClusterError::Lost { .. }), "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert_eq!(std::fs::read_dir(within.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_registers_again_with_a_scheduler_that_was_started_anew() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let (id, _, working) = executor(executor_options(&address)).await;
    serving.stop().await.unwrap();
    let mut options = scheduler_options();
    options.address.set_port(address.port());
    let (again, serving) = scheduler(options).await;
    let store = StoreClient::connect(&again).await.unwrap();
    until_executors(&store, 1).await;
    assert_eq!(store.hello().await.unwrap().executors[0].id, id);
    working.stop().await.unwrap();
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_waits_for_its_scheduler_and_only_for_so_long() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SchedulerAddress::new("127.0.0.1", free.local_addr().unwrap().port());
    drop(free);
    let mut options = executor_options(&address);
    options.patience = Duration::from_secs(1);
    let began = Instant::now();
    let error = Executor::start(options, Codecs::default()).await.err().unwrap();
    assert!(error.is_unreachable(), "{error}");
    assert!(began.elapsed() >= Duration::from_secs(1) && began.elapsed() < Duration::from_secs(10));

    let starting = tokio::spawn(executor(executor_options(&address)));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!starting.is_finished());
    let mut options = scheduler_options();
    options.address.set_port(address.port());
    let (_, serving) = scheduler(options).await;
    let (_, folder, working) = starting.await.unwrap();
    working.stop().await.unwrap();
    assert!(!folder.exists());
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = taken.local_addr().unwrap();
    let options = SchedulerOptions { address: at, ..SchedulerOptions::default() };
    let error = flowproof_cluster::Scheduler::bind(options, Codecs::default()).await.err().unwrap();
    assert!(error.to_string().contains(&at.to_string()), "{error}");

    let (address, serving) = scheduler(scheduler_options()).await;
    for which in ["flight", "control"] {
        let mut options = executor_options(&address);
        match which {
            "flight" => options.flight_port = at.port(),
            _ => options.control_port = at.port(),
        }
        let error = Executor::start(options, Codecs::default()).await.err().unwrap();
        assert!(matches!(error, ClusterError::Start { .. }), "{error}");
        assert!(error.to_string().contains(&at.to_string()), "{error}");
    }
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_the_scheduler_cannot_reach_is_told_so() {
    let (address, serving) = scheduler(scheduler_options()).await;
    let mut options = executor_options(&address);
    options.advertised_host = Some("no-such-host.invalid".to_owned());
    let error = Executor::start(options, Codecs::default()).await.err().unwrap();
    assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
    serving.stop().await.unwrap();
}
