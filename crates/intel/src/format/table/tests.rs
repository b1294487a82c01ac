use super::*;

#[test]
fn a_label_says_each_thing_once_and_on_one_line() {
    let cells = ["c2", "", "None", "two\r\n lines", "c2", "n/a", "x, y"];
    assert_eq!(label(cells.into_iter()), "c2, two lines, x, y");
}

#[test]
fn confidence_is_a_whole_number() {
    let read = ["75", "75.0", "75%", "0", "", "high", "-1", "75.x", "99999999999"].map(confidence);
    assert_eq!(read, [Some(75), Some(75), Some(75), Some(0), None, None, None, None, None]);
}
