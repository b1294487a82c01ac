//! The investigation for people: what an analyst reads and pastes into a ticket.
//!
//! The verdict and its reasons come first, then the figures, then what they stand on. Lists are cut
//! to a readable length, and every cut says how much it left out; the JSON form leaves out nothing.

mod coverage;
pub(crate) mod finding;
mod page;
pub(crate) mod remotes;
mod sources;
pub(crate) mod tested;
mod timeline;
pub(crate) mod traffic;
mod verdict;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::{Investigation, Tool};
use page::Page;

/// How the text report is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Characters in a line, where the content allows: addresses, ids and object names stay whole.
    pub width: usize,
    /// Whether the verdict word is in colour (ANSI codes). Nothing else ever is.
    pub color: bool,
    /// Remotes shown.
    pub remotes: usize,
    /// Source objects shown.
    pub objects: usize,
}

impl Default for TextOptions {
    /// 100 characters, no colour, 10 remotes, 10 objects.
    fn default() -> TextOptions {
        TextOptions { width: 100, color: false, remotes: 10, objects: 10 }
    }
}

/// Writes the investigation as plain text in UTF-8, without boxes, tabs or trailing blanks. The same
/// investigation and options give the same bytes.
///
/// Whatever logs, lists and findings hold, the text has no control character but the line feed
/// (and, with `color`, the codes around the verdict word): see [`printable`](crate::printable).
///
/// # Errors
///
/// The error of `out`.
pub fn write_text(
    investigation: &Investigation,
    options: &TextOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(options.width);
    verdict::write(investigation, options, &mut page);
    finding::write(investigation, &mut page);
    traffic::write(investigation, &mut page);
    tested::write(investigation, &mut page);
    remotes::write(investigation, options, &mut page);
    timeline::write(investigation, &mut page);
    coverage::write(investigation, &mut page);
    sources::write(investigation, options, &mut page);
    verdict::write_next_steps(investigation, &mut page);
    let Tool { name, version } = &investigation.generated_by;
    page.heading(&format!("Made by {name} {version}."));
    out.write_all(page.into_text().as_bytes())
}
