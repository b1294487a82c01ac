//! The server, in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use flowproof_s3_testing::{Memory, S3Server, Stored};
use flowproof_source::s3::{S3, S3Options};

use crate::logs;

/// The bucket that all objects are in.
pub(crate) const BUCKET: &str = "logs";

/// Objects that differ; the others have the bytes of one of these.
const DIFFERENT: usize = 64;

/// Serves so many objects until standard input ends.
pub(crate) async fn serve(count: usize, lines: usize) -> Result<()> {
    let objects = Memory::default();
    let different = (0..count.min(DIFFERENT)).map(|number| logs::object(number, lines));
    let different = different.map(|bytes| Ok(Stored::new(bytes?))).collect::<Result<Vec<_>>>()?;
    for number in 0..count {
        objects.store(BUCKET, &logs::key(number), different[number % DIFFERENT].clone());
    }
    until_the_end(S3Server::memory(objects).await?).await
}

/// Says where the server is, and lets it work until standard input ends.
pub(crate) async fn until_the_end(server: S3Server) -> Result<()> {
    println!("{}", server.endpoint());
    // The reader closes it when it is done.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// A server that is at work.
pub(crate) struct Served {
    process: Child,
    endpoint: String,
}

impl Served {
    /// A server that is started with these words.
    pub(crate) fn start(words: &[&str]) -> Result<Served> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut endpoint = String::new();
        let told = process.stdout.take().context("the server has no output")?;
        BufReader::new(told).read_line(&mut endpoint)?;
        Ok(Served { process, endpoint: endpoint.trim().to_owned() })
    }

    /// The client, and the connection that reads through one like it.
    pub(crate) fn connect(&self) -> (aws_sdk_s3::Client, S3) {
        Served::connect_to(&self.endpoint)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The same for a server that another process has started.
    pub(crate) fn connect_to(endpoint: &str) -> (aws_sdk_s3::Client, S3) {
        let config = flowproof_s3_testing::config_of(endpoint);
        let client = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let options = S3Options { path_style: true, ..S3Options::default() };
        (aws_sdk_s3::Client::from_conf(client), S3::with_config(config, options))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself; whatever it says then is of no interest.
        let _ = self.process.wait();
    }
}
