//! How much memory a JSON document may cost that is held whole.

/// Counts the values of the JSON document that `text` begins with, and returns where it ends; `None` if it
/// holds more than `most` of them.
///
/// A document of 100 MB may be one text or fifty million empty lists, and those take gigabytes once they are
/// values. So it is counted before it is read. Text that is no JSON is counted as if it were: from the end that
/// is returned backwards no part of it that begins with a line holds more.
///
/// ```
/// use flowproof_evidence::end_of_values;
///
/// assert_eq!(end_of_values(br#"{"a": [1, "x,y"]} {}"#, 3), Some(17));
/// assert_eq!(end_of_values(br#"{"a": [1, "x,y"]} {}"#, 2), None);
/// ```
#[must_use]
pub fn end_of_values(text: &[u8], most: usize) -> Option<usize> {
    let (mut values, mut depth, mut is_text) = (0, 0_usize, false);
    let mut bytes = text.iter().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match (byte, is_text) {
            // No text of JSON holds a line end, so a quote too much costs its line only.
            (b'"' | b'\n', true) => is_text = false,
            (b'\\', true) => drop(bytes.next()),
            (_, true) => {}
            (b'"', false) => is_text = true,
            (b',', false) => values += 1,
            (b'{' | b'[', false) => (values, depth) = (values + 1, depth + 1),
            (b'}' | b']', false) if depth > 1 => depth -= 1,
            (b'}' | b']', false) => return Some(place + 1),
            (_, false) => {}
        }
        if values > most {
            return None;
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_up_to_the_end_of_the_first_document() {
        for (text, end, values) in [
            ("", 0, 0),
            ("[]", 2, 1),
            ("[[],[]] [[],[]]", 7, 4),
            (r#"{"a,{[":"\",{[",'b':1}x"#, 22, 2),
            ("]]", 1, 0),
            ("[1,2", 4, 2),
            ("[\"a\n,1]", 7, 2),
        ] {
            assert_eq!(end_of_values(text.as_bytes(), values), Some(end), "{text}");
            if values > 0 {
                assert_eq!(end_of_values(text.as_bytes(), values - 1), None, "{text}");
            }
        }
    }
}
