//! Numbers and texts as bytes, and back. What is read is bounded by what is there.

use std::net::IpAddr;

use jiff::Timestamp;

/// What is wrong with bytes.
pub(crate) type Flaw = String;

/// Bytes that are being written.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    /// A number, seven bits in a byte, the lowest first.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A number that may be negative.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    /// A text after its length.
    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Whether there is one, and it.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        match value {
            None => self.bytes.push(0),
            Some(value) => {
                self.bytes.push(1);
                write(self, value);
            }
        }
    }

    /// A time to the nanosecond.
    pub(crate) fn time(&mut self, time: Timestamp) {
        self.signed(time.as_second());
        self.signed(time.subsec_nanosecond().into());
    }

    /// An address after its family.
    pub(crate) fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.bytes.push(4);
                self.bytes.extend(address.octets());
            }
            IpAddr::V6(address) => {
                self.bytes.push(6);
                self.bytes.extend(address.octets());
            }
        }
    }
}

/// Bytes that are being read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    all: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { all: bytes.len(), rest: bytes }
    }

    /// How many bytes were read.
    pub(crate) fn position(&self) -> usize {
        self.all - self.rest.len()
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("it ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next bytes, of which there are `N`.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Flaw> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number exceeds 64 bits".into())
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Flaw> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of things that take a byte each or more.
    pub(crate) fn count(&mut self) -> Result<usize, Flaw> {
        let count = usize::try_from(self.number()?).ok();
        count.filter(|&count| count <= self.rest.len()).ok_or_else(|| "it ends too early".into())
    }

    /// A number of 32 bits.
    pub(crate) fn small(&mut self) -> Result<u32, Flaw> {
        u32::try_from(self.number()?).map_err(|_| "a number exceeds 32 bits".into())
    }

    pub(crate) fn text(&mut self) -> Result<String, Flaw> {
        let length = self.count()?;
        let text = str::from_utf8(self.take(length)?).map_err(|_| "a text is not UTF-8")?;
        Ok(text.to_owned())
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Flaw>,
    ) -> Result<Option<T>, Flaw> {
        match self.array()? {
            [0] => Ok(None),
            [1] => read(self).map(Some),
            _ => Err("neither something nor nothing".into()),
        }
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Flaw> {
        let (second, nanosecond) = (self.signed()?, self.signed()?);
        let nanosecond = i32::try_from(nanosecond).map_err(|_| "a time is out of range")?;
        Timestamp::new(second, nanosecond).map_err(|_| "a time is out of range".into())
    }

    pub(crate) fn address(&mut self) -> Result<IpAddr, Flaw> {
        match self.array()? {
            [4] => Ok(self.array::<4>()?.into()),
            [6] => Ok(self.array::<16>()?.into()),
            _ => Err("an address of no family".into()),
        }
    }

    /// Fails if anything is left.
    pub(crate) fn finish(self) -> Result<(), Flaw> {
        if self.rest.is_empty() { Ok(()) } else { Err("something follows its end".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            number in any::<u64>(),
            signed in any::<i64>(),
            text in ".*",
            bits in any::<u128>(),
            second in -1_000_000_000_000i128..1_000_000_000_000,
        ) {
            let time = Timestamp::from_nanosecond(second * 999_999_937).ok();
            let mut writer = Writer::default();
            writer.number(number);
            writer.signed(signed);
            writer.text(&text);
            writer.option(time, Writer::time);
            writer.address(IpAddr::from(bits.to_be_bytes()));
            writer.address(IpAddr::from((bits as u32).to_be_bytes()));
            let mut reader = Reader::new(&writer.bytes);
            prop_assert_eq!(reader.number().unwrap(), number);
            prop_assert_eq!(reader.signed().unwrap(), signed);
            prop_assert_eq!(reader.text().unwrap(), text);
            prop_assert_eq!(reader.option(Reader::time).unwrap(), time);
            prop_assert_eq!(reader.address().unwrap(), IpAddr::from(bits.to_be_bytes()));
            prop_assert_eq!(reader.address().unwrap(), IpAddr::from((bits as u32).to_be_bytes()));
            prop_assert_eq!(reader.position(), writer.bytes.len());
            reader.finish().unwrap();
        }
    }

    #[test]
    fn numbers_that_do_not_fit_and_counts_beyond_the_end_are_flaws() {
        let mut most = [0xff; 10];
        most[9] = 1;
        assert_eq!(Reader::new(&most).number(), Ok(u64::MAX));
        most[9] = 2;
        assert!(Reader::new(&most).number().is_err());
        assert!(Reader::new(&[0xff; 10]).number().is_err());
        assert!(Reader::new(&[3, 0, 0]).count().is_err());
        assert!(Reader::new(&[2, 0]).option(Reader::number).is_err());
        assert!(Reader::new(&[0]).finish().is_err());
    }
}
