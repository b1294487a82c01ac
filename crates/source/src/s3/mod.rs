//! S3: listing, reading and writing by raw key, and the same as an `object_store`.
//!
//! [`S3`] is a connection: credentials, settings, and the Region of each bucket once it is known.
//! [`S3Store`] is one bucket of it. Its own methods take and give keys exactly as S3 has them; its
//! [`ObjectStore`](object_store::ObjectStore) is for libraries that want one, and can name fewer keys. What fails is an
//! [`S3Failure`]: a kind to count by, and a text that says what to do.

mod adapter;
mod body;
mod cleanup;
mod client;
mod count;
mod error;
mod limit;
mod multipart;
mod options;
mod page;
mod read;
mod store;
mod upload;
mod write;

pub use body::Body;
pub use client::S3;
pub use count::RequestCounts;
pub use error::{S3Failure, S3FailureKind};
pub use options::S3Options;
pub use page::{ListRequest, Page, S3Object};
pub use read::Stat;
pub use store::S3Store;
