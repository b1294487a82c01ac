//! Where flow log bytes come from: places are listed, objects pruned by their keys, opened, and
//! inflated. What the bytes mean is no matter of this crate.
//!
//! The principal type is [`Object`]. [`list`] makes them from a [`Selection`] (places, a window of
//! time, accounts, Regions), which the command line fills; `engine` opens each with [`open`],
//! pushes its [`Chunks`] through an [`Inflater`] and hands the text to `record`. Listing and
//! reading are async and run on tokio; the inflater does no I/O and runs where its caller likes.
//! [`bytes`], [`jiff`] and [`object_store`], whose types are in this API, are re-exported.
//!
//! ```
//! use flowproof_source::{Ending, Inflater, Selection, list, open};
//!
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("a.log"), "version account-id\n2 123456789012\n")?;
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let selection = Selection {
//!     wheres: vec![folder.path().display().to_string()],
//!     ..Selection::default()
//! };
//! for object in list(&selection).await?.objects {
//!     let mut chunks = open(&object).await?;
//!     let (mut inflater, mut text) = (Inflater::new(), Vec::new());
//!     while let Some(chunk) = chunks.next().await? {
//!         inflater.inflate(&chunk, &mut text, usize::MAX)?;
//!     }
//!     assert_eq!(text, b"version account-id\n2 123456789012\n");
//!     assert_eq!(inflater.finish(), Ending::Complete);
//!     assert!(chunks.digest().is_some_and(|digest| digest.starts_with("sha256:")));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunks;
mod error;
#[doc(hidden)] // Not part of the API: the fuzz targets and the tests share it.
pub mod fuzz;
mod inflate;
mod layout;
mod listing;
mod names;
mod notice;
mod object;
mod pieces;
mod plan;
mod ranges;
pub mod s3;
mod spool;

pub use {bytes, jiff, object_store};

pub use plan::{Selection, Slack};

pub use listing::{
    Held, HeldObject, Holders, ListCounts, Listing, Nearest, Skipped, SkippedKind, bucket_and_key,
    is_in_bucket, list, list_each, list_with,
};

pub use notice::{
    NOTICE_DEPTH, NOTICE_DOCUMENT_BYTES, NOTICE_ENVELOPES, NOTICE_LINE_BYTES, Notice, NoticeError,
    NoticeFault, Noticed, read_notices,
};

pub use object::{Location, Object};

pub use layout::{Layout, LayoutKind, key_layout};

pub use chunks::{Chunks, OpenOptions, open, open_with};

pub use pieces::Pieces;

pub use ranges::Ranges;

pub use inflate::{Encoding, Ending, InflateError, Inflater, WholeInflater, encoding_of};

pub use error::SourceError;

pub use spool::{Spool, SpoolReader};

#[cfg(test)]
mod tests {
    use super::{
        Chunks, InflateError, Inflater, Listing, NoticeError, Object, Selection, SourceError, s3,
    };

    #[test]
    fn the_principal_types_can_be_shared_between_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        fn sent<T: Send + 'static>() {}
        fn error<E: std::error::Error + Send + Sync + 'static>() {}
        shared::<Object>();
        shared::<Selection>();
        shared::<Listing>();
        shared::<s3::S3>();
        shared::<s3::S3Store>();
        sent::<Chunks>();
        sent::<Inflater>();
        sent::<s3::Body>();
        error::<SourceError>();
        error::<InflateError>();
        error::<NoticeError>();
        error::<s3::S3Failure>();
    }
}

#[cfg(doctest)] // What the README shows is compiled and run.
#[doc = include_str!("../README.md")]
struct Readme;
