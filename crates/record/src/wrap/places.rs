//! Which line of the input each line given out comes from.

/// Runs kept. Beyond them, lines are not placed: only so many faults are told one by one.
const MOST_RUNS: usize = 4096;

/// Lines given out, by the line of the input that each comes from. Regular input is one run, whether
/// its elements have a line each, share one, or are printed over several.
#[derive(Debug, Default)]
pub(super) struct Places {
    runs: Vec<Run>,
    given_out: u64,
}

/// Lines given out one after another whose input lines lie the same distance apart.
#[derive(Debug, Clone, Copy)]
struct Run {
    first_out: u64,
    last_out: u64,
    first_in: u64,
    /// Lines of the input from one to the next; not known of a run of one.
    stride: u64,
}

impl Run {
    fn place(&self, out: u64) -> u64 {
        self.first_in + (out - self.first_out) * self.stride
    }
}

impl Places {
    /// Notes that the next line given out comes from this line of the input, which is never before
    /// that of the last one.
    pub(super) fn add(&mut self, input_line: u64) {
        self.given_out += 1;
        let out = self.given_out;
        if let Some(run) = self.runs.last_mut().filter(|run| run.last_out + 1 == out) {
            if run.first_out == run.last_out {
                run.stride = input_line.saturating_sub(run.first_in);
            }
            if run.place(out) == input_line {
                run.last_out = out;
                return;
            }
        }
        if self.runs.len() < MOST_RUNS {
            self.runs.push(Run { first_out: out, last_out: out, first_in: input_line, stride: 0 });
        }
    }

    /// Lines given out so far.
    pub(super) fn given_out(&self) -> u64 {
        self.given_out
    }

    /// The line of the input that a line given out comes from, both counted from 1.
    pub(super) fn input_line(&self, out: u64) -> Option<u64> {
        let after = self.runs.partition_point(|run| run.first_out <= out);
        let run = self.runs[..after].last()?;
        (out <= run.last_out).then(|| run.place(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn regular_input_is_one_run() {
        for stride in [0, 1, 32] {
            let mut places = Places::default();
            (0..10_000).for_each(|idx| places.add(3 + idx * stride));
            assert_eq!(places.runs.len(), 1);
            assert_eq!(places.input_line(10_000), Some(3 + 9999 * stride));
            assert_eq!(places.input_line(10_001), None);
        }
    }

    proptest! {
        #[test]
        fn every_line_is_found_again(steps in prop::collection::vec(0u64..4, 0..200)) {
            let mut places = Places::default();
            let mut lines = Vec::new();
            let mut line = 1;
            for step in steps {
                line += step;
                lines.push(line);
                places.add(line);
            }
            for (idx, line) in lines.iter().enumerate() {
                prop_assert_eq!(places.input_line(idx as u64 + 1), Some(*line));
            }
            prop_assert_eq!(places.input_line(0), None);
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_rest_is_not_placed() {
        let mut places = Places::default();
        let mut line = 0;
        for idx in 0..20_000u64 {
            line += idx % 3;
            places.add(line);
        }
        assert_eq!(places.runs.len(), MOST_RUNS);
        assert_eq!(places.input_line(1), Some(0));
        assert_eq!(places.input_line(20_000), None);
    }
}
