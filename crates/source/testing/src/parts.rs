//! Uploads in parts that are under way.

use std::collections::BTreeMap;

use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

use crate::memory::Stored;

/// S3's own limit: only the last part may be smaller.
const LEAST_PART: usize = 5 << 20;

/// The parts of each upload by their numbers. They are in no bucket.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    begun: u64,
    parts: BTreeMap<String, BTreeMap<i32, Stored>>,
}

impl Uploads {
    pub(crate) fn begin(&mut self) -> String {
        self.begun += 1;
        let id = format!("upload-{}", self.begun);
        self.parts.insert(id.clone(), BTreeMap::new());
        id
    }

    pub(crate) fn add(&mut self, id: &str, number: i32, part: Stored) -> S3Result<()> {
        let upload = self.parts.get_mut(id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        upload.insert(number, part);
        Ok(())
    }

    /// The object that the named parts make.
    pub(crate) fn complete(&mut self, id: &str, named: &[CompletedPart]) -> S3Result<Stored> {
        let upload = self.parts.get(id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        let mut bytes = Vec::new();
        let mut before = None;
        for part in named {
            let number = part.part_number.unwrap_or_default();
            let stored = upload.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
            if part.e_tag.as_ref().map(|tag| tag.value()) != Some(&*stored.etag) {
                return Err(s3_error!(InvalidPart));
            }
            if before.is_some_and(|(last, length)| number <= last || length < LEAST_PART) {
                return Err(s3_error!(EntityTooSmall));
            }
            before = Some((number, stored.bytes.len()));
            bytes.extend_from_slice(&stored.bytes);
        }
        self.parts.remove(id);
        Ok(Stored::new(bytes))
    }

    pub(crate) fn abort(&mut self, id: &str) -> S3Result<()> {
        self.parts.remove(id).map(|_| ()).ok_or_else(|| s3_error!(NoSuchUpload))
    }

    pub(crate) fn open(&self) -> usize {
        self.parts.len()
    }
}
