//! Every fixture is read as its passport in `testdata/README.md` says.

use crate::program::{arg, run, testdata};

/// The rows of the passport: file, object, numbers.
fn passport() -> Vec<Vec<String>> {
    let readme = std::fs::read_to_string(testdata().join("README.md")).unwrap();
    let rows =
        readme.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 9);
    let cells = |row: &str| -> Vec<String> {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn every_fixture_has_a_passport_and_is_read_as_it_says() {
    let rows = passport();
    for row in &rows {
        let [file, _, object, numbers @ ..] = &row[..] else { panic!("{row:?}") };
        let run = run(&["inspect", "--format=json", "--logs", &arg(testdata().join(file))]);
        let told = run.json();
        assert_eq!(told["objects"][object.as_str()], 1, "{file}: {run:?}");
        let partial = ["truncated", "corrupt", "unsupported"].contains(&object.as_str());
        let kinds = ["ok", "nodata", "skipdata", "malformed", "bad_time"];
        let mut bad = 0;
        for (kind, number) in kinds.iter().zip(numbers) {
            if number != "*" {
                assert_eq!(told["records"][kind].to_string(), *number, "{file}: {kind}");
                bad += number.parse::<u64>().unwrap() * u64::from(kind.starts_with(['m', 'b']));
            }
        }
        let expected = match object.as_str() {
            "empty" | "not_a_flow_log" => 4,
            _ if partial || bad > 0 => 3,
            _ => 0,
        };
        assert_eq!(run.code, Some(expected), "{file}: {}", run.err);
    }
    let with_passport: Vec<&String> = rows.iter().map(|row| &row[0]).collect();
    for entry in std::fs::read_dir(testdata()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_log = name.ends_with(".log") || name.ends_with(".gz");
        assert!(!is_log || with_passport.contains(&&name), "{name} has no passport");
    }
}
