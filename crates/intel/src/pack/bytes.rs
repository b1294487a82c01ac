//! Numbers and texts as bytes, and bytes as fewer bytes.

use super::UnpackError;

/// Collects bytes.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// Seven bits to a byte, the low ones first.
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, pack: impl FnOnce(&mut Writer, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            pack(self, value);
        }
    }
}

/// Takes off bytes that a [`Writer`] collected.
#[derive(Debug)]
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

const SHORT: UnpackError = UnpackError("they end too early");

impl<'b> Reader<'b> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn number(&mut self) -> Result<u64, UnpackError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if byte < 0x80 {
                // Nothing is shifted out, and no number has two spellings.
                let is_whole = (bits << shift) >> shift == bits && (byte != 0 || shift == 0);
                return is_whole.then_some(number).ok_or(UnpackError("a number that is none"));
            }
        }
        Err(UnpackError("a number that is none"))
    }

    pub(super) fn bytes(&mut self) -> Result<&'b [u8], UnpackError> {
        let length = usize::try_from(self.number()?).map_err(|_| SHORT)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn text(&mut self) -> Result<&'b str, UnpackError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| UnpackError("a text that is none"))
    }

    pub(super) fn option<T>(
        &mut self,
        unpack: impl FnOnce(&mut Self) -> Result<T, UnpackError>,
    ) -> Result<Option<T>, UnpackError> {
        match self.number()? {
            0 => Ok(None),
            1 => unpack(self).map(Some),
            _ => Err(UnpackError("neither there nor not")),
        }
    }

    /// Checks that all bytes were taken.
    pub(super) fn end(&self) -> Result<(), UnpackError> {
        self.0.is_empty().then_some(()).ok_or(UnpackError("there are too many bytes"))
    }
}

/// How many times as long as their compressed form bytes may be, and how much more.
const MOST_TIMES: usize = 1024;
const MOST_MORE: usize = 1 << 20;

/// The first byte: whether the rest is compressed, behind the number of bytes that it inflates to.
const AS_IT_IS: u8 = 0;
const COMPRESSED: u8 = 1;

/// Fast, and nearly as good as the slow ones on columns.
const LEVEL: i32 = 1;

/// The bytes compressed, unless that makes so much of them that [`inflated`] would not believe it.
pub(super) fn deflated(raw: &[u8]) -> Vec<u8> {
    if let Ok(small) = zstd::bulk::compress(raw, LEVEL)
        && small.len() < raw.len()
        && raw.len() <= most_inflated(small.len())
    {
        let mut packed = Writer(vec![COMPRESSED]);
        packed.number(raw.len() as u64);
        packed.0.extend_from_slice(&small);
        return packed.0;
    }
    [&[AS_IT_IS], raw].concat()
}

fn most_inflated(small: usize) -> usize {
    small.saturating_mul(MOST_TIMES).saturating_add(MOST_MORE)
}

/// What [`deflated`] was given.
pub(super) fn inflated(bytes: &[u8]) -> Result<Vec<u8>, UnpackError> {
    const WRONG: UnpackError = UnpackError("they do not inflate");
    let mut packed = Reader(bytes);
    match packed.array()? {
        [AS_IT_IS] => Ok(packed.0.to_vec()),
        [COMPRESSED] => {
            let length = usize::try_from(packed.number()?).map_err(|_| WRONG)?;
            if length > most_inflated(packed.0.len()) {
                return Err(UnpackError("they inflate to too much"));
            }
            let raw = zstd::bulk::decompress(packed.0, length).map_err(|_| WRONG)?;
            (raw.len() == length).then_some(raw).ok_or(WRONG)
        }
        _ => Err(UnpackError("they are of another version")),
    }
}
