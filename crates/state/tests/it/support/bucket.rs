//! Places in a bucket of a server within this process.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flowproof_s3_testing::{Counts, Memory, S3Server};
use flowproof_source::s3::{S3, S3Options};
use flowproof_state::Bucket;

/// A server with an empty bucket `states`, and a connection to it.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) objects: Memory,
    pub(crate) server: S3Server,
    pub(crate) s3: S3,
    used: AtomicU32,
}

impl Buckets {
    pub(crate) async fn serve() -> Buckets {
        Buckets::serve_with(S3Options::default()).await
    }

    pub(crate) async fn serve_with(options: S3Options) -> Buckets {
        let objects = Memory::default();
        objects.create("states");
        let server = S3Server::memory(objects.clone()).await.unwrap();
        let options = S3Options { path_style: true, ..options };
        let s3 = S3::with_config(server.config(), options);
        Buckets { objects, server, s3, used: AtomicU32::new(0) }
    }

    /// A place that nobody has used.
    pub(crate) fn fresh(&self) -> Bucket {
        let number = self.used.fetch_add(1, Ordering::SeqCst);
        self.place(&format!("s3://states/fresh/{number}"))
    }

    pub(crate) fn place(&self, place: &str) -> Bucket {
        Bucket::new(place, &self.s3).unwrap()
    }

    /// A place whose lock holds for so many milliseconds.
    pub(crate) fn short(&self, place: &str, lease: u64) -> Bucket {
        Bucket::with_lease(place, &self.s3, Duration::from_millis(lease)).unwrap()
    }

    /// What an object has.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let object = self.objects.get("states", key)?;
        Some(String::from_utf8(object.bytes.to_vec()).unwrap())
    }

    /// Changes what an object has, as another program would.
    pub(crate) fn edit(&self, key: &str, edit: impl FnOnce(&mut serde_json::Value)) {
        let mut value = serde_json::from_str(&self.text(key).unwrap()).unwrap();
        edit(&mut value);
        self.objects.put("states", key, value.to_string());
    }

    /// Requests of all kinds so far.
    pub(crate) fn requests(&self) -> u64 {
        let Counts { list, get, head, write } = self.server.counts();
        list + get + head + write
    }
}
