//! Reading that begins before the listing has ended.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use flowproof_engine::{Answer, EngineError, Key, Session, SessionOptions, VolumeFilter};
use flowproof_s3_testing::{Fault, Memory, Rule, S3Server};
use flowproof_source::Selection;
use flowproof_source::s3::{S3, S3Options};

use crate::support::*;

/// How long the second day keeps whoever lists it waiting.
const LATE: Duration = Duration::from_millis(1500);

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Two days of two flow logs of one interface, five objects each a day. Two objects have the same bytes,
/// one is damaged, one is no flow log, and one has nothing in it.
fn two_days() -> Memory {
    let objects = Memory::default();
    for day in 1..=2 {
        for flow_log in ["fl-0000000000000000a", "fl-0000000000000000b"] {
            for n in 0..5_i64 {
                let start = T0 + 86_400 * (day - 1) + 300 * n;
                let remote = format!("203.0.113.{}", n + day);
                let same = day == 2 && n == 3;
                let bytes = if same { 7 } else { 100 * n as u64 + flow_log.len() as u64 };
                let lines = [
                    v2(ENI, "10.0.1.5", &remote, bytes, start),
                    v2(ENI, &remote, "10.0.1.5", bytes, start),
                ];
                let text = format!("{V2}\n{}\n", lines.join("\n"));
                let key = format!(
                    "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/0{day}/123456789012_vpcflowlogs_us-east-1_\
                     {flow_log}_2025060{day}T00{:02}Z_{n:08x}.log.gz",
                    5 * n
                );
                objects.put("logs", &key, gzip(&text));
            }
        }
    }
    let day = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/02";
    let damaged = gzip(&format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.77", 9, T0)));
    objects.put("logs", &format!("{day}/cut.log.gz"), damaged[..damaged.len() - 9].to_vec());
    objects.put("logs", &format!("{day}/empty.log.gz"), "");
    objects.put("logs", &format!("{day}/readme.md"), "# no flow log");
    objects
}

struct Bucket {
    server: S3Server,
    s3: S3,
}

impl Bucket {
    async fn new() -> Bucket {
        let server = S3Server::memory(two_days()).await.unwrap();
        let late = Rule::new(Fault::Delay(LATE)).listings().key("2025/06/02");
        server.faults().add(late);
        let options = S3Options {
            endpoint_url: Some(server.endpoint()),
            path_style: true,
            attempts: 2,
            ..S3Options::default()
        };
        let s3 = S3::with_config(server.config(), options);
        Bucket { server, s3 }
    }

    async fn open(&self, patience: Duration) -> Session {
        let selection = Selection {
            wheres: vec!["s3://logs/AWSLogs".to_owned()],
            s3: Some(self.s3.clone()),
            ..Selection::default()
        };
        Session::open(&selection, SessionOptions { patience, ..options() }).await.unwrap()
    }
}

/// All that an answer tells.
fn told<T: std::fmt::Debug>(answer: &Answer<T>, rows: Vec<String>) -> String {
    let objects = answer.objects.iter().map(|read| {
        format!(
            "{} {} {:?} {} {:?}",
            read.object.key, read.outcome, read.digest, read.rows, read.records
        )
    });
    let objects: Vec<String> = objects.collect();
    format!(
        "{rows:#?}\n{:#?}\n{:#?}\n{objects:#?}\n{:?}",
        answer.coverage,
        answer.evidence(),
        answer.overlaps
    )
}

async fn answers(session: impl AsyncFn() -> Session) -> Vec<String> {
    let keys = [Key::Interface, Key::Remote, Key::Hour];
    let volumes = session().await.volumes(&keys, &VolumeFilter::default()).await.unwrap();
    let sql = "select object, local, remote, bytes from traffic";
    let query = session().await.query(sql, None).await.unwrap();
    let twice = session().await;
    let sql = "select a.object, b.object from flow_logs a join flow_logs b using (dstaddr, bytes) limit 3";
    let join = twice.query(sql, None).await.unwrap();
    let count = twice.query("select count(*), sum(bytes) from flow_logs", None).await.unwrap();
    let inspect = session().await.inspect().await.unwrap();
    let nothing = session().await.query("select 1", None).await.unwrap();
    vec![
        told(&volumes, texts(&volumes.value)),
        told(&query, texts(&query.value)),
        told(&join, texts(&join.value)),
        told(&count, texts(&count.value)),
        told(&inspect, vec![format!("{:?}", inspect.value)]),
        told(&nothing, texts(&nothing.value)),
    ]
}

#[test]
fn what_is_read_while_it_is_listed_answers_as_what_was_listed_before() {
    block_on(async {
        let bucket = Bucket::new().await;
        let early = answers(async || {
            let session = bucket.open(Duration::ZERO).await;
            assert!(session.found().objects() < 20, "the second day is late");
            session
        });
        let early = early.await;
        bucket.server.faults().clear();
        let whole = answers(async || {
            let session = bucket.open(Duration::MAX).await;
            assert_eq!(session.found().objects(), 21);
            session
        });
        for (early, whole) in early.iter().zip(&whole.await) {
            assert_eq!(early, whole);
        }
    });
}

#[test]
fn the_first_objects_are_read_before_the_last_are_found() {
    block_on(async {
        let bucket = Bucket::new().await;
        let begun = Instant::now();
        let session = Arc::new(bucket.open(Duration::ZERO).await);
        let (progress, found) = (session.progress(), session.found());
        let question = tokio::spawn(async move {
            session.volumes(&[Key::Interface], &VolumeFilter::default()).await
        });
        while progress.objects() < 10 {
            assert!(begun.elapsed() < LATE, "{} objects after {LATE:?}", progress.objects());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(found.objects(), 10, "the second day is late");
        let answer = question.await.unwrap().unwrap();
        assert_eq!((answer.coverage.objects.read, answer.coverage.objects.truncated), (20, 1));
    });
}

#[test]
fn a_listing_that_fails_after_the_first_objects_is_an_error() {
    block_on(async {
        let bucket = Bucket::new().await;
        bucket.server.faults().add(Rule::new(Fault::ExpiredToken).listings().key("2025/06/02"));
        let session = bucket.open(Duration::ZERO).await;
        assert!(session.found().objects() <= 10, "the second day is late");
        let failed = session.volumes(&[Key::Interface], &VolumeFilter::default()).await;
        match failed {
            Err(EngineError::Source(error)) => assert!(error.to_string().contains("ExpiredToken")),
            other => panic!("{other:?}"),
        }
        // It is not forgotten.
        let again = session.volumes(&[Key::Interface], &VolumeFilter::default()).await;
        assert!(matches!(again, Err(EngineError::Source(_))), "{again:?}");
    });
}
