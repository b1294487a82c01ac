//! One set: everybody is built, compared, and then timed in paired rounds.

use std::alloc::System;
use std::hint::black_box;
use std::time::Instant;

use stats_alloc::StatsAlloc;

use crate::address::Address;
use crate::check::{self, Disagreement};
use crate::contestant::{Built, Contestant, Group, Kind};
use crate::contestants::ranges::Ranges;
use crate::queries::{Mix, Scale, Traffic, mixes};
use crate::sets::Set;

/// Counts the bytes that are held.
#[global_allocator]
static HEAP: StatsAlloc<System> = StatsAlloc::system();

fn bytes_held() -> usize {
    let stats = HEAP.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

const BUILDS: usize = 3;

/// The names of the mixes, in the order of all figures.
pub(crate) const MIXES: [&str; 3] = ["uniform", "flow", "hits"];

/// What was measured over a set.
pub(crate) struct Figures {
    pub(crate) set: String,
    pub(crate) entries: usize,
    pub(crate) queries: usize,
    pub(crate) rows: Vec<Row>,
    /// Who was not run, and why.
    pub(crate) left_out: Vec<(&'static str, &'static str)>,
}

/// What was measured of a contestant.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// Seconds of each build.
    pub(crate) builds: Vec<f64>,
    /// Bytes held once it is built.
    pub(crate) bytes: usize,
    /// Nanoseconds a look-up, by mix and round.
    pub(crate) rounds: [Vec<f64>; MIXES.len()],
}

impl Row {
    /// The median over the rounds.
    pub(crate) fn nanoseconds(&self, mix: usize) -> f64 {
        median(&self.rounds[mix])
    }

    pub(crate) fn build_milliseconds(&self) -> f64 {
        median(&self.builds) * 1e3
    }
}

/// Measures the contestants over a set. `tell` hears what is being done.
pub(crate) fn measure<A: Traffic>(
    set: &Set<A>,
    kinds: Vec<Kind<A>>,
    scale: Scale,
    rounds: usize,
    tell: &mut dyn FnMut(&str),
) -> Result<Figures, Disagreement> {
    let reference = Ranges::of(&set.entries);
    let held = |address| set.entry(reference.lookup(address)).is_some();
    let mixes = mixes(set, scale, held);
    let right: Vec<Vec<u32>> = mixes
        .iter()
        .map(|mix| check::right_answers(set, mix, &reference))
        .collect::<Result<_, _>>()?;

    let mut figures = Figures {
        set: set.name.clone(),
        entries: set.entries.len(),
        queries: scale.queries,
        rows: Vec::new(),
        left_out: Vec::new(),
    };
    let mut running = Vec::new();
    for kind in kinds {
        if let Some((most, why)) = kind.most
            && set.entries.len() > most
        {
            figures.left_out.push((kind.name, why));
            continue;
        }
        tell(kind.name);
        let (contestant, row) = build(set, &kind);
        let compare = |(mix, right): (&Mix<A>, &Vec<u32>)| {
            check::compare(set, mix, &kind, &*contestant, right)
        };
        let sums: Vec<u64> = mixes.iter().zip(&right).map(compare).collect::<Result<_, _>>()?;
        figures.rows.push(row);
        running.push((contestant, sums));
    }

    for round in 0..rounds {
        tell(&format!("round {}", round + 1));
        for (at, mix) in mixes.iter().enumerate() {
            for turn in 0..running.len() {
                // Nobody always runs behind the same neighbour's leavings in the caches.
                let who = (turn + round) % running.len();
                let (contestant, sums) = &running[who];
                let begin = Instant::now();
                let sum = contestant.sum(black_box(&mix.addresses));
                let took = begin.elapsed();
                assert_eq!(sum, sums[at], "{} changed its answers", figures.rows[who].name);
                let each = took.as_secs_f64() * 1e9 / mix.addresses.len() as f64;
                figures.rows[who].rounds[at].push(each);
            }
        }
    }
    Ok(figures)
}

/// Builds a contestant several times and keeps the last.
fn build<A: Address>(set: &Set<A>, kind: &Kind<A>) -> (Built<A>, Row) {
    let mut row = Row {
        name: kind.name,
        group: kind.group,
        builds: Vec::with_capacity(BUILDS),
        bytes: 0,
        rounds: Default::default(),
    };
    loop {
        let before = bytes_held();
        let begin = Instant::now();
        let contestant = (kind.build)(black_box(&set.entries));
        row.builds.push(begin.elapsed().as_secs_f64());
        row.bytes = bytes_held() - before;
        if row.builds.len() == BUILDS {
            return (contestant, row);
        }
    }
}

pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
