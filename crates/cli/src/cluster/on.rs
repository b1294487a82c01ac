//! With the feature `cluster`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use flowproof_cluster::{
    Ballista, Codec, Codecs, Executor, ExecutorOptions, Scheduler, SchedulerAddress,
    SchedulerOptions, StoreHome,
};
use flowproof_engine::distributed::{Fleet, Site};
use flowproof_report::parse_size;

use super::args::{ExecutorArgs, SchedulerArgs};
use super::{ClusterCommand, log};
use crate::exit::{Exit, UsageError};
use crate::inputs::Inputs;
use crate::streams::Streams;
use crate::time::parse_span;

/// The cluster that was named.
pub(crate) async fn fleet(named: Option<&str>) -> Result<Option<Fleet>> {
    let Some(named) = named else { return Ok(None) };
    let address = address(named, "--cluster")?;
    Ok(Some(Fleet::new(Arc::new(Ballista::connect(&address).await?))))
}

/// Runs a scheduler or an executor until it is told to stop.
pub(crate) async fn run(
    command: ClusterCommand,
    verbose: bool,
    streams: &mut Streams,
) -> Result<Exit> {
    log::start(streams.quiet, verbose);
    match command {
        ClusterCommand::Scheduler(args) => scheduler(&args, streams).await,
        ClusterCommand::Executor(args) => executor(*args, streams).await,
    }
}

async fn scheduler(args: &SchedulerArgs, streams: &mut Streams) -> Result<Exit> {
    let options = SchedulerOptions {
        address: args.bind,
        executor_timeout: span(&args.executor_timeout, "--executor-timeout")?,
        store_folder: args.work_dir.clone(),
        ..SchedulerOptions::default()
    };
    // Plans pass by here, and nothing is read.
    let scheduler = Scheduler::bind(options, codecs(Site::new(None, None, 1)?)).await?;
    writeln!(streams.out(), "scheduler at df://{}", scheduler.local_addr())?;
    streams.flush()?;
    scheduler.serve(stopped()).await?;
    Ok(Exit::Answered)
}

async fn executor(args: ExecutorArgs, streams: &mut Streams) -> Result<Exit> {
    let scheduler = address(&args.scheduler, "--scheduler")?;
    let defaults = ExecutorOptions::default();
    let options = ExecutorOptions {
        scheduler: scheduler.clone(),
        patience: span(&args.patience, "--patience")?,
        bind: args.bind,
        flight_port: args.port,
        control_port: args.control_port,
        advertised_host: args.advertise.clone(),
        slots: args.slots.unwrap_or(defaults.slots).max(1),
        memory: parse_size(&args.memory).map_err(UsageError::of("--memory"))?,
        work_folder: args.work_dir.clone(),
        ..defaults
    };
    let s3 = Inputs::default().connect(&args.s3).await?.clone();
    let home = Arc::new(StoreHome::new(scheduler.clone()));
    let site = Site::new(Some(home), Some(s3), options.slots)?;
    let slots = options.slots;
    let executor = Executor::start(options, codecs(site)).await?;
    let at = executor.flight_addr();
    writeln!(streams.out(), "executor at {at}, {slots} at one time, for {scheduler}")?;
    streams.flush()?;
    executor.run(stopped()).await?;
    Ok(Exit::Answered)
}

fn codecs(site: Site) -> Codecs {
    let codec = Arc::new(Codec::new(site));
    Codecs { logical: Some(codec.clone()), physical: Some(codec) }
}

fn address(text: &str, option: &str) -> Result<SchedulerAddress> {
    let address = text.parse::<SchedulerAddress>();
    Ok(address.map_err(|error| UsageError(format!("{option}: {error}")))?)
}

fn span(text: &str, option: &'static str) -> Result<Duration> {
    let span = parse_span(text).map_err(UsageError::of(option))?;
    Duration::try_from(span).with_context(|| option.to_owned())
}

/// Ready once the process is told to stop.
async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
