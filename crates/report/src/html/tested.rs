//! What the tests of the finding's type gave.

use flowproof_finding::TestResult;
use maud::{Markup, html};

use super::shown::cut;
use crate::format::thousands;
use crate::text::tested::answer;

/// Characters shown of an answer.
const TEXT: usize = 2000;

pub(super) fn section(tests: &[TestResult]) -> Markup {
    html! {
        @if tests.is_empty() { p.note { "None: the finding's type asks for none, or there is no finding." } }
        @else {
            div.wide tabindex="0" role="group" aria-label="Evidence tests" {
                table {
                    thead { tr {
                        th scope="col" { "Test" } th scope="col" { "Answer" } th scope="col" { "What the records say" }
                        th scope="col" { "Figures" }
                    } }
                    tbody { @for test in tests { (row(test)) } }
                }
            }
        }
    }
}

fn row(test: &TestResult) -> Markup {
    html! {
        tr {
            th scope="row" { (test.test.replace('_', " ")) @if test.decides { span.sub { "decides" } } }
            td { (answer(test.answer)) }
            td { (cut(&test.said, TEXT)) }
            td { @for figure in &test.figures { div { (figure.name.replace('_', " ")) ": " (thousands(figure.value)) } } }
        }
    }
}
