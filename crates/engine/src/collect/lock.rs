//! Who is writing a set in a bucket: an object that is put only where none is.
//!
//! A bucket does not notice that a holder is gone, and time tells nothing of it: a run may take a day.
//! So a lock that is there is never taken over. Whoever meets it is told whose it is, since when, and
//! what to remove if that run is no more.

use std::time::Duration;

use flowproof_source::s3::{ListRequest, S3Failure, S3FailureKind, S3Store};
use jiff::Timestamp;
use object_store::GetOptions;
use serde::{Deserialize, Serialize};

use super::target::BucketFolder;
use crate::error::EngineError;

/// How often a lock that goes as soon as it is looked at is tried for again.
const TRIES: u32 = 5;
const WAIT: Duration = Duration::from_millis(200);

/// Why a store is of no use for sets.
const NO_CONDITIONS: &str = "this store does not do conditional writes (If-None-Match), and without \
                             them two runs could write at the same time; collect into a folder and \
                             copy that";

/// What the lock says.
#[derive(Debug, Serialize, Deserialize)]
struct Holding {
    holder: String,
    since: Timestamp,
    /// Tells this run from any other.
    run: String,
}

/// A lock that this run holds until it is released or dropped.
#[derive(Debug)]
pub(super) struct Lock {
    root: BucketFolder,
    /// The lock's name in the folder, and its key in the bucket.
    name: String,
    key: String,
    /// What the lock says if it is ours.
    text: String,
    is_over: bool,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub(super) async fn take(root: &BucketFolder, name: &str) -> Result<Lock, EngineError> {
        let key = format!("{}{name}", root.prefix);
        let (root, name, text) = (root.clone(), name.to_owned(), own_text());
        let mut lock = Lock { root, name, key, text, is_over: false };
        let taken = lock.put().await;
        lock.is_over = taken.is_err();
        taken.map(|()| lock)
    }

    async fn put(&self) -> Result<(), EngineError> {
        for _ in 0..TRIES {
            if self.create().await? {
                return self.prove().await;
            }
            match read(&self.root.store, &self.key).await.map_err(|f| self.failed(f))? {
                // The first attempt came through, and its answer did not.
                Some(text) if text == self.text => return Ok(()),
                Some(text) => return Err(self.busy(&text)),
                None => tokio::time::sleep(WAIT).await,
            }
        }
        Err(self.error("other runs take it all the time; run again later"))
    }

    /// Puts the lock there; whether none was there.
    async fn create(&self) -> Result<bool, EngineError> {
        match self.root.store.create(&self.key, self.text.clone().into()).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.kind == S3FailureKind::Changed => Ok(false),
            Err(failure) if failure.kind == S3FailureKind::NotImplemented => {
                Err(self.error(format!("{NO_CONDITIONS} ({failure})")))
            }
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Makes sure that the condition was looked at: now that the lock is there, it has to fail.
    async fn prove(&self) -> Result<(), EngineError> {
        if !self.create().await? {
            return Ok(());
        }
        let _ = remove_own(&self.root.store, &self.key, &self.text).await;
        Err(self.error(NO_CONDITIONS))
    }

    /// Fails if the lock was removed or is another run's.
    pub(super) async fn check_held(&self) -> Result<(), EngineError> {
        let text =
            read(&self.root.store, &self.key).await.map_err(|failure| self.failed(failure))?;
        if text.as_deref() == Some(&self.text) {
            return Ok(());
        }
        Err(self.error(
            "it was removed while this run was writing, and another run may have written too; the \
             files are whole. Run again",
        ))
    }

    /// Removes the lock.
    pub(super) async fn release(mut self) -> Result<(), EngineError> {
        let removed = remove_own(&self.root.store, &self.key, &self.text).await;
        self.is_over = true;
        removed.map_err(|failure| {
            let reason = format!("the lock could not be removed, and no run can begin: {failure}");
            self.error(reason)
        })
    }

    fn busy(&self, text: &str) -> EngineError {
        let lock = self.root.key(&self.name);
        let whose = match serde_json::from_str::<Holding>(text) {
            Ok(Holding { holder, since, .. }) => {
                format!("another run has been collecting into it since {since}: {holder}")
            }
            Err(_) => "it has a lock that this version cannot read".to_owned(),
        };
        let reason = format!("{whose}. If that run is no more, remove {lock} and run again");
        EngineError::collect(self.root.to_string(), reason)
    }

    fn failed(&self, failure: S3Failure) -> EngineError {
        self.error(failure.text)
    }

    fn error(&self, reason: impl Into<String>) -> EngineError {
        EngineError::collect(self.root.key(&self.name), reason)
    }
}

impl Drop for Lock {
    /// A run that is ended from outside has no time to wait; the removal goes on beside it.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let store = self.root.store.clone();
        let (key, text) = (std::mem::take(&mut self.key), std::mem::take(&mut self.text));
        self.root.store.s3().clean_up(async move {
            let _ = remove_own(&store, &key, &text).await;
        });
    }
}

/// Removes the lock if it says this.
async fn remove_own(store: &S3Store, key: &str, text: &str) -> Result<(), S3Failure> {
    match read(store, key).await? {
        Some(found) if found == text => store.remove(key).await,
        _ => Ok(()),
    }
}

/// What the lock says. A listing tells whether it is there: where the right to list holds for some
/// prefixes only, a GET of nothing is answered as if it were denied.
async fn read(store: &S3Store, key: &str) -> Result<Option<String>, S3Failure> {
    let request =
        ListRequest { prefix: key.to_owned(), max_keys: Some(1), ..ListRequest::default() };
    let page = store.list_page(&request).await?;
    if page.objects.iter().all(|object| object.key != key) {
        return Ok(None);
    }
    let body = match store.get(key, &GetOptions::default()).await {
        Ok(body) => body,
        Err(failure) if failure.kind == S3FailureKind::NotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let bytes = body.read_all().await?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn own_text() -> String {
    let host = hostname::get().map(|name| name.to_string_lossy().into_owned());
    let host = host.unwrap_or_else(|_| "a host without a name".to_owned());
    let since = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let holding = Holding {
        holder: format!("{host}, process {}", std::process::id()),
        since,
        run: format!("{:032x}", fastrand::u128(..)),
    };
    // Texts and a time are always JSON; an empty lock would be one all the same.
    serde_json::to_string(&holding).unwrap_or_default()
}
