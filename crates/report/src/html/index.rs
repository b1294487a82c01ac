//! What the page is called, and the way to each of several investigations.

use flowproof_finding::Status;
use maud::{Markup, html};

use super::shown::{cut, shown};
use super::verdict::{badge, word};
use super::{subject_name, title};
use crate::Chapter;
use crate::escape::shortened;
use crate::format::{counted, span, thousands};

/// Characters shown of the heading of the page, and of a name in the index.
pub(super) const HEADING: usize = 300;
const NAME: usize = 120;

/// The title of the browser's window.
pub(super) fn page_title(chapters: &[Chapter<'_>]) -> String {
    let title = match chapters {
        [only] => {
            let investigation = only.investigation;
            let (word, title) = (word(investigation.verdict.status), title(investigation));
            format!("{word}: {title}, {}", subject_name(investigation))
        }
        _ => heading(chapters),
    };
    shortened(&title, HEADING)
}

/// The heading of the page.
pub(super) fn heading(chapters: &[Chapter<'_>]) -> String {
    match chapters {
        [only] => format!("Flow log investigation of {}", subject_name(only.investigation)),
        _ => counted(chapters.len() as u64, "investigation", "investigations"),
    }
}

pub(super) fn index(chapters: &[Chapter<'_>]) -> Markup {
    html! {
        nav.index aria-label="Investigations" {
            p { (tally(chapters)) }
            div.wide tabindex="0" role="group" aria-label="Index of the investigations" {
                table {
                    thead { tr {
                        th scope="col" { "No." }
                        th scope="col" { "Verdict" }
                        th scope="col" { "Finding" }
                        th scope="col" { "Subject" }
                        th scope="col" { "Window" }
                        th.n scope="col" { "Claimed bytes in" }
                        th.n scope="col" { "Claimed bytes out" }
                    } }
                    tbody { @for (chapter, number) in chapters.iter().zip(1..) { (row(chapter, number)) } }
                }
            }
        }
    }
}

fn row(chapter: &Chapter<'_>, number: usize) -> Markup {
    let investigation = chapter.investigation;
    let claimed = &investigation.verdict.claimed_traffic;
    html! {
        tr {
            td { (number) }
            td {
                (badge(investigation.verdict.status))
                @if investigation.coverage.is_partial() { " " span.sub { "part of the data could not be read" } }
            }
            th scope="row" { a href={ "#c" (number) } { (cut(title(investigation), NAME)) } }
            td { (cut(&subject_name(investigation), NAME)) }
            td.text { (shown(&span(investigation.window.from, investigation.window.to))) }
            td.n { (thousands(claimed.bytes_in)) }
            td.n { (thousands(claimed.bytes_out)) }
        }
    }
}

/// How many investigations came to which verdict: `2 corroborated, 1 inconclusive`.
fn tally(chapters: &[Chapter<'_>]) -> String {
    let all =
        [Status::Corroborated, Status::Inconclusive, Status::NotObservable, Status::Contradicted];
    let told = all.into_iter().filter_map(|status| {
        let same = chapters.iter().filter(|it| it.investigation.verdict.status == status).count();
        (same > 0).then(|| format!("{} {}", thousands(same as u64), word(status).to_lowercase()))
    });
    told.collect::<Vec<_>>().join(", ")
}
