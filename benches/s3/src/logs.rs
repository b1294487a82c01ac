//! What lies in the bucket: gzip flow logs in a day of the classic layout.

use std::io::Write;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Accounts over which the objects are spread, so that there are several folders to list.
const ACCOUNTS: usize = 10;

/// The key of an object.
pub(crate) fn key(number: usize) -> String {
    let account = 123_456_789_012 + (number % ACCOUNTS) as u64;
    let minute = 5 * (number / ACCOUNTS % 288);
    format!(
        "AWSLogs/{account}/vpcflowlogs/us-east-1/2025/06/01/{account}_vpcflowlogs_us-east-1_\
         fl-0123456789abcdef0_20250601T{:02}{:02}Z_{number:08x}.log.gz",
        minute / 60,
        minute % 60
    )
}

/// An object of so many records. Objects differ in their records and not in their number.
pub(crate) fn object(number: usize, lines: usize) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    writeln!(
        gzip,
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
         end action log-status"
    )?;
    // A generator without a pattern that gzip could find.
    let mut state = number as u64 + 1;
    for line in 0..lines {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (host, port, bytes) =
            (state >> 56, 1024 + (state >> 40 & 0x7fff), state >> 33 & 0xfffff);
        let start = 1_748_736_000 + 60 * (line as u64 % 1440);
        writeln!(
            gzip,
            "2 123456789012 eni-0a1b2c3d4e5f6{:04x} 10.0.{}.{host} 203.0.113.{} {port} 443 6 {} {bytes} \
             {start} {} ACCEPT OK",
            state >> 20 & 0xff,
            state >> 28 & 0xf,
            state >> 48 & 0xff,
            1 + bytes / 1000,
            start + 59
        )?;
    }
    Ok(gzip.finish()?)
}
