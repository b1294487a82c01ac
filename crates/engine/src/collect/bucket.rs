//! A set in a bucket.

use std::sync::Arc;

use flowproof_source::s3::{ListRequest, S3Failure, S3Object};
use flowproof_source::{Location, Object};
use futures::TryStreamExt;

use super::draft::Draft;
use super::lock::Lock;
use super::target::BucketFolder;
use super::{LOCK, WORK};
use crate::error::EngineError;
use crate::held::is_holder_name;

/// A folder in a bucket that this process is writing to, and no other that looks at the lock.
#[derive(Debug)]
pub(super) struct Bucket {
    root: BucketFolder,
    lock: Lock,
}

impl Bucket {
    pub(super) async fn open(root: &BucketFolder) -> Result<Bucket, EngineError> {
        let lock = Lock::take(root, &format!("{WORK}/{LOCK}")).await?;
        Ok(Bucket { root: root.clone(), lock })
    }

    /// Drafts lie on this machine, one at a time, until they are whole and sent.
    pub(super) fn draft(&self) -> Result<Draft, EngineError> {
        Draft::create().map_err(|error| {
            let place = std::env::temp_dir().display().to_string();
            EngineError::collect(place, format!("no temporary file can be made: {error}"))
        })
    }

    pub(super) async fn holders_in(&self, folder: &str) -> Result<Vec<Object>, EngineError> {
        let prefix = format!("{}{folder}/", self.root.prefix);
        let delimiter = Some("/".to_owned());
        let mut pages =
            self.root.store.pages(ListRequest { prefix, delimiter, ..ListRequest::default() });
        let mut holders = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(|f| self.failed(folder, f))? {
            let objects = page.objects.into_iter().filter(|object| is_holder_name(&object.key));
            holders.extend(objects.map(|object| self.object(object)));
        }
        Ok(holders)
    }

    pub(super) async fn find(&self, name: &str) -> Result<Option<Object>, EngineError> {
        let prefix = format!("{}{name}", self.root.prefix);
        let request =
            ListRequest { prefix: prefix.clone(), max_keys: Some(1), ..ListRequest::default() };
        let page = self.root.store.list_page(&request).await;
        let objects = page.map_err(|failure| self.failed(name, failure))?.objects;
        let found = objects.into_iter().find(|object| object.key == prefix);
        Ok(found.map(|object| self.object(object)))
    }

    pub(super) async fn keep(&self, draft: Draft, name: &str) -> Result<String, EngineError> {
        let (size, key) = (draft.bytes(), format!("{}{name}", self.root.prefix));
        let sent = self.root.store.put_file(&key, Arc::new(draft.into_file()), size).await;
        sent.map_err(|failure| self.failed(name, failure))?;
        Ok(self.root.key(name))
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), EngineError> {
        let removed = self.root.store.remove(&format!("{}{name}", self.root.prefix)).await;
        removed.map_err(|failure| self.failed(name, failure))
    }

    pub(super) async fn check_held(&self) -> Result<(), EngineError> {
        self.lock.check_held().await
    }

    pub(super) async fn close(self) -> Result<(), EngineError> {
        self.lock.release().await
    }

    fn object(&self, object: S3Object) -> Object {
        Object {
            key: format!("{}/{}", self.root.store, object.key),
            location: Location::S3 { store: self.root.store.clone() },
            size: object.size,
            etag: object.etag,
            layout: None,
        }
    }

    fn failed(&self, name: &str, failure: S3Failure) -> EngineError {
        EngineError::collect(self.root.key(name), failure.text)
    }
}
