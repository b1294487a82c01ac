//! Telling into a bucket: an object for each bulletin.

use anyhow::{Result, anyhow, bail};
use flowproof_source::bucket_and_key;
use flowproof_source::s3::{ListRequest, S3FailureKind, S3Store};
use futures::StreamExt;

use super::{Format, Naming, Rendered};
use crate::inputs::Inputs;

/// A folder in a bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    store: S3Store,
    prefix: String,
}

impl Bucket {
    pub(super) fn new(place: &str, inputs: &Inputs) -> Result<Bucket> {
        let (bucket, prefix) = bucket_and_key(place)?;
        let Some(s3) = inputs.s3() else { bail!("{place}: there is no connection to S3") };
        let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
        Ok(Bucket { store: s3.bucket(bucket), prefix: format!("{prefix}{slash}") })
    }

    /// Tells a bulletin.
    pub(super) async fn tell(
        &self,
        rendered: &Rendered,
        format: Format,
        naming: Naming<'_>,
    ) -> Result<()> {
        let files = rendered.files();
        let is_one = files.len() < 2;
        // The first part comes last: where it is, all are.
        for (part, text) in files.into_iter().enumerate().rev() {
            let name = naming.file((!is_one).then_some(part), format);
            let key = format!("{}{name}", self.prefix);
            match self.store.create(&key, text.into()).await {
                Ok(_) => {}
                // The same words, from a run that died or an attempt whose answer was lost.
                Err(failure) if failure.kind == S3FailureKind::Changed => {}
                Err(failure) => bail!("{}/{key}: {failure}", self.store),
            }
        }
        Ok(())
    }

    /// Whether the bulletin is there.
    pub(super) async fn has(&self, format: Format, naming: Naming<'_>) -> Result<bool> {
        let names = [naming.file(None, format), naming.file(Some(0), format)];
        let keys = names.map(|name| format!("{}{name}", self.prefix));
        let prefix = format!("{}{}", self.prefix, naming.stem());
        let mut pages = self.store.pages(ListRequest { prefix, ..ListRequest::default() });
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|failure| anyhow!("{}/{}: {failure}", self.store, self.prefix))?;
            if page.objects.iter().any(|object| keys.contains(&object.key)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
