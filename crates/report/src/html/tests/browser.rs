//! The page in a headless Chromium. Without one these tests say that they were not run.

use std::cmp::Reverse;
use std::net::TcpListener;
use std::time::Duration;

use flowproof_evidence::Remote;
use serde_json::{Value, json};

use super::devtools::{Browser, Noise};
use super::{HOSTILE, page};
use crate::fixture::{chapter, corroborated, crowded, enriched, hostile, not_observable};
use crate::format::thousands;
use crate::{HtmlOptions, Investigation, write_html};

/// The texts of the cells in a column of the remotes' table.
fn column(browser: &mut Browser, number: usize) -> Vec<String> {
    let cells = format!(
        "[...document.querySelectorAll('.remotes tbody tr')].map((row) => {{
            const cell = row.children[{number}].cloneNode(true);
            cell.querySelectorAll('.sub, .badge').forEach((part) => part.remove());
            return cell.textContent.trim();
        }})"
    );
    let cells = browser.evaluate(&cells);
    cells.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap().to_owned()).collect()
}

fn click_head(browser: &mut Browser, number: usize) {
    browser
        .evaluate(&format!("document.querySelectorAll('.remotes thead button')[{number}].click()"));
}

/// Sets a field of the controls as a person would.
fn set(browser: &mut Browser, field: &str, property: &str, value: &Value) {
    browser.evaluate(&format!(
        "{{ const field = document.querySelector('.controls').elements.{field};
            field.{property} = {value};
            field.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
    ));
}

fn text_of(browser: &mut Browser, selector: &str) -> String {
    let text = browser.evaluate(&format!("document.querySelector('{selector}').textContent"));
    text.as_str().unwrap().to_owned()
}

/// 12 investigations of 300 remotes each.
fn a_dozen() -> String {
    let investigation = crowded(300);
    let mut page = Vec::new();
    let options = HtmlOptions::for_investigations(12);
    write_html([&investigation; 12], &options, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

#[test]
fn every_page_opens_in_time_without_a_word_on_the_console_or_a_request() {
    let Some(mut browser) = Browser::start() else { return };
    let (told, many, nothing) = (corroborated(), crowded(10_000), not_observable());
    let pages = [
        ("one.html", page([chapter(&told)])),
        ("nothing.html", page([&nothing])),
        ("several.html", page([&told, &nothing, &enriched()])),
        ("crowded.html", page([&many])),
        ("dozen.html", a_dozen()),
    ];
    for (name, page) in pages {
        // The least of three, since the machine may be busy with other tests.
        let times = (0..3).map(|_| {
            let time = browser.open(name, &page);
            assert_eq!(browser.noise(), Noise::default(), "{name}");
            time
        });
        let time = times.min().unwrap();
        assert!(time < Duration::from_secs(2), "{name} took {time:?}");
        println!("{name}: {} bytes, drawn after {time:?}", page.len());
        let there = "['main', 'h1', 'h2', '.banner', '.tiles', '.versus', '.status, #c1-remotes .note', \
                      '#c1-matches', '#c1-peers', '#c1-coverage', '#c1-rejects', '#c1-sources'] \
                     .filter((it) => document.querySelector(it).getBoundingClientRect().height <= 0)";
        assert_eq!(browser.evaluate(there), json!([]), "{name}");
    }
}

/// Else the test above could not fail.
#[test]
fn a_page_that_speaks_and_asks_is_heard() {
    let Some(mut browser) = Browser::start() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = format!(
        "<script>console.log('x')</script><link rel=stylesheet href=http://127.0.0.1:{port}/x>"
    );
    std::thread::spawn(move || listener.accept());
    browser.open("loud.html", &page);
    let noise = browser.noise();
    assert!(
        !noise.console.is_empty() && noise.requests == [format!("http://127.0.0.1:{port}/x")],
        "{noise:?}"
    );
}

#[test]
fn the_policy_keeps_requests_and_foreign_script_out() {
    let Some(mut browser) = Browser::start() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    browser.open("policy.html", &page([&corroborated()]));
    let refused = format!("fetch('{url}').then(() => 'sent', () => 'refused')");
    assert_eq!(browser.evaluate(&refused), json!("refused"));
    browser.evaluate(&format!(
        "new Promise((done) => {{
            const image = new Image();
            image.onerror = image.onload = done;
            image.src = '{url}';
            document.body.append(image);
        }})"
    ));
    let script = "{ const script = document.createElement('script');
        script.textContent = 'window.pwned = 1';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">'); }";
    browser.evaluate(script);
    assert_eq!(browser.evaluate("window.pwned === undefined"), json!(true));
    assert!(listener.accept().is_err(), "nothing has connected");
}

#[test]
fn nothing_of_others_runs_or_is_drawn_as_anything_but_text() {
    let Some(mut browser) = Browser::start() else { return };
    let elements = "[...document.querySelectorAll('*')].map((it) => it.tagName).join(' ')";
    browser.open("plain.html", &page([&hostile("x")]));
    set(&mut browser, "text", "value", &json!(""));
    let plain = browser.evaluate(elements);
    for text in HOSTILE {
        browser.open("hostile.html", &page([&hostile(text)]));
        // The script draws the rows again, from its own data.
        set(&mut browser, "text", "value", &json!(""));
        assert_eq!(browser.evaluate("window.pwned === undefined"), json!(true), "{text:?}");
        assert_eq!(browser.evaluate(elements), plain, "{text:?}");
        assert_eq!(browser.noise(), Noise::default(), "{text:?}");
    }
}

#[test]
fn the_script_draws_the_rows_and_their_sums_as_the_page_has_them() {
    let Some(mut browser) = Browser::start() else { return };
    let all: [Investigation; 5] = [
        corroborated(),
        enriched(),
        crowded(1_000),
        hostile(HOSTILE[0]),
        hostile("\u{5d0}&amp;\n"),
    ];
    for investigation in &all {
        browser.open("rows.html", &page([investigation]));
        let rows = "document.querySelector('.remotes tbody').innerHTML + document.querySelector('.status').innerHTML";
        let written = browser.evaluate(rows);
        set(&mut browser, "text", "value", &json!(""));
        assert_eq!(browser.evaluate(rows), written);
    }
}

#[test]
fn remotes_are_sorted_filtered_and_paged_whole() {
    let Some(mut browser) = Browser::start() else { return };
    let mut investigation = crowded(300);
    // Figures that differ beyond the 53 bits of a script's numbers, and remotes without a time.
    for (index, last) in [(7, 2), (100, 1), (200, 3)] {
        investigation.remotes[index].traffic.bytes_in = (1 << 60) + last;
        investigation.remotes[index].traffic.first_seen = None;
    }
    browser.open("sort.html", &page([&investigation]));
    let by = |key: fn(&Remote) -> u64, downwards: bool| {
        let mut figures: Vec<u64> = investigation.remotes.iter().map(key).collect();
        figures.sort_by_key(|figure| if downwards { Reverse(*figure).0 } else { *figure });
        if downwards {
            figures.reverse();
        }
        figures.into_iter().map(thousands).collect::<Vec<String>>()
    };
    set(&mut browser, "rows", "value", &json!("all"));
    let columns: [fn(&Remote) -> u64; 4] = [
        |it| it.traffic.bytes_in,
        |it| it.traffic.bytes_out,
        |it| it.traffic.flows,
        |it| it.traffic.rejected_flows,
    ];
    for (key, number) in columns.into_iter().zip(2..) {
        for (downwards, sort) in [(true, "descending"), (false, "ascending")] {
            click_head(&mut browser, number);
            assert_eq!(column(&mut browser, number), by(key, downwards));
            let marked = "[...document.querySelectorAll('[aria-sort]')].map((it) => [it.textContent, it.ariaSort])";
            let marked = browser.evaluate(marked);
            assert_eq!((marked.as_array().unwrap().len(), &marked[0][1]), (1, &json!(sort)));
        }
    }
    let mut addresses: Vec<_> =
        investigation.remotes.iter().map(|it| it.address.unwrap()).collect();
    addresses.sort();
    click_head(&mut browser, 0);
    let told: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(column(&mut browser, 0), told);
    // Those without a time come last, whichever way.
    let seen = investigation.remotes.iter().filter_map(|it| it.traffic.first_seen);
    let mut seen: Vec<String> = seen.map(crate::utc).collect();
    seen.sort();
    for _ in 0..2 {
        click_head(&mut browser, 7);
        let told = column(&mut browser, 7);
        assert_eq!(told[..297], seen);
        assert_eq!(told[297..], ["", "", ""]);
        seen.reverse();
    }

    // Pages: all of them together have every address once, in order.
    set(&mut browser, "rows", "value", &json!("250"));
    click_head(&mut browser, 0);
    let mut paged = Vec::new();
    for _ in 0..2 {
        paged.extend(column(&mut browser, 0));
        browser.evaluate("document.querySelector('.pager [name=next]').click()");
    }
    assert_eq!(paged, told);
    assert!(text_of(&mut browser, ".status").starts_with("Remotes 251 to 300 of 300, together "));

    set(&mut browser, "listed", "checked", &json!(true));
    let listed =
        investigation.remotes.iter().filter(|it| it.matches.iter().any(|entry| !entry.trusted));
    let bytes_in: u128 = listed.clone().map(|it| u128::from(it.traffic.bytes_in)).sum();
    let status = text_of(&mut browser, ".status");
    let expected = format!(
        "Remotes 1 to {0} of {0} that fit (300 in all), together {1} bytes in,",
        listed.count(),
        thousands(bytes_in)
    );
    assert!(status.starts_with(&expected), "{status}");
    set(&mut browser, "text", "value", &json!("TOR EXIT 250"));
    assert_eq!(column(&mut browser, 0), [investigation.remotes[250].address.unwrap().to_string()]);
    set(&mut browser, "text", "value", &json!("<nothing like it>"));
    assert_eq!(text_of(&mut browser, ".status"), "None of 300 remotes fits.");
    assert_eq!(browser.noise(), Noise::default());
}

#[test]
fn without_javascript_the_first_hundred_remotes_are_there_and_nothing_that_would_not_work() {
    let Some(mut browser) = Browser::start() else { return };
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    let file = page([&crowded(10_000)]);
    browser.load("no-script.html", &file);
    assert_eq!(column(&mut browser, 0).len(), 100);
    let shown = "[...document.querySelectorAll('button, input, select')].filter((it) => it.checkVisibility()).length";
    assert_eq!(browser.evaluate(shown), json!(0));
    assert!(text_of(&mut browser, ".left-out").starts_with("And 9,900 more remotes: "));
}

#[test]
fn a_narrow_window_and_paper_hold_the_page() {
    let Some(mut browser) = Browser::start() else { return };
    let file = page([chapter(&corroborated())]);
    let metrics = json!({"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": true});
    browser.call("Emulation.setDeviceMetricsOverride", metrics);
    browser.open("narrow.html", &file);
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), json!(375));
    browser.call("Emulation.clearDeviceMetricsOverride", json!({}));
    browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    let shown = "[...document.querySelectorAll('.controls, nav.sections')].filter((it) => it.checkVisibility()).length";
    assert_eq!(browser.evaluate(shown), json!(0));
    let printed = browser.call("Page.printToPDF", json!({"printBackground": false}));
    assert!(printed["data"].as_str().unwrap().starts_with("JVBERi0"), "a PDF in base64");
}
