use proptest::prelude::*;

use super::*;

/// Path and values of each comparison; `!` marks the negated ones, `?` the unreadable ones.
fn read(pattern: &str) -> Result<Vec<String>, &'static str> {
    let told = |comparison: Comparison| {
        let negated = if comparison.is_negated { "!" } else { "" };
        let unreadable = if comparison.operator == Operator::Unreadable { "?" } else { "" };
        format!("{negated}{unreadable}{} {}", comparison.path, comparison.values.join(","))
    };
    Ok(comparisons(pattern)?.into_iter().map(told).collect())
}

#[test]
fn comparisons_are_read_with_their_paths_and_values() {
    for (pattern, expected) in [
        ("[a:b = 'c']", &["a:b c"][..]),
        ("[a:b=='c']", &["a:b c"]),
        ("[a:b != 'c' OR a:b <> 'd']", &["!a:b c", "!a:b d"]),
        ("[a:b NOT != 'c']", &["a:b c"]),
        ("[a:b NOT IN ('c', 'd')]", &["!a:b c,d"]),
        ("[a:b in ('c') and a:b issubset 'd']", &["a:b c", "a:b d"]),
        ("[a:b > 1 AND a:b <= -2.5 AND a:b = true]", &["?a:b 1", "?a:b -2.5", "a:b true"]),
        (
            "[a:b LIKE 'c%' OR a:b MATCHES '^c' OR EXISTS a:b]",
            &["?a:b c%", "?a:b ^c", "?a:b EXISTS"],
        ),
        ("[a:b = 'it''s']", &[]),
        ("[a:b = 'it\\'s \\\\ [ok]']", &["a:b it's \\ [ok]"]),
        ("[a:b = t'2025-06-01T00:00:00Z' OR a:b = h'00']", &["a:b 2025-06-01T00:00:00Z", "a:b 00"]),
        ("[file:hashes.'SHA-256' = '0']", &["file:hashes.SHA-256 0"]),
        ("[a:b_refs[*].c[0].'d e' = '0']", &["a:b_refs[*].c[0].d e 0"]),
        ("[x-a-b:extensions.'y-z'.v = '0']", &["x-a-b:extensions.y-z.v 0"]),
        ("[a : b = '0']", &["a:b 0"]),
        ("/* x */ [ // y\n a:b = '0' ]", &["a:b 0"]),
        ("[(a:b = '0' OR (a:c = '1')) AND a:d = '2']", &["a:b 0", "a:c 1", "a:d 2"]),
        (
            "(([a:b='0'] AND [a:b='1']) FOLLOWEDBY [a:b='2']) REPEATS 5 TIMES WITHIN 1.5 SECONDS \
             START t'2025-01-01T00:00:00Z' STOP t'2025-02-01T00:00:00Z'",
            &["a:b 0", "a:b 1", "a:b 2"],
        ),
    ] {
        match read(pattern) {
            Ok(told) => assert_eq!(told, expected, "{pattern}"),
            Err(_) => assert_eq!(expected.len(), 0, "{pattern}"),
        }
    }
}

#[test]
fn a_pattern_that_is_damaged_is_refused_as_a_whole() {
    for pattern in [
        "",
        "a:b = '0'",
        "[",
        "[]",
        "[a:b]",
        "[a:b = ]",
        "[a:b = '0'",
        "[a:b = '0]",
        "[a:b = '0'\\",
        "[a:b = '0'] [a:b = '1']",
        "[a:b = '0' a:b = '1']",
        "[a:b = '0' OR]",
        "[OR a:b = '0']",
        "[(a:b = '0']",
        "[a:b = '0')]",
        "([a:b = '0']",
        "[a:b = '0'])",
        "[a:b = '0'] OR",
        "[a:b = '0'] WITHIN",
        "[a:b = '0'] WITHIN 5",
        "[a:b = '0'] WITHIN 5 TIMES",
        "WITHIN 5 SECONDS [a:b = '0']",
        "[a:b IN '0']",
        "[a:b IN ()]",
        "[a:b IN ('0',)]",
        "[a:b IN ('0' '1')]",
        "[a: = '0']",
        "[a:b. = '0']",
        "[a:b[0 = '0'",
        "[a = '0']",
        "[NOT (a:b = '0')]",
        "[a:b = \"0\"]",
        "[a:b = '0'] /* x",
        "[a:b ~ '0']",
        "[a:b = [0]]",
        "[a:b = ünicode]",
    ] {
        assert!(read(pattern).is_err(), "{pattern}: {:?}", read(pattern));
    }
}

#[test]
fn deep_nesting_takes_no_stack() {
    let (open, close) = ("(".repeat(500_000), ")".repeat(500_000));
    assert_eq!(
        read(&format!("{open}[{open}a:b = '0'{close}]{close}")),
        Ok(vec!["a:b 0".to_owned()])
    );
    assert!(read(&open).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "([\\[\\]()',=!<>.:*\\\\ ]|AND|OR|NOT|IN|a:b|'0'|\\PC){0,40}") {
        let _ = comparisons(&text);
    }

    #[test]
    fn a_value_comes_out_as_it_went_in(value in "\\PC*") {
        let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
        let found = comparisons(&format!("[a:b = '{escaped}']")).expect("a pattern");
        prop_assert_eq!(&found[0].values, &vec![value]);
    }

    #[test]
    fn a_pattern_that_is_cut_off_is_refused(at in any::<proptest::sample::Index>()) {
        let pattern = "([a:b = '0' OR (a:c IN ('1', '2'))] AND [a:d ISSUBSET '3'])";
        prop_assert!(comparisons(&pattern[..at.index(pattern.len())]).is_err());
    }
}
