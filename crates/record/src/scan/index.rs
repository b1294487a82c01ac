//! Where the separators of a block are.

use super::Masks;

/// Bytes that a kernel looks at in one go.
pub(super) const STRIDE: usize = 64;
/// Offsets that a kernel with a store as wide writes in one go.
#[cfg(target_arch = "x86_64")]
pub(super) const GROUP: usize = 16;
/// Offsets of one stride that are written without counting: few strides of records have more.
const FEW: usize = 12;

/// Where the separators of a block are, and which of them end lines. Kept from block to block for
/// its allocations.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Offsets of separators behind a first one just before the block, `u32::MAX`, so that token n
    /// of the block lies between `offsets[n] + 1` (wrapping) and `offsets[n + 1]`. The buffer is
    /// longer than what is used: kernels write whole groups.
    offsets: Vec<u32>,
    used: usize,
    /// Places in `offsets` of the separators that end lines.
    line_ends: Vec<u32>,
    lines: usize,
    /// One bit for each byte, set where it is no digit; some more than the block has.
    others: Vec<u8>,
    /// Whether every byte is ASCII and no two separators are adjacent: no token is empty.
    plain: bool,
}

impl Index {
    /// As many bytes as a word of [`Index::others`] tells of, whichever bit of its first byte is the
    /// first.
    pub(crate) const OTHERS: usize = 57;

    /// The offsets, the one before the block first.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets[..self.used]
    }

    /// For each line, the place in [`Index::offsets`] of the separator that ends it.
    pub(crate) fn line_ends(&self) -> &[u32] {
        &self.line_ends[..self.lines]
    }

    /// One bit for each byte of the block, set where it is no digit; the first byte is the lowest bit
    /// of the first. There are eight bytes more than the bits need.
    pub(crate) fn others(&self) -> &[u8] {
        &self.others
    }

    /// Whether every byte is ASCII and no token is empty.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Begins a block of `length` bytes in place of the one before.
    #[inline(always)]
    pub(super) fn begin(&mut self, length: usize) -> Writer<'_> {
        let room = length + 2 * STRIDE + 1;
        if self.offsets.len() < room {
            self.offsets.resize(room, 0);
            self.line_ends.resize(room, 0);
        }
        self.others.resize((length.div_ceil(STRIDE) + 1) * 8, 0);
        self.offsets[0] = u32::MAX;
        Writer {
            offsets: &mut self.offsets,
            line_ends: &mut self.line_ends,
            others: self.others.as_chunks_mut().0,
            used: 1,
            lines: 0,
            faults: 0,
            // A separator at the very beginning would make the first token empty.
            before: 1,
        }
    }

    /// Takes over what was written: offsets, line ends, and whether the block is plain.
    pub(super) fn end(&mut self, (used, lines, plain): (usize, usize, bool)) {
        self.used = used;
        self.lines = lines;
        self.plain = plain;
    }
}

/// Writes an index. What changes with every 64 bytes is kept in a value of its own, so that it stays
/// in registers.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    offsets: &'a mut [u32],
    line_ends: &'a mut [u32],
    others: &'a mut [[u8; 8]],
    used: usize,
    lines: usize,
    /// Not zero once a byte was not ASCII or two separators were adjacent.
    faults: u64,
    /// The lowest bit is set if the byte before the next 64 is a separator.
    before: u64,
}

impl Writer<'_> {
    /// Takes in what was found in the 64 bytes from `base`.
    #[inline(always)]
    pub(super) fn take(&mut self, base: usize, masks: Masks) {
        self.note(base, masks);
        self.write_offsets(base, masks.separators);
    }

    /// Writes the offsets of 64 bytes' separators one by one.
    #[inline(always)]
    fn write_offsets(&mut self, base: usize, separators: u64) {
        let count = separators.count_ones() as usize;
        match self.offsets[self.used..].first_chunk_mut() {
            Some(group) if count <= FEW => write_few(group, base, separators),
            _ => write_many(&mut self.offsets[self.used..], base, separators),
        }
        self.used += count;
    }

    /// Writes them as `write` does where they are at most [`GROUP`].
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn write_group(
        &mut self,
        separators: u64,
        base: usize,
        write: impl FnOnce(&mut [u32; GROUP]),
    ) {
        let count = separators.count_ones() as usize;
        match self.offsets[self.used..].first_chunk_mut() {
            Some(group) if count <= GROUP => write(group),
            _ => write_many(&mut self.offsets[self.used..], base, separators),
        }
        self.used += count;
    }

    /// Notes everything of the 64 bytes from `base` but the offsets, which are about to be written.
    #[inline(always)]
    pub(super) fn note(&mut self, base: usize, masks: Masks) {
        self.others[base / STRIDE] = masks.others.to_le_bytes();
        let adjacent = masks.separators & (masks.separators << 1 | self.before);
        self.faults |= adjacent | masks.high;
        self.before = masks.separators >> 63;
        let mut newlines = masks.newlines;
        // Written whether there is one or not, and counted if there is: no branch to guess wrong.
        self.line_ends[self.lines] = self.place_of(newlines, masks.separators);
        self.lines += usize::from(newlines != 0);
        newlines &= newlines.wrapping_sub(1);
        while newlines != 0 {
            self.line_ends[self.lines] = self.place_of(newlines, masks.separators);
            self.lines += 1;
            newlines &= newlines - 1;
        }
    }

    /// The place that the lowest newline will have among the offsets.
    #[inline(always)]
    fn place_of(&self, newlines: u64, separators: u64) -> u32 {
        let below = newlines.wrapping_sub(1) & !newlines;
        self.used as u32 + (separators & below).count_ones()
    }

    /// See [`Index::end`].
    #[inline(always)]
    pub(super) fn end(self) -> (usize, usize, bool) {
        (self.used, self.lines, self.faults == 0)
    }
}

/// Writes the offsets of at most [`FEW`] separators: as many, whether there are or not. What is too
/// many is written over by the next.
#[inline(always)]
fn write_few(group: &mut [u32; FEW], base: usize, separators: u64) {
    let mut left = separators;
    for slot in group {
        *slot = base as u32 + left.trailing_zeros();
        left &= left.wrapping_sub(1);
    }
}

/// Writes the offsets of many separators: denser than in any record. Out of line, and without the
/// writer, so that what surrounds the call stays in registers.
#[cold]
#[inline(never)]
fn write_many(slots: &mut [u32], base: usize, separators: u64) {
    let mut left = separators;
    for slot in slots.iter_mut().take(separators.count_ones() as usize) {
        *slot = base as u32 + left.trailing_zeros();
        left &= left.wrapping_sub(1);
    }
}

/// 64 bytes.
pub(super) type Stride = [u8; STRIDE];

/// A block in strides, the last one filled up with zeros, which are nothing by themselves.
#[derive(Debug)]
pub(super) struct Strides<'a> {
    whole: &'a [Stride],
    last: Stride,
    count: usize,
}

impl Strides<'_> {
    #[inline(always)]
    pub(super) fn of(block: &[u8]) -> Strides<'_> {
        let (whole, tail) = block.as_chunks::<STRIDE>();
        let mut last = [b'0'; STRIDE];
        last[..tail.len()].copy_from_slice(tail);
        Strides { whole, last, count: block.len().div_ceil(STRIDE) }
    }

    /// Each with the offset of its first byte. The last is not told apart, so that a kernel's loop
    /// has one body.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Stride)> {
        (0..self.count).map(|idx| (idx * STRIDE, self.whole.get(idx).unwrap_or(&self.last)))
    }
}
