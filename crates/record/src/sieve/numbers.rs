//! Numbers compared with a number.

use super::{Kept, Lines};
use crate::field::Kind;
use crate::predicate::Comparison;
use crate::scan::Work;
use crate::sheet::Sheet;

/// The numbers of records that compare so with a given one: those from `least` to `most`, or all
/// others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    least: u64,
    most: u64,
    others: bool,
}

impl Bounds {
    /// Those which, times `scale`, compare so with `right`.
    pub(super) fn new(comparison: Comparison, right: i128, scale: i128) -> Bounds {
        let floor = right.div_euclid(scale);
        let ceiling = floor + i128::from(right.rem_euclid(scale) != 0);
        let (least, most) = match comparison {
            Comparison::Equal | Comparison::NotEqual => (ceiling, floor),
            Comparison::Less => (0, ceiling.saturating_sub(1)),
            Comparison::LessOrEqual => (0, floor),
            Comparison::Greater => (floor.saturating_add(1), i128::MAX),
            Comparison::GreaterOrEqual => (ceiling, i128::MAX),
        };
        let others = comparison == Comparison::NotEqual;
        match (u64::try_from(least.max(0)), u64::try_from(most.min(u64::MAX.into()))) {
            (Ok(least), Ok(most)) => Bounds { least, most, others },
            // No number of a record is as great, or none as small.
            _ => Bounds { least: 1, most: 0, others },
        }
    }

    #[inline(always)]
    fn contain(self, number: u64) -> bool {
        ((number >= self.least) & (number <= self.most)) != self.others
    }

    pub(super) fn narrow(self, lines: &Lines<'_>, kind: Kind, column: usize, kept: &mut Kept) {
        let numbers = match kind {
            Kind::Int(_) | Kind::Counter | Kind::Time => lines.sheet.numbers(column),
            _ => &[],
        };
        match numbers.get(lines.lines.clone()) {
            Some(numbers) => {
                let kept = &mut kept[lines.lines.clone()];
                lines.kernel.run(Narrowing { bounds: self, numbers, kept });
            }
            // A column that has no numbers: as numbers, its texts are zero.
            None => lines.narrow_present(column, kept, |_| self.contain(0)),
        }
    }
}

struct Narrowing<'a> {
    bounds: Bounds,
    numbers: &'a [u64],
    kept: &'a mut [bool],
}

impl Work<()> for Narrowing<'_> {
    #[inline(always)]
    fn run(self) {
        for (number, kept) in self.numbers.iter().zip(self.kept) {
            *kept &= self.bounds.contain(*number) & (*number != Sheet::MISSING);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bounds_hold_the_numbers_that_compare_so(
            number in prop_oneof![0u64..5, any::<u64>(), (u64::MAX - 5)..u64::MAX],
            right in prop_oneof![
                -5i128..15, any::<i128>(), any::<u64>().prop_map(i128::from),
                prop::sample::select(&[i128::MIN, i128::MAX, u64::MAX as i128][..]),
            ],
            scale in prop::sample::select(&[1i128, 3, 1_000_000_000][..]), near in any::<bool>(),
        ) {
            let left = i128::from(number) * scale;
            let right = if near { left + right.clamp(-3, 3) } else { right };
            for comparison in [
                Comparison::Equal, Comparison::NotEqual, Comparison::Less,
                Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual,
            ] {
                let bounds = Bounds::new(comparison, right, scale);
                prop_assert_eq!(bounds.contain(number), comparison.holds(left, right), "{:?}", comparison);
            }
        }
    }
}
