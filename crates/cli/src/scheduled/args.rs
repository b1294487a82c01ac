//! What can be typed for a scan that is run again and again.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};

use crate::args::{InspectFormat, S3Access};

/// A scan that remembers what it has read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scheduled scans")]
pub(crate) struct Scheduled {
    /// Remember in a folder, or in s3://bucket/prefix, which objects were read and what was told: the
    /// next run reads only what is new, and tells only what has changed
    #[arg(long, value_name = "WHERE", env = "FLOWPROOF_STATE")]
    pub(crate) state: Option<String>,
    /// List nothing, and read the objects that a file or - names, as far as they lie in --logs: a key a
    /// line as s3://bucket/key, or S3 events (plain, EventBridge, in SNS or SQS messages)
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_KEYS")]
    pub(crate) keys: Option<PathBuf>,
    /// How far back days are listed in every run; earlier days have their turns once very many objects
    /// are known
    #[arg(long, value_name = "SPAN", default_value = "24h", env = "FLOWPROOF_LOOK_BACK")]
    pub(crate) look_back: String,
    /// Go on with a state that was made with other settings
    #[arg(long, env = "FLOWPROOF_ADOPT", value_parser = FalseyValueParser::new())]
    pub(crate) adopt: bool,
    /// Take a list that has lost over half of its entries, and not its last good version
    #[arg(long, env = "FLOWPROOF_ACCEPT_SHRUNK", value_parser = FalseyValueParser::new())]
    pub(crate) accept_shrunk: bool,
    /// Look for entries that lists have gained in what was read before, as far as its day is not longer
    /// ago: another reading of those objects, once for each gain
    #[arg(
        long,
        value_name = "SPAN",
        requires = "state",
        conflicts_with = "keys",
        env = "FLOWPROOF_RESCAN"
    )]
    pub(crate) rescan: Option<String>,
    /// Run again and again, this long after the last run began, until it is ended
    #[arg(long, value_name = "SPAN", env = "FLOWPROOF_INTERVAL")]
    pub(crate) interval: Option<String>,
    /// Objects of a batch. Only tests change it
    #[arg(long, hide = true, value_name = "N", env = "FLOWPROOF_BATCH_OBJECTS")]
    pub(crate) batch_objects: Option<usize>,
    #[command(flatten)]
    pub(crate) telling: Telling,
}

/// What is told of a scheduled scan, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scheduled scans")]
pub(crate) struct Telling {
    /// Tell findings elsewhere too, as FORMAT=TARGET; repeatable. FORMAT: jsonl, ocsf, asff, markdown
    /// or html; TARGET: a file, a folder (ends in /), s3://bucket/prefix/, or '|command' that reads them
    #[arg(long, value_name = "FORMAT=TARGET", env = "FLOWPROOF_EMIT")]
    pub(crate) emit: Vec<String>,
    /// Tell findings only from so many transferred bytes on, of all lists or as LIST=SIZE; repeatable
    #[arg(long, value_name = "[LIST=]SIZE", env = "FLOWPROOF_MIN_BYTES")]
    pub(crate) min_bytes: Vec<String>,
    /// Tell findings only if something was let through
    #[arg(long, env = "FLOWPROOF_ACCEPTED_ONLY", value_parser = FalseyValueParser::new())]
    pub(crate) accepted_only: bool,
    /// How grave findings of a list are: informational, low, medium, high or critical; repeatable
    #[arg(long, value_name = "[LIST=]LEVEL", env = "FLOWPROOF_SEVERITY")]
    pub(crate) severity: Vec<String>,
    /// Do not tell what a CSV file names, until when and why: columns list, entry, account, interface,
    /// instance, until, reason; repeatable
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_SUPPRESS")]
    pub(crate) suppress: Vec<PathBuf>,
    /// Region of findings for Security Hub (asff) [default: AWS_REGION]
    #[arg(long, value_name = "REGION", env = "FLOWPROOF_ASFF_REGION")]
    pub(crate) asff_region: Option<String>,
    /// Account that imports findings into Security Hub (asff)
    #[arg(long, value_name = "ID", env = "FLOWPROOF_ASFF_ACCOUNT")]
    pub(crate) asff_account: Option<String>,
    /// Write figures of the last run for a scraper, as an OpenMetrics text file
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_METRICS")]
    pub(crate) metrics: Option<PathBuf>,
}

/// What is to be done with a state.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Say what a state knows: objects, findings, troubles, how far its targets have come
    Show(StateArgs),
    /// Read all of a state, and say whether each file is what was written
    Verify(StateArgs),
    /// Make few files of many. A scan does so by itself now and then
    Compact(StateArgs),
}

/// Which state, and how the answer is written.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// The folder, or s3://bucket/prefix
    #[arg(value_name = "WHERE")]
    pub(crate) place: String,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: InspectFormat,
    #[command(flatten)]
    pub(crate) s3: S3Access,
}

/// Whether a scheduled scan is well.
#[derive(Debug, Args)]
#[command(after_help = HEALTH_EXIT_CODES)]
pub(crate) struct Health {
    /// The state that the scan keeps: a folder, or s3://bucket/prefix
    #[arg(long, value_name = "WHERE", env = "FLOWPROOF_STATE")]
    pub(crate) state: String,
    /// How long ago the last run may have ended
    #[arg(long, value_name = "SPAN", default_value = "2h", env = "FLOWPROOF_MAX_AGE")]
    pub(crate) max_age: String,
    #[command(flatten)]
    pub(crate) s3: S3Access,
}

const HEALTH_EXIT_CODES: &str = "\
Exit codes:
  0  the last run came to its end, and not too long ago
  1  it did not, or the state cannot be read
  2  wrong usage";

/// A file of options.
#[derive(Debug, Args)]
pub(crate) struct CheckConfig {
    /// The file that scan --config is to take
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
