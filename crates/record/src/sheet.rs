//! Many lines checked at once, column by column.
//!
//! This is the fast twin of [`Layout::read`]: a line that it passes would pass there with the same
//! values. It passes only what it is sure of; every other line is doubtful, and is read the careful
//! way.

use crate::address::is_address;
use crate::checks::DigitRun;
use crate::digits::{Bound, eight_before, exceeds, up_to_eight, up_to_sixteen};
use crate::field::{FieldId, Kind};
use crate::line::{EARLIEST, LATEST, Layout};
use crate::memo::Memo;
use crate::predicate::Values;
use crate::scan::Index;

/// Lines of a sheet: its columns stay in the first-level cache.
pub(crate) const LINES: usize = 256;
/// Stands for `-` in a column of bounded whole numbers.
const MISSING: u64 = u64::MAX;
/// The longest run of digits and separators that is looked at in one go.
const LONGEST_RUN: usize = 64;

/// A block of lines and where its separators are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offsets: &'a [u32],
    index: &'a Index,
}

impl<'a> Block<'a> {
    pub(crate) fn new(bytes: &'a [u8], index: &'a Index) -> Block<'a> {
        Block { bytes, offsets: index.offsets(), index }
    }

    /// Start and end of the token between the separators at `place` and the one after.
    #[inline(always)]
    fn token(self, place: usize) -> (usize, usize) {
        match self.offsets.get(place..place + 2) {
            Some(&[before, end]) => (before.wrapping_add(1) as usize, end as usize),
            _ => (0, 0),
        }
    }

    pub(crate) fn text(self, place: usize) -> &'a [u8] {
        let (start, end) = self.token(place);
        &self.bytes[start..end]
    }
}

/// Up to [`LINES`] lines of one block: which of them are good, and their numbers.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    lines: Lines,
    /// By column of the format: the numbers, where they are wanted.
    numbers: Vec<Vec<u64>>,
    addresses: Memo,
}

#[derive(Debug, Default)]
struct Lines {
    /// For each line, the place of the separator before it.
    places: Vec<u32>,
    doubtful: Vec<bool>,
}

/// `ACCEPT` and `REJECT`, as the six highest of eight bytes.
const ACCEPT: u64 = u64::from_le_bytes(*b"\0\0ACCEPT");
const REJECT: u64 = u64::from_le_bytes(*b"\0\0REJECT");

impl Sheet {
    /// Reads the lines that end at `line_ends`, the first of which follows the separator at `before`.
    /// No token of the block may be empty, and all of it must be ASCII.
    pub(crate) fn read(
        &mut self,
        layout: &Layout,
        block: Block<'_>,
        before: u32,
        line_ends: &[u32],
    ) {
        let checks = layout.checks();
        let Sheet { lines, numbers, addresses } = self;
        lines.find(layout.width(), block, before, line_ends);
        checks.digits.iter().for_each(|run| lines.check_digits(block, run));
        checks.bounds.iter().for_each(|(column, most)| lines.check_bound(block, *column, most));
        checks.lengths.iter().for_each(|(column, most)| lines.check_length(block, *column, *most));
        checks.addresses.iter().for_each(|column| lines.check_address(block, *column, addresses));
        checks.actions.iter().for_each(|column| lines.check_action(block, *column));
        checks.statuses.iter().for_each(|column| lines.check_status(block, *column));
        numbers.resize_with(layout.width(), Vec::new);
        checks
            .ints
            .iter()
            .for_each(|column| lines.read_ints(block, *column, &mut numbers[*column]));
        for column in &checks.counters {
            lines.read_counters(block, *column, &mut numbers[*column]);
        }
        for column in &checks.times {
            lines.read_times(block, *column, &mut numbers[*column]);
        }
        self.check_order(layout);
    }

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
        block.text(self.lines.places[line] as usize + column)
    }

    /// The number of a good line in a column of numbers that are wanted; `None` for `-`.
    #[inline(always)]
    pub(crate) fn number(&self, line: usize, column: usize) -> Option<u64> {
        let number = self.numbers[column][line];
        (number != MISSING).then_some(number)
    }

    /// The numbers of a column of numbers that are wanted, by line.
    pub(crate) fn numbers(&self, column: usize) -> &[u64] {
        &self.numbers[column]
    }
}

impl Lines {
    #[inline(never)]
    /// Tells lines apart that have as many tokens as the format. Of the others the first tokens of the
    /// block stand in, so that the columns can be read without asking; they are doubtful anyway.
    fn find(&mut self, width: usize, block: Block<'_>, before: u32, line_ends: &[u32]) {
        self.places.clear();
        self.doubtful.clear();
        let too_short = block.offsets.len() <= width;
        let mut before = before;
        for &end in line_ends {
            let odd = too_short || (end - before) as usize != width;
            self.places.push(if odd { 0 } else { before });
            self.doubtful.push(odd);
            before = end;
        }
    }

    /// Calls `is_bad` with the place of each line; the line is doubtful if it says so.
    #[inline(always)]
    fn check(&mut self, mut is_bad: impl FnMut(usize) -> bool) {
        for (place, doubtful) in self.places.iter().zip(&mut self.doubtful) {
            *doubtful |= is_bad(*place as usize);
        }
    }

    /// The same, with a number of each line.
    #[inline(always)]
    fn read(&mut self, numbers: &mut Vec<u64>, read: impl Fn(usize) -> (u64, bool)) {
        numbers.resize(self.places.len(), 0);
        let lines = self.places.iter().zip(&mut self.doubtful).zip(numbers);
        for ((place, doubtful), number) in lines {
            let (value, bad) = read(*place as usize);
            *number = value;
            *doubtful |= bad;
        }
    }

    /// Columns of numbers that stand side by side hold nothing but digits if there are no other bytes
    /// in them than the separators between.
    #[inline(never)]
    fn check_digits(&mut self, block: Block<'_>, run: &DigitRun) {
        let separators = (run.columns.end - run.columns.start - 1) as u32;
        self.check(|place| {
            let (start, _) = block.token(place + run.columns.start);
            let (_, end) = block.token(place + run.columns.end - 1);
            let length = end.wrapping_sub(start);
            let unused = LONGEST_RUN.wrapping_sub(length) as u32;
            let others = block.index.others_from(start).wrapping_shl(unused);
            let digits = others.count_ones() == separators && (1..=LONGEST_RUN).contains(&length);
            !digits && !run.is_digits_or_dashes(|column| block.text(place + column))
        });
    }

    #[inline(never)]
    fn check_bound(&mut self, block: Block<'_>, column: usize, most: &Bound) {
        self.check(|place| {
            let (start, end) = block.token(place + column);
            let length = end - start;
            // Without a branch: which ports have five digits cannot be guessed.
            let exceeds = exceeds(block.bytes, end, most);
            (length > most.digits) | ((length == most.digits) & exceeds)
        });
    }

    #[inline(never)]
    fn check_length(&mut self, block: Block<'_>, column: usize, most: usize) {
        self.check(|place| {
            let (start, end) = block.token(place + column);
            end - start > most
        });
    }

    #[inline(never)]
    fn check_address(&mut self, block: Block<'_>, column: usize, memo: &mut Memo) {
        self.check(|place| {
            let (start, end) = block.token(place + column);
            !memo.ask(block.bytes, start, end, |text| is_address(text) || text == b"-")
        });
    }

    #[inline(never)]
    fn check_action(&mut self, block: Block<'_>, column: usize) {
        self.check(|place| {
            let (start, end) = block.token(place + column);
            let text = eight_before(block.bytes, end) >> 16 << 16;
            (end - start != 6) | ((text != ACCEPT) & (text != REJECT))
        });
    }

    #[inline(never)]
    fn check_status(&mut self, block: Block<'_>, column: usize) {
        self.check(|place| block.text(place + column) != b"OK");
    }

    #[inline(never)]
    fn read_ints(&mut self, block: Block<'_>, column: usize, numbers: &mut Vec<u64>) {
        self.read(numbers, |place| {
            let (start, end) = block.token(place + column);
            match block.bytes.get(start) {
                Some(b'-') => (MISSING, false),
                _ => {
                    let length = (end - start).clamp(1, 8);
                    (up_to_eight(eight_before(block.bytes, end), length), false)
                }
            }
        });
    }

    #[inline(never)]
    fn read_counters(&mut self, block: Block<'_>, column: usize, numbers: &mut Vec<u64>) {
        self.read(numbers, |place| {
            let (start, end) = block.token(place + column);
            match end - start {
                length @ 1..=8 => (up_to_eight(eight_before(block.bytes, end), length), false),
                length @ 9..=16 => (up_to_sixteen(block.bytes, end, length), false),
                _ => (0, true),
            }
        });
    }

    #[inline(never)]
    fn read_times(&mut self, block: Block<'_>, column: usize, numbers: &mut Vec<u64>) {
        self.read(numbers, |place| {
            let (start, end) = block.token(place + column);
            match end - start {
                length @ 9..=10 => {
                    let seconds = up_to_sixteen(block.bytes, end, length);
                    (seconds, !(EARLIEST..=LATEST).contains(&seconds))
                }
                _ => (0, true),
            }
        });
    }
}

/// A good line of a sheet as predicates see it.
pub(crate) struct SheetRow<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) layout: &'a Layout,
    pub(crate) block: Block<'a>,
    pub(crate) line: usize,
}

impl Values for SheetRow<'_> {
    fn text(&self, id: FieldId) -> Option<&[u8]> {
        let text = self.sheet.text(self.block, self.line, self.layout.column(id)?);
        (text != b"-").then_some(text)
    }

    fn number(&self, id: FieldId) -> Option<i128> {
        let scale = if id.field().kind == Kind::Time { 1_000_000_000 } else { 1 };
        let number = self.sheet.number(self.line, self.layout.column(id)?)?;
        Some(i128::from(number) * scale)
    }
}
