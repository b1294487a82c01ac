//! A server and a store on it.

use flowproof_s3_testing::{Memory, S3Server};
use flowproof_source::s3::{S3, S3Failure, S3Options, S3Store};
use object_store::GetOptions;

/// A server over these objects and the store of its bucket `logs`, as most tests want them.
pub(crate) async fn serve(objects: &Memory) -> (S3Server, S3Store) {
    serve_with(objects, S3Options::default()).await
}

/// The same with options.
pub(crate) async fn serve_with(objects: &Memory, options: S3Options) -> (S3Server, S3Store) {
    objects.create("logs");
    let server = S3Server::memory(objects.clone()).await.unwrap();
    let store = store(&server, options);
    (server, store)
}

/// The store of the server's bucket `logs`.
pub(crate) fn store(server: &S3Server, options: S3Options) -> S3Store {
    S3::with_config(server.config(), S3Options { path_style: true, ..options }).bucket("logs")
}

/// All bytes of an object.
pub(crate) async fn read(store: &S3Store, key: &str) -> Result<Vec<u8>, S3Failure> {
    let body = store.get(key, &GetOptions::default()).await?;
    body.read_all().await.map(|bytes| bytes.to_vec())
}

/// Bytes that are different at every place where it matters: a shift or a repeat would show.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
