//! Envelopes, opened down to events: lists, batches and messages of SQS, notifications of SNS, and
//! Lambda's batches of both. What a message carries is JSON text, which may be any of these again.
//!
//! A value is never held as a tree: members that are looked for are kept as text, the rest is passed
//! over, and the items of a list come one by one.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{NoticeError, NoticeFault, excerpt};
use super::place::Place;
use super::sink::Sink;
use super::{NOTICE_ENVELOPES, Noticed, event};

/// The members by which an object is known, as the text that they are.
#[derive(Deserialize)]
struct Members<'t> {
    #[serde(borrow, rename = "Records")]
    records: Option<&'t RawValue>,
    #[serde(borrow, rename = "Messages")]
    messages: Option<&'t RawValue>,
    #[serde(borrow, rename = "Sns")]
    sns: Option<&'t RawValue>,
    #[serde(borrow)]
    s3: Option<&'t RawValue>,
    #[serde(borrow, rename = "eventName")]
    event_name: Option<&'t RawValue>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<&'t RawValue>,
    #[serde(borrow)]
    source: Option<&'t RawValue>,
    #[serde(borrow)]
    detail: Option<&'t RawValue>,
    #[serde(borrow, rename = "Event")]
    event: Option<&'t RawValue>,
    #[serde(borrow, rename = "Type")]
    kind: Option<&'t RawValue>,
    #[serde(borrow, rename = "Message")]
    message: Option<&'t RawValue>,
    #[serde(borrow, rename = "Body", alias = "body")]
    body: Option<&'t RawValue>,
}

/// Opens a value down to what it says.
pub(super) fn open<F>(value: &RawValue, place: &Place, sink: &mut Sink<F>)
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    let opened = if place.envelopes() > NOTICE_ENVELOPES {
        Err(NoticeFault::TooNested)
    } else {
        match value.get().as_bytes().first() {
            Some(b'[') => list(value, &place.list(), sink),
            Some(b'{') => object(value, place, sink),
            _ => Err(NoticeFault::Unknown { what: format!("the value {}", excerpt(value.get())) }),
        }
    };
    if let Err(fault) = opened {
        sink.give(Err(place.refuse(fault)));
    }
}

fn object<F>(value: &RawValue, place: &Place, sink: &mut Sink<F>) -> Result<(), NoticeFault>
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    let members: Members<'_> = serde_json::from_str(value.get()).map_err(unknown_because)?;
    match members {
        Members { records: Some(records), .. } => list(records, &place.member("Records"), sink)?,
        Members { messages: Some(messages), .. } => {
            list(messages, &place.member("Messages"), sink)?;
        }
        Members { sns: Some(sns), .. } => open(sns, &place.member("Sns"), sink),
        Members { s3: Some(s3), event_name, .. } => {
            sink.give(Ok(event::of_s3(text(event_name).as_deref(), s3)?));
        }
        Members { detail_type: Some(kind), source, detail, .. } => {
            let kind = text(Some(kind));
            sink.give(Ok(event::of_bridge(kind.as_deref(), text(source).as_deref(), detail)?));
        }
        Members { kind: Some(kind), message: Some(message), .. } => {
            only_notifications(text(Some(kind)).as_deref())?;
            carried(message, &place.member("Message"), sink);
        }
        Members { body: Some(body), .. } => carried(body, &place.member("Body"), sink),
        Members { event, .. } if text(event).as_deref() == Some("s3:TestEvent") => {
            sink.give(Ok(Noticed::TestEvent));
        }
        _ => return Err(NoticeFault::Unknown { what: shape_of(value) }),
    }
    Ok(())
}

fn unknown_because(error: serde_json::Error) -> NoticeFault {
    let words = error.to_string();
    let reason = words.split(" at line ").next().unwrap_or_default();
    NoticeFault::Unknown { what: reason.to_owned() }
}

/// The messages about a subscription itself have a text for people.
fn only_notifications(kind: Option<&str>) -> Result<(), NoticeFault> {
    match kind {
        Some("Notification") => Ok(()),
        kind => {
            let kind = excerpt(kind.unwrap_or_default());
            Err(NoticeFault::Unknown { what: format!("an SNS message of the type {kind}") })
        }
    }
}

/// Opens what a message carries: JSON as text, or as it is.
fn carried<F>(message: &RawValue, place: &Place, sink: &mut Sink<F>)
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    let Some(text) = text(Some(message)) else { return open(message, place, sink) };
    match serde_json::from_str(&text) {
        Ok(value) => open(value, place, sink),
        Err(_) => {
            let fault = NoticeFault::NoJsonWithin { excerpt: excerpt(&text) };
            sink.give(Err(place.refuse(fault)));
        }
    }
}

/// A member that is a text.
pub(super) fn text(member: Option<&RawValue>) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'t>(#[serde(borrow)] Cow<'t, str>);
    serde_json::from_str(member?.get()).ok().map(|Text(text)| text)
}

/// Opens each item of a list.
fn list<F>(items: &RawValue, place: &Place, sink: &mut Sink<F>) -> Result<(), NoticeFault>
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    let mut parser = serde_json::Deserializer::from_str(items.get());
    let count = parser
        .deserialize_seq(Items { place, sink })
        .map_err(|_| NoticeFault::Unknown { what: "an envelope without a list".to_owned() })?;
    if count == 0 {
        sink.give(Ok(Noticed::Nothing));
    }
    Ok(())
}

struct Items<'i, F> {
    place: &'i Place,
    sink: &'i mut Sink<F>,
}

impl<'t, F> Visitor<'t> for Items<'_, F>
where
    F: FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
{
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(item) = items.next_element::<&'t RawValue>()? {
            if self.sink.is_open() {
                open(item, &self.place.item(count), self.sink);
            }
            count += 1;
        }
        Ok(count)
    }
}

/// What an object looks like to a person: the names of its first members.
fn shape_of(value: &RawValue) -> String {
    let mut parser = serde_json::Deserializer::from_str(value.get());
    match parser.deserialize_map(FirstNames) {
        Ok(names) if names.is_empty() => "an object without members".to_owned(),
        Ok(names) => format!("an object with {}", names.join(", ")),
        Err(_) => "an object".to_owned(),
    }
}

struct FirstNames;

impl<'t> Visitor<'t> for FirstNames {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<Vec<String>, A::Error> {
        const MOST: usize = 4;
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = members.next_entry::<String, IgnoredAny>()? {
            if names.len() < MOST {
                names.push(excerpt(&name));
            }
        }
        Ok(names)
    }
}
