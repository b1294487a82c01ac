//! What can be typed. Nothing is opened or resolved here; see `plan.rs`.

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub(crate) use crate::cluster::ClusterCommand;
pub(crate) use crate::scheduled::{CheckConfig, Health, Scheduled, StateArgs, StateCommand};

use crate::exit::Exit;
use crate::sample::{SampleFormat, SampleLayout, SamplePeers};

/// Do the flow logs bear this alert out?
///
/// Streams compressed VPC flow logs, matches every address against your own threat lists, adds up
/// bytes per instance, and says whether the logs bear out a GuardDuty EC2 finding.
#[derive(Debug, Parser)]
#[command(name = "flowproof", version, max_term_width = 100, after_help = after_help())]
pub(crate) struct Cli {
    /// Show no warnings and no progress
    #[arg(long, short, global = true, env = "FLOWPROOF_QUIET", value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,
    /// Say what the run cost: time and memory
    #[arg(long, short, global = true, env = "FLOWPROOF_VERBOSE", value_parser = FalseyValueParser::new())]
    pub(crate) verbose: bool,
    /// Show progress on stderr
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "FLOWPROOF_PROGRESS"
    )]
    pub(crate) progress: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The exit codes, and where options can come from.
fn after_help() -> String {
    let code = |exit: &Exit| format!("  {:<3}  {}\n", *exit as u8, exit.meaning());
    let codes: String = Exit::ALL.iter().map(code).collect();
    format!(
        "Exit codes:\n{codes}\n\
         Every option can come from the environment as FLOWPROOF_<OPTION>."
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say whether the flow logs bear a finding out, with figures, coverage and sources
    Investigate(Box<Investigate>),
    /// Say whether a case that was written is still what it was
    Verify(Verify),
    /// Find all traffic with addresses on threat lists, by interface and list entry
    Scan(Box<Scan>),
    /// Add up bytes, packets and flows each way, by any keys
    Volumes(Volumes),
    /// Ask in SQL: tables flow_logs and traffic
    Query(Query),
    /// Say what is there: formats, records by kind, time span, size
    Inspect(Inspect),
    /// Rewrite logs as sorted Parquet that is asked again at little cost
    Collect(Collect),
    /// Look at what a scheduled scan remembers (scan --state)
    #[command(subcommand)]
    State(StateCommand),
    /// Say whether a file of options can be used, and what a scan would do with it
    CheckConfig(CheckConfig),
    /// Say whether a scheduled scan is well: its last run came to its end not long ago
    Health(Health),
    /// Read on several machines: a scheduler and executors, for --cluster
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Look at address lists before they are trusted, and ask them
    #[command(subcommand)]
    Lists(ListCommand),
    /// Say what flow logs can and cannot show of types of findings
    Explain(Explain),
    /// List every field of every flow log version
    Fields(Fields),
    /// Write a small, seeded, realistic set of logs with a finding and the known answer
    Sample(Sample),
    /// Print a completion script
    Completions {
        /// The shell to complete in
        shell: clap_complete::Shell,
    },
    /// Write a man page for each command
    Man(Man),
}

/// When to do something that only makes sense for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Which logs to read, and how.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// A file, a folder (walked), a glob, s3://bucket/prefix, or - for standard input; repeatable
    #[arg(long = "logs", value_name = "WHERE", required = true, num_args = 1.., env = "FLOWPROOF_LOGS")]
    pub(crate) wheres: Vec<String>,
    /// The format of logs without a header, for example '${version} ${account-id} ${bytes}'
    #[arg(long, value_name = "FORMAT", env = "FLOWPROOF_FORMAT_STRING")]
    pub(crate) format_string: Option<String>,
    /// Only objects of this account, where their keys tell; repeatable
    #[arg(long, value_name = "ID", env = "FLOWPROOF_ACCOUNT")]
    pub(crate) account: Vec<String>,
    /// Only objects of this Region, where their keys tell; repeatable
    #[arg(long, value_name = "REGION", env = "FLOWPROOF_REGION")]
    pub(crate) region: Vec<String>,
    /// Take files whose names say that they are no flow logs
    #[arg(long, env = "FLOWPROOF_INCLUDE_ALL", value_parser = FalseyValueParser::new())]
    pub(crate) include_all: bool,
    /// Threads that decode [default: one per core]
    #[arg(long, value_name = "N", env = "FLOWPROOF_THREADS")]
    pub(crate) threads: Option<usize>,
    /// Memory for aggregations and sorts before they spill to disk
    #[arg(long, value_name = "SIZE", default_value = "512MB", env = "FLOWPROOF_MEMORY")]
    pub(crate) memory: String,
    /// What becomes of records that several flow logs wrote, and of objects that are there twice
    #[arg(long, value_name = "WHAT", default_value = "keep", env = "FLOWPROOF_DUPLICATES")]
    pub(crate) duplicates: OnDuplicates,
    /// Read on the executors of this scheduler (flowproof cluster); what is printed is the same
    #[arg(long, value_name = "df://HOST:PORT", env = "FLOWPROOF_CLUSTER")]
    pub(crate) cluster: Option<String>,
    #[command(flatten)]
    pub(crate) s3: S3Access,
}

/// The heading of options for S3. Each names it: one that is set for the struct would hold for all
/// options that come after it in a command.
pub(crate) const S3_HEADING: &str = "S3";

/// How s3:// places are reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct S3Access {
    /// Profile of the AWS configuration files
    #[arg(long, help_heading = S3_HEADING, value_name = "NAME", env = "FLOWPROOF_PROFILE")]
    pub(crate) profile: Option<String>,
    /// Role to take on with the credentials found
    #[arg(long, help_heading = S3_HEADING, value_name = "ARN", env = "FLOWPROOF_ROLE_ARN")]
    pub(crate) role_arn: Option<String>,
    /// What the role's owner asks for beside the role
    #[arg(
        long,
        help_heading = S3_HEADING,
        value_name = "ID",
        env = "FLOWPROOF_EXTERNAL_ID",
        hide_env_values = true,
        requires = "role_arn"
    )]
    pub(crate) external_id: Option<String>,
    /// Another S3 than AWS's, or a private way to it
    #[arg(long, help_heading = S3_HEADING, value_name = "URL", env = "FLOWPROOF_ENDPOINT_URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Name buckets in the path and not in the host name
    #[arg(long, help_heading = S3_HEADING, env = "FLOWPROOF_PATH_STYLE", value_parser = FalseyValueParser::new())]
    pub(crate) path_style: bool,
    /// Pay for requests and transfer where the bucket's owner does not
    #[arg(long, help_heading = S3_HEADING, env = "FLOWPROOF_REQUESTER_PAYS", value_parser = FalseyValueParser::new())]
    pub(crate) requester_pays: bool,
    /// Region to ask first; that of each bucket is found out
    #[arg(long, help_heading = S3_HEADING, value_name = "REGION", env = "FLOWPROOF_S3_REGION")]
    pub(crate) s3_region: Option<String>,
    /// How often a request is made before it counts as failed
    #[arg(long, help_heading = S3_HEADING, value_name = "N", env = "FLOWPROOF_S3_ATTEMPTS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) s3_attempts: Option<u32>,
}

/// What becomes of what is there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnDuplicates {
    /// It is counted as often as it is there, and that is said
    Keep,
    /// It is counted once
    Drop,
}

/// Which time to look at.
#[derive(Debug, Args)]
pub(crate) struct Time {
    /// Beginning: RFC 3339, 2025-06-01 (UTC), epoch seconds, or a span back from now like 24h or 7d
    #[arg(long, value_name = "T", env = "FLOWPROOF_FROM")]
    pub(crate) from: Option<String>,
    /// End, not included
    #[arg(long, value_name = "T", env = "FLOWPROOF_TO")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Investigate {
    #[command(flatten)]
    pub(crate) logs: Logs,
    /// A file of GuardDuty findings, s3://bucket/key, or - for standard input; repeatable
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_FINDING")]
    pub(crate) finding: Vec<String>,
    /// The instance under investigation, if no finding names it; without a finding repeatable, with an
    /// answer for each
    #[arg(long, value_name = "ID", env = "FLOWPROOF_INSTANCE")]
    pub(crate) instance: Vec<String>,
    /// A network interface of it; repeatable
    #[arg(long, value_name = "ENI", env = "FLOWPROOF_INTERFACE")]
    pub(crate) interface: Vec<String>,
    /// A private address of it; repeatable
    #[arg(long, value_name = "IP", env = "FLOWPROOF_ADDRESS")]
    pub(crate) address: Vec<std::net::IpAddr>,
    #[command(flatten)]
    pub(crate) time: Time,
    /// How far around the window to look for records
    #[arg(long, value_name = "SPAN", default_value = "15m", env = "FLOWPROOF_SLACK")]
    pub(crate) slack: String,
    /// Compare with so much time before the window, such as 7d; another reading, of that time
    #[arg(long, value_name = "SPAN", env = "FLOWPROOF_BASELINE")]
    pub(crate) baseline: Option<String>,
    /// Say who else talked to the claimed remotes; another reading
    #[arg(long, env = "FLOWPROOF_PEERS", value_parser = FalseyValueParser::new())]
    pub(crate) peers: bool,
    /// An address to look for that the finding does not claim, say of the domain it names; repeatable
    #[arg(long, value_name = "IP", env = "FLOWPROOF_NAMED")]
    pub(crate) named: Vec<std::net::IpAddr>,
    #[command(flatten)]
    pub(crate) lists: Lists,
    #[command(flatten)]
    pub(crate) enrich: Enrich,
    #[command(flatten)]
    pub(crate) inventory: Inventory,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: ReportFormat,
    /// Write the answer to a file
    #[arg(long, short, value_name = "FILE", env = "FLOWPROOF_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// Also write a folder with the answer and all that it stands on: report, result, the records,
    /// findings and lists as used, sources, digests; another reading. See flowproof verify
    #[arg(long, value_name = "DIR", env = "FLOWPROOF_CASE")]
    pub(crate) case: Option<PathBuf>,
}

/// A case to be checked.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXIT_CODES)]
pub(crate) struct Verify {
    /// The folder that investigate --case wrote
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Ask again, of these logs, named as the run named them: are the source objects and the answer
    /// the same? Repeatable
    #[arg(long = "logs", value_name = "WHERE", env = "FLOWPROOF_LOGS")]
    pub(crate) wheres: Vec<String>,
    /// Threads that decode [default: one per core]
    #[arg(long, value_name = "N", env = "FLOWPROOF_THREADS")]
    pub(crate) threads: Option<usize>,
    /// Memory for aggregations and sorts before they spill to disk
    #[arg(long, value_name = "SIZE", default_value = "512MB", env = "FLOWPROOF_MEMORY")]
    pub(crate) memory: String,
    #[command(flatten)]
    pub(crate) s3: S3Access,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: InspectFormat,
}

const VERIFY_EXIT_CODES: &str = "\
Exit codes:
  0  the case holds
  1  it does not, or cannot be checked: each reason is a line on standard error
  2  wrong usage";

/// What is to be explained.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Types as findings spell them; all that are known, if none is named
    #[arg(value_name = "TYPE")]
    pub(crate) types: Vec<String>,
}

/// Lists that addresses are matched against.
#[derive(Debug, Args)]
pub(crate) struct Lists {
    /// A threat list: a file, a glob, s3://bucket/key, or - for standard input; repeatable
    #[arg(long = "list", value_name = "FILE", env = "FLOWPROOF_LIST")]
    pub(crate) threat: Vec<PathBuf>,
    /// A trusted list: its entries win over threat lists; repeatable
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_TRUSTED")]
    pub(crate) trusted: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ListReading,
}

impl Lists {
    /// Where the lists are.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Path> {
        self.threat.iter().chain(&self.trusted).map(PathBuf::as_path)
    }
}

/// Files that say something of addresses, told beside them.
#[derive(Debug, Args)]
pub(crate) struct Enrich {
    /// A file that says more of addresses, told beside them: MaxMind .mmdb, AWS ip-ranges.json,
    /// CSV with a header, JSON objects; changes no figure and no verdict; repeatable
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_ENRICH")]
    pub(crate) enrich: Vec<PathBuf>,
    /// The column or key of the address in CSV and JSON named by --enrich: its name, or in CSV its
    /// number from 1
    #[arg(long, value_name = "COLUMN", env = "FLOWPROOF_ENRICH_COLUMN")]
    pub(crate) enrich_column: Option<String>,
}

/// Files that say which interfaces and addresses belong to which instance.
#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// Output of aws ec2 describe-network-interfaces or describe-instances, or a snapshot or history
    /// of AWS Config, plain or gzip; repeatable
    #[arg(long = "inventory", value_name = "FILE", env = "FLOWPROOF_INVENTORY")]
    pub(crate) files: Vec<PathBuf>,
}

impl Inventory {
    /// Where the inventories are.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }
}

/// How an investigation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people, and for pasting into a ticket
    Text,
    /// One JSON document per finding
    Json,
    /// One JSON line per finding
    Jsonl,
    /// A page that stands for itself: open it in any browser, without a network
    Html,
    /// For a ticket
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Take options from a TOML file: its keys are the long options below. What is typed or in the
    /// environment wins
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(flatten)]
    pub(crate) lists: Lists,
    #[command(flatten)]
    pub(crate) enrich: Enrich,
    #[command(flatten)]
    pub(crate) time: Time,
    #[command(flatten)]
    pub(crate) inventory: Inventory,
    /// Tell matches of internal addresses too: private, link local, multicast ...
    #[arg(long, env = "FLOWPROOF_INCLUDE_INTERNAL", value_parser = FalseyValueParser::new())]
    pub(crate) include_internal: bool,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: ScanFormat,
    #[command(flatten)]
    pub(crate) scheduled: Scheduled,
}

/// How a scan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanFormat {
    /// For people
    Text,
    /// One JSON document: rows, the total of all records once, what is suppressed, coverage
    Json,
    /// One JSON object a row
    Jsonl,
    /// Comma-separated rows, with a header
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Volumes {
    #[command(flatten)]
    pub(crate) logs: Logs,
    /// Keys: account, region, vpc, subnet, instance, interface, local, remote, remote_port,
    /// local_port, protocol, action, hour, day, service
    #[arg(long, value_name = "KEY", required = true, value_delimiter = ',', env = "FLOWPROOF_BY")]
    pub(crate) by: Vec<String>,
    #[command(flatten)]
    pub(crate) time: Time,
    /// Only this interface, or any other that is named; repeatable
    #[arg(long, value_name = "ENI", env = "FLOWPROOF_INTERFACE")]
    pub(crate) interface: Vec<String>,
    /// Only this instance, or any interface that is named; repeatable
    #[arg(long, value_name = "ID", env = "FLOWPROOF_INSTANCE")]
    pub(crate) instance: Vec<String>,
    #[command(flatten)]
    pub(crate) inventory: Inventory,
    #[command(flatten)]
    pub(crate) rows: RowOutput,
}

/// How rows are written.
#[derive(Debug, Args)]
pub(crate) struct RowOutput {
    /// How rows are written
    #[arg(long, value_name = "FORMAT", default_value = "table", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: RowFormat,
    /// Write the rows to a file
    #[arg(long, short, value_name = "FILE", env = "FLOWPROOF_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Columns for people
    Table,
    /// Comma-separated, with a header
    Csv,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Apache Parquet
    Parquet,
}

#[derive(Debug, Args)]
#[command(mut_arg("wheres", |arg| arg.num_args(1)))] // What follows is the SQL.
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(flatten)]
    pub(crate) time: Time,
    #[command(flatten)]
    pub(crate) lists: Lists,
    #[command(flatten)]
    pub(crate) inventory: Inventory,
    #[command(flatten)]
    pub(crate) rows: RowOutput,
    /// The query, for example 'select count(*) from flow_logs'
    pub(crate) sql: String,
}

/// How lists are read.
#[derive(Debug, Args)]
pub(crate) struct ListReading {
    /// Take list entries wider than /8 (IPv4) or /16 (IPv6)
    #[arg(long, env = "FLOWPROOF_ALLOW_WIDE", value_parser = FalseyValueParser::new())]
    pub(crate) allow_wide: bool,
    /// Read every list in this format, whatever it looks like: plain_text, csv, stix1, stix2 ...
    #[arg(long, value_name = "FORMAT", env = "FLOWPROOF_LIST_FORMAT")]
    pub(crate) list_format: Option<flowproof_intel::ListFormat>,
    /// The column of CSV lists that holds the addresses: its name, or its number from 1
    #[arg(long, value_name = "COLUMN", env = "FLOWPROOF_LIST_COLUMN")]
    pub(crate) list_column: Option<String>,
}

/// What can be done with lists alone.
#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// Read lists, say what is wrong with them, count, compare; exit code 1 if there is an error
    Check(ListCheck),
    /// Tell every entry that holds an address, the most specific first
    Lookup(ListLookup),
    /// Tell which addresses only one of two lists has: - only the first, + only the second
    Diff(ListDiff),
    /// Write the addresses of all lists as one plain list, in the fewest prefixes
    Merge(ListMerge),
}

#[derive(Debug, Args)]
pub(crate) struct ListCheck {
    /// Lists: files, globs, s3://bucket/key, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Exit code 1 for warnings too
    #[arg(long, env = "FLOWPROOF_STRICT", value_parser = FalseyValueParser::new())]
    pub(crate) strict: bool,
    /// They are meant as trusted lists, of which GuardDuty takes fewer entries
    #[arg(long, env = "FLOWPROOF_AS_TRUSTED", value_parser = FalseyValueParser::new())]
    pub(crate) as_trusted: bool,
    #[command(flatten)]
    pub(crate) reading: ListReading,
    #[command(flatten)]
    pub(crate) s3: S3Access,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: InspectFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ListLookup {
    #[command(flatten)]
    pub(crate) lists: Lists,
    #[command(flatten)]
    pub(crate) s3: S3Access,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: InspectFormat,
    /// Addresses to look up
    #[arg(required = true, value_name = "IP")]
    pub(crate) addresses: Vec<std::net::IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct ListDiff {
    /// The first list, as it was
    pub(crate) one: PathBuf,
    /// The second list, as it is now
    pub(crate) other: PathBuf,
    #[command(flatten)]
    pub(crate) s3: S3Access,
}

#[derive(Debug, Args)]
pub(crate) struct ListMerge {
    /// Lists: files, globs, s3://bucket/key, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A list whose addresses are left out; repeatable
    #[arg(long, value_name = "FILE", env = "FLOWPROOF_WITHOUT")]
    pub(crate) without: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) s3: S3Access,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(flatten)]
    pub(crate) time: Time,
    /// List only: open no object
    #[arg(long, env = "FLOWPROOF_DRY_RUN", value_parser = FalseyValueParser::new())]
    pub(crate) dry_run: bool,
    /// Tell each object apart
    #[arg(long, env = "FLOWPROOF_FILES", value_parser = FalseyValueParser::new())]
    pub(crate) files: bool,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: InspectFormat,
}

/// How an inspection or a summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    #[command(flatten)]
    pub(crate) logs: Logs,
    /// The folder, here or as s3://bucket/prefix, that the set is written to, or added to
    #[arg(long, value_name = "DIR", env = "FLOWPROOF_TO")]
    pub(crate) to: PathBuf,
    /// Leave out objects from before: RFC 3339, 2025-06-01 (UTC), epoch seconds, 24h or 7d
    #[arg(long, value_name = "T", env = "FLOWPROOF_FROM")]
    pub(crate) from: Option<String>,
    /// Leave out objects from then on
    #[arg(long, value_name = "T", env = "FLOWPROOF_UNTIL")]
    pub(crate) until: Option<String>,
    /// How the summary is written
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: InspectFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// How the table is written
    #[arg(long, value_name = "FORMAT", default_value = "table", env = "FLOWPROOF_FORMAT")]
    pub(crate) format: FieldsFormat,
}

/// How the field table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FieldsFormat {
    /// Columns for people
    Table,
    /// One JSON array
    Json,
    /// A Markdown table: the docs page is made so
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// A folder that does not exist, is empty, or holds an earlier sample
    pub(crate) dir: PathBuf,
    /// How many records
    #[arg(long, value_name = "N", env = "FLOWPROOF_RECORDS")]
    pub(crate) records: Option<u64>,
    /// The same seed gives the same files
    #[arg(long, value_name = "N", env = "FLOWPROOF_SEED")]
    pub(crate) seed: Option<u64>,
    /// How many objects; each more is five minutes more
    #[arg(long, value_name = "N", env = "FLOWPROOF_FILES")]
    pub(crate) files: Option<u32>,
    /// How many interfaces
    #[arg(long, value_name = "N", env = "FLOWPROOF_INTERFACES")]
    pub(crate) interfaces: Option<u32>,
    /// One flow log of each format
    #[arg(long, value_enum, value_delimiter = ',', env = "FLOWPROOF_FORMATS")]
    pub(crate) formats: Vec<SampleFormat>,
    /// The folders that objects are put in
    #[arg(long, value_enum, default_value_t, env = "FLOWPROOF_LAYOUT")]
    pub(crate) layout: SampleLayout,
    /// The level of gzip, 0 to 9
    #[arg(long, value_name = "LEVEL", env = "FLOWPROOF_COMPRESSION")]
    pub(crate) compression: Option<u32>,
    /// Where the addresses of peers come from
    #[arg(long, value_enum, default_value_t, env = "FLOWPROOF_PEERS")]
    pub(crate) peers: SamplePeers,
    /// Also write a list of so many entries, threats.txt, which holds some of the peers
    #[arg(long, value_name = "N", default_value_t = 0, env = "FLOWPROOF_LIST_ENTRIES")]
    pub(crate) list_entries: u32,
}

/// Where man pages go.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write them to, for example /usr/local/share/man/man1
    #[arg(long, short, value_name = "DIR", env = "FLOWPROOF_OUTPUT")]
    pub(crate) output: PathBuf,
}
