//! Lines that are longer than any record.

use std::io::Write;
use std::process::Stdio;

use super::{HEADER, MEMORY, RECORD, file, watch, within};
use crate::program::command;

#[test]
fn a_line_without_an_end_on_standard_input_is_not_held() {
    let mut command = command(&["inspect", "--logs", "-"], &[]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(reader));
    let writing = std::thread::spawn(move || {
        // Whoever reads may have gone.
        let _ = writer.write_all(format!("{HEADER}{RECORD}").as_bytes());
        (0..128).for_each(|_| drop(writer.write_all(&[b'a'; 1 << 20])));
    });
    let run = watch(MEMORY, command);
    writing.join().unwrap();
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(
        run.out.contains("1 ok") && run.err.contains("a line of more than 65536 bytes"),
        "{run:?}"
    );
}

#[test]
fn too_many_columns_and_nul_bytes_cost_their_line_only() {
    let columns = "x ".repeat(1_000_000);
    let nul = RECORD.replace("203.0.113.9", "203.0.113.9\0");
    let (_folder, place) =
        file("a.log", format!("{HEADER}{columns}\n{nul}{}\n{RECORD}", "\0".repeat(1000)));
    let run = within(MEMORY, &["inspect", "--logs", &place]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.out.contains("1 ok") && run.out.contains("3 malformed"), "{run:?}");
}

#[test]
fn a_header_of_a_hundred_thousand_fields_is_no_header() {
    let fields: String = (0..100_000).map(|n| format!("field-{n} ")).collect();
    let (_folder, place) = file("a.log", format!("version {fields}\n{RECORD}"));
    let run = within(MEMORY, &["inspect", "--logs", &place]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.err.len() < 2000, "{run:?}");
}
