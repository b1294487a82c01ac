//! JSON that others write, on its way out.

use std::io::{self, Write};

use super::escaped;

/// Hands JSON on with every character that acts written as an escape, as
/// [`write_json`](crate::write_json) does: the document means the same, and acts on no terminal.
#[derive(Debug)]
pub struct SafeJson<W> {
    out: W,
    /// The beginning of a character whose end has not come yet.
    cut: Vec<u8>,
}

impl<W: Write> SafeJson<W> {
    /// What is written goes on to `out`.
    pub fn new(out: W) -> SafeJson<W> {
        SafeJson { out, cut: Vec::new() }
    }

    /// Where it went to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write> Write for SafeJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cut.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.cut) {
            Ok(text) => text,
            // A character may be cut in two; anything else is no JSON.
            Err(error) if error.error_len().is_some() => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
            Err(error) => str::from_utf8(&self.cut[..error.valid_up_to()]).unwrap_or_default(),
        };
        self.out.write_all(escaped(whole).as_bytes())?;
        self.cut.drain(..whole.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_and_does_not_act_wherever_it_is_cut() {
        let value =
            serde_json::json!({ "label": "\u{9b}31m \u{202e}\u{7f} Zürich \u{e0001}\u{1b}" });
        let json = serde_json::to_string_pretty(&value).unwrap();
        for size in 1..json.len() {
            let mut safe = SafeJson::new(Vec::new());
            json.as_bytes().chunks(size).for_each(|part| safe.write_all(part).unwrap());
            let text = String::from_utf8(safe.into_inner()).unwrap();
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
            assert!(text.contains("Zürich"), "{text}");
            assert!(!text.replace('\n', "").contains(crate::escape::is_unsafe), "{text}");
        }
        assert!(SafeJson::new(Vec::new()).write_all(b"\"\xff\"").is_err());
    }
}
