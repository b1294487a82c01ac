//! Lines that cannot pass are passed over: see [`Literals`].

use std::sync::Arc;

use memchr::memrchr;

use super::{BLOCK, Decoder};
use crate::line::Layout;
use crate::literal::Literals;
use crate::sheet::Block;
use crate::sink::RecordSink;

/// How much is searched at a time.
const SEARCHED: usize = 128 * 1024;

impl Decoder {
    /// The literals, once a format is known whose lines can be passed over.
    pub(super) fn searched_literals(&self) -> Option<Arc<Literals>> {
        let literals = self.literals.as_ref()?;
        let known = self.reader.layout.as_ref().is_some_and(|layout| layout.is_regular());
        known.then(|| Arc::clone(literals))
    }

    /// Whether a line that stands alone holds none of the texts without which it cannot pass.
    pub(super) fn is_passed_over(&self, line: &[u8]) -> bool {
        self.searched_literals().is_some_and(|literals| literals.are_not_in(line))
    }

    /// Decodes those of the whole lines at the beginning of `rest` that hold a literal.
    pub(super) fn decode_searched(
        &mut self,
        rest: &[u8],
        literals: &Literals,
        sink: &mut dyn RecordSink,
    ) -> usize {
        let window = &rest[..rest.len().min(SEARCHED)];
        let Some(last) = memrchr(b'\n', window) else { return self.decode_block(rest, sink) };
        let text = &window[..=last];
        let mut runs = literals.runs(text);
        let layout = self.reader.layout.clone();
        let end = text.len()..text.len();
        let mut run = runs.next(0).unwrap_or(end.clone());
        let mut used = 0;
        // A line that changes the format may change whether lines are searched at all.
        while used < text.len() && !self.is_full() && same(&layout, &self.reader.layout) {
            if used < run.start {
                used += self.pass_over(&text[used..run.start]);
            } else if used < run.end {
                used += self.decode_piece(&text[used..run.end], sink);
            } else {
                run = runs.next(used).unwrap_or(end.clone());
            }
        }
        used
    }

    /// Decodes some of the whole lines in `lines`; at least one, and at most a block of them.
    fn decode_piece(&mut self, lines: &[u8], sink: &mut dyn RecordSink) -> usize {
        let block = &lines[..lines.len().min(BLOCK)];
        match memrchr(b'\n', block) {
            Some(end) => self.decode_lines(&block[..=end], sink),
            None => self.decode_carried(lines),
        }
    }

    /// Passes over whole lines that hold no literal. What does not look as a record of the format
    /// should is read to find what is wrong. Returns the bytes used: a line that changes the format
    /// is the last.
    fn pass_over(&mut self, lines: &[u8]) -> usize {
        self.passing_over = true;
        let mut used = 0;
        let layout = self.reader.layout.clone();
        while used < lines.len() && same(&layout, &self.reader.layout) {
            let rest = &lines[used..];
            let block = &rest[..rest.len().min(BLOCK)];
            used += match memrchr(b'\n', block) {
                Some(end) => self.pass_over_block(&block[..=end]),
                None => self.decode_carried(rest),
            };
        }
        self.passing_over = false;
        used
    }

    fn pass_over_block(&mut self, lines: &[u8]) -> usize {
        let Some(layout) = self.reader.layout.clone() else { return 0 };
        if let Some(even) = self.kernel.count_even(lines, layout.width()) {
            self.count_passed(even);
            return lines.len();
        }
        let mut index = std::mem::take(&mut self.index);
        self.kernel.index(lines, &mut index);
        let block = Block::new(lines, &index);
        let line_ends = index.line_ends();
        let mut before = 0;
        let mut passed = 0;
        for (line, &end) in line_ends.iter().enumerate() {
            let start = block.offsets[before as usize].wrapping_add(1) as usize;
            let even = index.is_plain() && (end - before) as usize == layout.width();
            if even && !begins_strangely(&lines[start..]) {
                passed += 1;
            } else {
                self.count_passed(std::mem::take(&mut passed));
                self.decode_line(block, line_ends, line);
            }
            before = end;
            if !self.reader.layout.as_ref().is_some_and(|now| Arc::ptr_eq(now, &layout)) {
                break;
            }
        }
        self.count_passed(passed);
        let used = block.offsets[before as usize].wrapping_add(1) as usize;
        self.index = index;
        used
    }

    pub(super) fn count_passed(&mut self, lines: u64) {
        self.reader.line_number += lines;
        self.reader.tally.counts.passed_over += lines;
    }
}

/// Whether a line cannot be taken for a record by its first byte: it may be a header. Records of most
/// formats begin with a number or `-`.
pub(super) fn begins_strangely(line: &[u8]) -> bool {
    line.first().is_none_or(|first| !first.is_ascii_digit() && *first != b'-')
}

fn same(a: &Option<Arc<Layout>>, b: &Option<Arc<Layout>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}
