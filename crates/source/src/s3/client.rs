//! Connections: credentials and settings found once, a client for each Region when it is needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::{ClientRateLimiter, RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};

use super::cleanup::CleanUp;
use super::count::{Counter, RequestCounts};
use super::error::{S3Failure, S3FailureKind};
use super::limit;
use super::options::S3Options;
use super::store::S3Store;

/// Where S3 is asked first if nothing names a Region. It tells the right one of any bucket.
const FIRST_REGION: Region = Region::from_static("us-east-1");

/// Long enough for a person's single sign-on helper or a role behind a role.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(30);

/// How long S3 may think before its answer begins. Pages of listings take longest.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The first wait before a request is made again; the waits double, each by a random part.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A connection to S3: credentials that refresh themselves, settings, and what was learned of the
/// buckets' Regions. Clones share all of it.
#[derive(Debug, Clone)]
pub struct S3 {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: SdkConfig,
    options: S3Options,
    retries: RetryPartition,
    counter: Arc<Counter>,
    known: Mutex<Known>,
    clean_up: CleanUp,
}

/// What a run learns.
#[derive(Debug, Default)]
struct Known {
    clients: HashMap<Region, Client>,
    regions: HashMap<String, Region>,
}

impl S3 {
    /// Finds credentials and settings as every AWS tool does: environment, profile, single sign-on,
    /// web identity, container, machine. A profile that is named is asked alone. Credentials are
    /// fetched by the first request.
    ///
    /// # Errors
    ///
    /// [`S3FailureKind::Other`] if the options contradict each other.
    pub async fn connect(options: &S3Options) -> Result<S3, S3Failure> {
        if options.external_id.is_some() && options.role_arn.is_none() {
            let text = "an external id is only asked for with a role: add --role-arn";
            return Err(S3Failure::new(S3FailureKind::Other, text));
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client())
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build());
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let mut config = loader.load().await;
        if config.region().is_none() {
            config = config.into_builder().region(FIRST_REGION).build();
        }
        if let Some(profile) = &options.profile {
            config = of_profile(config, profile);
        }
        if let Some(role) = &options.role_arn {
            config = assume(config, role, options.external_id.as_deref()).await;
        }
        Ok(S3::with_config(config, options.clone()))
    }

    /// A connection with credentials, Region and HTTP client of the caller's. Of the options, those
    /// about credentials are not looked at.
    #[must_use]
    pub fn with_config(config: SdkConfig, options: S3Options) -> S3 {
        // How much is tried again is bounded for each request, and shall not depend on how the
        // requests beside it fare: a shared allowance would give objects up early.
        let retries = RetryPartition::custom("flowproof")
            .token_bucket(TokenBucket::unlimited())
            .client_rate_limiter(ClientRateLimiter::builder().build())
            .build();
        let (counter, known, clean_up) = (Arc::default(), Mutex::default(), CleanUp::default());
        S3 { shared: Arc::new(Shared { config, options, retries, counter, known, clean_up }) }
    }

    /// One bucket. Nothing is asked of S3 yet.
    #[must_use]
    pub fn bucket(&self, bucket: impl Into<Arc<str>>) -> S3Store {
        S3Store::new(self.clone(), bucket.into())
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &S3Options {
        &self.shared.options
    }

    /// The same connection for a reader who pays for requests and transfer, or does not. Requests are
    /// counted with those of this one.
    #[must_use]
    pub fn with_requester_pays(&self, requester_pays: bool) -> S3 {
        if self.shared.options.requester_pays == requester_pays {
            return self.clone();
        }
        let options = S3Options { requester_pays, ..self.shared.options.clone() };
        let Shared { config, retries, counter, .. } = &*self.shared;
        let (config, retries, counter) = (config.clone(), retries.clone(), Arc::clone(counter));
        let (known, clean_up) = (Mutex::default(), CleanUp::default());
        S3 { shared: Arc::new(Shared { config, options, retries, counter, known, clean_up }) }
    }

    /// The requests made so far over all buckets, each attempt by itself.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.shared.counter.counts()
    }

    /// Does this beside the caller, who may be on the way out: what a writer that was dropped leaves
    /// in a bucket is removed so. Without a runtime it is not done.
    pub fn clean_up(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.shared.clean_up.start(work);
    }

    /// Waits until what was given to [`clean_up`](S3::clean_up) is done. Whoever ends the runtime
    /// waits for it before.
    pub async fn cleaned_up(&self) {
        self.shared.clean_up.done().await;
    }

    /// Where bodies are counted that had to be taken up again.
    pub(super) fn counter(&self) -> &Counter {
        &self.shared.counter
    }

    /// The client for the Region that the bucket is known or supposed to be in.
    pub(super) fn client(&self, bucket: &str) -> Client {
        let mut known = self.known();
        let region = known.regions.get(bucket).cloned().unwrap_or_else(|| self.first_region());
        let client = known.clients.entry(region.clone());
        client.or_insert_with(|| self.client_in(region)).clone()
    }

    /// Remembers the Region of a bucket. False if that is where it was looked for.
    pub(super) fn learn(&self, bucket: &str, region: &str) -> bool {
        let region = Region::new(region.to_owned());
        let mut known = self.known();
        let before = known.regions.insert(bucket.to_owned(), region.clone());
        before.unwrap_or_else(|| self.first_region()) != region
    }

    fn first_region(&self) -> Region {
        self.shared.config.region().cloned().unwrap_or(FIRST_REGION)
    }

    fn client_in(&self, region: Region) -> Client {
        let Shared { config, options, retries, counter, .. } = &*self.shared;
        let mut builder = aws_sdk_s3::config::Builder::from(config)
            .region(region)
            .retry_config(
                // Not `adaptive`: it takes each "slow down" as a sign of its own speed. Where 3 of 10
                // requests are refused at random, 500 small objects take 296 seconds with it and 5
                // without.
                RetryConfig::standard()
                    .with_max_attempts(options.attempts.max(1))
                    .with_initial_backoff(FIRST_WAIT),
            )
            .retry_partition(retries.clone())
            .timeout_config(timeouts(config))
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().build())
            .interceptor(Arc::clone(counter).interceptor())
            .interceptor(limit::interceptor());
        if config.http_client().is_none() {
            builder = builder.http_client(http_client());
        }
        // Set here and not for everything: roles are still taken on at AWS itself.
        if let Some(url) = &options.endpoint_url {
            builder = builder.endpoint_url(url);
        }
        if options.path_style {
            builder = builder.force_path_style(true);
        }
        Client::from_conf(builder.build())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // No code that holds the lock leaves half of a change behind.
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same configuration with the credentials of the profile, whatever else could give some: the
/// SDK would let keys in the environment win over a profile that was named.
fn of_profile(config: SdkConfig, profile: &str) -> SdkConfig {
    let settings = ProviderConfig::default()
        .with_region(config.region().cloned())
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack())
        .with_http_client(http_client());
    let provider =
        ProfileFileCredentialsProvider::builder().configure(&settings).profile_name(profile);
    let provider = SharedCredentialsProvider::new(provider.build());
    config.into_builder().credentials_provider(provider).build()
}

/// The same configuration with the role's credentials in place of those found. They are fetched
/// anew before they expire.
async fn assume(config: SdkConfig, role: &str, external_id: Option<&str>) -> SdkConfig {
    let mut provider =
        AssumeRoleProvider::builder(role).configure(&config).session_name("flowproof");
    if let Some(external_id) = external_id {
        provider = provider.external_id(external_id);
    }
    let provider = SharedCredentialsProvider::new(provider.build().await);
    config.into_builder().credentials_provider(provider).build()
}

/// What the configuration says of timeouts, with ours where it is silent.
fn timeouts(config: &SdkConfig) -> TimeoutConfig {
    let ours = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(ANSWER_TIMEOUT)
        .build();
    let mut timeouts = config.timeout_config().cloned().unwrap_or_else(|| ours.clone());
    timeouts.take_defaults_from(&ours);
    timeouts
}

/// HTTP/1.1 and 2 over rustls with ring, through the proxy of the environment if there is one.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::Ring));
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}
