//! The handler of a function that S3 tells of each new object (Lambda, or a queue's reader): which listed addresses
//! are in it? `cargo run --example s3_event -- list.txt < event.json`, with credentials as for the AWS command line.

use std::error::Error;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use flowproof_engine::Session;
use flowproof_intel::{List, ListRole, Matcher};
use flowproof_source::{
    Noticed, read_notices,
    s3::{S3, S3Options},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a list of addresses")?;
    let list = List::from_bytes(&path, ListRole::Threat, &std::fs::read(&path)?)?;
    // Both live as long as the function's process: they are made once, not for each event.
    let (matcher, s3) =
        (Arc::new(Matcher::new(vec![list])), S3::connect(&S3Options::default()).await?);
    let mut event = Vec::new();
    std::io::stdin().read_to_end(&mut event)?;
    write!(io::stdout(), "{}", handle(&event, &matcher, &s3).await?)?;
    Ok(())
}

pub(crate) async fn handle(
    event: &[u8],
    matcher: &Arc<Matcher>,
    s3: &S3,
) -> Result<String, Box<dyn Error>> {
    let mut logs = Session::builder().s3(s3.clone()).exact_keys();
    let (mut is_new, mut broken) = (false, None);
    read_notices(event, |noticed| {
        match noticed {
            Ok(Noticed::New(new)) => {
                logs = std::mem::take(&mut logs).logs(format!("s3://{}/{}", new.bucket, new.key));
                is_new = true;
            }
            Ok(_) => {} // What is gone, and what is about tags.
            Err(error) => broken = Some(error),
        }
        ControlFlow::Continue(())
    })?;
    match broken {
        Some(error) => return Err(error.into()), // The event comes again, and to a dead letter queue in the end.
        None if !is_new => return Ok("nothing new\n".to_owned()),
        None => {}
    }
    let answer = logs.open().await?.listed(Arc::clone(matcher), false).await?;
    let mut told = format!("{:?}\n", answer.completeness());
    for row in &answer.value.rows {
        let entry = matcher.lists()[row.list].entries[row.entry].text();
        let (interface, bytes) = (row.interface.as_deref().unwrap_or("?"), row.traffic.bytes_out);
        told += &format!("{interface} sent {bytes} bytes to {entry}\n");
    }
    Ok(told)
}
