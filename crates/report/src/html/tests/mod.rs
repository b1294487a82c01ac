//! The page as another reader of HTML takes it apart, and as a browser shows it.

mod browser;
mod devtools;
mod parsed;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::head::STYLE;
use crate::escape::is_unsafe;
use crate::fixture::{chapter, corroborated, crowded, enriched, hostile, not_observable};
use crate::format::thousands;
use crate::{Chapter, HtmlOptions, Investigation, TextOptions, printable, write_html, write_text};
use parsed::Parsed;

fn page<'a, C: Into<Chapter<'a>>>(chapters: impl IntoIterator<Item = C>) -> String {
    let mut out = Vec::new();
    write_html(chapters, &HtmlOptions::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What others might write to break out of the place that it is put in.
const HOSTILE: [&str; 14] = [
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror=\"window.pwned=1\">",
    "' onmouseover='window.pwned=1' x='",
    "</script><script>window.pwned=1</script>",
    "</style><script>window.pwned=1</script>",
    "</title></head><body onload=window.pwned=1>",
    "</svg></table></td></div><h1>x",
    "<!-- <script> -->",
    "]]><![CDATA[<b>",
    "&lt;b&gt; &amp; &#60;i&#62; \u{ff1c}b\u{ff1e}",
    "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1} `x`",
    "a\r\n\tb\u{0}\u{1b}[2J\u{9b}31m\u{7f}",
    "1.2.\u{202e}4.3\u{2066}\u{200b}\u{2028}\u{feff}",
    "\u{5d0}\u{5d1}\u{5d2} 1.2.3.4 \u{627}\u{644}",
];

#[test]
fn nothing_of_others_becomes_markup() {
    let plain = Parsed::of(&page([&hostile("x")]));
    for text in HOSTILE {
        let parsed = Parsed::of(&page([&hostile(text)]));
        assert_eq!(parsed.structure(), plain.structure(), "{text:?}");
        assert!(parsed.faults.is_empty(), "{text:?}: {:?}", parsed.faults);
    }
}

#[test]
fn what_others_wrote_is_there_to_be_read() {
    for text in HOSTILE {
        let parsed = Parsed::of(&page([&hostile(text)]));
        let shown = printable(text);
        // In nearly thirty places, of which the longest cut to 120 characters.
        assert!(parsed.text.matches(&*shown).count() > 20, "{text:?}: {}", parsed.text);
        let row = parsed.json().remove(0)["rows"][0][7][0][1].clone();
        assert_eq!(row, *shown, "in the data for the script");
    }
}

#[test]
fn no_character_that_acts_is_in_the_page() {
    for text in HOSTILE {
        let investigation = hostile(text);
        let page = super::page(&[(&investigation).into()], &HtmlOptions::default()).unwrap();
        let acting: Vec<char> =
            page.into_string().chars().filter(|c| *c != '\n' && is_unsafe(*c)).collect();
        assert!(acting.is_empty(), "{text:?}: {acting:?}");
    }
    assert!(!page([&hostile("one\ntwo")]).contains("one\ntwo"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_whatever_changes_the_structure_of_the_page(
        characters in proptest::collection::vec(any::<char>(), 1..40),
    ) {
        let text: String = characters.into_iter().collect();
        let (told, plain) = (Parsed::of(&page([&hostile(&text)])), Parsed::of(&page([&hostile("x")])));
        prop_assert_eq!(told.structure(), plain.structure());
    }
}

#[test]
fn the_policy_allows_the_style_sheet_and_the_script_that_are_there_and_nothing_else() {
    use base64::Engine as _;
    let parsed = Parsed::of(&page([&corroborated()]));
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    let script = parsed.scripts.iter().find(|(kind, _)| kind.is_none()).unwrap();
    let expected = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&script.1),
        hash(&parsed.style)
    );
    assert_eq!(parsed.attributes("meta", "content")[0], expected);
}

#[test]
fn nothing_in_the_page_leads_out_of_it() {
    let parsed = Parsed::of(&page([&corroborated(), &not_observable()]));
    for (element, name, value) in parsed.all_attributes() {
        let leads = ["src", "srcset", "href", "action", "data", "poster", "style", "xlink:href"];
        let local = name == "href" && value.starts_with('#');
        assert!(!leads.contains(&name) || local, "{element} {name}={value}");
        assert!(!name.starts_with("on"), "{element} {name}={value}");
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn links_lead_to_ids_and_ids_are_unique() {
    let all = [&corroborated(), &not_observable(), &enriched()];
    let parsed = Parsed::of(&page(all));
    let ids: Vec<&str> = parsed.attributes_of_all("id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    let links = parsed.attributes("a", "href");
    assert!(links.iter().filter(|link| ["#c1", "#c2", "#c3"].contains(link)).count() == 3);
    let described = parsed.attributes_of_all("aria-labelledby");
    assert!(links.len() > 30 && described.len() == 30, "{links:?} {described:?}");
    let described = described.iter().flat_map(|ids| ids.split(' '));
    for id in links.iter().map(|link| &link[1..]).chain(described) {
        assert!(unique.contains(id), "{id}");
    }
}

#[test]
fn tables_pictures_and_fields_are_named_for_those_who_cannot_see_them() {
    let full = corroborated();
    let parsed = Parsed::of(&page([chapter(&full)]));
    let with = |element: &str, attribute: &str| parsed.attributes(element, attribute).len();
    for (element, attribute) in [
        ("th", "scope"),
        ("svg", "aria-label"),
        ("svg", "role"),
        ("section", "aria-labelledby"),
        ("nav", "aria-label"),
    ] {
        let count = parsed.count(element);
        assert!(count > 0 && with(element, attribute) == count, "{element} {attribute}");
    }
    assert_eq!(parsed.attributes("html", "lang"), ["en"]);
    for landmark in ["main", "header", "nav", "footer", "h1"] {
        assert_eq!(parsed.count(landmark), 1, "{landmark}");
    }
    // What scrolls can be reached with the keyboard.
    assert_eq!(
        parsed.attributes("div", "tabindex").len(),
        parsed.count("table") - 2 + parsed.count("svg")
    );
}

/// Every figure, time, address and digest of the text report, which is written by other code.
#[test]
fn every_figure_of_the_text_report_is_in_the_page() {
    for investigation in [corroborated(), enriched(), not_observable(), crowded(30)] {
        let mut text = Vec::new();
        let options = TextOptions { remotes: usize::MAX, width: 10_000, ..TextOptions::default() };
        write_text(&investigation, &options, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let parsed = Parsed::of(&page([&investigation]));
        let words: BTreeSet<&str> = parsed.text.split([' ', '\n', '(', ')']).collect();
        let told = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
        let before_timeline = text.split("Timeline").next().unwrap();
        let coverage = &text[text.find("\nCoverage").unwrap()..];
        let figures: Vec<&str> = [before_timeline, coverage]
            .into_iter()
            .flat_map(|part| part.split([' ', '\n', '(', ')']))
            .filter(told)
            .collect();
        assert!(figures.len() > 10);
        for figure in figures {
            let bare = figure.trim_end_matches([',', ';', ':', '.']);
            let found =
                words.iter().any(|word| word.trim_end_matches([',', ';', ':', '.']) == bare);
            // The text report writes `object:line` and `sha256:digest`, the page has columns.
            let split = bare.rsplit_once(':');
            let split = split.is_some_and(|(one, two)| words.contains(one) || words.contains(two));
            assert!(found || split, "{figure} of the text report is not in the page");
        }
    }
}

#[test]
fn counters_of_64_bits_are_exact_in_the_page_and_in_its_data() {
    let mut investigation = corroborated();
    for remote in &mut investigation.remotes {
        remote.traffic.bytes_in = u64::MAX;
    }
    let parsed = Parsed::of(&page([&investigation]));
    let row = &parsed.json()[0]["rows"][0];
    assert_eq!(row[3][0][0], "18446744073709551615");
    assert!(
        parsed.text.contains(" 18,446,744,073,709,551,615 18.4 EB in 70,000 packets "),
        "{}",
        parsed.text
    );
    // Four times as much, above 64 bits.
    assert!(
        parsed.text.contains("together 73,786,976,294,838,206,460 bytes in"),
        "{}",
        parsed.text
    );
}

#[test]
fn the_remotes_add_up_to_the_totals_and_say_so() {
    let parsed = Parsed::of(&page([&corroborated()]));
    let told = "Remotes 1 to 4 of 4, together 98,770,532 bytes in, 1,240,667 bytes out, 480 bytes unoriented, \
                17 flows, 3 rejected.";
    assert!(parsed.text.contains(told), "{}", parsed.text);
}

#[test]
fn ten_thousand_remotes_fit_into_five_megabytes_and_none_is_left_out() {
    let investigation = crowded(10_000);
    let page = page([&investigation]);
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    let parsed = Parsed::of(&page);
    let rows = parsed.json()[0]["rows"].as_array().unwrap().clone();
    let told: BTreeSet<(String, String, String, String)> = rows.iter().map(in_data).collect();
    let given = investigation.remotes.iter().map(|remote| {
        let traffic = &remote.traffic;
        (
            remote.address.unwrap().to_string(),
            traffic.bytes_in.to_string(),
            traffic.bytes_out.to_string(),
            traffic.rejected_flows.to_string(),
        )
    });
    assert_eq!(told, given.collect::<BTreeSet<_>>());
    assert_eq!(rows.len(), 10_000);
    assert!(
        parsed.text.contains("And 9,900 more remotes: "),
        "what is not shown at first is counted"
    );
    assert!(parsed.text.contains("Remotes 1 to 100 of 10,000, together "));
}

fn in_data(row: &Value) -> (String, String, String, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let figures = &row[3];
    (text(&row[2]), text(&figures[0][0]), text(&figures[1][0]), text(&figures[3][0]))
}

#[test]
fn several_investigations_have_an_index_and_one_has_none() {
    let all = vec![corroborated(), not_observable(), corroborated()];
    let parsed = Parsed::of(&page(&all));
    assert_eq!(parsed.count("article"), 3);
    assert!(parsed.text.contains("3 investigations"), "{}", parsed.text);
    assert!(parsed.text.contains("2 corroborated, 1 not observable"), "{}", parsed.text);
    assert_eq!(Parsed::of(&page([&corroborated()])).text.matches("Claimed bytes in").count(), 0);
    let none: [&Investigation; 0] = [];
    assert!(Parsed::of(&page(none)).text.contains("0 investigations"));
}

#[test]
fn many_investigations_are_told_shorter_and_still_with_all_remotes() {
    assert_eq!(HtmlOptions::for_investigations(10), HtmlOptions::default());
    let options = HtmlOptions::for_investigations(11);
    let investigation = crowded(300);
    let mut out = Vec::new();
    write_html([&investigation; 11], &options, &mut out).unwrap();
    let parsed = Parsed::of(std::str::from_utf8(&out).unwrap());
    assert_eq!(parsed.text.matches("Remotes 1 to 20 of 300, together ").count(), 11);
    assert!(parsed.json().iter().all(|data| data["rows"].as_array().unwrap().len() == 300));
    assert_eq!(parsed.text.matches("merged into columns of 4 hours").count(), 11);
}

#[test]
fn what_was_not_asked_is_not_told_as_nothing() {
    let investigation = Investigation { baseline: None, peers: None, ..corroborated() };
    let without = Parsed::of(&page([&investigation])).text;
    assert!(without.contains("Not looked for: whether other instances"), "{without}");
    assert!(!without.contains("Baseline"), "{without}");
    let mut asked = chapter(&investigation);
    let with = Parsed::of(&page([asked.clone()])).text;
    assert!(
        with.contains("i-0aaaabbbbcccc0002") && with.contains(&thousands(45_678_u64)),
        "{with}"
    );
    assert!(with.contains("Baseline: median and range of the same hours on 7 days"), "{with}");
    asked.peers = Some(Vec::new());
    let none = Parsed::of(&page([asked])).text;
    assert!(none.contains("None: no other interface in these logs talked"), "{none}");
}

/// By hand: the axis has 852 pixels for 24 hours, a panel 96 pixels for 100 MB.
#[test]
fn the_drawing_is_to_scale() {
    let investigation = corroborated();
    let page = page([chapter(&investigation)]);
    // 01:00 to 02:00 is 35.5 pixels from 107.5 on, of which a column takes four fifths (111.05, to the tenth that is drawn).
    let column = "<rect class=\"in\" x=\"111\" y=\"74.4\" width=\"28.4\" height=\"57.6\"><title>Bytes in from 2025-06-01 01:00:00Z: 60,000,000</title></rect>";
    assert!(page.contains(column));
    // The gap from 08:00 to 10:30.
    assert!(page.contains("<rect class=\"gap\" x=\"356\" y=\"0\" width=\"88.8\""));
    // The finding from 01:02:03 to 05:06:07.5.
    assert!(page.contains("<rect class=\"finding\" x=\"108.7\" y=\"0\" width=\"144.4\""));
    // Usual bytes in: 10 to 30 MB.
    assert!(
        page.contains(
            "<rect class=\"baseline\" x=\"72\" y=\"103.2\" width=\"35.5\" height=\"19.2\">"
        )
    );
}

#[test]
fn an_interface_that_was_never_seen_is_named_beside_those_without_gaps() {
    let mut investigation = corroborated();
    investigation.coverage.gaps.clear();
    let told = Parsed::of(&page([&investigation])).text;
    assert!(told.contains("of 8 listed; no gap, 1 interface never seen"), "{told}");
    assert!(told.contains("None of the interfaces that left records has one."), "{told}");
    assert!(told.contains("eni-0a1b2c3d4e5f60002 never, no record at all"), "{told}");
    assert!(told.contains("Records of eni-0a1b2c3d4e5f60002 : no record at all"), "{told}");
}

#[test]
fn a_window_without_traffic_is_drawn_all_the_same() {
    let mut investigation = corroborated();
    investigation.timeline.clear();
    let parsed = Parsed::of(&page([&investigation]));
    assert_eq!(parsed.count("svg"), 1);
    assert!(parsed.text.contains("Bytes in: no record"), "{}", parsed.text);
    assert!(!parsed.text.contains("most in a column"), "{}", parsed.text);
    let mut nowhere = not_observable();
    nowhere.finding = None;
    let parsed = Parsed::of(&page([&nowhere]));
    assert_eq!(parsed.count("svg"), 0);
    assert!(parsed.text.contains("no record with a time was found"), "{}", parsed.text);
}

/// The colours of texts on their grounds, by the formula of WCAG 2: at least 4.5 to 1.
#[test]
fn colours_have_contrast_enough_in_light_dark_and_print() {
    let pairs = [
        ("text", "ground"),
        ("text", "card"),
        ("text", "soft"),
        ("muted", "ground"),
        ("muted", "card"),
        ("muted", "soft"),
        ("link", "card"),
        ("text", "red-soft"),
        ("text", "green-soft"),
        ("text", "slate-soft"),
        ("on-strong", "red"),
        ("on-strong", "green"),
        ("on-strong", "amber"),
        ("on-strong", "slate"),
    ];
    let mut colours: std::collections::BTreeMap<&str, &str> = std::collections::BTreeMap::new();
    let blocks: Vec<&str> =
        STYLE.split(":root {").skip(1).map(|it| it.split('}').next().unwrap()).collect();
    assert_eq!(blocks.len(), 3, "light, dark and print");
    for block in blocks {
        for declaration in block.split(';') {
            if let Some((name, value)) = declaration.trim().split_once(": ") {
                colours.insert(name.trim_start_matches("--"), value);
            }
        }
        for (front, back) in pairs {
            let contrast = contrast(colours[front], colours[back]);
            assert!(contrast >= 4.5, "{front} on {back}: {contrast:.2}");
        }
    }
}

fn contrast(one: &str, two: &str) -> f64 {
    let light = |colour: &str| {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    };
    let (one, two) = (light(one), light(two));
    (one.max(two) + 0.05) / (one.min(two) + 0.05)
}
