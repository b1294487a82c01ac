//! What is read beside the logs: lists, findings, inventories. Those in buckets are fetched before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flowproof_source::s3::{S3, S3Options};
use flowproof_source::{Selection, Spool, is_in_bucket, list};

use crate::args::{Logs, S3Access};
use crate::exit::UsageError;

/// Inputs that are read whole (findings, inventories) may be this large.
const MOST_BYTES: u64 = 1 << 30;

/// The connection to S3, if anything is in a bucket, and what was fetched through it.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    s3: Option<S3>,
    /// By the place that named them.
    objects: BTreeMap<String, Vec<PathBuf>>,
    fetched: BTreeMap<PathBuf, Spool>,
    /// Places that could not be fetched, and why: to open them fails.
    failed: BTreeMap<PathBuf, String>,
    /// Copies that are read in place of files.
    copies: BTreeMap<PathBuf, PathBuf>,
}

impl Inputs {
    /// As [`Inputs::fetch`], reached as the logs are.
    pub(crate) async fn for_logs(
        logs: &Logs,
        beside: impl IntoIterator<Item = &Path>,
    ) -> Result<Inputs> {
        Inputs::fetch(&logs.s3, &logs.wheres, beside).await
    }

    /// Fetches those of the files `beside` the logs that are in buckets. A place there may be a
    /// pattern or a folder, which stands for all that is in it.
    pub(crate) async fn fetch(
        access: &S3Access,
        logs: &[String],
        beside: impl IntoIterator<Item = &Path>,
    ) -> Result<Inputs> {
        let beside: Vec<String> = beside.into_iter().map(text).collect();
        let mut inputs = Inputs::default();
        if !logs.iter().chain(&beside).any(|place| is_in_bucket(place)) {
            return Ok(inputs);
        }
        inputs.connect(access).await?;
        for place in beside.into_iter().filter(|place| is_in_bucket(place)) {
            inputs.fetch_place(place).await?;
        }
        Ok(inputs)
    }

    /// Fetches more files, as far as they are in buckets. One that cannot be fetched fails when it is opened.
    pub(crate) async fn fetch_more(
        &mut self,
        access: &S3Access,
        places: impl IntoIterator<Item = &Path>,
    ) -> Result<()> {
        for place in places.into_iter().map(text).filter(|place| is_in_bucket(place)) {
            self.connect(access).await?;
            if let Err(error) = self.fetch_place(place.clone()).await {
                self.failed.insert(PathBuf::from(place), format!("{error:#}"));
            }
        }
        Ok(())
    }

    async fn fetch_place(&mut self, place: String) -> Result<()> {
        let wheres = vec![place.clone()];
        let selection = Selection {
            wheres,
            s3: self.s3.clone(),
            include_all: true,
            all_skipped: true,
            ..Selection::default()
        };
        let listing = list(&selection).await?;
        // Part of what was asked for is not what was asked for.
        if let Some(skipped) = listing.skipped.first() {
            bail!("{}: {}", skipped.key, skipped.reason);
        }
        if listing.objects.is_empty() {
            bail!("{place}: no object is there");
        }
        let mut names = Vec::new();
        for object in &listing.objects {
            let name = PathBuf::from(&object.key);
            self.fetched.insert(name.clone(), Spool::of(object).await?);
            names.push(name);
        }
        self.objects.insert(place, names);
        Ok(())
    }

    /// The connection, made if there was none.
    pub(crate) async fn connect(&mut self, access: &S3Access) -> Result<&S3> {
        let s3 = match self.s3.take() {
            Some(s3) => s3,
            None => S3::connect(&options(access)).await?,
        };
        Ok(self.s3.insert(s3))
    }

    /// The connection, if there is one.
    pub(crate) fn s3(&self) -> Option<&S3> {
        self.s3.as_ref()
    }

    /// The files that a place names. What is no pattern, or is a file's name as it stands, names itself.
    pub(crate) fn files(&self, place: &Path) -> Result<Vec<PathBuf>> {
        if self.copies.contains_key(place) {
            return Ok(vec![place.to_owned()]);
        }
        let text = text(place);
        if let Some(names) = self.objects.get(&text) {
            return Ok(names.clone());
        }
        if self.failed.contains_key(place) || !text.contains(['*', '?', '[']) || place.exists() {
            return Ok(vec![place.to_owned()]);
        }
        let paths = glob::glob(&text).map_err(UsageError::of("--list"))?;
        let files = paths.collect::<std::result::Result<Vec<_>, _>>()?;
        if files.is_empty() {
            bail!("no list is called {text}");
        }
        Ok(files)
    }

    /// Opens a file, an object that was fetched, or standard input for `-`.
    pub(crate) fn open(&self, file: &Path) -> io::Result<Box<dyn Read>> {
        if let Some(copy) = self.copies.get(file) {
            return Ok(Box::new(File::open(copy)?));
        }
        if let Some(reason) = self.failed.get(file) {
            return Err(io::Error::other(reason.clone()));
        }
        Ok(match self.fetched.get(file) {
            Some(spool) => Box::new(spool.reader()),
            None if file == Path::new("-") => Box::new(io::stdin().lock()),
            None => Box::new(File::open(file)?),
        })
    }

    /// Copies a file; from then on it is the copy that is read. Of one that is too large to be an input
    /// so much is copied that its reader finds it too large.
    pub(crate) fn keep(&mut self, file: &Path, copy: PathBuf) -> Result<()> {
        let copied = self.open(file).and_then(|bytes| {
            let mut kept = File::create_new(&copy)?;
            io::copy(&mut bytes.take(MOST_BYTES + 1), &mut kept)
        });
        copied.with_context(|| name(file))?;
        self.stand_in(file.to_owned(), copy);
        Ok(())
    }

    /// Reads `copy` wherever `file` is named.
    pub(crate) fn stand_in(&mut self, file: PathBuf, copy: PathBuf) {
        self.copies.insert(file, copy);
    }

    /// All of a file.
    pub(crate) fn read(&self, file: &Path) -> Result<Vec<u8>> {
        let name = || name(file);
        let mut bytes = Vec::new();
        let opened = self.open(file).with_context(name)?;
        opened.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(name)?;
        if bytes.len() as u64 > MOST_BYTES {
            bail!("{}: more than {MOST_BYTES} bytes; that is no file of this kind", name());
        }
        Ok(bytes)
    }
}

/// What a file is called in messages.
fn name(file: &Path) -> String {
    match text(file).as_str() {
        "-" => "standard input".to_owned(),
        name => name.to_owned(),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// How places in buckets are reached.
fn options(access: &S3Access) -> S3Options {
    let defaults = S3Options::default();
    S3Options {
        attempts: access.s3_attempts.unwrap_or(defaults.attempts),
        profile: access.profile.clone(),
        role_arn: access.role_arn.clone(),
        external_id: access.external_id.clone(),
        endpoint_url: access.endpoint_url.clone(),
        path_style: access.path_style,
        requester_pays: access.requester_pays,
        region: access.s3_region.clone(),
    }
}
