//! The data section: values that say of themselves what they are.
//!
//! ```text
//!   control byte     then
//!   101 00010        'N' 'L'                        text of 2 bytes
//!   111 00001        key, value                     map of 1 entry
//!   001 00 vvv       a byte                         pointer: 11 bits, from the beginning of the section
//!   000 00002        type - 7, here 9               64-bit number in 2 bytes
//!   ttt 11101        length - 29                    and 30, 31 for longer ones
//! ```

use std::borrow::Cow;

use super::Damage;
use crate::enrich::value::Value;

/// Values in one record, however they are nested. Records that are published have about a hundred;
/// pointers can make more of them than a machine can count.
const MOST_VALUES: usize = 4096;

/// Values around a value.
const DEEPEST: usize = 32;

const POINTER: u8 = 1;

/// Reads the value at `start`, and all that it points to.
pub(super) fn value(section: &[u8], start: usize) -> Result<Value<'_>, Damage> {
    Decoder { section, at: start, left: MOST_VALUES }.value(0)
}

struct Decoder<'a> {
    section: &'a [u8],
    at: usize,
    left: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Damage> {
        self.left = self.left.checked_sub(1).ok_or(Damage::TooLarge)?;
        if depth > DEEPEST {
            return Err(Damage::TooLarge);
        }
        let (kind, control) = self.kind()?;
        if kind == POINTER {
            return self.pointed(control, depth);
        }
        let size = self.size(control)?;
        Ok(match kind {
            2 => Value::Text(self.text(size)?),
            3 => number(f64::from_be_bytes(self.exactly(size)?)),
            4 => hex(self.take(size)?),
            5 => number(self.unsigned(size, 2)?),
            6 => number(self.unsigned(size, 4)?),
            7 => self.map(size, depth)?,
            8 => number(self.signed(size)?),
            9 => number(self.unsigned(size, 8)?),
            10 => number(self.unsigned(size, 16)?),
            11 => self.list(size, depth)?,
            14 if size < 2 => Value::Text(Cow::Borrowed(if size == 1 { "true" } else { "false" })),
            15 => number(f32::from_be_bytes(self.exactly(size)?)),
            _ => return Err(Damage::Value(self.at)),
        })
    }

    /// The type, and the five bits beside it.
    fn kind(&mut self) -> Result<(u8, u8), Damage> {
        let [control] = self.exactly(1)?;
        let (kind, bits) = (control >> 5, control & 0x1f);
        if kind != 0 {
            return Ok((kind, bits));
        }
        let [extended] = self.exactly(1)?;
        // Types to 7 have no such form.
        let kind = extended.checked_add(7).filter(|kind| *kind > 7);
        kind.map(|kind| (kind, bits)).ok_or(Damage::Value(self.at))
    }

    fn size(&mut self, bits: u8) -> Result<usize, Damage> {
        let (more, least) = match bits {
            0..=28 => return Ok(bits.into()),
            29 => (1, 29),
            30 => (2, 285),
            _ => (3, 65_821),
        };
        Ok(self.bytes_as_number(more)? as usize + least)
    }

    /// A pointer never leads to another one.
    fn pointed(&mut self, bits: u8, depth: usize) -> Result<Value<'a>, Damage> {
        let high = u128::from(bits & 0b111);
        let target = match bits >> 3 {
            0 => high << 8 | self.bytes_as_number(1)?,
            1 => (high << 16 | self.bytes_as_number(2)?) + 2048,
            2 => (high << 24 | self.bytes_as_number(3)?) + 526_336,
            _ => self.bytes_as_number(4)?,
        };
        let after = self.at;
        self.at = target as usize; // At most 32 bits.
        if self.section.get(self.at).is_some_and(|control| control >> 5 == POINTER) {
            return Err(Damage::Value(self.at));
        }
        let value = self.value(depth + 1)?;
        self.at = after;
        Ok(value)
    }

    fn map(&mut self, size: usize, depth: usize) -> Result<Value<'a>, Damage> {
        let mut entries = Vec::new();
        for _ in 0..size {
            let at = self.at;
            let Value::Text(key) = self.value(depth + 1)? else { return Err(Damage::Value(at)) };
            entries.push((key, self.value(depth + 1)?));
        }
        Ok(Value::Map(entries))
    }

    fn list(&mut self, size: usize, depth: usize) -> Result<Value<'a>, Damage> {
        let mut items = Vec::new();
        for _ in 0..size {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn text(&mut self, size: usize) -> Result<Cow<'a, str>, Damage> {
        let at = self.at;
        let text = std::str::from_utf8(self.take(size)?).map_err(|_| Damage::Value(at))?;
        Ok(Cow::Borrowed(text))
    }

    fn unsigned(&mut self, size: usize, most: usize) -> Result<u128, Damage> {
        if size > most {
            return Err(Damage::Value(self.at));
        }
        self.bytes_as_number(size)
    }

    /// Fewer bytes than four stand for a number that is not negative.
    fn signed(&mut self, size: usize) -> Result<i32, Damage> {
        self.unsigned(size, 4).map(|bits| bits as u32 as i32)
    }

    fn bytes_as_number(&mut self, size: usize) -> Result<u128, Damage> {
        Ok(self.take(size)?.iter().fold(0, |number, byte| number << 8 | u128::from(*byte)))
    }

    fn exactly<const N: usize>(&mut self, size: usize) -> Result<[u8; N], Damage> {
        let at = self.at;
        self.take(size)?.try_into().map_err(|_| Damage::Value(at))
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Damage> {
        let end = self.at.checked_add(size);
        let bytes = end.and_then(|end| self.section.get(self.at..end));
        let bytes = bytes.ok_or(Damage::CutOff)?;
        self.at += size;
        Ok(bytes)
    }
}

fn number<'a>(number: impl ToString) -> Value<'a> {
    Value::Text(number.to_string().into())
}

fn hex<'a>(bytes: &[u8]) -> Value<'a> {
    Value::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}
