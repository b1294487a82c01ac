//! What must be looked at in each line of a format, and which numbers are wanted.

use std::ops::Range;

use crate::digits::Bound;
use crate::field::{FieldId, Kind};

/// The checks of a format's columns, by what is looked at. Any text is good text.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// Columns of numbers.
    pub(crate) digits: Vec<DigitRun>,
    /// Columns whose numbers have a bound, and which.
    pub(crate) bounds: Vec<(usize, Bound)>,
    /// Columns whose numbers are taken only up to some length: longer ones could exceed the field.
    pub(crate) lengths: Vec<(usize, usize)>,
    pub(crate) addresses: Vec<usize>,
    pub(crate) actions: Vec<usize>,
    pub(crate) statuses: Vec<usize>,
    /// Columns whose numbers are wanted, by kind; times always are.
    pub(crate) ints: Vec<usize>,
    pub(crate) counters: Vec<usize>,
    pub(crate) times: Vec<usize>,
}

/// Columns of numbers that stand side by side.
#[derive(Debug)]
pub(crate) struct DigitRun {
    pub(crate) columns: Range<usize>,
    /// Which of them may be `-`: the others are counters and times, whose absence is counted.
    may_miss: Vec<bool>,
}

impl DigitRun {
    /// Whether it is a single column that may be `-`.
    pub(crate) fn is_one_that_may_miss(&self) -> bool {
        self.may_miss == [true]
    }

    /// Looks at each column by itself.
    #[cold]
    pub(crate) fn is_digits_or_dashes<'a>(&self, text: impl Fn(usize) -> &'a [u8]) -> bool {
        self.columns.clone().zip(&self.may_miss).all(|(column, may_miss)| {
            let text = text(column);
            text.iter().all(u8::is_ascii_digit) || (*may_miss && text == b"-")
        })
    }
}

/// Numbers of bounded fields that are longer are read the careful way.
const LONGEST_INT: usize = 8;
/// Counters that are longer are read the careful way.
const LONGEST_COUNTER: usize = 16;

impl Checks {
    /// The checks of these columns; `wanted` tells whose numbers are.
    pub(crate) fn new(
        columns: &[Option<(FieldId, Kind)>],
        wanted: impl Fn(FieldId) -> bool,
    ) -> Checks {
        let mut checks = Checks::default();
        for (column, known) in columns.iter().enumerate() {
            if let Some((id, kind)) = *known {
                checks.add(column, kind, wanted(id));
            }
        }
        checks
    }

    fn add(&mut self, column: usize, kind: Kind, wanted: bool) {
        match kind {
            Kind::Text => {}
            Kind::Address => self.addresses.push(column),
            Kind::Action => self.actions.push(column),
            Kind::LogStatus => self.statuses.push(column),
            Kind::Int(most) => {
                self.add_digits(column, true);
                match Bound::new(most) {
                    Some(bound) => self.bounds.push((column, bound)),
                    None => self.lengths.push((column, LONGEST_INT)),
                }
                self.ints.extend(wanted.then_some(column));
            }
            Kind::Counter => {
                self.add_digits(column, false);
                match wanted {
                    true => self.counters.push(column),
                    false => self.lengths.push((column, LONGEST_COUNTER)),
                }
            }
            Kind::Time => {
                self.add_digits(column, false);
                self.times.push(column);
            }
        }
    }

    fn add_digits(&mut self, column: usize, may_miss: bool) {
        match self.digits.last_mut().filter(|run| run.columns.end == column) {
            Some(run) => {
                run.columns.end += 1;
                run.may_miss.push(may_miss);
            }
            None => {
                self.digits.push(DigitRun { columns: column..column + 1, may_miss: vec![may_miss] })
            }
        }
    }

    /// Whether the numbers of a column are read.
    pub(crate) fn reads(&self, column: usize) -> bool {
        let columns = [&self.ints, &self.counters, &self.times, &self.addresses];
        columns.iter().any(|columns| columns.contains(&column))
    }

    /// Whether a header met again would fail: a format of texts alone could not tell.
    pub(crate) fn tell_headers(&self) -> bool {
        !self.digits.is_empty()
            || !self.addresses.is_empty()
            || !self.actions.is_empty()
            || !self.statuses.is_empty()
    }
}
