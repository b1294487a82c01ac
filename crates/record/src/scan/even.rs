//! Whether all lines of a block look as records of one format should, without a note of where what is.

use super::Masks;
use super::index::{STRIDE, Strides};

/// Looks at a block of whole lines, stride by stride. Lines are even if each has as many tokens as the
/// format, none of them empty, is ASCII, and begins with a digit.
#[derive(Debug)]
struct Even {
    width: u64,
    /// Separators so far, and how many there must be up to the next line's end.
    separators: u64,
    expected: u64,
    /// Not zero once a line was not even.
    faults: u64,
    /// The lowest bit is set if the byte before the next 64 is a separator, or a line feed.
    after_separator: u64,
    after_newline: u64,
}

/// How many lines the block has, if all are even; `masks` looks at 64 bytes.
#[inline(always)]
pub(super) fn count_even(
    block: &[u8],
    width: usize,
    masks: impl Fn(&[u8; STRIDE]) -> Masks,
) -> Option<u64> {
    if block.last().is_some_and(|byte| *byte != b'\n') {
        return None;
    }
    let width = width as u64;
    let mut even = Even {
        width,
        separators: 0,
        expected: width,
        faults: 0,
        after_separator: 1,
        after_newline: 1,
    };
    for (_, stride) in Strides::of(block).iter() {
        even.take(masks(stride));
    }
    let lines = even.separators.checked_div(width)?;
    (even.faults == 0).then_some(lines)
}

impl Even {
    #[inline(always)]
    fn take(&mut self, masks: Masks) {
        let Masks { separators, mut newlines, high, others } = masks;
        let empty = separators & (separators << 1 | self.after_separator);
        let strange = others & (newlines << 1 | self.after_newline);
        self.faults |= high | empty | strange;
        self.after_separator = separators >> 63;
        self.after_newline = newlines >> 63;
        // Once whether there is a newline or not: no branch to guess wrong.
        newlines = self.take_newline(separators, newlines);
        while newlines != 0 {
            newlines = self.take_newline(separators, newlines);
        }
        self.separators += u64::from(separators.count_ones());
    }

    /// Compares the separators up to the first newline, if there is one, with what they should be;
    /// returns the other newlines.
    #[inline(always)]
    fn take_newline(&mut self, separators: u64, newlines: u64) -> u64 {
        let up_to = newlines ^ newlines.wrapping_sub(1);
        let count = self.separators + u64::from((separators & up_to).count_ones());
        let is_end = newlines != 0;
        self.faults |= if is_end { count ^ self.expected } else { 0 };
        self.expected += if is_end { self.width } else { 0 };
        newlines & newlines.wrapping_sub(1)
    }
}
