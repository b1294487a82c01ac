//! How far runs are. Each part counts once, however often it is worked through.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Done, DoneAnswer, Progress};

/// Runs that are kept; above that the one goes of which least recently something was heard.
const MAX_RUNS: usize = 256;

/// After so long without a question a client is taken to be gone; it asks twice a second.
const GONE: Duration = Duration::from_secs(15);

/// Parts of a run that are told apart.
const MAX_PARTS: usize = 1 << 16;

/// Bytes of a run's name.
const MAX_NAME: usize = 128;

/// The runs of which something was heard.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Mutex<HashMap<String, Run>>,
}

#[derive(Debug)]
struct Run {
    heard: Instant,
    /// When its client last asked how far it is.
    asked: Option<Instant>,
    progress: Progress,
    parts: HashSet<u32>,
}

/// Why something that is done is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotCounted {
    #[error("the name of a run has 1 to {MAX_NAME} bytes")]
    Name,
    #[error("a run has no more than {MAX_PARTS} parts")]
    Parts,
}

impl Runs {
    /// Counts a part, if it is new.
    pub(super) fn done(&self, done: &Done) -> Result<DoneAnswer, NotCounted> {
        if done.run.is_empty() || done.run.len() > MAX_NAME {
            return Err(NotCounted::Name);
        }
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let run = run_of(&mut runs, &done.run);
        if run.parts.contains(&done.part) {
            return Ok(DoneAnswer { counted: false });
        }
        if run.parts.len() == MAX_PARTS {
            return Err(NotCounted::Parts);
        }
        run.parts.insert(done.part);
        let progress = &mut run.progress;
        progress.parts += 1;
        progress.objects = progress.objects.saturating_add(done.objects);
        progress.bytes = progress.bytes.saturating_add(done.bytes);
        Ok(DoneAnswer { counted: true })
    }

    /// How far a run is, for its client, which thereby says that it waits for it.
    pub(super) fn progress(&self, run: &str) -> Progress {
        if run.is_empty() || run.len() > MAX_NAME {
            return Progress::default();
        }
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let run = run_of(&mut runs, run);
        run.asked = Some(Instant::now());
        run.progress
    }

    /// Whether anybody waits for a run: a client that has asked, and does not ask any more, is gone.
    pub(super) fn is_wanted(&self, run: &str) -> bool {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = runs.get(run).and_then(|run| run.asked);
        asked.is_none_or(|asked| asked.elapsed() < GONE)
    }
}

/// The run of this name, of which something is heard now.
fn run_of<'r>(runs: &'r mut HashMap<String, Run>, name: &str) -> &'r mut Run {
    if !runs.contains_key(name) {
        make_room(runs);
    }
    let run = runs.entry(name.to_owned()).or_insert_with(|| Run {
        heard: Instant::now(),
        asked: None,
        progress: Progress::default(),
        parts: HashSet::new(),
    });
    run.heard = Instant::now();
    run
}

fn make_room(runs: &mut HashMap<String, Run>) {
    if runs.len() < MAX_RUNS {
        return;
    }
    let oldest = runs.iter().min_by_key(|(_, run)| run.heard).map(|(name, _)| name.clone());
    if let Some(oldest) = oldest {
        runs.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(run: &str, part: u32) -> Done {
        Done { run: run.to_owned(), part, objects: 2, bytes: 300 }
    }

    #[test]
    fn a_run_is_wanted_until_its_client_has_asked_and_asks_no_more() {
        let runs = Runs::default();
        assert!(runs.is_wanted("a"), "its client may not have asked yet");
        runs.progress("a");
        assert!(runs.is_wanted("a"));
        let long_ago = Instant::now().checked_sub(2 * GONE);
        runs.runs.lock().unwrap().get_mut("a").unwrap().asked = long_ago;
        assert!(!runs.is_wanted("a"));
        runs.progress("a");
        assert!(runs.is_wanted("a"));
    }

    #[test]
    fn a_part_counts_once() {
        let runs = Runs::default();
        assert_eq!(runs.progress("a"), Progress::default());
        assert_eq!(runs.done(&done("a", 0)), Ok(DoneAnswer { counted: true }));
        assert_eq!(runs.done(&done("a", 1)), Ok(DoneAnswer { counted: true }));
        assert_eq!(runs.done(&done("a", 1)), Ok(DoneAnswer { counted: false }));
        assert_eq!(runs.done(&done("b", 1)), Ok(DoneAnswer { counted: true }));
        assert_eq!(runs.progress("a"), Progress { objects: 4, bytes: 600, parts: 2 });
    }

    #[test]
    fn runs_and_their_parts_are_bounded_and_the_oldest_run_goes_first() {
        let runs = Runs::default();
        for number in 0..MAX_RUNS {
            runs.done(&done(&format!("run {number}"), 0)).unwrap();
        }
        runs.done(&done("run 0", 1)).unwrap();
        runs.done(&done("one more", 0)).unwrap();
        assert_eq!(runs.progress("run 0").parts, 2);
        assert_eq!(runs.progress("run 1").parts, 0);
        assert_eq!(runs.runs.lock().unwrap().len(), MAX_RUNS);

        for part in 2..MAX_PARTS as u32 {
            runs.done(&done("run 0", part)).unwrap();
        }
        assert_eq!(runs.done(&done("run 0", u32::MAX)), Err(NotCounted::Parts));
        assert_eq!(runs.done(&done("run 0", 1)), Ok(DoneAnswer { counted: false }));
    }

    #[test]
    fn a_run_has_a_name_and_not_a_long_one() {
        let runs = Runs::default();
        for name in ["", &"n".repeat(MAX_NAME + 1)] {
            assert_eq!(runs.done(&done(name, 0)), Err(NotCounted::Name));
        }
    }
}
