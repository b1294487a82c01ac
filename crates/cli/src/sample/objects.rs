//! All objects, side by side on all cores. Which core makes which changes nothing in them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context;

use super::answer::{Counted, SampleSummary};
use super::line::Record;
use super::object::ObjectWriter;
use super::story::Story;
use super::traffic::Traffic;
use super::world::World;
use super::{MINUTES, SampleOptions};

/// One object that is to be written.
#[derive(Debug)]
struct Task<'w> {
    bucket: u64,
    flow_log: usize,
    /// Records in all.
    quota: u64,
    /// The subject's records of each minute; none if the subject is logged elsewhere.
    told: Vec<Vec<Record<'w>>>,
}

/// Writes all objects below `dir`.
pub(super) fn write(dir: &Path, world: &World) -> anyhow::Result<SampleSummary> {
    let mut story = Story::new(world);
    let tasks = tasks(world, &mut story);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut counted = Counted::default();
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = dir.join("logs").join(world.key(task.flow_log, task.bucket));
            write_object(&path, world, task, &mut counted)
                .with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        anyhow::Ok(counted)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all = Counted::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let counted = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.merge(counted?);
        }
        anyhow::Ok(())
    })?;
    Ok(all.summary(dir, &story))
}

/// All objects in the order of their stamps; within a stamp, flow log by flow log. The story goes on
/// from one to the next, so it is told before they part; it is short.
fn tasks<'w>(world: &'w World, story: &mut Story<'w>) -> Vec<Task<'w>> {
    let formats = world.options.formats.len();
    let task = |(object, quota)| {
        let (bucket, flow_log) = ((object / formats) as u64, object % formats);
        let is_subjects = flow_log == world.subject().flow_log;
        let minutes = if is_subjects { 0..MINUTES } else { 0..0 };
        let told = minutes.map(|minute| story.minute(bucket, minute)).collect();
        Task { bucket, flow_log, quota, told }
    };
    quotas(&world.options).enumerate().map(task).collect()
}

/// How many records each object gets: as even as can be.
fn quotas(options: &SampleOptions) -> impl Iterator<Item = u64> + use<> {
    let (objects, records) = (options.buckets() * options.flow_logs(), u128::from(options.records));
    let before = move |object: u64| {
        (records * u128::from(object) / u128::from(objects)) as u64 // No more than `records`.
    };
    (0..objects).map(move |object| before(object + 1) - before(object))
}

/// Writes the records of one flow log that end within one bucket, minute by minute.
fn write_object(
    path: &Path,
    world: &World,
    task: &Task<'_>,
    counted: &mut Counted,
) -> std::io::Result<()> {
    let log = &world.flow_logs[task.flow_log];
    let mut writer = ObjectWriter::create(path, world.options.compression, log.format)?;
    let mut traffic = Traffic::new(world, task.flow_log, task.bucket);
    let mut written = 0;
    for minute in 0..MINUTES {
        let told = task.told.get(minute as usize).map_or(&[][..], Vec::as_slice);
        written += told.len() as u64;
        traffic.minute = minute;
        let rest = (task.quota * (minute + 1) / MINUTES).saturating_sub(written);
        written += rest;
        for record in told.iter().copied().chain((0..rest).map(|_| traffic.record())) {
            writer.write(log, &record)?;
            counted.add_record(&record.body);
        }
    }
    let (text_bytes, stored_bytes) = writer.finish()?;
    counted.add_object(text_bytes, stored_bytes);
    Ok(())
}
