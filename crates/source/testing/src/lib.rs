//! An S3 server within the process of a test: real HTTP on a loopback port, real signatures, and
//! faults to order.
//!
//! [`S3Server`] is started over [`Memory`] objects, or over files by `s3s-fs`. Its [`Faults`] are
//! [`Rule`]s: for which requests, how often, and what happens. Nothing here is part of a build of
//! the product; only tests depend on it.
//!
//! ```
//! use flowproof_s3_testing::{Fault, Memory, Rule, S3Server};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let objects = Memory::default();
//! objects.put("logs", "a/b.log", "2 123456789012");
//! let server = S3Server::memory(objects).await?;
//! server.faults().add(Rule::new(Fault::SlowDown).method("GET").chance(0.3));
//!
//! // In a process: environment variables for a child.
//! let _ = server.environment();
//! // Within the process: a configuration for the SDK.
//! let client = aws_sdk_s3::Client::from_conf(
//!     aws_sdk_s3::config::Builder::from(&server.config()).force_path_style(true).build(),
//! );
//! let answer = client.get_object().bucket("logs").key("a/b.log").send().await.unwrap();
//! assert_eq!(answer.content_length(), Some(14));
//! assert!(server.counts().get >= 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fault;
mod layer;
mod memory;
mod parts;
mod server;

pub use server::{Counts, S3Server, config_of};

pub use fault::{Fault, Faults, Rule};

pub use memory::{Memory, Stored};
