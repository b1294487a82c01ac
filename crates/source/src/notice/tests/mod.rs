//! Streams by hand: what is read of them, and what is refused with which words.

mod broken;
mod envelopes;
mod events;
mod lines;
mod properties;

use crate::fuzz::notices;
use crate::{Notice, Noticed};

/// What a stream says, one text a part.
fn outline(stream: &str) -> Vec<String> {
    outline_of_bytes(stream.as_bytes())
}

fn outline_of_bytes(stream: &[u8]) -> Vec<String> {
    let told = |noticed| match noticed {
        Noticed::New(Notice { bucket, key, .. }) => format!("new {bucket} {key}"),
        Noticed::Removed { bucket, key, event } => format!("removed {bucket} {key} by {event}"),
        Noticed::NoNews { event } => format!("no news of {event}"),
        Noticed::TestEvent => "test event".to_owned(),
        Noticed::Nothing => "nothing".to_owned(),
    };
    notices(stream).into_iter().map(|part| part.map_or_else(|e| e.to_string(), told)).collect()
}

/// A record as S3 writes it, of a key as S3 writes it.
fn record(event: &str, key: &str) -> String {
    format!(
        r#"{{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "{event}", "s3": {{
        "bucket": {{"name": "example-logs", "arn": "arn:aws:s3:::example-logs"}},
        "object": {{"key": "{key}", "size": 5, "eTag": "0123abcd", "sequencer": "0A"}}}}}}"#
    )
}

/// A notification of one object created, on one line.
fn created(key: &str) -> String {
    format!(r#"{{"Records": [{}]}}"#, record("ObjectCreated:Put", key)).replace('\n', " ")
}

/// `text` as a JSON text.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
