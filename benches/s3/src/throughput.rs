//! How much of what a bare loop of GETs brings the reader brings, and at what cost.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flowproof_engine::{Key, Session, SessionOptions, VolumeFilter};
use flowproof_source::s3::S3;
use flowproof_source::{Object, OpenOptions, Selection, list, open_with};
use futures::{StreamExt, TryStreamExt, stream};

use crate::logs;
use crate::process::cpu;
use crate::server::{BUCKET, Served};

/// Requests under way, of all readers alike.
const AT_ONCE: usize = 128;

/// What one reading took.
#[derive(Debug, Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Duration,
    bytes: u64,
}

impl Took {
    async fn of(work: impl Future<Output = Result<u64>>) -> Result<Took> {
        let (begun, before) = (Instant::now(), cpu()?);
        let bytes = work.await?;
        Ok(Took { wall: begun.elapsed(), cpu: cpu()? - before, bytes })
    }

    fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.wall.as_secs_f64()
    }
}

/// Many small objects, fewer of a usual size, and large ones.
pub(crate) async fn table(rounds: usize) -> Result<String> {
    let mut table = format!(
        "Medians of {rounds} rounds; MB/s of stored bytes, CPU in seconds.\n\n\
         | objects, records each | bare MB/s | reader | volumes | disk | bare CPU | reader | volumes | disk | \
         reader / bare, rate (bar 0.9) | volumes / (bare + disk), CPU (bar 1) |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (count, lines) in [(8000, 300), (2000, 5000), (300, 40_000)] {
        table += &bucket(count, lines, rounds).await?;
    }
    Ok(table)
}

async fn bucket(count: usize, lines: usize, rounds: usize) -> Result<String> {
    let served = Served::start(&["serve", &count.to_string(), &lines.to_string()])?;
    let (client, s3) = served.connect();
    let selection = Selection {
        wheres: vec![format!("s3://{BUCKET}/AWSLogs")],
        s3: Some(s3.clone()),
        ..Selection::default()
    };
    let objects = list(&selection).await?.objects;
    ensure!(objects.len() == count, "{} objects were listed", objects.len());
    let stored: u64 = objects.iter().map(|object| object.size).sum();
    let folder = copied(&s3, &objects).await?;
    let disk =
        Selection { wheres: vec![folder.path().display().to_string()], ..Selection::default() };

    let mut all = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        // Side by side, so that a noisy minute meets all of them.
        let took = [
            Took::of(bare(&client, count)).await?,
            Took::of(reader(&objects)).await?,
            Took::of(volumes(&selection, count, lines, stored)).await?,
            Took::of(volumes(&disk, count, lines, stored)).await?,
        ];
        for (all, took) in all.iter_mut().zip(took) {
            ensure!(took.bytes == stored, "{} bytes were read of {stored}", took.bytes);
            all.push(took);
        }
    }
    let all = all.map(|took| median(&took));
    let [bare, reader, bucket, disk] = &all;
    let rates: Vec<String> = all.iter().map(|took| format!("{:.0}", took.rate())).collect();
    let cpu = all.iter().map(|took| format!("{:.2}", took.cpu.as_secs_f64()));
    let figures = [rates, cpu.collect()].concat().join(" | ");
    let share = reader.rate() / bare.rate();
    let cost = bucket.cpu.as_secs_f64() / (bare.cpu + disk.cpu).as_secs_f64();
    Ok(format!("| {count}, {lines} | {figures} | {share:.2} | {cost:.2} |\n"))
}

/// The median of each figure.
fn median(took: &[Took]) -> Took {
    let middle = |figure: fn(&Took) -> Duration| {
        let mut figures: Vec<Duration> = took.iter().map(figure).collect();
        figures.sort();
        figures[figures.len() / 2]
    };
    Took { wall: middle(|took| took.wall), cpu: middle(|took| took.cpu), bytes: took[0].bytes }
}

/// The same bytes on disk.
async fn copied(s3: &S3, objects: &[Object]) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let store = s3.bucket(BUCKET);
    for object in objects {
        let key = object.key.trim_start_matches("s3://logs/");
        let mut body = store.get(key, &Default::default()).await?;
        let mut bytes = Vec::new();
        while let Some(more) = body.next().await? {
            bytes.extend_from_slice(&more);
        }
        let place = folder.path().join(key);
        std::fs::create_dir_all(place.parent().unwrap_or(folder.path()))?;
        std::fs::write(place, bytes)?;
    }
    Ok(folder)
}

/// The least that anybody does: GETs, and the bytes counted.
async fn bare(client: &aws_sdk_s3::Client, count: usize) -> Result<u64> {
    let read = stream::iter(0..count).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            let answer = client.get_object().bucket(BUCKET).key(logs::key(number)).send().await?;
            let mut body = answer.body;
            let mut bytes = 0;
            while let Some(more) = body.try_next().await? {
                bytes += more.len() as u64;
            }
            anyhow::Ok(bytes)
        })
    });
    let read = read.buffer_unordered(AT_ONCE).map_err(anyhow::Error::from);
    read.try_fold(0, async |sum, bytes| Ok(sum + bytes?)).await
}

/// The reader of the product, with no work behind it.
async fn reader(objects: &[Object]) -> Result<u64> {
    let read = stream::iter(objects.to_vec()).map(|object| {
        tokio::spawn(async move {
            let options = OpenOptions { digest: false, whole_gzip: 16 << 20 };
            let mut chunks = open_with(&object, options).await?;
            let mut bytes = chunks.take_whole().map_or(0, |whole| whole.len() as u64);
            while let Some(more) = chunks.next().await? {
                bytes += more.len() as u64;
            }
            anyhow::Ok(bytes)
        })
    });
    let read = read.buffer_unordered(AT_ONCE).map_err(anyhow::Error::from);
    read.try_fold(0, async |sum, bytes| Ok(sum + bytes?)).await
}

/// All of it: listed, read, decoded and added up. Gives `stored`, if every record was counted.
async fn volumes(selection: &Selection, count: usize, lines: usize, stored: u64) -> Result<u64> {
    let session = Session::open(selection, SessionOptions::default()).await?;
    let answer = session.volumes(&[Key::Interface], &VolumeFilter::default()).await?;
    let records = &answer.coverage.records;
    ensure!(records.ok == (count * lines) as u64, "{} records were counted", records.ok);
    Ok(stored)
}
