//! Messages: SNS notifications, SQS messages and batches of them. What they carry is JSON text, which
//! may be any shape again.

use serde_json::Value;

use super::Inner;
use crate::value::{embedded, excerpt, field};

/// What is inside; `None` if the value is no message and no batch.
pub(super) fn open(value: &Value) -> Option<Vec<Inner<'_>>> {
    if let Some(records) = field(value, "records").and_then(Value::as_array) {
        return Some(
            records
                .iter()
                .enumerate()
                .map(|(index, record)| of_batch("Records", index, record))
                .collect(),
        );
    }
    if let Some(messages) = field(value, "messages").and_then(Value::as_array)
        && messages.iter().any(|message| field(message, "body").is_some())
    {
        return Some(
            messages
                .iter()
                .enumerate()
                .map(|(index, message)| of_batch("Messages", index, message))
                .collect(),
        );
    }
    of_sns(value).or_else(|| of_sqs(value)).map(|inner| vec![inner])
}

fn of_batch<'v>(list: &str, index: usize, record: &'v Value) -> Inner<'v> {
    let inner = match field(record, "sns") {
        Some(sns) => of_sns(sns).map(|inner| inner.below("Sns")),
        None => of_sqs(record),
    };
    let inner = inner.unwrap_or_else(|| Inner::refused("", kind_of_record(record)));
    inner.below(&format!("{list}[{index}]"))
}

/// A notification, or the message that asks to confirm a subscription.
fn of_sns(value: &Value) -> Option<Inner<'_>> {
    let kind = field(value, "type")?.as_str()?;
    let topic = field(value, "topicArn").is_some();
    match kind {
        "Notification" => Some(carried("Message", field(value, "message")?, "SNS notification")),
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" if topic => {
            Some(Inner::refused("", format!("SNS message of type `{kind}`: it carries no finding")))
        }
        _ => None,
    }
}

fn of_sqs(value: &Value) -> Option<Inner<'_>> {
    let marks = ["messageId", "receiptHandle", "eventSourceARN"];
    let marked = marks.iter().any(|mark| field(value, mark).is_some());
    let body = field(value, "body").filter(|_| marked)?;
    Some(carried("Body", body, "SQS message"))
}

fn carried<'v>(name: &str, text: &'v Value, what: &str) -> Inner<'v> {
    match embedded(text) {
        Some(value) => Inner::value(name, value),
        None => {
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            Inner::refused("", format!("{what} whose text is no JSON: `{}`", excerpt(&text)))
        }
    }
}

/// What a record is that carries no message.
fn kind_of_record(record: &Value) -> String {
    let has = |name| field(record, name).is_some();
    let kind = if has("s3") {
        "an S3 event, which only names an object: read that object"
    } else if has("eventName") {
        "a CloudTrail record: no finding"
    } else if has("kinesis") || has("data") {
        "a record of Kinesis or Firehose, whose data is encoded: not supported"
    } else if has("dynamodb") {
        "a record of DynamoDB: no finding"
    } else {
        "a record without a message: no finding"
    };
    kind.to_owned()
}
