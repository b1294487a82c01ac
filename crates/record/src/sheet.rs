//! Many lines checked at once, column by column.
//!
//! This is the fast twin of [`Layout::read`]: a line that it passes would pass there with the same
//! values. It passes only what it is sure of; every other line is doubtful, and is read the careful
//! way.

use crate::address::is_address;
use crate::digits::{eight_before, up_to_eight, up_to_sixteen};
use crate::field::{FieldId, Kind};
use crate::line::{EARLIEST, LATEST, Layout};
use crate::memo::{Key, Memo};
use crate::predicate::Values;

/// Lines of a sheet: its columns stay in the first-level cache.
pub(crate) const LINES: usize = 256;
/// Stands for `-` in a column of bounded whole numbers.
const MISSING: u64 = u64::MAX;

/// A column that must be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Address,
    Action,
    LogStatus,
    Int(u64),
    Counter,
    Time,
}

impl Check {
    /// How columns of a kind are checked; any text is good text.
    pub(crate) fn of(kind: Kind) -> Option<Check> {
        Some(match kind {
            Kind::Text => return None,
            Kind::Address => Check::Address,
            Kind::Action => Check::Action,
            Kind::LogStatus => Check::LogStatus,
            Kind::Int(most) => Check::Int(most.into()),
            Kind::Counter => Check::Counter,
            Kind::Time => Check::Time,
        })
    }
}

/// A block of lines and where its separators are: see [`Index`](crate::scan::Index).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offsets: &'a [u32],
}

impl<'a> Block<'a> {
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
    /// For each line, the place of the separator before it.
    places: Vec<u32>,
    doubtful: Vec<bool>,
    /// By column of the format; empty where it holds no numbers.
    numbers: Vec<Vec<u64>>,
    addresses: Memo,
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
        self.find_lines(layout.width(), block, before, line_ends);
        self.numbers.resize_with(layout.width(), Vec::new);
        for &(column, check) in layout.checks() {
            match check {
                Check::Address => self.check_addresses(block, column),
                Check::Action => self.check_actions(block, column),
                Check::LogStatus => self.check_statuses(block, column),
                Check::Int(most) => self.read_ints(block, column, most),
                Check::Counter => self.read_counters(block, column),
                Check::Time => self.read_times(block, column),
            }
        }
        if let (Some(start), Some(end)) =
            (layout.column(FieldId::START), layout.column(FieldId::END))
        {
            let times = self.numbers[start].iter().zip(&self.numbers[end]);
            for (doubtful, (start, end)) in self.doubtful.iter_mut().zip(times) {
                *doubtful |= end < start;
            }
        }
    }

    /// Tells lines apart that have as many tokens as the format. Of the others the first token of the
    /// block stands in, so that the columns can be read without asking; they are doubtful anyway.
    fn find_lines(&mut self, width: usize, block: Block<'_>, before: u32, line_ends: &[u32]) {
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

    /// Calls `check` with each line's token in a column; the line is doubtful if it says so.
    #[inline(always)]
    fn each(
        &mut self,
        block: Block<'_>,
        column: usize,
        mut check: impl FnMut(&mut Memo, usize, usize) -> bool,
    ) {
        for (place, doubtful) in self.places.iter().zip(&mut self.doubtful) {
            let (start, end) = block.token(*place as usize + column);
            *doubtful |= check(&mut self.addresses, start, end);
        }
    }

    /// The same for a column of numbers.
    #[inline(always)]
    fn read_each(
        &mut self,
        block: Block<'_>,
        column: usize,
        read: impl Fn(usize, usize) -> (u64, bool),
    ) {
        let numbers = &mut self.numbers[column];
        numbers.resize(self.places.len(), 0);
        let lines = self.places.iter().zip(&mut self.doubtful).zip(numbers);
        for ((place, doubtful), number) in lines {
            let (start, end) = block.token(*place as usize + column);
            let (value, bad) = read(start, end);
            *number = value;
            *doubtful |= bad;
        }
    }

    fn check_addresses(&mut self, block: Block<'_>, column: usize) {
        self.each(block, column, |memo, start, end| {
            let good = |text: &[u8]| is_address(text) || text == b"-";
            let length = end - start;
            match block.bytes.get(start..end) {
                Some(text) if (1..=Key::LONGEST).contains(&length) => {
                    !memo.get(Key::of(block.bytes, end, length), || good(text))
                }
                Some(text) => !good(text),
                None => true,
            }
        });
    }

    fn check_actions(&mut self, block: Block<'_>, column: usize) {
        self.each(block, column, |_, start, end| {
            let text = eight_before(block.bytes, end) >> 16 << 16;
            end - start != 6 || (text != ACCEPT && text != REJECT)
        });
    }

    fn check_statuses(&mut self, block: Block<'_>, column: usize) {
        self.each(block, column, |_, start, end| block.bytes.get(start..end) != Some(b"OK"));
    }

    fn read_ints(&mut self, block: Block<'_>, column: usize, most: u64) {
        self.read_each(block, column, |start, end| {
            let length = (end - start).clamp(1, 8);
            let (number, bad) = up_to_eight(eight_before(block.bytes, end), length);
            let dash = end - start == 1 && block.bytes.get(start) == Some(&b'-');
            let fits = end - start <= 8 && !bad && number <= most;
            (if dash { MISSING } else { number }, !(fits || dash))
        });
    }

    fn read_counters(&mut self, block: Block<'_>, column: usize) {
        self.read_each(block, column, |start, end| match end - start {
            length @ 1..=8 => up_to_eight(eight_before(block.bytes, end), length),
            length @ 9..=16 => up_to_sixteen(block.bytes, end, length),
            _ => (0, true),
        });
    }

    fn read_times(&mut self, block: Block<'_>, column: usize) {
        self.read_each(block, column, |start, end| match end - start {
            length @ 9..=10 => {
                let (seconds, bad) = up_to_sixteen(block.bytes, end, length);
                (seconds, bad || !(EARLIEST..=LATEST).contains(&seconds))
            }
            _ => (0, true),
        });
    }

    /// Whether the line must be read the careful way.
    pub(crate) fn is_doubtful(&self, line: usize) -> bool {
        self.doubtful[line]
    }

    /// How many lines from `line` on are good.
    pub(crate) fn good_from(&self, line: usize) -> usize {
        let rest = &self.doubtful[line..];
        rest.iter().position(|doubtful| *doubtful).unwrap_or(rest.len())
    }

    /// The token of a good line in a column.
    #[inline(always)]
    pub(crate) fn text<'a>(&self, block: Block<'a>, line: usize, column: usize) -> &'a [u8] {
        block.text(self.places[line] as usize + column)
    }

    /// The number of a good line in a column of numbers; `None` for `-`.
    #[inline(always)]
    pub(crate) fn number(&self, line: usize, column: usize) -> Option<u64> {
        let number = self.numbers[column][line];
        (number != MISSING).then_some(number)
    }

    /// The numbers of a column of numbers, by line.
    pub(crate) fn numbers(&self, column: usize) -> &[u64] {
        &self.numbers[column]
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
