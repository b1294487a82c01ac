//! Lines that cannot pass, told by what they do not hold.
//!
//! A predicate that asks for one interface can only pass lines that hold the interface's id. The id is
//! searched for as a substring, many times faster than lines are split, and only lines that hold it
//! are split and asked.

use memchr::arch::all::packedpair::HeuristicFrequencyRank;
use memchr::memmem::{Finder, FinderBuilder};
use memchr::{memchr, memrchr};

use crate::field::Kind;
use crate::predicate::Predicate;

/// Most texts that are searched for; with more, splitting every line is faster.
const MOST: usize = 4;
/// Shorter texts are in too many lines.
const SHORTEST: usize = 7;

/// Texts of which a line must hold one to pass a predicate.
#[derive(Debug, Clone)]
pub(crate) struct Literals(Vec<Finder<'static>>);

/// How common bytes are in flow logs. A text is searched for by two of its bytes, the rarest, and what
/// stands in front of every id (`eni-0`) must not be among them.
struct Rank;

impl HeuristicFrequencyRank for Rank {
    fn rank(&self, byte: u8) -> u8 {
        match byte {
            b'a'..=b'd' | b'f' => 100,
            b'3'..=b'9' => 150,
            b'1'..=b'2' => 200,
            _ => 250,
        }
    }
}

impl Literals {
    /// The fewest texts of which a line must hold one to pass; `None` if that cannot be told, or is
    /// not worth a search.
    pub(crate) fn of(predicate: &Predicate) -> Option<Literals> {
        let mut texts = texts_of(predicate)?;
        texts.sort_unstable();
        texts.dedup();
        let worth = !texts.is_empty() && texts.len() <= MOST;
        let finder = |text: &[u8]| FinderBuilder::new().build_forward_with_ranker_owned(Rank, text);
        worth.then(|| Literals(texts.iter().map(|text| finder(text)).collect()))
    }

    /// Whether the line holds none of the texts.
    pub(crate) fn are_not_in(&self, line: &[u8]) -> bool {
        self.0.iter().all(|finder| finder.find(line).is_none())
    }

    /// The runs of whole lines of `text` that hold one of the texts, in order. `text` must end with a
    /// line's end.
    pub(crate) fn runs<'a>(&'a self, text: &'a [u8]) -> Runs<'a> {
        let next = self.0.iter().map(|finder| finder.find(text).unwrap_or(text.len())).collect();
        Runs { literals: self, text, next }
    }
}

/// See [`Literals::runs`].
pub(crate) struct Runs<'a> {
    literals: &'a Literals,
    text: &'a [u8],
    /// For each literal, where it stands next.
    next: Vec<usize>,
}

impl Runs<'_> {
    /// The end of the line in which a literal stands next, from `from` on; and the line's start.
    fn line(&mut self, from: usize) -> Option<(usize, usize)> {
        for (next, finder) in self.next.iter_mut().zip(&self.literals.0) {
            if *next < from {
                let found = finder.find(&self.text[from..]);
                *next = found.map_or(self.text.len(), |at| from + at);
            }
        }
        let at = self.next.iter().copied().min().filter(|at| *at < self.text.len())?;
        let start = memrchr(b'\n', &self.text[from..at]).map_or(from, |before| from + before + 1);
        let end = memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |end| at + end + 1);
        Some((start, end))
    }

    /// The next run at or after `from`, the start of a line after the runs before: lines that follow
    /// one another.
    pub(crate) fn next(&mut self, from: usize) -> Option<std::ops::Range<usize>> {
        let (start, mut end) = self.line(from)?;
        while let Some((next_start, next_end)) = self.line(end)
            && next_start == end
        {
            end = next_end;
        }
        Some(start..end)
    }
}

fn texts_of(predicate: &Predicate) -> Option<Vec<Box<[u8]>>> {
    match predicate {
        Predicate::TextIn(id, texts) if texts.iter().all(|text| text.len() >= SHORTEST) => {
            let mut texts: Vec<_> = texts.iter().cloned().collect();
            match id.field().kind {
                Kind::Text => {}
                // The same address can be spelled otherwise, but not without a colon.
                Kind::Address => {
                    texts.retain(|text| !text.contains(&b':'));
                    texts.push(b":"[..].into());
                }
                _ => return None,
            }
            Some(texts)
        }
        Predicate::And(all) => all.iter().filter_map(texts_of).min_by_key(Vec::len),
        Predicate::Or(any) => {
            let texts: Option<Vec<_>> = any.iter().map(texts_of).collect();
            texts.map(|texts| texts.concat())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldId;
    use proptest::prelude::*;

    const ENI: &str = "eni-0a1b2c3d4e5f60001";

    fn held(predicate: &Predicate) -> Option<Vec<String>> {
        let literals = Literals::of(predicate)?;
        let text = |finder: &Finder<'_>| String::from_utf8(finder.needle().to_vec()).unwrap();
        Some(literals.0.iter().map(text).collect())
    }

    #[test]
    fn a_line_must_hold_what_the_predicate_asks_for() {
        let interface = Predicate::text_in(FieldId::INTERFACE_ID, [ENI]);
        let source = Predicate::text_in(FieldId::SRCADDR, ["203.0.113.9"]);
        let action = Predicate::text_in(FieldId::ACTION, ["REJECTED"]);
        let eni = || Some(vec![ENI.to_owned()]);
        assert_eq!(held(&interface), eni());
        assert_eq!(held(&Predicate::And(vec![action.clone(), interface.clone()])), eni());
        assert_eq!(held(&Predicate::And(vec![source.clone(), interface.clone()])), eni());
        let either = Predicate::Or(vec![source.clone(), interface.clone()]);
        let expected = ["203.0.113.9", ":", ENI].map(str::to_owned);
        assert_eq!(held(&either), Some(expected.to_vec()), "IPv6 can be spelled in many ways");
        assert_eq!(held(&Predicate::Or(vec![action.clone(), interface])), None);
        assert_eq!(held(&action), None);
        assert_eq!(held(&Predicate::text_in(FieldId::REGION, ["here"])), None, "too short");
        let many = (0..5).map(|n| format!("{ENI}{n}"));
        assert_eq!(held(&Predicate::text_in(FieldId::INTERFACE_ID, many)), None, "too many");
    }

    proptest! {
        #[test]
        fn runs_are_the_lines_that_hold_a_literal(lines in prop::collection::vec("[a-c]{0,12}", 0..30)) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let literals = Literals(vec![Finder::new("ab").into_owned(), Finder::new("cc").into_owned()]);
            let mut runs = literals.runs(text.as_bytes());
            let (mut found, mut from) = (String::new(), 0);
            while let Some(run) = runs.next(from) {
                prop_assert!(run.start == from || from == 0 || run.start > from);
                found.push_str(&text[run.clone()]);
                from = run.end;
            }
            let held = lines.iter().filter(|line| line.contains("ab") || line.contains("cc"));
            let expected: String = held.map(|line| format!("{line}\n")).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
