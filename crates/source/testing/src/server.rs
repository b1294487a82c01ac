//! The server: a port of its own, for as long as it is held.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::fault::{Facts, Fault, Faults};
use crate::layer::{Broken, answer, refuse};
use crate::memory::Memory;

/// What every request has to be signed with.
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "flowproof-test-secret";

/// An S3 server on a loopback port. It ends when it is dropped.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    service: S3Service,
    faults: Faults,
    list: AtomicU64,
    get: AtomicU64,
    head: AtomicU64,
    write: AtomicU64,
}

/// Requests that came in, whatever they were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Listings.
    pub list: u64,
    /// GETs of objects.
    pub get: u64,
    /// HEADs.
    pub head: u64,
    /// PUT, POST and DELETE.
    pub write: u64,
}

impl S3Server {
    /// Serves objects from memory.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn memory(objects: Memory) -> io::Result<S3Server> {
        S3Server::start(objects).await
    }

    /// Serves files by `s3s-fs`: the folders in `root` are the buckets.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read or no port can be had.
    pub async fn files(root: &Path) -> io::Result<S3Server> {
        let files = s3s_fs::FileSystem::new(root)
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        S3Server::start(files).await
    }

    async fn start(objects: impl S3) -> io::Result<S3Server> {
        let mut builder = S3ServiceBuilder::new(objects);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_access(Signed);
        let (list, get, head, write) = Default::default();
        let (service, faults) = (builder.build(), Faults::default());
        let shared = Arc::new(Shared { service, faults, list, get, head, write });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(S3Server { address, shared, task })
    }

    /// `http://127.0.0.1:PORT`; buckets are in the path.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Rules to add faults by.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Requests so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Shared { list, get, head, write, .. } = &*self.shared;
        Counts { list: read(list), get: read(get), head: read(head), write: read(write) }
    }

    /// A configuration of the SDK with endpoint, credentials and Region, and no proxy. It looks at
    /// no file and no environment. Buckets have to be put in the path.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        config_of(&self.endpoint())
    }

    /// What a child process needs in its environment to reach the server with `--endpoint-url` and
    /// `--path-style`, and nothing else of this machine's.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let own = |text: &str| text.to_owned();
        vec![
            ("AWS_ACCESS_KEY_ID", own(ACCESS_KEY)),
            ("AWS_SECRET_ACCESS_KEY", own(SECRET_KEY)),
            ("AWS_SESSION_TOKEN", String::new()),
            ("AWS_REGION", own("us-east-1")),
            ("AWS_CONFIG_FILE", own("/dev/null")),
            ("AWS_SHARED_CREDENTIALS_FILE", own("/dev/null")),
            ("AWS_EC2_METADATA_DISABLED", own("true")),
            ("NO_PROXY", own("127.0.0.1")),
        ]
    }
}

/// [`S3Server::config`] of a server that may be another process's.
#[must_use]
pub fn config_of(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes connections in, each with a task of its own.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Answers are small writes that nobody should wait for.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { shared.handle(request.map(s3s::Body::from)).await }
    });
    // A connection that ends in an error is what faults are for.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Shared {
    async fn handle(
        &self,
        request: Request<s3s::Body>,
    ) -> Result<http::Response<s3s::Body>, Broken> {
        let faults = self.faults_for(&request);
        if !request.headers().contains_key("authorization") {
            return Ok(refuse(403, "AccessDenied", "requests have to be signed", ""));
        }
        answer(&self.service, request, &faults).await
    }

    /// Counts a request and says what befalls it.
    fn faults_for(&self, request: &Request<s3s::Body>) -> Vec<Fault> {
        let query = request.uri().query().unwrap_or_default();
        let path = decoded(request.uri().path());
        let method = request.method().as_str();
        let is_listing = query.split('&').any(|pair| pair == "list-type=2");
        let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
        let key = match path.trim_start_matches('/').split_once('/') {
            _ if is_listing => prefix.map(decoded).unwrap_or_default(),
            Some((_bucket, key)) => key.to_owned(),
            None => String::new(),
        };
        let count = match method {
            "GET" if is_listing => &self.list,
            "GET" => &self.get,
            "HEAD" => &self.head,
            _ => &self.write,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let is_ranged = request.headers().contains_key("range");
        self.faults.draw(&Facts { method, is_listing, is_ranged, key: &key })
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Requests without a signature have been refused before, but for those that lost it to a fault.
#[derive(Debug)]
struct Signed;

#[async_trait::async_trait]
impl S3Access for Signed {
    async fn check(&self, _: &mut S3AccessContext<'_>) -> S3Result<()> {
        Ok(())
    }
}
