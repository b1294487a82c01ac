//! What can go wrong, for which requests, and how often.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What happens to a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Fault {
    /// 503 with `SlowDown`.
    SlowDown,
    /// 500 with `InternalError`.
    InternalError,
    /// 403 with `AccessDenied`.
    Denied,
    /// 403 with `AccessDenied` that names kms:Decrypt.
    KmsDenied,
    /// 403 with `AccessDenied`, unless the request says that the requester pays.
    PayerWanted,
    /// 403 with `InvalidObjectState` and this storage class.
    Archived(&'static str),
    /// 404 with `NoSuchKey`: the object went after it was listed.
    Gone,
    /// 400 with `ExpiredToken`.
    ExpiredToken,
    /// 301 with this Region in header and body, unless the request is signed for it.
    Redirect(&'static str),
    /// 400 with `AuthorizationHeaderMalformed` and this Region in the body alone, unless the
    /// request is signed for it.
    WrongRegion(&'static str),
    /// Any status, code and message of S3's.
    Answer(u16, &'static str, &'static str),
    /// The connection breaks after so many bytes of the body.
    Reset(u64),
    /// The body ends after so many bytes as if that were all; the header told more.
    Truncate(u64),
    /// After so many bytes of the body nothing comes any more.
    Stall(u64),
    /// One byte of the body is another one; the length and all headers stay.
    Flip(u64),
    /// The answer has this header too.
    Header(&'static str, &'static str),
    /// The answer has no `Content-Length`.
    NoLength,
    /// A range is not looked at: all of the object comes.
    IgnoreRange,
    /// `If-Match` is not looked at.
    IgnoreIfMatch,
    /// `If-None-Match` is not looked at.
    IgnoreIfNoneMatch,
    /// The connection ends without an answer, and nothing was done.
    HangUp,
    /// What was asked for is done, but the connection ends without an answer.
    LoseAnswer,
    /// Something is done before the request is answered, such as replacing the object.
    Then(Arc<dyn Fn() + Send + Sync>),
    /// The answer is late.
    Delay(Duration),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Fault {
    /// A short name, by which faults are counted.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Fault::SlowDown => "slow down",
            Fault::InternalError => "internal error",
            Fault::Denied => "denied",
            Fault::KmsDenied => "kms denied",
            Fault::PayerWanted => "payer wanted",
            Fault::Archived(_) => "archived",
            Fault::Gone => "gone",
            Fault::ExpiredToken => "expired token",
            Fault::Redirect(_) => "redirect",
            Fault::WrongRegion(_) => "wrong region",
            Fault::Answer(..) => "answer",
            Fault::Reset(_) => "reset",
            Fault::Truncate(_) => "truncate",
            Fault::Stall(_) => "stall",
            Fault::Flip(_) => "flip",
            Fault::Header(..) => "header",
            Fault::NoLength => "no length",
            Fault::IgnoreRange => "ignore range",
            Fault::IgnoreIfMatch => "ignore if-match",
            Fault::IgnoreIfNoneMatch => "ignore if-none-match",
            Fault::HangUp => "hang up",
            Fault::LoseAnswer => "lose answer",
            Fault::Then(_) => "then",
            Fault::Delay(_) => "delay",
        }
    }
}

/// A fault and the requests that it befalls. Unless narrowed, it befalls all of them.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(crate) fault: Fault,
    method: Option<&'static str>,
    listing: Option<bool>,
    key: Option<String>,
    ranged: Option<bool>,
    chance: f64,
    skip: u64,
    times: u64,
}

impl Rule {
    /// The fault for all requests.
    #[must_use]
    pub fn new(fault: Fault) -> Rule {
        let (method, listing, key, ranged) = (None, None, None, None);
        Rule { fault, method, listing, key, ranged, chance: 1.0, skip: 0, times: u64::MAX }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Rule {
        self.method = Some(method);
        self
    }

    /// Only listings.
    #[must_use]
    pub fn listings(mut self) -> Rule {
        self.listing = Some(true);
        self
    }

    /// Only GETs of objects.
    #[must_use]
    pub fn gets(mut self) -> Rule {
        (self.method, self.listing) = (Some("GET"), Some(false));
        self
    }

    /// Only requests for keys, or listings of prefixes, that contain this.
    #[must_use]
    pub fn key(mut self, part: impl Into<String>) -> Rule {
        self.key = Some(part.into());
        self
    }

    /// Only requests for a range, or only those for none.
    #[must_use]
    pub fn ranged(mut self, ranged: bool) -> Rule {
        self.ranged = Some(ranged);
        self
    }

    /// Not each time, but with this probability. It depends on the key and on how often the key was
    /// asked for, and not on the order in which threads come.
    #[must_use]
    pub fn chance(mut self, chance: f64) -> Rule {
        self.chance = chance;
        self
    }

    /// Not the first so many of the requests for a key.
    #[must_use]
    pub fn skip(mut self, skip: u64) -> Rule {
        self.skip = skip;
        self
    }

    /// So often for each key and then no more.
    #[must_use]
    pub fn times(mut self, times: u64) -> Rule {
        self.times = times;
        self
    }

    fn concerns(&self, request: &Facts<'_>) -> bool {
        self.method.is_none_or(|method| method == request.method)
            && self.listing.is_none_or(|listing| listing == request.is_listing)
            && self.ranged.is_none_or(|ranged| ranged == request.is_ranged)
            && self.key.as_deref().is_none_or(|part| request.key.contains(part))
    }
}

/// What rules look at.
#[derive(Debug)]
pub(crate) struct Facts<'r> {
    pub(crate) method: &'r str,
    pub(crate) is_listing: bool,
    pub(crate) is_ranged: bool,
    /// The key, or a listing's prefix.
    pub(crate) key: &'r str,
}

/// The rules in force. All that concern a request are asked, in the order in which they came.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    seed: u64,
    /// For each rule and key: requests seen, faults done.
    seen: HashMap<(usize, String), (u64, u64)>,
    done: HashMap<&'static str, u64>,
}

impl Faults {
    /// One rule more.
    pub fn add(&self, rule: Rule) {
        self.state().rules.push(rule);
    }

    /// No rules any more, and nothing remembered but the counts.
    pub fn clear(&self) {
        let mut state = self.state();
        state.rules.clear();
        state.seen.clear();
    }

    /// Other draws for rules with a chance.
    pub fn seed(&self, seed: u64) {
        self.state().seed = seed;
    }

    /// How often the fault of this name happened: [`Fault::name`].
    #[must_use]
    pub fn done(&self, name: &str) -> u64 {
        self.state().done.get(name).copied().unwrap_or(0)
    }

    /// What befalls this request.
    pub(crate) fn draw(&self, request: &Facts<'_>) -> Vec<Fault> {
        let mut state = self.state();
        let State { rules, seed, seen, .. } = &mut *state;
        let mut drawn = Vec::new();
        for (n, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.concerns(request)) {
            let (asked, done) = seen.entry((n, request.key.to_owned())).or_default();
            *asked += 1;
            let is_spared = draw((*seed, n, request.method, request.key, *asked)) >= rule.chance;
            if *asked <= rule.skip || *done >= rule.times || is_spared {
                continue;
            }
            *done += 1;
            drawn.push(rule.fault.clone());
        }
        for fault in &drawn {
            *state.done.entry(fault.name()).or_default() += 1;
        }
        drawn
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number in `[0, 1)` that depends on nothing else.
fn draw(of: impl Hash) -> f64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    // The upper 53 bits are exact in a f64.
    (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(key: &str) -> Facts<'_> {
        Facts { method: "GET", is_listing: false, is_ranged: false, key }
    }

    #[test]
    fn a_rule_befalls_only_what_it_is_for_and_only_so_often() {
        let faults = Faults::default();
        faults.add(Rule::new(Fault::Gone).gets().key("a").skip(1).times(2));
        let befallen: Vec<_> = (0..5).map(|_| faults.draw(&get("a/b")).len()).collect();
        assert_eq!(befallen, [0, 1, 1, 0, 0]);
        assert!(faults.draw(&get("b")).is_empty());
        assert!(faults.draw(&Facts { method: "PUT", ..get("a") }).is_empty());
        assert!(faults.draw(&Facts { is_listing: true, ..get("a") }).is_empty());
        assert_eq!(faults.done("gone"), 2);
    }

    #[test]
    fn a_chance_is_kept_and_repeats_with_its_seed() {
        let run = |seed| {
            let faults = Faults::default();
            faults.seed(seed);
            faults.add(Rule::new(Fault::SlowDown).chance(0.3));
            (0..10_000).map(|n| faults.draw(&get(&n.to_string())).len()).collect::<Vec<_>>()
        };
        let (one, again, other) = (run(1), run(1), run(2));
        assert_eq!(one, again);
        assert_ne!(one, other);
        let befallen: usize = one.iter().sum();
        assert!((2_800..3_200).contains(&befallen), "{befallen}");
    }
}
