//! Holders found in a listing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use flowproof_source::{Held, Holders, Object, SourceError};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::{MANIFEST, Manifest, is_holder_name};
use crate::parquet::{footer_note, read_footer};

/// A holder's manifest, and what else of its footer matters for planning.
#[derive(Debug, Clone)]
pub(crate) struct FileManifest {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) row_groups: usize,
}

/// Looks into what a listing finds, and keeps the manifests of holders by their keys.
#[derive(Debug, Default)]
pub(crate) struct Expander {
    found: Mutex<BTreeMap<String, FileManifest>>,
}

impl Holders for Expander {
    /// What the object holds, if it is a holder. One whose footer cannot be read is taken for an
    /// object as any other; reading it will tell what is wrong.
    async fn held(&self, object: &Object) -> Option<Vec<Held>> {
        if !is_holder_name(&object.key) {
            return None;
        }
        let file = read_manifest(object).await?;
        let held = file.manifest.held();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(object.key.clone(), file);
        Some(held)
    }
}

impl Expander {
    /// The manifests of all holders that were found, by their keys.
    pub(crate) fn into_found(self) -> BTreeMap<String, FileManifest> {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The manifest of a holder; `None` if the object is none, or cannot be read as one.
async fn read_manifest(object: &Object) -> Option<FileManifest> {
    find_manifest(object).await.ok().flatten()
}

/// The manifest of a holder; `None` if the object's bytes are not those of one.
///
/// # Errors
///
/// Why the bytes could not be had, if that is so.
pub(crate) async fn find_manifest(object: &Object) -> Result<Option<FileManifest>, SourceError> {
    match read_footer(object).await {
        Ok(metadata) => Ok(FileManifest::of(&metadata)),
        Err(ParquetError::External(error)) => match error.downcast::<SourceError>() {
            Ok(error) => Err(*error),
            Err(_) => Ok(None),
        },
        Err(_) => Ok(None),
    }
}

impl FileManifest {
    fn of(metadata: &ParquetMetaData) -> Option<FileManifest> {
        let manifest = Manifest::parse(footer_note(metadata, MANIFEST)?)?;
        let rows = u64::try_from(metadata.file_metadata().num_rows()).ok()?;
        let row_groups = metadata.num_row_groups();
        (manifest.rows() == rows).then(|| FileManifest { manifest: Arc::new(manifest), row_groups })
    }
}
