//! What was read by the program, as it is put into the page.

use std::borrow::Cow;

use maud::{Markup, Render, html};

use crate::escape::{printable, shortened};
use crate::format::{counted, human_bytes, thousands, utc};
use jiff::Timestamp;

/// Text that is [`printable`] and, in the page, escaped. It is set apart from its neighbours, so that
/// letters that run from right to left do not turn these round.
pub(crate) struct Shown<'a>(Cow<'a, str>);

/// The same in places that hold no elements: titles, and texts of a drawing.
pub(crate) struct Plain<'a>(Cow<'a, str>);

impl Render for Shown<'_> {
    fn render_to(&self, page: &mut String) {
        html! { bdi { (&*self.0) } }.render_to(page);
    }
}

impl Render for Plain<'_> {
    fn render_to(&self, page: &mut String) {
        (*self.0).render_to(page);
    }
}

/// Text that others may have written. Every such text passes through here.
pub(crate) fn shown(text: &str) -> Shown<'_> {
    Shown(printable(text))
}

/// The same, cut to about `limit` characters; what was cut is counted.
pub(crate) fn cut(text: &str, limit: usize) -> Shown<'static> {
    Shown(Cow::Owned(shortened(text, limit)))
}

/// Text that others may have written, where no element can stand.
pub(crate) fn plain(text: &str) -> Plain<'_> {
    Plain(printable(text))
}

/// An exact figure, and below it what helps to read it.
pub(crate) fn figure(exact: &str, below: &str) -> Markup {
    html! {
        (exact)
        @if !below.is_empty() { " " span.sub { (below) } }
    }
}

/// Bytes, exact, with their size in words and their packets below.
pub(crate) fn volume(bytes: impl Into<u128>, packets: u64) -> Markup {
    let bytes = bytes.into();
    figure(&thousands(bytes), &below_bytes(bytes, packets))
}

/// What stands below exact bytes: `98.8 MB in 70,000 packets`.
pub(crate) fn below_bytes(bytes: u128, packets: u64) -> String {
    let size = (bytes >= 1000).then(|| human_bytes(bytes));
    let packets = (packets > 0).then(|| format!("in {}", counted(packets, "packet", "packets")));
    let parts: Vec<String> = size.into_iter().chain(packets).collect();
    parts.join(" ")
}

/// An instant, or a dash where there is none.
pub(crate) fn time(time: Option<Timestamp>) -> Markup {
    match time {
        Some(time) => html! { time datetime=(time.to_string()) { (utc(time)) } },
        None => nothing(),
    }
}

/// A cell with nothing in it, so that it can be told from one that was forgotten.
pub(crate) fn nothing() -> Markup {
    html! { span.none { "\u{2013}" } }
}

/// What a table leaves out.
pub(crate) fn more(hidden: usize, one: &str, many: &str, rest: &str) -> Markup {
    html! {
        @if hidden > 0 {
            p.note { "And " (counted(hidden as u64, &format!("more {one}"), &format!("more {many}"))) (rest) "." }
        }
    }
}
