//! Numbers that look random and are the same for the same seed, on every machine and in every version
//! of every library: SplitMix64.

/// The odd constant that SplitMix64 counts by.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scatters the bits of a number: neighbours come out unlike each other.
pub(super) fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The stream that belongs to `seed` and `parts`, whatever other streams were read.
    pub(super) fn of(seed: u64, parts: &[u64]) -> Random {
        Random(parts.iter().fold(scatter(seed), |state, part| scatter(state ^ part)))
    }

    pub(super) fn number(&mut self) -> u64 {
        let number = scatter(self.0);
        self.0 = self.0.wrapping_add(STEP);
        number
    }

    /// A number below `bound`; 0 if the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// A number below `bound`, the small ones much more often: the first tenth comes up almost half
    /// of the time, the first hundredth a fifth of it.
    pub(super) fn below_with_favourites(&mut self, bound: u64) -> u64 {
        let part = self.number() >> 32; // a fraction of 2^32
        let cube = (((part * part) >> 32) * part) >> 32;
        ((u128::from(cube) * u128::from(bound)) >> 32) as u64
    }

    /// Whether something happens that does so `times` in a thousand.
    pub(super) fn happens(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// One of some things.
    pub(super) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // SplitMix64 from state 1234567, as its author's C code prints it.
        let mut random = Random(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.number()).collect();
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, published);
    }

    #[test]
    fn favourites_come_up_as_often_as_said_and_bounds_hold() {
        let mut random = Random::of(7, &[]);
        let drawn: Vec<u64> = (0..100_000).map(|_| random.below_with_favourites(1000)).collect();
        let below = |bound| drawn.iter().filter(|n| **n < bound).count();
        assert!((45_000..48_000).contains(&below(100)), "{}", below(100));
        assert!((20_500..22_500).contains(&below(10)), "{}", below(10));
        assert_eq!(below(1000), 100_000);
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below_with_favourites(0), 0);
    }
}
