//! A finding and flow logs in, a judged investigation out.
//!
//! The principal type is [`Inquiry`]: a finding to judge, or a subject to look at. It says what is to be asked of
//! `engine`, over which time, hands the answer to `finding` and puts all of it together for
//! `report`. [`Inquiry::investigate`] does it in one call, for programs in Rust ([`Inquiry::investigate_blocking`] without async). The command and the Python package
//! take the steps one by one: the first asks for many findings in one reading, and both tell more on the
//! way. So each of the three asks for peers and for the time before by itself; what is made of them is made here.
//!
//! ```
//! use flowproof_engine::{Completeness, Session};
//! use flowproof_finding::{Status, read_findings};
//! use flowproof_inquiry::Inquiry;
//!
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("a.log"), "\
//! # 2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 10 8400 1748736000 1748736060 ACCEPT OK\n\
//! # 2 123456789012 eni-0a1b2c3d4e5f60001 203.0.113.9 10.0.1.5 443 49152 6 12 9100 1748736000 1748736060 ACCEPT OK\n")?;
//! let bytes = br#"{"id": "f1", "type": "Backdoor:EC2/C&CActivity.B",
//!     "resource": {"instanceDetails": {"instanceId": "i-0aaaabbbbcccc0001",
//!         "networkInterfaces": [{"networkInterfaceId": "eni-0a1b2c3d4e5f60001", "privateIpAddress": "10.0.1.5"}]}},
//!     "service": {"eventFirstSeen": "2025-06-01T00:00:00Z", "eventLastSeen": "2025-06-01T00:01:00Z",
//!         "action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
//!             "connectionDirection": "OUTBOUND", "remoteIpDetails": {"ipAddressV4": "203.0.113.9"}}}}}"#;
//! let finding = read_findings(bytes)?.findings.into_iter().next().ok_or("no finding")?;
//!
//! # let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
//! # runtime.block_on(async {
//! let logs = Session::builder().logs(folder.path().display().to_string());
//! let investigation = Inquiry::of(finding).investigate(&logs, None).await?;
//! assert_eq!(investigation.completeness(), Completeness::Complete);
//! assert_eq!(investigation.verdict.status, Status::Corroborated);
//! assert_eq!(investigation.verdict.claimed_traffic.bytes_out, 8400);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod before;
mod inquiry;
mod investigate;
mod judge;
mod told;

pub use inquiry::{DEFAULT_SLACK, EmptyWindow, Inquiry};
pub use judge::Beside;
pub use told::{
    list_source, not_in_use, tell_if_empty, tell_internal, tell_rejects, tell_untold_instances,
};

#[cfg(doctest)] // What the README shows is compiled.
#[doc = include_str!("../README.md")]
struct Readme;
