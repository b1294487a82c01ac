//! The head of the page, its style sheet and its script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::shown::plain;

/// The style sheet.
pub(super) const STYLE: &str = include_str!("page.css");

/// The script. It makes elements and texts, never markup from text.
pub(super) const SCRIPT: &str = include_str!("page.js");

pub(super) fn head(title: &str) -> Markup {
    head_under(title, &policy())
}

/// The head of a page without a script: it allows the style sheet and nothing else.
pub(crate) fn still_head(title: &str) -> Markup {
    head_under(title, &format!("default-src 'none'; style-src '{}'; {BOUNDS}", source(STYLE)))
}

fn head_under(title: &str, policy: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { (plain(title)) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

pub(super) fn script() -> Markup {
    html! { script { (PreEscaped(SCRIPT)) } }
}

/// What no page may do: point its links elsewhere, or send anything.
const BOUNDS: &str = "base-uri 'none'; form-action 'none'";

/// Nothing is allowed but the style sheet and the script, by the hash of their bytes.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; {BOUNDS}",
        source(SCRIPT),
        source(STYLE)
    )
}

fn source(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
