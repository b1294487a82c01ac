//! Taking a place for a run, and having it until that run ends.
//!
//! A lease that was lost does no harm: the commit of whoever lost it is refused if another has
//! committed.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::holder::Holder;
use super::objects::{Objects, Written};
use crate::place::{Hold, LOCK, Locked, PlaceError};

/// How often a lock is tried for that others take and give up meanwhile.
const TRIES: u32 = 5;

/// Takes the place for `length` and then on, or says who has it.
pub(super) async fn take(objects: &Objects, length: Duration) -> Result<Locked, PlaceError> {
    let runtime = Handle::try_current();
    let runtime = runtime.map_err(|error| objects.error(LOCK, error.to_string()))?;
    let own = Holder::own(length)?;
    let text = Bytes::from(own.text());
    for _ in 0..TRIES {
        let found = match objects.write(LOCK, text.clone(), None).await? {
            Written::Done(etag) => return begin(objects, own, etag, length, &runtime).await,
            Written::Other(None) => continue,
            Written::Other(Some(found)) => found,
        };
        match Holder::read(&found.bytes) {
            Some(holder) if holder.is_gone() => {}
            holder => return Ok(Locked::Busy(busy(objects, holder.as_ref()))),
        }
        if let Written::Done(etag) = objects.write(LOCK, text.clone(), Some(&found.etag)).await? {
            return begin(objects, own, etag, length, &runtime).await;
        }
    }
    Ok(Locked::Busy("others take it all the time".to_owned()))
}

/// What is told of the one who has it.
fn busy(objects: &Objects, holder: Option<&Holder>) -> String {
    let lock = objects.locate(LOCK);
    match holder {
        Some(Holder { holder, until, .. }) => {
            format!("{holder}, with a lease until {until} that it renews in {lock}")
        }
        None => format!("this version cannot read {lock}; if no run is at work, remove that"),
    }
}

/// Holds what was taken, if the store is one to rely on.
async fn begin(
    objects: &Objects,
    own: Holder,
    etag: String,
    length: Duration,
    runtime: &Handle,
) -> Result<Locked, PlaceError> {
    let text = own.text().into();
    let mut lease = Lease { objects: objects.clone(), own, renewal: None, is_over: false };
    if let Err(error) = objects.prove(LOCK, &text).await {
        // That the store is refused is what matters.
        let _ = lease.end().await;
        return Err(error);
    }
    let renewal = renew(objects.clone(), lease.own.clone(), etag, length);
    lease.renewal = Some(runtime.spawn(renewal));
    Ok(Locked::Taken(Box::new(lease)))
}

/// Renews the lock each third of its time, for as long as it is this run's.
async fn renew(objects: Objects, own: Holder, mut etag: String, length: Duration) {
    loop {
        tokio::time::sleep(length / 3).await;
        let text = own.renewed(length).text().into();
        match objects.write(LOCK, text, Some(&etag)).await {
            Ok(Written::Done(renewed)) => etag = renewed,
            Ok(Written::Other(Some(found)))
                if Holder::read(&found.bytes).is_some_and(|holder| holder.is(&own)) =>
            {
                // An earlier renewal failed for all that was answered, and yet came through.
                etag = found.etag;
            }
            Ok(Written::Other(_)) => {
                let lock = objects.locate(LOCK);
                tracing::warn!(%lock, "another run has taken the state; commits will be refused");
                return;
            }
            Err(error) => tracing::warn!(%error, "the lock of the state was not renewed"),
        }
    }
}

/// A lock that this run holds until it is released or dropped.
#[derive(Debug)]
struct Lease {
    objects: Objects,
    own: Holder,
    renewal: Option<JoinHandle<()>>,
    is_over: bool,
}

impl Lease {
    /// A renewal that is on its way does no harm: it is of what is there, and not of nothing.
    fn stop(&mut self) {
        if let Some(renewal) = self.renewal.take() {
            renewal.abort();
        }
    }

    async fn end(&mut self) -> Result<(), PlaceError> {
        self.stop();
        let removed = remove_own(&self.objects, &self.own).await;
        self.is_over = true;
        removed
    }
}

#[async_trait]
impl Hold for Lease {
    async fn release(mut self: Box<Self>) -> Result<(), PlaceError> {
        self.end().await
    }
}

impl Drop for Lease {
    /// A run that is ended from outside has no time to wait; the removal goes on beside it.
    fn drop(&mut self) {
        self.stop();
        if self.is_over {
            return;
        }
        let (objects, own) = (self.objects.clone(), self.own.clone());
        self.objects.s3().clean_up(async move {
            let _ = remove_own(&objects, &own).await;
        });
    }
}

/// Removes the lock if it is this run's.
async fn remove_own(objects: &Objects, own: &Holder) -> Result<(), PlaceError> {
    let found = objects.read(LOCK).await?;
    match found.and_then(|found| Holder::read(&found.bytes)) {
        Some(holder) if holder.is(own) => objects.remove(LOCK).await,
        _ => Ok(()),
    }
}
