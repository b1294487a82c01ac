//! Investigations as one HTML file that needs nothing else: no server, no network, no other file.
//!
//! The page is drawn with `maud`, whose templates are checked by the compiler and escape what they
//! are given; what others wrote goes through [`shown`](shown::shown) besides. A content security
//! policy in the page names the one style sheet and the one script by their hashes, so that a browser
//! runs nothing else and asks no network, whatever slipped through.
//!
//! The page is complete as it is written. The script only sorts and filters the remotes and opens
//! folded parts for printing.

mod claim;
mod coverage;
pub(crate) mod head;
mod index;
mod matches;
mod peers;
mod remotes;
pub(crate) mod shown;
mod sources;
mod tested;
mod timeline;
mod verdict;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, html};

use crate::escape::is_unsafe;
use crate::{Chapter, Investigation, Tool};
use shown::{cut, shown};

/// How much of the long lists stands in the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HtmlOptions {
    /// Remotes in each table as the page opens, and so without JavaScript. With it tables have all.
    pub remotes: usize,
    /// Source objects named of each investigation.
    pub objects: usize,
    /// Columns of each timeline at most, from 2 to 10,000. Hours are merged until they fit.
    pub columns: usize,
}

impl Default for HtmlOptions {
    /// 100 remotes, 200 objects, 168 columns: the hours of a week.
    fn default() -> HtmlOptions {
        HtmlOptions { remotes: 100, objects: 200, columns: 168 }
    }
}

impl HtmlOptions {
    /// The default for up to 10 investigations. Of more each is told shorter, with 20 remotes, 20
    /// objects and 48 columns, so that a page of hundreds can still be opened.
    #[must_use]
    pub fn for_investigations(count: usize) -> HtmlOptions {
        match count {
            0..=10 => HtmlOptions::default(),
            _ => HtmlOptions { remotes: 20, objects: 20, columns: 48 },
        }
    }
}

/// Writes one HTML page in UTF-8 that tells all the investigations, with an index if there are
/// several. The same investigations and options give the same bytes.
///
/// Whatever logs, lists and findings hold, nothing of it becomes markup or script, and the page has no
/// control character but the line feed: see [`printable`](crate::printable).
///
/// # Errors
///
/// The error of `out`.
pub fn write_html<'a, C: Into<Chapter<'a>>>(
    chapters: impl IntoIterator<Item = C>,
    options: &HtmlOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chapters: Vec<Chapter<'a>> = chapters.into_iter().map(Into::into).collect();
    let page = page(&chapters, options)?.into_string();
    // Nothing that acts should be left, and the rest of the page does not rely on that.
    let acts = |character: char| character != '\n' && is_unsafe(character);
    match page.contains(acts) {
        false => out.write_all(page.as_bytes())?,
        true => out.write_all(page.replace(acts, "\u{fffd}").as_bytes())?,
    }
    out.write_all(b"\n")
}

fn page(chapters: &[Chapter<'_>], options: &HtmlOptions) -> io::Result<Markup> {
    let mut articles = Vec::with_capacity(chapters.len());
    for (chapter, number) in chapters.iter().zip(1..) {
        let number = Number { of: chapters.len(), number };
        articles.push(article(chapter, number, options)?);
    }
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            (head::head(&index::page_title(chapters)))
            body class=[(chapters.len() > 1).then_some("several")] {
                a.skip href="#main" { "To the verdict" }
                header.page {
                    h1 { (cut(&index::heading(chapters), index::HEADING)) }
                    p.by { (made_by(chapters)) }
                }
                @if chapters.len() > 1 { (index::index(chapters)) }
                main id="main" {
                    @for article in &articles { (article) }
                }
                footer { p { (made_by(chapters)) ". Times are UTC. Bytes are exact; kB, MB and GB are decimal." } }
                (head::script())
            }
        }
    })
}

fn made_by(chapters: &[Chapter<'_>]) -> Markup {
    let tool = chapters.first().map(|chapter| &chapter.investigation.generated_by);
    html! {
        @match tool {
            Some(Tool { name, version }) => { "Made by " (shown(name)) " " (shown(version)) },
            None => { "Nothing was investigated" },
        }
    }
}

/// The sections of a chapter, as links name them and in their order.
const SECTIONS: [(&str, &str); 9] = [
    ("claim", "Claim and records"),
    ("tests", "Tests"),
    ("timeline", "Timeline"),
    ("remotes", "Remotes"),
    ("matches", "List matches"),
    ("peers", "Peers"),
    ("coverage", "Coverage"),
    ("rejects", "Rejects"),
    ("sources", "Sources"),
];

/// Which chapter it is.
#[derive(Clone, Copy)]
struct Number {
    /// Chapters in the page.
    of: usize,
    /// From 1 on. All ids of the chapter begin with it.
    number: usize,
}

fn article(chapter: &Chapter<'_>, place: Number, options: &HtmlOptions) -> io::Result<Markup> {
    let number = place.number;
    let investigation = chapter.investigation;
    let contents = [
        claim::section(investigation),
        tested::section(&investigation.verdict.tests),
        timeline::section(chapter, number, options.columns),
        remotes::section(investigation, options.remotes)?,
        matches::section(investigation),
        peers::section(chapter.peers.as_deref()),
        coverage::section(investigation),
        coverage::rejects(investigation),
        sources::section(investigation, options.objects),
    ];
    Ok(html! {
        article id={ "c" (number) } aria-labelledby={ "c" (number) "-title" } {
            (verdict::banner(investigation, place))
            nav.sections aria-label={ "Sections of investigation " (number) } {
                @for (key, title) in SECTIONS { a href={ "#c" (number) "-" (key) } { (title) } }
            }
            @for ((key, title), content) in SECTIONS.into_iter().zip(&contents) {
                section id={ "c" (number) "-" (key) } aria-labelledby={ "c" (number) "-" (key) "-h c" (number) "-title" } {
                    h3 id={ "c" (number) "-" (key) "-h" } { (title) }
                    (content)
                }
            }
        }
    })
}

/// What a chapter is called: the finding's type, or whose traffic it is.
fn title(investigation: &Investigation) -> &str {
    match &investigation.finding {
        Some(finding) if finding.finding_type.is_empty() => "a finding without a type",
        Some(finding) => &finding.finding_type,
        None => "Traffic of the subject",
    }
}

/// The subject in a few words.
fn subject_name(investigation: &Investigation) -> String {
    let subject = &investigation.subject;
    let address = subject.addresses.first().map(ToString::to_string);
    let name = subject.instance.clone().or_else(|| subject.interfaces.first().cloned()).or(address);
    name.unwrap_or_else(|| "an unnamed subject".to_owned())
}
