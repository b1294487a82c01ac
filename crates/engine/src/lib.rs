//! Flow logs as a DataFusion table, and the analyses over it.
//!
//! The principal type is [`Session`]: a selection of flow log objects, listed, on which questions
//! are asked. The command, `inquiry` and other programs ask them; `source` brings the bytes, `record`
//! decodes them, `intel` knows the lists, and each [`Answer`] is told in the types of `evidence`.
//!
//! ```
//! use flowproof_engine::{Key, Session, VolumeFilter};
//!
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("a.log"), "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 \
//! #     203.0.113.9 49152 443 6 10 8400 1748736000 1748736060 ACCEPT OK\n")?;
//! # let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
//! # runtime.block_on(async {
//! let session = Session::builder().logs(folder.path().display().to_string()).open().await?;
//! let answer = session.volumes(&[Key::Interface], &VolumeFilter::default()).await?;
//! assert_eq!(answer.value.batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
//! assert_eq!(answer.coverage.records.ok, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod arithmetic;
pub mod blocking;
mod builder;
mod catalog;
mod collect;
mod columns;
mod copies;
pub mod distributed;
mod error;
mod functions;
mod held;
pub mod host;
mod incremental;
mod inspect;
mod inventory;
mod listed;
mod order;
mod orient;
mod parquet;
mod query;
mod scan;
mod session;
mod subject;
mod sum;
mod table;
mod time_keys;
mod totals;
mod volumes;

pub use builder::SessionBuilder;
pub use session::{Session, SessionOptions};

pub use catalog::Found;

pub use copies::Duplicates;

pub use subject::{Gathered, SubjectQuestion, SubjectTraffic};

pub use listed::{Listed, ListedRow};

pub use volumes::{Key, Rows, UnknownKey, VolumeFilter};

pub use answer::{Answer, ReadObject, ReadObjects};

pub use flowproof_evidence::Completeness;

pub use collect::{BucketFolder, CollectTarget, Collected, CollectedFile};

pub use orient::AddressBook;

pub use scan::Progress;

pub use error::EngineError;

pub use incremental::{
    BatchLimits, BatchTold, Frontier, Increment, IncrementError, Look, Unlistable, Watch,
    entry_name,
};

pub use inspect::LoggedInterfaces;

pub use inventory::{Inventory, InventoryError, read_inventory};

// Their types stand in signatures here: whoever takes them from here need not look for the versions that fit.
pub use flowproof_evidence::{Coverage, InterfaceIdentity, Traffic, Window, jiff};
pub use flowproof_intel::Matcher;
pub use flowproof_record::Format;
pub use {arrow, datafusion};

#[cfg(doctest)] // What the README shows is compiled.
#[doc = include_str!("../README.md")]
struct Readme;
