use super::{created, outline, outline_of_bytes};
use crate::{NOTICE_DEPTH, NOTICE_DOCUMENT_BYTES};

fn new(key: &str) -> String {
    format!("new example-logs {key}")
}

#[test]
fn values_follow_one_another_in_any_layout() {
    let [a, b, c] = ["a", "b", "c"].map(created);
    let all = ["a", "b", "c"].map(new);
    assert_eq!(outline(&format!("{a}{b}\r\n\n \t{c}")), all);
    assert_eq!(outline(&format!("{a}\n{b}\n{c}\n")), all);
    assert_eq!(outline(&format!("[{a}, [{b}],\n{c}]")), all);
    let mixed = format!("{a}\ns3://example-logs/b\n{c}");
    assert_eq!(outline(&mixed), all);
}

#[test]
fn a_printed_document_is_one_value_and_its_line_is_its_first() {
    let value: serde_json::Value = serde_json::from_str(&created("a%2")).unwrap();
    let printed = serde_json::to_string_pretty(&value).unwrap();
    assert!(printed.lines().count() > 10);
    let stream = format!("{}\n{printed}\n{}", created("b"), created("%"));
    let refused = |line, key| {
        format!(
            "line {line}, Records[0]: the key {key:?} has a `%` without two digits of a byte after it"
        )
    };
    let last = 2 + printed.lines().count();
    assert_eq!(outline(&stream), [new("b"), refused(2, "a%2"), refused(last, "%")]);
}

#[test]
fn a_value_that_was_cut_off_costs_only_itself() {
    let whole = created("a");
    for cut in (1..whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
        let stream = format!("{}\n{}\n{}\n", &whole[..cut], created("b"), created("c"));
        let outline = outline(&stream);
        assert_eq!(outline[1..], [new("b"), new("c")], "cut at {cut}");
        assert!(outline[0].starts_with("line 1: broken JSON: "), "{}", outline[0]);
    }
}

#[test]
fn after_a_broken_value_reading_goes_on_at_a_line_that_begins_one_or_a_place() {
    let stream = format!("{{\n  \"a\": 1,\n  }}\n}}\ns3\ns3://example-logs/a\n{}", created("b"));
    let refused = "line 1: broken JSON: no member's name where one is due, on line 3";
    assert_eq!(outline(&stream), [refused, &new("a"), &new("b")]);
}

#[test]
fn what_stands_behind_a_value_on_its_line_is_refused() {
    let stream = format!("{} x\n{}", created("a"), created("b"));
    let refused = "line 1: neither JSON nor `s3://bucket/key`: \"x\"";
    assert_eq!(outline(&stream), [&new("a"), refused, &new("b")]);
}

#[test]
fn each_kind_of_break_is_named_with_its_line() {
    for (text, words) in [
        ("[1,\n]", "no value where one is due, on line 2"),
        ("[\n}", "neither a value nor `]` where one of them is due, on line 2"),
        ("{\"a\":1,}", "no member's name where one is due, on line 1"),
        ("{a:1}", "neither a member's name nor `}` where one of them is due, on line 1"),
        ("{\"a\" 1}", "no `:` after a member's name, on line 1"),
        ("[1 2]", "neither `,` nor the end after a value, on line 1"),
        ("{\"a\":1]", "neither `,` nor the end after a value, on line 1"),
        ("[1}", "neither `,` nor the end after a value, on line 1"),
        ("[\"a\n\"]", "a line end within a text, on line 1"),
        ("[[]", "it ends too early, on line 1"),
        ("[\n\ntru]", "expected ident, on line 3"),
        ("[\"\\x\"]", "invalid escape, on line 1"),
        ("[\"\t\"]", "control character (\\u0000-\\u001F) found while parsing a string, on line 1"),
        ("[01]", "invalid number, on line 1"),
    ] {
        assert_eq!(outline(text), [format!("line 1: broken JSON: {words}")], "{text:?}");
    }
}

#[test]
fn a_value_that_is_not_utf8_is_refused() {
    let stream = [b"{\"a\": \"\xff\"}\n", created("a").as_bytes()].concat();
    let refused = "line 1: not UTF-8: \"{\\\"a\\\": \\\"\u{fffd}\\\"}\"";
    assert_eq!(outline_of_bytes(&stream), [refused, &new("a")]);
}

#[test]
fn depth_is_bounded_and_costs_a_line() {
    let deep = |depth: u32, inner: &str| {
        let depth = depth as usize;
        format!("{{\"a\": {}{inner}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1))
    };
    let unknown = "line 1: no known notification: an object with \"a\"";
    assert_eq!(outline(&deep(NOTICE_DEPTH, "1")), [unknown]);
    let stream = format!("{}\n{}", deep(NOTICE_DEPTH + 1, "1"), created("b"));
    let refused = "line 1: a JSON value with more than 64 lists and objects inside one another";
    assert_eq!(outline(&stream), [refused, &new("b")]);
    assert_eq!(outline(&"[".repeat(1_000_000)), [refused]);
}

/// A document of so many bytes that holds one object created.
fn of_bytes(bytes: usize, key: &str) -> String {
    let event = created(key);
    let padded = event.replacen('{', &format!("{{{}", " ".repeat(bytes - event.len())), 1);
    assert_eq!(padded.len(), bytes);
    padded
}

#[test]
fn a_long_document_is_passed_over_to_its_end() {
    let refused = "line 1: a JSON value of more than 16 MiB";
    let most = NOTICE_DOCUMENT_BYTES;
    assert_eq!(outline(&of_bytes(most, "a")), [new("a")]);
    let long = of_bytes(most + 1, "a");
    assert_eq!(outline(&format!("{long}{}", created("b"))), [refused, &new("b")]);
    let cut = &long[..long.len() - 2];
    assert_eq!(
        outline(&format!("{cut}\n{}\n{}", created("b"), created("c"))).last(),
        Some(&new("c"))
    );
}

#[test]
fn many_values_that_never_end_take_no_more_than_a_pass_for_each_level() {
    // Each line opens a list that nothing closes, so that the one before it is broken.
    let lines = 50_000;
    let stream = "[\n".repeat(lines);
    let refused = outline(&stream);
    assert_eq!(refused.len(), lines);
    assert!(refused[0].contains("more than 64"), "{}", refused[0]);
    assert!(refused[lines - 1].ends_with("it ends too early, on line 50001"));
}
