//! Lines, headings and points, and names as code.

use super::inline::{code, inline};
use crate::escape::shortened;
use crate::format::{counted, thousands};

/// Characters shown of a text and of a name.
pub(crate) const TEXT: usize = 500;
pub(crate) const NAME: usize = 200;

/// Names told of one kind.
const NAMES: usize = 10;

pub(crate) fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

pub(crate) fn heading(text: &mut String, title: &str) {
    line(text, &format!("### {title}\n"));
}

pub(crate) fn points<'a>(text: &mut String, points: impl IntoIterator<Item = &'a String>) {
    for point in points {
        line(text, &format!("- {}", inline(&shortened(point, TEXT))));
    }
}

/// What a list leaves out, as its last point.
pub(crate) fn more(text: &mut String, all: usize, shown: usize, one: &str, many: &str) {
    if all > shown {
        let more = counted((all - shown) as u64, &format!("more {one}"), &format!("more {many}"));
        line(text, &format!("- and {more}"));
    }
}

/// Names, each as code, the first few of them.
pub(crate) fn names<T: std::fmt::Display>(all: &[T]) -> String {
    let shown = all.iter().take(NAMES).map(|name| code(&shortened(&name.to_string(), NAME)));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if all.len() > NAMES {
        text.push_str(&format!(" and {} more", thousands((all.len() - NAMES) as u64)));
    }
    text
}
