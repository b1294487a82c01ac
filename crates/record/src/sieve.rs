//! A predicate asked about many lines at once, column by column.
//!
//! This is the fast twin of [`Predicate::passes`]. Each decoder has its own, with what it remembers.

mod numbers;
mod texts;

use std::ops::Range;
use std::sync::Arc;

use crate::field::{FieldId, Kind};
use crate::line::Layout;
use crate::memo::Memo;
use crate::predicate::{Predicate, RawTest};
use crate::scan::Kernel;
use crate::sheet::{Block, LINES, Sheet};
use numbers::Bounds;
use texts::TextSet;

/// For each line of a sheet, whether it still is to be handed out.
pub(crate) type Kept = [bool; LINES];

/// A predicate made ready for one decoder.
#[derive(Debug)]
pub(crate) struct Sieve {
    question: Question,
    /// What each of the caller's tests said of the texts seen last.
    tests: Vec<(Arc<dyn RawTest>, Memo<bool>)>,
}

#[derive(Debug)]
enum Question {
    And(Vec<Question>),
    Or(Vec<Question>),
    Missing(FieldId),
    TextIn(FieldId, TextSet),
    TextNotIn(FieldId, TextSet),
    Number(FieldId, Bounds),
    /// A test, by its place among the tests.
    Raw(FieldId, usize),
}

/// Good lines of a sheet.
#[derive(Clone)]
pub(crate) struct Lines<'a> {
    pub(crate) kernel: Kernel,
    pub(crate) layout: &'a Layout,
    pub(crate) sheet: &'a Sheet,
    pub(crate) block: Block<'a>,
    pub(crate) lines: Range<usize>,
}

impl Sieve {
    pub(crate) fn new(predicate: &Predicate) -> Sieve {
        let mut tests = Vec::new();
        let question = question_of(predicate, &mut tests);
        Sieve { question, tests }
    }

    /// Keeps of the kept lines those that pass.
    pub(crate) fn narrow(&mut self, lines: &Lines<'_>, kept: &mut Kept) {
        self.question.narrow(lines, &mut self.tests, kept);
    }
}

fn question_of(predicate: &Predicate, tests: &mut Vec<(Arc<dyn RawTest>, Memo<bool>)>) -> Question {
    match predicate {
        Predicate::And(all) => {
            Question::And(all.iter().map(|part| question_of(part, tests)).collect())
        }
        Predicate::Or(any) => {
            Question::Or(any.iter().map(|part| question_of(part, tests)).collect())
        }
        Predicate::Missing(id) => Question::Missing(*id),
        Predicate::TextIn(id, texts) => Question::TextIn(*id, TextSet::new(texts)),
        Predicate::TextNotIn(id, texts) => Question::TextNotIn(*id, TextSet::new(texts)),
        Predicate::Number(id, comparison, right) => {
            let scale = if id.field().kind == Kind::Time { 1_000_000_000 } else { 1 };
            Question::Number(*id, Bounds::new(*comparison, *right, scale))
        }
        Predicate::Raw(id, test) => {
            let known = tests.iter().position(|(known, _)| Arc::ptr_eq(known, test));
            let place = known.unwrap_or_else(|| {
                tests.push((Arc::clone(test), Memo::default()));
                tests.len() - 1
            });
            Question::Raw(*id, place)
        }
    }
}

impl Question {
    fn narrow(
        &self,
        lines: &Lines<'_>,
        tests: &mut [(Arc<dyn RawTest>, Memo<bool>)],
        kept: &mut Kept,
    ) {
        match self {
            Question::And(all) => all.iter().for_each(|part| part.narrow(lines, tests, kept)),
            Question::Or(any) => narrow_to_any(any, lines, tests, kept),
            Question::Missing(id) => {
                if let Some(column) = lines.layout.column(*id) {
                    lines.narrow(kept, |line| lines.text(line, column) == b"-");
                }
            }
            Question::TextIn(id, texts) => match lines.layout.column(*id) {
                Some(column) => texts.narrow(lines, column, kept),
                None => kept.fill(false),
            },
            Question::TextNotIn(id, texts) => match lines.layout.column(*id) {
                Some(column) => lines.narrow_present(column, kept, |text| !texts.contains(text)),
                None => kept.fill(false),
            },
            Question::Number(id, bounds) => match lines.layout.column(*id) {
                Some(column) => bounds.narrow(lines, id.field().kind, column, kept),
                None => kept.fill(false),
            },
            Question::Raw(id, place) => match lines.layout.column(*id) {
                Some(column) => {
                    let (test, memo) = &mut tests[*place];
                    lines.narrow_tested((*id, column), kept, &**test, memo);
                }
                None => kept.fill(false),
            },
        }
    }
}

fn narrow_to_any(
    any: &[Question],
    lines: &Lines<'_>,
    tests: &mut [(Arc<dyn RawTest>, Memo<bool>)],
    kept: &mut Kept,
) {
    let (mut passed, mut left) = ([false; LINES], *kept);
    for part in any {
        let mut pass = left;
        part.narrow(lines, tests, &mut pass);
        for ((left, passed), pass) in left.iter_mut().zip(&mut passed).zip(&pass) {
            *left &= !*pass;
            *passed |= *pass;
        }
    }
    *kept = passed;
}

impl<'a> Lines<'a> {
    #[inline(always)]
    fn text(&self, line: usize, column: usize) -> &'a [u8] {
        self.sheet.text(self.block, line, column)
    }

    /// Keeps of the kept lines those that pass.
    #[inline(always)]
    fn narrow(&self, kept: &mut Kept, mut passes: impl FnMut(usize) -> bool) {
        for line in self.lines.clone() {
            if kept[line] {
                kept[line] = passes(line);
            }
        }
    }

    /// Keeps of the kept lines those whose text in the column passes the test: IPv4 addresses as
    /// numbers, other texts with what is remembered of them.
    fn narrow_tested(
        &self,
        (id, column): (FieldId, usize),
        kept: &mut Kept,
        test: &dyn RawTest,
        memo: &mut Memo<bool>,
    ) {
        let ask = |text: &[u8]| test.passes(text);
        let is_address = id.field().kind == Kind::Address;
        let numbers = if is_address { self.sheet.numbers(column) } else { &[] };
        self.narrow(kept, |line| match numbers.get(line) {
            Some(number) if *number != Sheet::MISSING => test.passes_ipv4(*number as u32),
            _ => {
                let text = self.text(line, column);
                text != b"-" && memo.ask(text, ask)
            }
        });
    }

    /// Keeps of the kept lines those that have a text in the column that passes.
    #[inline(always)]
    fn narrow_present(
        &self,
        column: usize,
        kept: &mut Kept,
        mut passes: impl FnMut(&[u8]) -> bool,
    ) {
        self.narrow(kept, |line| {
            let text = self.text(line, column);
            text != b"-" && passes(text)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicUsize);

    impl RawTest for Counting {
        fn passes(&self, _: &[u8]) -> bool {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            true
        }
    }

    #[test]
    fn a_test_of_two_fields_is_asked_once_about_a_text_that_is_no_ipv4_address() {
        let test = Arc::new(Counting(0.into()));
        let raw = |id| Predicate::Raw(id, Arc::clone(&test) as Arc<dyn RawTest>);
        let predicate = Predicate::And(vec![raw(FieldId::SRCADDR), raw(FieldId::DSTADDR)]);
        let mut decoder = crate::Decoder::new(crate::DecoderOptions {
            predicate: Some(Arc::new(predicate)),
            ..crate::DecoderOptions::default()
        });
        let line = "2001:db8::5 2001:db8::9 2\n2001:db8::9 2001:db8::5 2\n";
        let _ = decoder.decode(b"srcaddr dstaddr bytes\n");
        let _ = decoder.decode(line.repeat(50).as_bytes());
        assert_eq!(decoder.tally().counts.selected, 100);
        assert_eq!(test.0.load(std::sync::atomic::Ordering::Relaxed), 2);
    }
}
