//! The store over the network.

use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{Action, FlightData, FlightDescriptor, Ticket};
use bytes::Bytes;
use flowproof_cluster::{
    BlobName, CHUNK_BYTES, ClusterError, Count, Done, Join, Progress, SchedulerAddress,
    SchedulerOptions, StoreClient, VERSION,
};
use futures::StreamExt;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::support::{scheduler_options, store};

fn begin(name: &str, bytes: &[u8]) -> FlightData {
    let descriptor = FlightDescriptor::new_path(vec![name.to_owned()]);
    FlightData::new().with_descriptor(descriptor).with_data_body(bytes.to_vec())
}

fn more(bytes: &[u8]) -> FlightData {
    FlightData::new().with_data_body(bytes.to_vec())
}

/// A client that says what it is told to.
async fn flight(store: &StoreClient) -> FlightServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(store.scheduler().url()).unwrap();
    FlightServiceClient::new(endpoint.connect().await.unwrap())
}

/// Puts messages as they are; how many blobs were taken, and the error if there was one.
async fn put_raw(store: &StoreClient, messages: Vec<FlightData>) -> (usize, Option<Status>) {
    let mut flight = flight(store).await;
    let mut answers = match flight.do_put(futures::stream::iter(messages)).await {
        Ok(answers) => answers.into_inner(),
        Err(status) => return (0, Some(status)),
    };
    let mut taken = 0;
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(_) => taken += 1,
            Err(status) => return (taken, Some(status)),
        }
    }
    (taken, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_come_back_as_they_were_put_whatever_their_size() {
    let (store, serving) = store(scheduler_options()).await;
    let large: Vec<u8> = (0..40_u32 << 20).map(|byte| (byte % 251) as u8).collect();
    let sizes = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, large.len()];
    let large = Bytes::from(large);
    let blobs: Vec<Bytes> = sizes.into_iter().map(|size| large.slice(..size)).collect();
    let names = store.put(blobs.clone()).await.unwrap();
    assert_eq!(names.len(), blobs.len());
    for (name, blob) in names.iter().zip(&blobs) {
        assert_eq!(*name, BlobName::of(blob));
        assert!(store.get(*name).await.unwrap() == *blob, "{} bytes", blob.len());
    }
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_travels_once_to_the_store_and_is_counted_as_often_as_it_is_got() {
    let (store, serving) = store(scheduler_options()).await;
    let (setup, list) = (Bytes::from_static(b"setup"), Bytes::from(vec![7; 2_500_000]));
    let names = store.put(vec![setup.clone(), list.clone(), setup.clone()]).await.unwrap();
    assert_eq!(names[0], names[2]);
    assert_eq!(store.put(vec![list.clone(), setup]).await.unwrap(), [names[1], names[0]]);
    for _ in 0..2 {
        assert_eq!(store.get(names[1]).await.unwrap(), list);
    }
    let counts = store.counts().await.unwrap();
    let list =
        Count { bytes: 2_500_000, puts: 1, bytes_put: 2_500_000, gets: 2, bytes_got: 5_000_000 };
    let setup = Count { bytes: 5, puts: 1, bytes_put: 5, gets: 0, bytes_got: 0 };
    assert_eq!(counts.into_iter().collect::<Vec<_>>().len(), 2);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts[&names[0]], counts[&names[1]]), (setup, list));
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_sent_although_it_is_there_is_told_as_such_and_checked() {
    let (store, serving) = store(scheduler_options()).await;
    let [name] = store.put(vec![Bytes::from_static(b"abc")]).await.unwrap()[..] else { panic!() };
    let (taken, error) = put_raw(&store, vec![begin(&name.to_string(), b"ab"), more(b"c")]).await;
    assert_eq!((taken, error.map(|status| status.code())), (1, None));
    let (_, error) = put_raw(&store, vec![begin(&name.to_string(), b"abd")]).await;
    assert_eq!(error.unwrap().code(), Code::InvalidArgument);
    let count = store.counts().await.unwrap()[&name];
    assert_eq!((count.puts, count.bytes_put), (3, 9));
    assert_eq!(store.get(name).await.unwrap(), "abc");
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_those_of_the_name_are_refused_and_what_came_before_stays() {
    let (store, serving) = store(scheduler_options()).await;
    let (abc, xyz) = (BlobName::of(b"abc"), BlobName::of(b"xyz"));
    let messages = vec![
        begin(&abc.to_string(), b"abc"),
        begin(&xyz.to_string(), b"xy"),
        begin(&BlobName::of(b"").to_string(), b""),
    ];
    let (taken, error) = put_raw(&store, messages).await;
    let error = error.unwrap();
    assert_eq!((taken, error.code()), (1, Code::InvalidArgument));
    assert!(error.message().contains(&xyz.to_string()), "{error}");
    assert_eq!(store.missing(&[abc, xyz]).await.unwrap(), [xyz]);
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_leaves_nothing() {
    let within = tempfile::tempdir().unwrap();
    let options =
        SchedulerOptions { store_folder: Some(within.path().to_owned()), ..scheduler_options() };
    let (store, serving) = store(options).await;
    let name = BlobName::of(&vec![1; 3 * CHUNK_BYTES]);
    let first = vec![begin(&name.to_string(), b""), more(&vec![1; CHUNK_BYTES])];
    // The client has a runtime of its own, so that it can go as a process goes.
    let client = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let store_of_client = store.clone();
    client.spawn(async move {
        let first = futures::stream::iter(first).chain(futures::stream::pending());
        let mut answers = flight(&store_of_client).await.do_put(first).await.unwrap().into_inner();
        answers.next().await
    });
    let files = || {
        let folder = std::fs::read_dir(within.path()).unwrap().next().unwrap().unwrap();
        std::fs::read_dir(folder.path()).unwrap().count()
    };
    let until = async |count: usize| {
        while files() != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until(1)).await.unwrap();
    client.shutdown_background();
    tokio::time::timeout(Duration::from_secs(20), until(0)).await.unwrap();
    assert_eq!(store.missing(&[name]).await.unwrap(), [name]);
    serving.stop().await.unwrap();
    assert_eq!(std::fs::read_dir(within.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_for_which_there_is_no_room_is_refused() {
    let (store, serving) =
        store(SchedulerOptions { store_bytes: 100_000, ..scheduler_options() }).await;
    store.put(vec![Bytes::from(vec![1; 60_000])]).await.unwrap();
    let error = store.put(vec![Bytes::from(vec![2; 60_000])]).await.unwrap_err();
    assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("the store is full"), "{error}");
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_are_answered_by_a_status() {
    let (store, serving) = store(scheduler_options()).await;
    let name = BlobName::of(b"abc").to_string();
    let large = vec![0; CHUNK_BYTES + 1];
    let two = FlightDescriptor::new_path(vec![name.clone(), name.clone()]);
    for messages in [
        vec![more(b"abc")],
        vec![begin("abc", b"abc")],
        vec![begin("../../etc/passwd", b"")],
        vec![FlightData::new().with_descriptor(two)],
        vec![FlightData::new().with_descriptor(FlightDescriptor::new_cmd(name.clone()))],
        vec![begin(&name, &large)],
    ] {
        let (taken, error) = put_raw(&store, messages).await;
        assert_eq!((taken, error.map(|error| error.code())), (0, Some(Code::InvalidArgument)));
    }
    let mut flight = flight(&store).await;
    for ticket in [&b"abc"[..], b"", b"\xff\xfe", b"../secret"] {
        let error = flight.do_get(Ticket::new(ticket.to_vec())).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }
    for (action, body) in [
        ("nothing", ""),
        ("join", ""),
        ("done", "{"),
        ("done", r#"{"run":"a","part":-1,"objects":1,"bytes":1}"#),
        ("done", r#"{"run":"","part":1,"objects":1,"bytes":1}"#),
        ("missing", r#"{"names":["ab"]}"#),
        ("progress", "\u{0}"),
    ] {
        let error = flight.do_action(Action::new(action, body)).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{action}");
    }
    let error = flight.get_schema(FlightDescriptor::new_cmd("a")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
    assert!(store.put(Vec::new()).await.unwrap().is_empty());
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_not_there_is_named() {
    let (store, serving) = store(scheduler_options()).await;
    let name = BlobName::of(b"abc");
    let error = store.get(name).await.unwrap_err();
    assert!(matches!(error, ClusterError::NoBlob { .. }), "{error}");
    assert!(error.to_string().contains(&name.to_string()), "{error}");
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_and_a_part_counts_once() {
    let (store, serving) = store(scheduler_options()).await;
    let done = |part| Done { run: "run 1".to_owned(), part, objects: 3, bytes: 1000 };
    assert!(store.done(&done(0)).await.unwrap());
    assert!(!store.done(&done(0)).await.unwrap());
    assert!(store.done(&done(7)).await.unwrap());
    let told = store.progress("run 1").await.unwrap();
    assert_eq!(told, Progress { objects: 6, bytes: 2000, parts: 2 });
    assert_eq!(store.progress("run 2").await.unwrap(), Progress::default());
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_of_another_version_is_refused_by_name() {
    let (store, serving) = store(scheduler_options()).await;
    let join = |version: &str| Join { id: "executor".to_owned(), version: version.to_owned() };
    store.join(&join(VERSION)).await.unwrap();
    let error = store.join(&join("0.0.1-other")).await.unwrap_err();
    assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    let text = error.to_string();
    for part in ["0.0.1-other", VERSION, &store.scheduler().to_string()] {
        assert!(text.contains(part), "{text}");
    }
    serving.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_scheduler_is_it_is_told_by_its_address() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SchedulerAddress::new("127.0.0.1", free.local_addr().unwrap().port());
    drop(free);
    let error = StoreClient::connect(&address).await.unwrap_err();
    assert!(error.is_unreachable());
    let expected = format!("no Flowproof scheduler answers at {address}: ");
    assert!(error.to_string().starts_with(&expected), "{error}");

    // It was there, and is gone.
    let (store, serving) = store(scheduler_options()).await;
    store.hello().await.unwrap();
    serving.stop().await.unwrap();
    let error = store.hello().await.unwrap_err();
    assert!(error.is_unreachable() && error.to_string().contains(&store.scheduler().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_is_told_from_a_scheduler() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SchedulerAddress::new("127.0.0.1", listener.local_addr().unwrap().port());
    let _mute = tokio::spawn(async move {
        // It takes connections and says what no HTTP/2 server says.
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = match StoreClient::connect(&address).await {
        Ok(store) => store.hello().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.is_unreachable(), "{error:?}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}
