//! Many lines checked at once, column by column.
//!
//! This is the fast twin of [`Layout::read`]: a line that it passes would pass there with the same
//! values. It passes only what it is sure of; every other line is doubtful, and is read the careful
//! way.

use std::ops::Range;

use crate::address::is_one_spelling;
use crate::checks::DigitRun;
use crate::digits::{Bound, exceeds, up_to_eight};
use crate::field::FieldId;
use crate::line::{EARLIEST, LATEST, Layout};
use crate::memo::Memo;
use crate::scan::words::{Place, words_at};
use crate::scan::{Index, Kernel, Work, ipv4};

/// Lines of a sheet: its columns stay in the first-level cache.
pub(crate) const LINES: usize = 256;
/// Counters that are longer are read the careful way.
const LONGEST_COUNTER: u32 = 16;

/// A block of lines and where its separators are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offsets: &'a [u32],
    others: &'a [u8],
    /// Whether all of it is known to be ASCII.
    pub(crate) is_ascii: bool,
}

impl<'a> Block<'a> {
    pub(crate) fn new(bytes: &'a [u8], index: &'a Index) -> Block<'a> {
        Block {
            bytes,
            offsets: index.offsets(),
            others: index.others(),
            is_ascii: index.is_plain(),
        }
    }
}

/// Up to [`LINES`] lines of one block: which of them are good, and their numbers.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    lines: Lines,
    /// By column of the format: the numbers, where they are wanted, and IPv4 addresses as numbers.
    numbers: Vec<Vec<u64>>,
    addresses: Memo<bool>,
}

#[derive(Debug)]
struct Lines {
    doubtful: Vec<bool>,
    /// By column, and then by line: the separator before the token. Behind the last column, those
    /// that end the lines. Columns are kept in groups, each of which is filled in one go.
    separators: Vec<[[u32; LINES]; GROUP]>,
    /// Eight bytes of each line's token in the column that is being looked at.
    words: [u64; LINES],
    /// Whether that token is good without a second look.
    good: [bool; LINES],
}

/// Columns of a group.
const GROUP: usize = 8;

impl Default for Lines {
    fn default() -> Lines {
        Lines {
            doubtful: Vec::new(),
            separators: Vec::new(),
            words: [0; LINES],
            good: [false; LINES],
        }
    }
}

/// `ACCEPT` and `REJECT`, as the six highest of eight bytes.
const ACCEPT: u64 = u64::from_le_bytes(*b"\0\0ACCEPT");
const REJECT: u64 = u64::from_le_bytes(*b"\0\0REJECT");
/// `OK`, as the two highest of eight bytes.
const OK: u64 = u64::from_le_bytes(*b"\0\0\0\0\0\0OK");

/// Lines to be read: those that end at `line_ends`, the first of which follows the separator at
/// `before`. No token of the block may be empty, and all of it must be ASCII.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) kernel: Kernel,
    pub(crate) sheet: &'a mut Sheet,
    pub(crate) layout: &'a Layout,
    pub(crate) block: Block<'a>,
    pub(crate) before: u32,
    pub(crate) line_ends: &'a [u32],
}

impl Work<()> for Reading<'_> {
    #[inline(always)]
    fn run(self) {
        let Reading { kernel, sheet, layout, block, before, line_ends } = self;
        let checks = layout.checks();
        let Sheet { lines, numbers, addresses } = &mut *sheet;
        lines.find(layout.width(), block, before, line_ends);
        for run in &checks.digits {
            lines.check_digits(block, run);
        }
        for (column, most) in &checks.bounds {
            lines.check_bound(block, *column, most);
        }
        for (column, most) in &checks.lengths {
            lines.check_length(*column, *most);
        }
        for column in &checks.actions {
            lines.check_action(block, *column);
        }
        for column in &checks.statuses {
            lines.check_status(block, *column);
        }
        numbers.resize_with(layout.width(), Vec::new);
        for column in &checks.addresses {
            lines.read_addresses(kernel, block, *column, &mut numbers[*column], addresses);
        }
        for column in &checks.ints {
            lines.read_ints(block, *column, &mut numbers[*column]);
        }
        for column in &checks.counters {
            lines.read_counters(block, *column, &mut numbers[*column]);
        }
        for column in &checks.times {
            lines.read_times(block, *column, &mut numbers[*column]);
        }
        sheet.check_order(layout);
    }
}

impl Sheet {
    /// Stands for `-` in a column of bounded whole numbers, and for what is no IPv4 address in one of
    /// addresses.
    pub(crate) const MISSING: u64 = ipv4::NOT_IPV4;

    #[inline(always)]
    fn check_order(&mut self, layout: &Layout) {
        let columns = (layout.column(FieldId::START), layout.column(FieldId::END));
        if let (Some(start), Some(end)) = columns {
            let times = self.numbers[start].iter().zip(&self.numbers[end]);
            for (doubtful, (start, end)) in self.lines.doubtful.iter_mut().zip(times) {
                *doubtful |= end < start;
            }
        }
    }

    /// Whether the line must be read the careful way.
    pub(crate) fn is_doubtful(&self, line: usize) -> bool {
        self.lines.doubtful[line]
    }

    /// How many lines from `line` on are good.
    pub(crate) fn good_from(&self, line: usize) -> usize {
        let rest = &self.lines.doubtful[line..];
        rest.iter().position(|doubtful| *doubtful).unwrap_or(rest.len())
    }

    /// The token of a good line in a column.
    #[inline(always)]
    pub(crate) fn text<'a>(&self, block: Block<'a>, line: usize, column: usize) -> &'a [u8] {
        self.lines.text(block, line, column)
    }

    /// The separators before and behind the tokens of a column, by line.
    pub(crate) fn tokens(&self, column: usize) -> [&[u32; LINES]; 2] {
        [column, column + 1].map(|at| column_of(&self.lines.separators, at))
    }

    /// Takes the last eight bytes and the length of each line's token in a column.
    #[inline(always)]
    pub(crate) fn last_words(
        &self,
        block: Block<'_>,
        column: usize,
        words: &mut [u64; LINES],
        token_lengths: &mut [u32; LINES],
    ) {
        let count = self.lines.count();
        let ends = &column_of(&self.lines.separators, column + 1)[..count];
        words_at(block.bytes, ends, Place::before(0), &mut words[..count]);
        let read = lengths(&self.lines.separators, column..column + 1);
        for (length, read) in token_lengths.iter_mut().zip(read) {
            *length = read;
        }
    }

    /// The number of a good line in a column of numbers that are wanted; `None` for `-`.
    #[inline(always)]
    pub(crate) fn number(&self, line: usize, column: usize) -> Option<u64> {
        let number = self.numbers[column][line];
        (number != Sheet::MISSING).then_some(number)
    }

    /// The numbers of a column of numbers that are wanted, or of addresses, by line; of other columns
    /// none.
    pub(crate) fn numbers(&self, column: usize) -> &[u64] {
        &self.numbers[column]
    }
}

impl Lines {
    /// Tells lines apart that have as many tokens as the format, and sorts their separators by column.
    /// Of the other lines those of a line before stand in, so that the columns can be read without
    /// asking; they are doubtful anyway.
    #[inline(always)]
    fn find(&mut self, width: usize, block: Block<'_>, before: u32, line_ends: &[u32]) {
        self.separators.resize((width + 1).div_ceil(GROUP), [[0; LINES]; GROUP]);
        self.doubtful.clear();
        let (mut before, mut place) = (before, 0);
        for (line, &end) in line_ends.iter().take(LINES).enumerate() {
            let odd = (end - before) as usize != width;
            place = if odd { place } else { before as usize };
            for (group, columns) in self.separators.iter_mut().enumerate() {
                let place = place + group * GROUP;
                let edge;
                let row = match block.offsets.get(place..).and_then(|rest| rest.first_chunk()) {
                    Some(row) => row,
                    None => {
                        edge = group_at_the_end(block.offsets, place);
                        &edge
                    }
                };
                for (column, separator) in columns.iter_mut().zip(row) {
                    column[line] = *separator;
                }
            }
            self.doubtful.push(odd);
            before = end;
        }
    }

    /// How many lines there are.
    #[inline(always)]
    fn count(&self) -> usize {
        self.doubtful.len().min(LINES)
    }

    /// A line's token in a column; of a doubtful line, anything.
    #[inline(always)]
    fn text<'a>(&self, block: Block<'a>, line: usize, column: usize) -> &'a [u8] {
        let [before, end] = [column, column + 1].map(|at| column_of(&self.separators, at)[line]);
        block.bytes.get(before.wrapping_add(1) as usize..end as usize).unwrap_or_default()
    }

    /// Takes the last eight bytes of each line's token in the column, less `back` bytes, into the
    /// words; gives those, the tokens' lengths, and whether the lines are doubtful.
    #[inline(always)]
    fn words(
        &mut self,
        block: Block<'_>,
        column: usize,
        back: u32,
    ) -> impl Iterator<Item = (u64, u32, &mut bool)> {
        let count = self.count();
        let ends = &column_of(&self.separators, column + 1)[..count];
        words_at(block.bytes, ends, Place::before(back), &mut self.words[..count]);
        let lengths = lengths(&self.separators, column..column + 1);
        let words = self.words.iter().zip(lengths).zip(&mut self.doubtful);
        words.map(|((word, length), doubtful)| (*word, length, doubtful))
    }

    /// Columns of numbers that stand side by side hold nothing but digits if there are no other bytes
    /// in them than the separators between.
    #[inline(always)]
    fn check_digits(&mut self, block: Block<'_>, run: &DigitRun) {
        const SEEN: u32 = Index::OTHERS as u32;
        const PLACE: Place = Place { further: 1, shift: 3 };
        let between = (run.columns.len() - 1) as u32;
        let count = self.count();
        let before = column_of(&self.separators, run.columns.start);
        words_at(block.others, &before[..count], PLACE, &mut self.words[..count]);
        let lengths = lengths(&self.separators, run.columns.clone());
        for (((word, length), before), good) in
            self.words.iter().zip(lengths).zip(before).zip(&mut self.good[..count])
        {
            let others = word >> (before.wrapping_add(1) % 8);
            let others = others << (64 - SEEN) << (SEEN.wrapping_sub(length) % 64);
            *good = (others.count_ones() == between) & (length <= SEEN) & (length > 0);
        }
        if run.is_one_that_may_miss() && self.good[..count].contains(&false) {
            self.forgive_dashes(block, run.columns.start);
        }
        for line in 0..count {
            if !self.good[line] {
                let text = |column| self.text(block, line, column);
                self.doubtful[line] |= !run.is_digits_or_dashes(text);
            }
        }
    }

    /// Lines are good that have `-` in the column.
    #[inline(always)]
    fn forgive_dashes(&mut self, block: Block<'_>, column: usize) {
        let mut good = self.good;
        for ((word, length, _), good) in self.words(block, column, 0).zip(&mut good) {
            *good |= is_dash(word, length);
        }
        self.good = good;
    }

    #[inline(always)]
    fn check_bound(&mut self, block: Block<'_>, column: usize, most: &Bound) {
        let digits = most.digits as u32;
        for (word, length, doubtful) in self.words(block, column, 0) {
            *doubtful |= (length > digits) | ((length == digits) & exceeds(word, most));
        }
    }

    #[inline(always)]
    fn check_length(&mut self, column: usize, most: usize) {
        let lengths = lengths(&self.separators, column..column + 1);
        for (length, doubtful) in lengths.zip(&mut self.doubtful) {
            *doubtful |= length > most as u32;
        }
    }

    /// What is no IPv4 address is [`Sheet::MISSING`] as a number.
    #[inline(always)]
    fn read_addresses(
        &mut self,
        kernel: Kernel,
        block: Block<'_>,
        column: usize,
        numbers: &mut Vec<u64>,
        memo: &mut Memo<bool>,
    ) {
        let count = self.count();
        numbers.resize(count, 0);
        let tokens = [column, column + 1].map(|at| &column_of(&self.separators, at)[..count]);
        ipv4::read(kernel, block.bytes, tokens, numbers);
        for (line, number) in numbers.iter().enumerate() {
            if *number == Sheet::MISSING {
                let text = self.text(block, line, column);
                self.doubtful[line] |= !is_other_address(text, memo);
            }
        }
    }

    #[inline(always)]
    fn check_action(&mut self, block: Block<'_>, column: usize) {
        for (word, length, doubtful) in self.words(block, column, 0) {
            let text = word >> 16 << 16;
            *doubtful |= (length != 6) | ((text != ACCEPT) & (text != REJECT));
        }
    }

    #[inline(always)]
    fn check_status(&mut self, block: Block<'_>, column: usize) {
        for (word, length, doubtful) in self.words(block, column, 0) {
            *doubtful |= (length != 2) | (word >> 48 << 48 != OK);
        }
    }

    #[inline(always)]
    fn read_ints(&mut self, block: Block<'_>, column: usize, numbers: &mut Vec<u64>) {
        numbers.resize(self.doubtful.len(), 0);
        for ((word, length, _), number) in self.words(block, column, 0).zip(numbers) {
            // Of what the check of digits let through, only `-` is no number.
            let missing = is_dash(word, length);
            let read = up_to_eight(word, length.clamp(1, 8));
            *number = if missing { Sheet::MISSING } else { read };
        }
    }

    #[inline(always)]
    fn read_counters(&mut self, block: Block<'_>, column: usize, numbers: &mut Vec<u64>) {
        numbers.resize(self.doubtful.len(), 0);
        let mut longest = 0;
        for ((word, length, doubtful), number) in self.words(block, column, 0).zip(&mut *numbers) {
            *number = up_to_eight(word, length.clamp(1, 8));
            *doubtful |= length > LONGEST_COUNTER;
            longest = longest.max(length);
        }
        if longest > 8 {
            self.read_long_counters(block, column, numbers);
        }
    }

    /// Adds the digits before the last eight.
    #[inline(always)]
    fn read_long_counters(&mut self, block: Block<'_>, column: usize, numbers: &mut [u64]) {
        for ((word, length, _), number) in self.words(block, column, 8).zip(numbers) {
            let high = up_to_eight(word, length.clamp(9, 16) - 8);
            let high = if length > 8 { high } else { 0 };
            *number = number.wrapping_add(high.wrapping_mul(100_000_000));
        }
    }

    /// Times of ten digits are those from 2001 to 2286; 2000 is read the careful way.
    #[inline(always)]
    fn read_times(&mut self, block: Block<'_>, column: usize, numbers: &mut Vec<u64>) {
        numbers.resize(self.doubtful.len(), 0);
        for ((word, _, _), number) in self.words(block, column, 0).zip(&mut *numbers) {
            *number = up_to_eight(word, 8);
        }
        for ((word, length, doubtful), number) in self.words(block, column, 8).zip(numbers) {
            let high = up_to_eight(word, 2);
            *number = number.wrapping_add(high.wrapping_mul(100_000_000));
            // Ten digits may begin with zeros.
            *doubtful |= (length != 10) | (*number < EARLIEST) | (*number > LATEST);
        }
    }
}

/// Whether a token of this length and these last bytes is `-`.
#[inline(always)]
fn is_dash(word: u64, length: u32) -> bool {
    (length == 1) & (word >> 56 == u64::from(b'-'))
}

/// The separators before a column, by line.
#[inline(always)]
fn column_of(separators: &[[[u32; LINES]; GROUP]], column: usize) -> &[u32; LINES] {
    &separators[column / GROUP][column % GROUP]
}

/// The lengths of what stands in the columns, by line.
#[inline(always)]
fn lengths(
    separators: &[[[u32; LINES]; GROUP]],
    columns: Range<usize>,
) -> impl Iterator<Item = u32> {
    let [before, end] = [columns.start, columns.end].map(|at| column_of(separators, at));
    before.iter().zip(end).map(|(before, end)| end.wrapping_sub(before.wrapping_add(1)))
}

/// A group of offsets from `place` on; 0 beyond the last.
#[cold]
#[inline(never)]
fn group_at_the_end(offsets: &[u32], place: usize) -> [u32; GROUP] {
    let mut group = [0; GROUP];
    let rest = offsets.get(place..).unwrap_or_default();
    for (slot, offset) in group.iter_mut().zip(rest) {
        *slot = *offset;
    }
    group
}

/// Whether a text that was not found to be an IPv4 address is `-`, or an address in its one spelling.
/// Other spellings are rare, and read the careful way.
#[inline(never)]
fn is_other_address(text: &[u8], memo: &mut Memo<bool>) -> bool {
    text == b"-" || memo.ask(text, is_one_spelling)
}
