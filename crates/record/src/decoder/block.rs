//! Many lines at a time: the fast way through [`Decoder::decode`].

use std::ops::Range;
use std::sync::Arc;

use memchr::memrchr;

use super::{BLOCK, Decoder};
use crate::columns::Extension;
use crate::field::FieldId;
use crate::line::Layout;
use crate::scan::Index;
use crate::sheet::{Block, LINES, Reading};
use crate::sieve::{Kept, Lines};
use crate::sink::{RecordGroup, RecordSink};

impl Decoder {
    /// Decodes the whole lines at the beginning of `rest`; carries what is left if that is all there
    /// is.
    pub(super) fn decode_block(&mut self, rest: &[u8], sink: &mut dyn RecordSink) -> usize {
        let window = &rest[..rest.len().min(BLOCK)];
        let Some(last) = memrchr(b'\n', window) else {
            self.carry_on(window);
            return window.len();
        };
        let used = self.decode_lines(&window[..=last], sink);
        if used == last + 1 && window.len() == rest.len() && !self.is_full() {
            self.carry_on(&rest[used..]);
            return rest.len();
        }
        used
    }

    /// Decodes whole lines until they or the batch's room end, or until a format is known whose lines
    /// can be searched; returns the bytes used.
    pub(super) fn decode_lines(&mut self, lines: &[u8], sink: &mut dyn RecordSink) -> usize {
        let mut index = std::mem::take(&mut self.index);
        self.kernel.index(lines, &mut index);
        let block = Block::new(lines, &index);
        let line_ends = index.line_ends();
        let mut line = 0;
        while line < line_ends.len() && !self.is_full() && self.reader.refusal.is_none() {
            line += match self.reader.layout.clone() {
                Some(layout) if self.reads_many(&layout, &index) => {
                    self.decode_sheet(&layout, block, line_ends, line, sink)
                }
                _ => {
                    let searched = self.searched_literals().is_some();
                    self.decode_line(block, line_ends, line);
                    line += 1;
                    if !searched && self.searched_literals().is_some() {
                        break;
                    }
                    0
                }
            };
        }
        let used = match line.checked_sub(1) {
            Some(last) => block.offsets[line_ends[last] as usize] as usize + 1,
            None => 0,
        };
        self.index = index;
        if self.reader.refusal.is_some() { lines.len() } else { used }
    }

    fn reads_many(&self, layout: &Layout, index: &Index) -> bool {
        index.is_plain()
            && layout.is_regular()
            && !self.options.careful
            && self.reader.line_number > 0
    }

    /// Decodes one line the careful way.
    pub(super) fn decode_line(&mut self, block: Block<'_>, line_ends: &[u32], line: usize) {
        let before = line.checked_sub(1).map_or(0, |before| line_ends[before]) as usize;
        let end = line_ends[line] as usize;
        let separators = &block.offsets[before..=end];
        let line_start = separators[0].wrapping_add(1);
        self.tokens.clear();
        for pair in separators.windows(2) {
            let start = pair[0].wrapping_add(1);
            if pair[1] > start {
                self.tokens.push((start - line_start, pair[1] - line_start));
            }
        }
        let line_end = separators[separators.len() - 1] as usize;
        self.end_line(&block.bytes[line_start as usize..line_end]);
    }

    /// Decodes up to [`LINES`] lines from `line` on; returns how many. It stops when the batch is full,
    /// and after a line that changes the format.
    fn decode_sheet(
        &mut self,
        layout: &Arc<Layout>,
        block: Block<'_>,
        line_ends: &[u32],
        line: usize,
        sink: &mut dyn RecordSink,
    ) -> usize {
        let lines = &line_ends[line..];
        let lines = &lines[..lines.len().min(LINES)];
        let before = line.checked_sub(1).map_or(0, |before| line_ends[before]);
        let (kernel, sheet) = (self.kernel, &mut self.sheet);
        kernel.run(Reading { kernel, sheet, layout, block, before, line_ends: lines });
        let mut done = 0;
        while done < lines.len() && !self.is_full() {
            if self.sheet.is_doubtful(done) {
                self.decode_line(block, line_ends, line + done);
                done += 1;
                let same = self.reader.layout.as_ref().is_some_and(|now| Arc::ptr_eq(now, layout));
                if !same {
                    break;
                }
            } else {
                let good = self.sheet.good_from(done);
                done += self.take_records(layout, block, done..done + good, sink);
            }
        }
        done
    }

    /// Counts records of good form, and hands out those that are asked for; returns how many were
    /// taken: fewer than `count` if the batch is full.
    fn take_records(
        &mut self,
        layout: &Layout,
        block: Block<'_>,
        lines: Range<usize>,
        sink: &mut dyn RecordSink,
    ) -> usize {
        let (first, count) = (lines.start, lines.len());
        let room = self.options.batch_rows - self.rows;
        if self.options.takes_all() {
            let count = count.min(room);
            self.count_records(layout, first, count, count);
            self.show(layout, block, first..first + count, sink);
            self.hand_out(layout, block, first..first + count, sink);
            return count;
        }
        let mut kept = [false; LINES];
        let in_range = self.keep_in_range(layout, lines.clone(), &mut kept);
        self.show(layout, block, lines.clone().filter(|line| kept[*line]), sink);
        if let Some(sieve) = &mut self.sieve {
            let (kernel, sheet) = (self.kernel, &self.sheet);
            sieve.narrow(&Lines { kernel, layout, sheet, block, lines: lines.clone() }, &mut kept);
        }
        let mut selected = std::mem::take(&mut self.selected);
        selected.clear();
        selected.extend(lines.filter(|line| kept[*line]));
        if selected.len() > room {
            let last = selected[room - 1];
            self.selected = selected;
            return self.take_records(layout, block, first..last + 1, sink);
        }
        self.count_records(layout, first, count, in_range);
        if !selected.is_empty() {
            self.hand_out(layout, block, selected.iter().copied(), sink);
        }
        self.selected = selected;
        count
    }

    /// Shows records to a sink that notices all.
    fn show(
        &mut self,
        layout: &Layout,
        block: Block<'_>,
        lines: impl Iterator<Item = usize>,
        sink: &mut dyn RecordSink,
    ) {
        if sink.notices() {
            let mut shown = std::mem::take(&mut self.handed);
            shown.clear();
            shown.extend(lines);
            sink.notice(&RecordGroup { layout, sheet: &self.sheet, block, lines: &shown });
            self.handed = shown;
        }
    }

    fn hand_out(
        &mut self,
        layout: &Layout,
        block: Block<'_>,
        lines: impl ExactSizeIterator<Item = usize> + Clone,
        sink: &mut dyn RecordSink,
    ) {
        self.reader.tally.counts.selected += lines.len() as u64;
        let mut handed = std::mem::take(&mut self.handed);
        handed.clear();
        handed.extend(lines.clone());
        let taken = sink.take(&RecordGroup { layout, sheet: &self.sheet, block, lines: &handed });
        self.handed = handed;
        if taken {
            return;
        }
        self.rows += lines.len();
        let (builders, sheet) = (&mut self.builders[..], &self.sheet);
        self.kernel.run(Extension { builders, layout, sheet, block, lines });
    }

    fn count_records(&mut self, layout: &Layout, first: usize, count: usize, in_range: usize) {
        let lines = count as u64;
        let without = |id| if layout.column(id).is_none() { lines } else { 0 };
        self.reader.line_number += lines;
        let counts = &mut self.reader.tally.counts;
        counts.ok += lines;
        counts.in_range += in_range as u64;
        counts.bytes_missing += without(FieldId::BYTES);
        counts.action_missing += without(FieldId::ACTION);
        let mut marked = self.marked.take();
        match self.times(layout) {
            None => {
                self.reader.tally.counts.time_missing += lines;
                marked.iter_mut().for_each(|marked| marked.add(None, lines));
            }
            Some((starts, ends)) => {
                let (starts, ends) = (&starts[first..first + count], &ends[first..first + count]);
                let earliest = starts.iter().fold(u64::MAX, |least, time| least.min(*time));
                let latest = ends.iter().fold(0, |most, time| most.max(*time));
                if let Some(marked) = &mut marked {
                    for (start, end) in starts.iter().zip(ends) {
                        marked.add(Some((*start as i64, *end as i64)), 1);
                    }
                }
                // Times of good lines have 32 bits.
                self.reader.tally.widen_span(earliest as i64, latest as i64);
            }
        }
        self.marked = marked;
    }

    /// The times of the sheet's lines; one of the two alone stands for both.
    fn times(&self, layout: &Layout) -> Option<(&[u64], &[u64])> {
        let column = |id| layout.column(id).map(|column| self.sheet.numbers(column));
        let (start, end) = (column(FieldId::START), column(FieldId::END));
        start.or(end).zip(end.or(start))
    }

    /// Keeps the lines that lie in the range; returns how many.
    fn keep_in_range(&self, layout: &Layout, lines: Range<usize>, kept: &mut Kept) -> usize {
        if self.options.from.is_none() && self.options.to.is_none() {
            kept[lines.clone()].fill(true);
            return lines.len();
        }
        let Some((starts, ends)) = self.times(layout) else { return 0 };
        let mut in_range = 0;
        for line in lines {
            let span = (starts[line] as i64, ends[line] as i64);
            kept[line] = self.options.is_in_range(Some(span));
            in_range += usize::from(kept[line]);
        }
        in_range
    }
}
