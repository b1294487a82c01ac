//! The splitter against the parser, which sees the same bytes whole.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The pieces of `bytes`, pushed in pieces of these lengths over and over.
fn pieces(bytes: &[u8], lengths: &[usize]) -> (Vec<String>, Option<Cut>) {
    let mut splitter = Splitter::new();
    let mut told = Vec::new();
    let mut tell = |piece: Piece<'_>| told.push(describe(&piece));
    let mut lengths = lengths.iter().copied().cycle();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(lengths.next().unwrap().clamp(1, rest.len()));
        splitter.push(now, &mut tell);
        rest = later;
    }
    let cut = splitter.finish(&mut tell);
    (told, cut)
}

fn describe(piece: &Piece<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match piece {
        Piece::Container { name } => format!("in {}", text(name)),
        Piece::Element { bytes, line } => format!("{line} {}", text(bytes)),
        Piece::Frame { bytes, line } => format!("{line} frame {}", text(bytes)),
        Piece::Broken { head, line, why } => format!("{line} {why:?} {}", text(head)),
    }
}

fn told(text: &str) -> Vec<String> {
    pieces(text.as_bytes(), &[usize::MAX]).0
}

#[test]
fn elements_stand_alone_in_an_array_or_in_a_member_of_that_name() {
    let expected = ["1 {\"a\":1}", "1 {\"b\":[{}]}"];
    for text in [
        "{\"a\":1}{\"b\":[{}]}",
        "{\"a\":1} , {\"b\":[{}]}\n",
        "[{\"a\":1},{\"b\":[{}]}]",
        "\u{1e}{\"a\":1}\u{1e}{\"b\":[{}]}",
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
    let framed = told("[{\"x\":[1], \"events\" : [{\"a\":1},{\"b\":[{}]}], \"y\":[{}]}]");
    assert_eq!(framed[0], "in events");
    assert_eq!(framed[1..3], expected);
    assert_eq!(framed[3..], ["1 frame {\"x\":[1], \"events\" : [], \"y\":[{}]}"]);
}

#[test]
fn a_member_of_that_name_deeper_down_is_part_of_its_element() {
    for text in
        ["{\"a\":{\"events\":[{}]}}", "{\"events\":{\"a\":1}}", "{\"a\":\"events\",\"b\":[{}]}"]
    {
        assert_eq!(told(text), [format!("1 {text}")], "{text}");
    }
    let inner = "{\"logEvents\":[{\"events\":[{}]}]}";
    assert_eq!(told(inner), ["in logEvents", "1 {\"events\":[{}]}", "1 frame {\"logEvents\":[]}"]);
}

#[test]
fn each_element_has_its_line() {
    assert_eq!(told("\n\n{\n\"a\":1}\n\n{}\n"), ["3 {\n\"a\":1}", "6 {}"]);
}

#[test]
fn a_damaged_element_does_not_take_the_next_with_it() {
    let good = "{\"a\":1}";
    for (damaged, expected) in [
        ("{\"a\":\"x\n", "1 OpenString {\"a\":\"x"),
        ("{\"a\":\"x\\\n", "1 OpenString {\"a\":\"x\\"),
        ("{\"a\":1\n", "1 Bracket {\"a\":1\n"),
        ("{\"a\":1,\n", "1 Bracket {\"a\":1,\n"),
        ("{\"a\":[1}\n", "1 Bracket {\"a\":[1"),
        ("bogus line\n", "1 Stray bogus line"),
        ("}", "1 Stray }"),
    ] {
        let told = told(&format!("{damaged}{good}"));
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], expected);
        assert!(told[1].ends_with(good), "{told:?}");
    }
    assert_eq!(told("[1, true, {}]"), ["1 Stray 1", "1 Stray true", "1 {}"]);
}

#[test]
fn an_element_too_long_is_passed_over_and_not_held() {
    let long = format!("{{\"awslogs\":{{\"data\":\"{}\"}}}}", "A".repeat(3 * MAX_ELEMENT));
    let text = format!("{long}\n{{}}");
    let mut splitter = Splitter::new();
    let mut told = Vec::new();
    let mut most = 0;
    for part in text.as_bytes().chunks(4096) {
        splitter.push(part, |piece| told.push(describe(&piece)));
        most = most.max(splitter.held.capacity());
    }
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("1 TooLong {\"awslogs\":{\"data\":\"AAA"));
    assert_eq!((told[0].len(), told[1].as_str()), ("1 TooLong ".len() + HEAD, "2 {}"));
    assert!(most <= 2 * MAX_ELEMENT, "{most}");
}

#[test]
fn brackets_without_end_are_no_stack_overflow() {
    let told = told(&"[".repeat(100_000));
    assert!(told[0].contains("TooDeep"));
}

#[test]
fn a_cut_is_told_with_its_place() {
    let cut =
        |text: &str| pieces(text.as_bytes(), &[3]).1.map(|cut| (cut.line, cut.within_element));
    assert_eq!(cut("{}\n"), None);
    assert_eq!(cut("{}\n{\"a\":"), Some((2, true)));
    assert_eq!(cut("{}\n{\"a\":\"x"), Some((2, true)));
    assert_eq!(cut("[{}\n"), Some((1, false)));
    assert_eq!(cut("\n{\"events\":[\n{}"), Some((2, false)));
    assert_eq!(cut("\n{\"events\":[\n{"), Some((3, true)));
    assert_eq!(cut("\n{\"events\":[\n{}], "), Some((2, true)));
}

/// Any JSON. Names that hold elements come up often.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|quarters| json!(f64::from(quarters) / 4.0)),
        "[a-c\\\\\"{}\\[\\],:\n\u{e9}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c\"\\\\]{0,3}", Just("events".to_owned()), Just("logEvents".to_owned())]
}

fn any_object() -> impl Strategy<Value = Value> {
    prop::collection::vec((any_name(), any_value()), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// The elements and frames of a value at a record's place, found in the parsed value.
fn expected_of(value: &Value) -> Vec<Value> {
    let members = value.as_object().unwrap();
    let text = value.to_string();
    // The parser may sort the members; the splitter takes the first that it meets in the text.
    let is_container = |name: &str| CONTAINERS.contains(&name.as_bytes());
    let holding = members.iter().filter(|(name, held)| is_container(name) && held.is_array());
    let first = holding
        .min_by_key(|(name, _)| members.keys().position(|key| key == *name).unwrap_or(text.len()));
    let Some((name, held)) = first else { return vec![value.clone()] };
    let held = held.as_array().unwrap();
    let mut elements: Vec<_> =
        held.iter().filter(|value| value.is_object() || value.is_array()).cloned().collect();
    let mut frame = members.clone();
    frame.insert(name.clone(), json!([]));
    elements.push(Value::Object(frame));
    elements
}

proptest! {
    #[test]
    fn elements_are_those_of_the_parser_whatever_the_cut(
        objects in prop::collection::vec(any_object(), 0..5),
        in_array in any::<bool>(),
        pretty in any::<bool>(),
        between in "[\n ]{0,2}",
        lengths in prop::collection::vec(1usize..40, 1..5),
    ) {
        let print = |value: &Value| match pretty {
            true => serde_json::to_string_pretty(value).unwrap(),
            false => value.to_string(),
        };
        let texts: Vec<_> = objects.iter().map(print).collect();
        let text = match in_array {
            true => format!("[{}]", texts.join(&format!("{between},"))),
            false => texts.join(&between),
        };
        let mut splitter = Splitter::new();
        let mut found: Vec<Value> = Vec::new();
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Element { bytes, .. } | Piece::Frame { bytes, .. } => {
                found.push(serde_json::from_slice(bytes).unwrap());
            }
            Piece::Container { .. } => {}
            // Numbers and texts among the elements.
            Piece::Broken { why, .. } => assert_eq!(why, Broken::Stray),
        };
        let mut lengths = lengths.iter().copied().cycle();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(lengths.next().unwrap().clamp(1, rest.len()));
            splitter.push(now, &mut take);
            rest = later;
        }
        let cut = splitter.finish(&mut take);
        prop_assert_eq!(cut, None);
        let expected: Vec<_> = objects.iter().flat_map(expected_of).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_give_the_same_pieces_whatever_the_cut(
        bytes in "[a\\\\\"{}\\[\\],:\n 1]{0,120}|(\\{\"events\":\\[|\\{\"a\":|\\}|\\]|\n|,|\"){0,40}",
        lengths in prop::collection::vec(1usize..9, 1..5),
    ) {
        let whole = pieces(bytes.as_bytes(), &[usize::MAX]);
        prop_assert_eq!(pieces(bytes.as_bytes(), &lengths), whole);
    }
}
