//! What can be typed after `flowproof cluster`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::S3Access;

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Hand out the parts of analyses to executors, until it is stopped
    Scheduler(SchedulerArgs),
    /// Read parts of analyses for a scheduler, until it is stopped
    Executor(Box<ExecutorArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct SchedulerArgs {
    /// Address and port to listen at. Whoever reaches it can read what the executors can
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:50050",
        env = "FLOWPROOF_BIND"
    )]
    pub(crate) bind: SocketAddr,
    /// After so long without a sign of life an executor counts as lost, and others do its work
    #[arg(long, value_name = "SPAN", default_value = "10s", env = "FLOWPROOF_EXECUTOR_TIMEOUT")]
    pub(crate) executor_timeout: String,
    /// Where lists and object names are kept while they are needed [default: the system's temporary
    /// folder]
    #[arg(long, value_name = "DIR", env = "FLOWPROOF_WORK_DIR")]
    pub(crate) work_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExecutorArgs {
    /// The scheduler
    #[arg(
        long,
        value_name = "df://HOST:PORT",
        default_value = "df://127.0.0.1:50050",
        env = "FLOWPROOF_SCHEDULER"
    )]
    pub(crate) scheduler: String,
    /// Address to listen at. Whoever reaches it can read what analyses left here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", env = "FLOWPROOF_BIND")]
    pub(crate) bind: IpAddr,
    /// Port at which results are fetched; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value = "50051", env = "FLOWPROOF_PORT")]
    pub(crate) port: u16,
    /// Port at which the scheduler hands out work; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value = "50052", env = "FLOWPROOF_CONTROL_PORT")]
    pub(crate) control_port: u16,
    /// The host under which the scheduler and its clients reach this machine [default: the address to
    /// listen at, else the one that the scheduler sees]
    #[arg(long, value_name = "HOST", env = "FLOWPROOF_ADVERTISE")]
    pub(crate) advertise: Option<String>,
    /// Parts that are read at one time [default: one per core]
    #[arg(long, value_name = "N", env = "FLOWPROOF_SLOTS")]
    pub(crate) slots: Option<usize>,
    /// Memory for aggregations and sorts of all parts before they spill to disk
    #[arg(long, value_name = "SIZE", default_value = "1GB", env = "FLOWPROOF_MEMORY")]
    pub(crate) memory: String,
    /// Where results wait to be fetched [default: the system's temporary folder]
    #[arg(long, value_name = "DIR", env = "FLOWPROOF_WORK_DIR")]
    pub(crate) work_dir: Option<PathBuf>,
    /// How long a scheduler is waited for that does not answer yet
    #[arg(long, value_name = "SPAN", default_value = "30s", env = "FLOWPROOF_PATIENCE")]
    pub(crate) patience: String,
    #[command(flatten)]
    pub(crate) s3: S3Access,
}
