//! All faults at once: every byte right, none twice, none lost.

use flowproof_s3_testing::{Fault, Memory, Rule};
use flowproof_source::s3::S3Object;
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use crate::server::{noise, read, serve};

const OBJECTS: u64 = 500;

fn object(n: u64) -> Vec<u8> {
    noise(n, (n * 373 % 90_000) as usize)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_slow_downs_resets_and_truncations_every_object_is_read_once_and_right() {
    let objects = Memory::default();
    for n in 0..OBJECTS {
        objects.put("logs", &format!("{n:04}"), object(n));
    }
    let (server, store) = serve(&objects).await;
    let faults = server.faults();
    faults.add(Rule::new(Fault::SlowDown).chance(0.3));
    faults.add(Rule::new(Fault::Reset(10_000)).gets().chance(0.05));
    faults.add(Rule::new(Fault::Truncate(3_000)).gets().chance(0.05));

    let listed: Vec<S3Object> = store.objects("").try_collect().await.unwrap();
    assert_eq!(listed.len() as u64, OBJECTS);
    let read = stream::iter(listed).map(|object| {
        let store = store.clone();
        tokio::spawn(async move { (object.key.clone(), read(&store, &object.key).await) })
    });
    let read: Vec<_> = read.buffer_unordered(64).try_collect().await.unwrap();
    assert_eq!(read.len() as u64, OBJECTS);
    for (key, bytes) in read {
        let expected = Sha256::digest(object(key.parse().unwrap()));
        assert_eq!(Sha256::digest(bytes.unwrap()), expected, "{key}");
    }
    let counts = store.s3().counts();
    assert_eq!((counts.get, counts.list), (server.counts().get, server.counts().list));
    assert!(faults.done("slow down") > 150 && faults.done("reset") > 10, "{faults:?}");
    assert_eq!(counts.throttled, faults.done("slow down"));
}
