//! How many requests may be under way: fewer while the store asks to slow down, and little by little
//! more once it does not. Each request is tried again by itself; this keeps the others from making it
//! worse.

/// However often the store asks, so many go on.
const LEAST: usize = 2;

/// The pace of one partition.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    allowed: usize,
    /// How often the store had asked to slow down when it was last looked at.
    throttled: u64,
    /// Answers since the pace was changed.
    calm: usize,
}

impl Pace {
    pub(super) fn new(most: usize) -> Pace {
        Pace { most, allowed: most, throttled: 0, calm: 0 }
    }

    /// How many requests may be under way.
    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Notes an answer. `throttled` is how often the store has asked to slow down so far.
    pub(super) fn answered(&mut self, throttled: u64) {
        self.calm += 1;
        // What was under way when the pace was last changed says nothing of the new pace.
        if self.calm < self.allowed.min(self.most) {
            return;
        }
        self.allowed = match throttled > self.throttled {
            true => (self.allowed / 2).max(LEAST),
            false => (self.allowed + 1 + self.allowed / 8).min(self.most),
        };
        (self.throttled, self.calm) = (throttled, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pace after each so many answers, of which some came with requests to slow down.
    fn paces(pace: &mut Pace, answers: usize, each: u64) -> Vec<usize> {
        let mut throttled = 0;
        let mut paces = Vec::new();
        for _ in 0..answers {
            throttled += each;
            pace.answered(throttled);
            if paces.last() != Some(&pace.allowed()) {
                paces.push(pace.allowed());
            }
        }
        paces
    }

    #[test]
    fn a_store_that_asks_to_slow_down_is_asked_less_and_then_more_again() {
        let mut pace = Pace::new(64);
        assert_eq!(paces(&mut pace, 1000, 0), [64], "nothing is faster than the most");
        assert_eq!(paces(&mut pace, 1000, 1), [64, 32, 16, 8, 4, 2], "and something goes on");
        let back = paces(&mut Pace { throttled: 1000, ..pace }, 1000, 0);
        assert_eq!((back[0], back.last()), (2, Some(&64)));
        assert!(back.windows(2).all(|two| two[0] < two[1] && two[1] <= two[0] + 9), "{back:?}");
    }

    #[test]
    fn a_burst_slows_down_once() {
        let mut pace = Pace::new(64);
        // All that is under way comes back throttled at once.
        (0..64).for_each(|_| pace.answered(64));
        assert_eq!(pace.allowed(), 32);
        (0..31).for_each(|_| pace.answered(64));
        assert_eq!(pace.allowed(), 32);
        pace.answered(64);
        assert_eq!(pace.allowed(), 37, "nothing new was throttled");
    }
}
