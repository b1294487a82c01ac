//! Where the separators of a block are.

use super::Masks;

/// Bytes that a kernel looks at in one go.
pub(super) const STRIDE: usize = 64;

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
    /// One bit for each byte, set where it is no digit; a word more than the block has.
    others: Vec<u64>,
    /// Whether every byte is ASCII and no two separators are adjacent: no token is empty.
    plain: bool,
}

impl Index {
    /// The offsets, the one before the block first.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets[..self.used]
    }

    /// For each line, the place in [`Index::offsets`] of the separator that ends it.
    pub(crate) fn line_ends(&self) -> &[u32] {
        &self.line_ends[..self.lines]
    }

    /// Which bytes are no digits: 64 bits from `start` on, the first of them the lowest.
    #[inline(always)]
    pub(crate) fn others_from(&self, start: usize) -> u64 {
        let word = start / STRIDE;
        match self.others.get(word..word + 2) {
            Some(&[low, high]) => {
                let both = u128::from(low) | u128::from(high) << 64;
                (both >> (start % STRIDE)) as u64
            }
            _ => u64::MAX,
        }
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
        self.others.resize(length.div_ceil(STRIDE) + 1, 0);
        self.offsets[0] = u32::MAX;
        Writer {
            offsets: &mut self.offsets,
            line_ends: &mut self.line_ends,
            others: &mut self.others,
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
    others: &'a mut [u64],
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
    pub(super) fn write_offsets(&mut self, base: usize, separators: u64) {
        let mut left = separators;
        let count = left.count_ones() as usize;
        let mut at = self.used;
        let end = at + count;
        // Eight at a time, whether there are as many or not: what is too many is written over.
        while at < end {
            let Some(group) = self.offsets[at..].first_chunk_mut::<8>() else { break };
            for slot in group {
                *slot = base as u32 + left.trailing_zeros();
                left &= left.wrapping_sub(1);
            }
            at += 8;
        }
        self.used = end;
    }

    /// Notes everything of the 64 bytes from `base` but the offsets, which are about to be written.
    #[inline(always)]
    pub(super) fn note(&mut self, base: usize, masks: Masks) {
        self.others[base / STRIDE] = masks.others;
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

    /// The buffer from the first unused place on, for kernels that write offsets themselves.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn unused(&mut self) -> &mut [u32] {
        &mut self.offsets[self.used..]
    }

    /// Says that a kernel has written `count` offsets.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn add(&mut self, count: usize) {
        self.used += count;
    }

    /// See [`Index::end`].
    #[inline(always)]
    pub(super) fn end(self) -> (usize, usize, bool) {
        (self.used, self.lines, self.faults == 0)
    }
}

/// 64 bytes.
pub(super) type Stride = [u8; STRIDE];

/// A block in strides, and a last one with its offset, filled up with bytes that are nothing.
#[inline(always)]
pub(super) fn strides(block: &[u8]) -> (&[Stride], Option<(usize, Stride)>) {
    let (strides, tail) = block.as_chunks::<STRIDE>();
    let last = (!tail.is_empty()).then(|| {
        let mut stride = [0; STRIDE];
        stride[..tail.len()].copy_from_slice(tail);
        (block.len() - tail.len(), stride)
    });
    (strides, last)
}
