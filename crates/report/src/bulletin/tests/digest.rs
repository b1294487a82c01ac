//! What people are told, as Markdown and as HTML.

use html5gum::{DefaultEmitter, Token, Tokenizer};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::bulletin::fixture::{any_bulletin, any_text, bulletin, hostile, of, tor};
use crate::bulletin::html::draw;
use crate::bulletin::{ListedFinding, Severity, html, markdown};
use crate::escape::is_unsafe;

/// What others might write to break out of the place that it is put in.
const HOSTILE: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=\"alert(1)\">",
    "</style></table></td><h1>x",
    "<!-- x -->",
    "[click](http://example.com/) ![x](y)",
    "a | b || c \\| d",
    "`code` ``more`` ```",
    "a\n\n# Bulletin 8: no findings\n\n| a |\n|---|\n",
    "@team #1 :tada: &lt;b&gt; **bold**",
    "1.2.\u{202e}4.3\u{1b}[2J\u{0}\u{9b}31m",
];

/// The kinds of things in Markdown, runs of text and code as one; and all its text.
fn parsed(markdown: &str) -> (Vec<String>, String) {
    let (mut kinds, mut text) = (Vec::<String>::new(), String::new());
    for event in Parser::new_ext(markdown, Options::all()) {
        let kind = match &event {
            Event::Text(part) | Event::Code(part) => {
                text.push_str(part);
                "text".to_owned()
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("{event:?}"),
            Event::Html(_) | Event::InlineHtml(_) => panic!("{event:?}"),
            _ => format!("{event:?}"),
        };
        if kind != "text" || kinds.last().is_none_or(|last| last != "text") {
            kinds.push(kind);
        }
    }
    (kinds, text)
}

/// The elements of a page with the names of their attributes, and its text but for the style.
fn taken_apart(page: &str) -> (Vec<String>, String) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let (mut elements, mut text, mut is_style) = (Vec::new(), String::new(), false);
    let read = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                is_style = read(&tag.name) == "style";
                let names = tag.attributes.keys().map(|name| read(name));
                elements.push(format!(
                    "{} {}",
                    read(&tag.name),
                    names.collect::<Vec<_>>().join(" ")
                ));
            }
            Token::EndTag(tag) => {
                is_style = false;
                elements.push(format!("/{}", read(&tag.name)));
            }
            Token::String(content) if !is_style => text.push_str(&read(&content)),
            Token::String(_) | Token::Doctype(_) => {}
            Token::Comment(_) | Token::Error(_) => panic!("{token:?}"),
        }
    }
    (elements, text)
}

#[test]
fn a_bulletin_is_told_for_a_ticket() {
    insta::assert_snapshot!(markdown(&bulletin()));
}

#[test]
fn a_bulletin_is_told_as_a_page() {
    let page = html(&bulletin());
    let body = page.split_once("</head>").unwrap().1;
    insta::assert_snapshot!(body.replace("><", ">\n<"));
}

#[test]
fn an_empty_bulletin_says_so() {
    insta::assert_snapshot!(markdown(&of(vec![])), @r"
    ## Bulletin 7: no findings

    No traffic with listed addresses to tell of. Made at 2025-06-01 06:10:00.25Z.
    ");
    let (_, text) = taken_apart(&html(&of(vec![])));
    assert!(text.contains("Bulletin 7: no findings"), "{text}");
}

#[test]
fn nothing_of_others_becomes_markup() {
    let harmless = of(vec![hostile("x")]);
    let plain = (parsed(&markdown(&harmless)).0, taken_apart(&html(&harmless)).0);
    for text in HOSTILE {
        let bulletin = of(vec![hostile(text)]);
        assert_eq!(parsed(&markdown(&bulletin)).0, plain.0, "{text:?}");
        assert_eq!(taken_apart(&html(&bulletin)).0, plain.1, "{text:?}");
    }
}

#[test]
fn no_character_that_acts_is_told() {
    for text in HOSTILE {
        let bulletin = of(vec![hostile(text)]);
        let acts = |character: char| character != '\n' && is_unsafe(character);
        assert!(!markdown(&bulletin).contains(acts), "{text:?}");
        assert!(!draw(&bulletin).into_string().contains(acts), "{text:?}");
    }
}

#[test]
fn a_page_has_no_script_and_leads_nowhere() {
    let page = html(&bulletin());
    assert!(!page.contains("<script") && !page.contains("href") && !page.contains("src="));
    assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"));
    assert!(!page.contains("script-src"));
}

#[test]
fn the_new_come_first_then_the_gravest_then_the_most_bytes() {
    let one = |label: &str, is_update, severity, bytes_out| {
        let mut finding = ListedFinding { is_update, severity, label: label.into(), ..tor() };
        finding.traffic.bytes_out = bytes_out;
        finding.traffic.bytes_in = u64::MAX / 2;
        finding
    };
    let told = of(vec![
        one("fifth", true, Severity::Low, 0),
        one("third", false, Severity::Low, u64::MAX),
        one("fourth", true, Severity::Critical, 9),
        one("second", false, Severity::High, 1),
        one("first", false, Severity::High, 2),
    ]);
    for text in [parsed(&markdown(&told)).1, taken_apart(&html(&told)).1] {
        let labels = ["first", "second", "third", "fourth", "fifth"];
        let places: Vec<usize> = labels.map(|label| text.find(label).unwrap()).into();
        assert!(places.is_sorted(), "{places:?} in {text}");
    }
}

#[test]
fn findings_of_one_interface_stand_together() {
    let on = |interface: &str, severity| ListedFinding {
        interface: Some(interface.to_owned()),
        severity,
        ..tor()
    };
    let told = markdown(&of(vec![
        on("eni-0a1b2c3d4e5f60001", Severity::High),
        on("eni-0a1b2c3d4e5f60002", Severity::Medium),
        on("eni-0a1b2c3d4e5f60001", Severity::Low),
    ]));
    assert_eq!(told.matches("eni-").count(), 2, "{told}");
    let low = told.find("| low |").unwrap();
    assert!(low < told.find("| medium |").unwrap(), "{told}");
}

#[test]
fn of_many_findings_the_rest_is_counted() {
    let one = |n: usize| ListedFinding { id: format!("{n:064}"), is_update: n >= 150, ..tor() };
    let told = |count: usize| of((0..count).map(one).collect());
    let (many, all) = (told(1_500), told(200));
    assert!(!markdown(&all).contains("more finding"));
    assert_eq!(markdown(&many).matches("`0000000000000000`").count(), 200);
    for text in [markdown(&many), taken_apart(&html(&many)).1] {
        assert!(text.contains("1,500 findings"));
        assert!(text.contains("And 1,300 more findings: 1,300 updated."), "{text}");
    }
}

#[test]
fn thousands_of_instances_and_long_labels_stay_short() {
    let mut finding = tor();
    finding.label = "x".repeat(10_000);
    finding.instances = (0..5_000).map(|n| format!("i-0aaaabbbbcccc{n:04}")).collect();
    let told = of(vec![finding]);
    assert!(markdown(&told).len() < 2_000, "{}", markdown(&told));
    let (_, text) = taken_apart(&html(&told));
    assert!(text.len() < 2_000 && text.contains("4,990 more instances"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_whatever_changes_the_structure(text in any_text()) {
        let (told, plain) = (of(vec![hostile(&text)]), of(vec![hostile("x")]));
        // Of what is empty there is nothing to show, and a label is then left out.
        if !text.is_empty() {
            prop_assert_eq!(parsed(&markdown(&told)).0, parsed(&markdown(&plain)).0);
            prop_assert_eq!(taken_apart(&html(&told)).0, taken_apart(&html(&plain)).0);
        }
    }

    #[test]
    fn every_bulletin_is_told_without_a_character_that_acts(bulletin in any_bulletin()) {
        let acts = |character: char| character != '\n' && is_unsafe(character);
        prop_assert!(!markdown(&bulletin).contains(acts));
        prop_assert!(!draw(&bulletin).into_string().contains(acts));
    }
}
