//! Finds objects in buckets: folder by folder, many at the same time.
//!
//! A folder is a common prefix that ends in `/`. Each is asked of the plan before it is listed, so that
//! only accounts, Regions and days are listed that can matter.

use futures::stream::{FuturesUnordered, StreamExt};
use glob::{MatchOptions, Pattern};
use tokio::sync::mpsc::Sender;

use super::{Find, Identity, What};
use crate::error::SourceError;
use crate::object::Location;
use crate::plan::{FolderVerdict, Plan};
use crate::s3::{ListRequest, S3, S3Failure, S3Object, S3Store};

/// What places in buckets begin with.
const SCHEME: &str = "s3://";
/// Folders that are listed at the same time. S3 answers some thousand listings a second.
const AT_ONCE: usize = 32;

/// Whether a place is in a bucket, as `s3://bucket/prefix` is.
#[must_use]
pub fn is_in_bucket(place: &str) -> bool {
    place.starts_with(SCHEME)
}

/// Sends all that is found at `places`, each of which [`is_in_bucket`].
pub(super) async fn find(
    places: &[String],
    s3: &S3,
    plan: &Plan,
    finds: &Sender<Find>,
) -> Result<(), SourceError> {
    let mut places: Vec<&String> = places.iter().collect();
    places.sort();
    places.dedup();
    if plan.keys_only {
        return find_keys(places, s3, plan, finds).await;
    }
    // What is reached by one way alone need not be remembered.
    let several = places.len() > 1;
    for place in places {
        let (bucket, key) = bucket_and_key(place)?;
        let finder = Finder { store: s3.bucket(bucket), place, plan, finds, several };
        if !finder.place(key).await? {
            return Err(SourceError::NotFound { place: place.clone() });
        }
        if finds.is_closed() {
            break;
        }
    }
    Ok(())
}

/// Sends the objects with these very keys.
async fn find_keys(
    places: Vec<&String>,
    s3: &S3,
    plan: &Plan,
    finds: &Sender<Find>,
) -> Result<(), SourceError> {
    let mut waiting = places.into_iter();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(place) = waiting.next()
        {
            running.push(find_key(place, s3, plan, finds));
        }
        match running.next().await {
            Some(found) => found?,
            None => return Ok(()),
        }
    }
}

/// Sends the object with this very key, or that it is not there.
async fn find_key(
    place: &str,
    s3: &S3,
    plan: &Plan,
    finds: &Sender<Find>,
) -> Result<(), SourceError> {
    let (bucket, key) = bucket_and_key(place)?;
    let finder = Finder { store: s3.bucket(bucket), place, plan, finds, several: false };
    match finder.named(key).await {
        Ok(true) => {}
        Ok(false) => finder.found(key, What::Vanished).await,
        Err(error) => finder.found(key, What::Denied { reason: error.to_string() }).await,
    }
    Ok(())
}

/// The bucket of a place there, and the key or prefix.
///
/// # Errors
///
/// [`SourceError::NotFound`] if no bucket is named.
pub fn bucket_and_key(place: &str) -> Result<(&str, &str), SourceError> {
    let rest = place.strip_prefix(SCHEME).unwrap_or(place);
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(SourceError::NotFound { place: place.to_owned() });
    }
    Ok((bucket, key))
}

struct Finder<'f> {
    store: S3Store,
    /// As the user named it.
    place: &'f str,
    plan: &'f Plan,
    finds: &'f Sender<Find>,
    several: bool,
}

/// A folder to be listed.
struct Folder {
    /// Empty for the whole bucket, else with `/` at its end.
    prefix: String,
    /// Whether all that is in it was asked for; else only what the pattern matches.
    is_asked: bool,
}

/// What a folder held.
#[derive(Default)]
struct Held {
    is_any: bool,
    folders: Vec<Folder>,
}

impl Finder<'_> {
    /// Sends what is there; whether that is anything.
    async fn place(&self, key: &str) -> Result<bool, SourceError> {
        if key.is_empty() || key.ends_with('/') {
            let is_any = self.walk(key.to_owned(), None).await?;
            return Ok(is_any || key.is_empty());
        }
        let named = self.named(key).await?;
        let is_folder = self.walk(format!("{key}/"), None).await?;
        if named || is_folder || !key.contains(['*', '?', '[']) {
            return Ok(named || is_folder);
        }
        let pattern = Pattern::new(key).map_err(|error| SourceError::BadPattern {
            place: self.place.to_owned(),
            reason: error.to_string(),
        })?;
        let literal = &key[..key.find(['*', '?', '[']).unwrap_or(key.len())];
        let folder = literal.rfind('/').map_or("", |slash| &key[..=slash]);
        self.walk(folder.to_owned(), Some(&pattern)).await
    }

    /// Sends the object with this very key, if there is one.
    async fn named(&self, key: &str) -> Result<bool, SourceError> {
        let request =
            ListRequest { prefix: key.to_owned(), max_keys: Some(1), ..ListRequest::default() };
        let page = self.store.list_page(&request).await.map_err(|failure| self.failed(failure))?;
        let object = page.objects.into_iter().find(|object| object.key == key);
        let is_there = object.is_some();
        if let Some(object) = object {
            self.object(object, true).await;
        }
        Ok(is_there)
    }

    /// Lists a folder and the folders in it; whether anything is there that was asked for.
    async fn walk(&self, root: String, pattern: Option<&Pattern>) -> Result<bool, SourceError> {
        // What the user named is entered whatever its name, and left out if the selection says so.
        if pattern.is_none() && !self.enters(&root, true).await {
            return Ok(true);
        }
        let mut is_any = false;
        let mut waiting = vec![Folder { prefix: root.clone(), is_asked: pattern.is_none() }];
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(folder) = waiting.pop()
            {
                let is_root = folder.prefix == root;
                running.push(self.folder(folder, pattern, is_root));
            }
            let Some(held) = running.next().await else { break };
            let held = held?;
            is_any |= held.is_any;
            waiting.extend(held.folders);
            if self.finds.is_closed() {
                break;
            }
        }
        Ok(is_any)
    }

    /// Lists one folder. If it must not be listed it is told so, unless it is the one that the user named.
    async fn folder(
        &self,
        folder: Folder,
        pattern: Option<&Pattern>,
        is_root: bool,
    ) -> Result<Held, SourceError> {
        let mut held = Held::default();
        let request = ListRequest {
            prefix: folder.prefix.clone(),
            delimiter: Some("/".to_owned()),
            ..ListRequest::default()
        };
        let mut pages = self.store.pages(request);
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(failure) if is_root || failure.ends_the_run() => {
                    return Err(self.failed(failure));
                }
                Err(failure) => {
                    let reason = format!("cannot be listed: {failure}");
                    self.found(&folder.prefix, What::Denied { reason }).await;
                    break;
                }
            };
            for object in page.objects {
                if folder.is_asked || pattern.is_some_and(|pattern| matches(pattern, &object.key)) {
                    held.is_any = true;
                    self.object(object, false).await;
                }
            }
            for prefix in page.prefixes {
                let Some(is_asked) = wanted(&prefix, folder.is_asked, pattern) else { continue };
                held.is_any |= is_asked;
                let is_named = is_asked && !folder.is_asked;
                if self.enters(&prefix, is_named).await {
                    held.folders.push(Folder { prefix, is_asked });
                }
            }
            if self.finds.is_closed() {
                break;
            }
        }
        Ok(held)
    }

    /// Whether a folder is to be listed; if not, says so to the collector.
    async fn enters(&self, prefix: &str, is_named: bool) -> bool {
        let folder = prefix.strip_suffix('/').unwrap_or(prefix);
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let verdict = match self.plan.hidden(name) {
            Some(reason) if !is_named => FolderVerdict::Foreign { reason },
            _ => self.plan.folder(&self.key(folder)),
        };
        if verdict == FolderVerdict::Enter {
            return true;
        }
        self.found(folder, What::Folder(verdict)).await;
        false
    }

    async fn object(&self, object: S3Object, named: bool) {
        let archived = object.archived().map(str::to_owned);
        let location = Location::S3 { store: self.store.clone() };
        let S3Object { key, size, etag, .. } = object;
        let what = match archived {
            Some(class) => What::Archived { class, size, named },
            None => What::File { location, size, etag, named },
        };
        self.found(&key, what).await;
    }

    /// The key as the user would write it.
    fn key(&self, key: &str) -> String {
        format!("{SCHEME}{}/{key}", self.store.bucket())
    }

    async fn found(&self, key: &str, what: What) {
        let key = self.key(key);
        let identity = self.several.then(|| Identity::Key(key.clone()));
        // If nobody listens any more, whoever sent this ends soon.
        let _ = self.finds.send(Find { key, identity, what }).await;
    }

    fn failed(&self, failure: S3Failure) -> SourceError {
        SourceError::at_s3_place(self.place, failure)
    }
}

/// `*` stops at `/`, as in shells.
fn options() -> MatchOptions {
    MatchOptions { require_literal_separator: true, ..MatchOptions::new() }
}

fn matches(pattern: &Pattern, key: &str) -> bool {
    pattern.matches_with(key, options())
}

/// Whether a folder is asked for as a whole; `None` if nothing in it can be.
fn wanted(prefix: &str, is_within: bool, pattern: Option<&Pattern>) -> Option<bool> {
    let folder = prefix.strip_suffix('/').unwrap_or(prefix);
    let Some(pattern) = pattern.filter(|_| !is_within) else { return Some(true) };
    if matches(pattern, folder) {
        return Some(true);
    }
    may_lead_to(pattern.as_str(), folder).then_some(false)
}

/// Whether keys that the pattern matches may lie in the folder.
fn may_lead_to(pattern: &str, folder: &str) -> bool {
    let mut levels = pattern.split('/');
    for name in folder.split('/') {
        let Some(level) = levels.next() else { return false };
        if level == "**" {
            return true;
        }
        // The whole pattern was read, but a part of it may not be one by itself.
        if Pattern::new(level).is_ok_and(|level| !matches(&level, name)) {
            return false;
        }
    }
    levels.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_parted_at_the_first_slash() {
        assert_eq!(bucket_and_key("s3://logs").unwrap(), ("logs", ""));
        assert_eq!(bucket_and_key("s3://logs/").unwrap(), ("logs", ""));
        assert_eq!(bucket_and_key("s3://logs//a b/c+%3D/").unwrap(), ("logs", "/a b/c+%3D/"));
        assert!(matches!(bucket_and_key("s3:///a"), Err(SourceError::NotFound { .. })));
        assert!(is_in_bucket("s3://logs") && !is_in_bucket("s3/logs"));
    }

    #[test]
    fn a_pattern_leads_to_the_folders_that_can_hold_what_it_matches() {
        let pattern = |text| Pattern::new(text).unwrap();
        let year = pattern("a/2025-*/x.log");
        assert_eq!(wanted("a/2025-06/", false, Some(&year)), Some(false));
        assert_eq!(wanted("a/2024-06/", false, Some(&year)), None);
        assert_eq!(wanted("a/2025-06/x.log/", false, Some(&year)), Some(true));
        assert_eq!(wanted("a/2025-06/y/", false, Some(&year)), None);
        assert_eq!(wanted("a/2025-06/y/", true, Some(&year)), Some(true), "within what is asked");
        let any = pattern("a/**/x.log");
        assert_eq!(wanted("a/b/c/", false, Some(&any)), Some(false));
        assert_eq!(wanted("b/", false, Some(&any)), None);
        assert!(matches(&any, "a/b/c/x.log") && !matches(&year, "a/2025-06/y/x.log"));
    }
}
