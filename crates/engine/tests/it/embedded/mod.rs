//! The engine within programs of others: the builder, without a runtime, and in a DataFusion context of theirs.

mod examples;
mod host;
mod waiting;

use flowproof_engine::{EngineError, Key, Session, SessionBuilder, VolumeFilter};
use flowproof_evidence::{InterfaceIdentity, Window};

use crate::support::*;

/// A folder's logs.
fn over(folder: &tempfile::TempDir) -> SessionBuilder {
    Session::builder().logs(folder.path().display().to_string())
}

#[test]
fn a_builder_makes_the_session_that_its_parts_make() {
    let lines = [
        v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0),
        v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0 + 3600),
    ];
    let logs = log(V2, &lines);
    let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
    let identity = InterfaceIdentity {
        interface: ENI.into(),
        instance: Some(INSTANCE.into()),
        addresses: vec![],
    };
    let builder =
        over(&logs).window(Window::new(at(T0), at(T0 + 60))).interface(&identity).threads(1);
    let filter = VolumeFilter { instances: vec![INSTANCE.into()], ..VolumeFilter::default() };
    let answer = block_on(async {
        let session = builder.memory(64 << 20).open().await.unwrap();
        session.volumes(&[Key::Instance], &filter).await.unwrap()
    });
    assert_eq!(only_row(&answer.value, &["instance", "bytes_out"]), [INSTANCE, "100"]);

    let elsewhere = over(&logs).account("123456789012").region("eu-west-1");
    let found = block_on(elsewhere.open()).unwrap().found().objects();
    assert_eq!(found, 1, "a key that tells no account and no Region may be of any");
}

#[test]
fn a_window_that_ends_before_it_begins_is_refused() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
    for (from, to) in [(T0, T0), (T0 + 1, T0)] {
        let error = block_on(over(&logs).window(Window::new(at(from), at(to))).open()).unwrap_err();
        assert!(matches!(error, EngineError::Window), "{error}");
    }
}

#[test]
fn an_instance_that_no_record_could_be_told_to_be_of_is_an_error_and_not_no_traffic() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let filter = VolumeFilter { instances: vec![INSTANCE.into()], ..VolumeFilter::default() };
    let error = block_on(async {
        over(&logs).open().await.unwrap().volumes(&[Key::Instance], &filter).await.unwrap_err()
    });
    assert!(matches!(error, EngineError::NoInstances), "{error}");
}

#[test]
fn sessions_answers_and_errors_can_go_to_other_threads_and_so_can_what_is_under_way() {
    fn sent<T: Send>(value: T) -> T {
        value
    }
    fn shared<T: Send + Sync>() {}
    shared::<Session>();
    shared::<SessionBuilder>();
    shared::<flowproof_engine::blocking::Session>();
    shared::<EngineError>();
    shared::<flowproof_engine::Answer<flowproof_engine::Rows>>();
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let rows = block_on(async {
        let session = sent(over(&logs).open()).await.unwrap();
        let filter = VolumeFilter::default();
        let volumes = sent(session.volumes(&[Key::Remote], &filter)).await.unwrap();
        let query = sent(session.query("SELECT 1 FROM flow_logs", None)).await.unwrap();
        volumes.value.batches.len() + query.value.batches.len()
    });
    assert!(rows >= 2);
}

#[test]
fn a_question_that_is_dropped_midway_leaves_the_session_as_it_was() {
    let lines: Vec<String> =
        (0..20_000).map(|n| v2(ENI, "10.0.1.5", "203.0.113.9", 1, T0 + n % 600)).collect();
    let logs = log(V2, &lines);
    block_on(async {
        let session = over(&logs).open().await.unwrap();
        let filter = VolumeFilter::default();
        for micros in [0, 10, 100, 1000, 5000] {
            let midway = session.volumes(&[Key::Remote], &filter);
            let wait = std::time::Duration::from_micros(micros);
            let _ = tokio::time::timeout(wait, midway).await;
        }
        let answer = session.volumes(&[Key::Remote], &filter).await.unwrap();
        assert_eq!(only_row(&answer.value, &["bytes_out", "flows"]), ["20000", "20000"]);
        assert_eq!(answer.coverage.records.ok, 20_000);
    });
}
