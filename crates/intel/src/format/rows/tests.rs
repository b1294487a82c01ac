use proptest::prelude::*;

use super::*;

/// Rows as `line|a|b`, comments and unclosed lines as they stand.
fn read(text: &str) -> Vec<String> {
    let mut told = Vec::new();
    each_row(&mut text.as_bytes(), b',', |found| {
        told.push(match found {
            Found::Row(row) => {
                let cells: Vec<&str> = row.cells().collect();
                format!("{}|{}{}", row.line, cells.join("|"), if row.whole { "" } else { "|?" })
            }
            Found::Comment(text) => text.to_owned(),
            Found::Unclosed(line, text) => format!("{line} unclosed {text}"),
        });
    })
    .expect("memory is read");
    told
}

#[test]
fn rows_are_known_by_the_line_they_begin_in() {
    let text = "# head\r\na,b\r\n\r\n \t\n\"c \"\"d\"\"\",e\n,,\n  # note\n f , g \n";
    assert_eq!(read(text), ["# head", "2|a|b", "5|c \"d\"|e", "# note", "8|f|g"]);
}

#[test]
fn the_last_row_is_not_whole_if_its_line_has_no_end() {
    assert_eq!(read("a,b\nc"), ["1|a|b", "2|c|?"]);
    assert_eq!(read("a,b\rc\r"), ["1|a|b", "2|c"]);
    assert_eq!(read("a,b\n# END"), ["1|a|b", "# END"]);
}

#[test]
fn blanks_before_quotes_are_no_part_of_a_column() {
    assert_eq!(read(" \"a, b\",  \"c\" , \"d\"\n"), ["1|a, b|c|d"]);
    assert_eq!(read("\"a, \"\"b\"\", \"\n"), ["1|a,\"b\","]);
    assert_eq!(read("a \"b\",c\n"), ["1|a \"b\"|c"]);
}

#[test]
fn a_row_may_have_several_lines_where_a_quote_is_open() {
    let text = "a,\"b\n# no comment\n\n\"\"c\"\"\",d\ne,f\n";
    assert_eq!(read(text), ["1|a|b\n# no comment\n\n\"c\"|d", "5|e|f"]);
}

#[test]
fn a_quote_that_is_not_closed_costs_its_own_line_only() {
    assert_eq!(read("a,\"b\nc,d\n# x\n\ne\n"), ["1 unclosed a,\"b", "2|c|d", "# x", "5|e"]);
    assert_eq!(
        read("a,\"b\nc,d\ne,\"f\"\ng,h\n"),
        ["1 unclosed a,\"b", "2|c|d", "3|e|f", "4|g|h"],
        "closed by the quote of a later row"
    );
    let long = format!("a,\"b\n{}c,\"d\"\n", "e,f\n".repeat(300_000));
    let told = read(&long);
    assert_eq!(
        (told.len(), &*told[0], &*told[300_001]),
        (300_002, "1 unclosed a,\"b", "300002|c|d")
    );
}

#[test]
fn a_quote_within_a_column_is_a_sign_like_any_other() {
    assert_eq!(read("a,5\" disk\nb,c\n"), ["1|a|5\" disk", "2|b|c"]);
}

proptest! {
    /// Each line of text is in some way told of, whatever is in it.
    #[test]
    fn no_line_is_lost(text in "([a-c0-9,\" #\n]|\\PC){0,80}") {
        let mut lines = Vec::new();
        each_row(&mut text.as_bytes(), b',', |found| match found {
            Found::Row(row) => {
                let height = row.cells().map(|cell| cell.matches('\n').count()).sum::<usize>();
                lines.extend(row.line..=row.line + height as u64);
            }
            Found::Unclosed(line, _) => lines.push(line),
            Found::Comment(_) => {}
        }).expect("memory is read");
        prop_assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", lines);
        for (index, line) in text.split(['\n', '\r']).enumerate() {
            if line.contains(['a', 'b', 'c']) && !line.trim_start().starts_with('#') {
                prop_assert!(lines.contains(&(index as u64 + 1)), "line {} of {:?}", index + 1, text);
            }
        }
    }

    #[test]
    fn what_is_written_by_the_rules_is_read_again(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z0-9\" ,#\n]{0,8}", 2..5), 1..8),
        blank in any::<bool>(),
    ) {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let comma = if blank { ", " } else { "," };
        let text: String = rows
            .iter()
            .map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(comma) + "\n")
            .collect();
        let mut found = Vec::new();
        each_row(&mut text.as_bytes(), b',', |each| match each {
            Found::Row(row) => found.push(row.cells().map(str::to_owned).collect::<Vec<_>>()),
            other => panic!("{other:?}"),
        }).expect("memory is read");
        // Blanks before a quote go also where a column holds them.
        let plain = |cell: &String| cell.trim().replace(" ", "");
        let written: Vec<Vec<String>> = rows
            .iter()
            .filter(|row| row.iter().any(|cell| !cell.trim().is_empty()))
            .map(|row| row.iter().map(plain).collect())
            .collect();
        let read: Vec<Vec<String>> =
            found.iter().map(|row| row.iter().map(plain).collect()).collect();
        prop_assert_eq!(read, written);
    }
}
