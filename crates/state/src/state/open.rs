//! Opening a state, and starting one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::State;
use super::loaded::Loaded;
use crate::error::StateError;
use crate::head::{self, Head, Settings};
use crate::hex;
use crate::place::{HEAD, Hold, Locked, Place, Version};
use crate::random::random;
use crate::segment;

/// What a state is opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// To look at it. No lock is taken, and a run may be at work beside it: if that compacts twice, a
    /// segment may be missing; open the state anew then.
    Read,
    /// To add to it. It must have these settings.
    Run(Settings),
    /// As [`Mode::Run`], but if there is no state, one is started. What was never there and what was lost as a whole
    /// look alike, so a run that must not start anew should not say this.
    Start(Settings),
    /// As [`Mode::Run`], but if the state has other settings, it gets these by a commit.
    Adopt(Settings),
}

impl State {
    /// Opens the state that lies in a place.
    ///
    /// Only the head is read: it takes the same time whatever the state remembers.
    ///
    /// # Errors
    ///
    /// [`StateError::Busy`] if another run has the lock, [`StateError::Missing`],
    /// [`StateError::HeadMissing`], [`StateError::Newer`], [`StateError::Damaged`],
    /// [`StateError::Settings`], or [`StateError::Place`] if the place cannot be read or written.
    pub async fn open(place: Arc<dyn Place>, mode: Mode) -> Result<State, StateError> {
        let hold = match mode {
            Mode::Read => None,
            _ => Some(take(&*place).await?),
        };
        let Some((bytes, version)) = place.head().await? else {
            check_empty(&*place).await?;
            return match (mode, hold) {
                (Mode::Start(settings), Some(hold)) => State::start(place, hold, settings).await,
                _ => Err(StateError::Missing { place: place.locate("") }),
            };
        };
        let head = read_head(&*place, &bytes)?;
        let mut state = State::of(place, hold, head, version)?;
        match mode {
            Mode::Read => {}
            Mode::Run(settings) | Mode::Start(settings) => state.check_settings(&settings)?,
            Mode::Adopt(settings) => state.adopt(settings).await?,
        }
        Ok(state)
    }

    async fn start(
        place: Arc<dyn Place>,
        hold: Box<dyn Hold>,
        settings: Settings,
    ) -> Result<State, StateError> {
        let before = Head {
            state: hex::encode(&random::<16>()?),
            salt: hex::encode(&random::<32>()?),
            generation: 0,
            commits: Vec::new(),
            settings,
            notes: BTreeMap::new(),
            epoch: None,
            objects: 0,
            replaced: 0,
            segments: Vec::new(),
            retired: Vec::new(),
        };
        let mut state = State::of(place, Some(hold), before.clone(), Version(String::new()))?;
        let commit = hex::encode(&random::<16>()?);
        state.publish(before.next(commit), None).await?;
        Ok(state)
    }

    fn of(
        place: Arc<dyn Place>,
        hold: Option<Box<dyn Hold>>,
        head: Head,
        version: Version,
    ) -> Result<State, StateError> {
        let salt = head.salt();
        let salt = salt.ok_or_else(|| StateError::damaged(place.locate(HEAD), "it has no salt"))?;
        let loaded = Loaded::default();
        Ok(State { place, hold, head, version, salt, loaded, tables: None, is_unclean: true })
    }

    fn check_settings(&self, settings: &Settings) -> Result<(), StateError> {
        let differences = differences(&self.head.settings, settings);
        if differences.is_empty() {
            return Ok(());
        }
        Err(StateError::Settings { place: self.locate(""), differences })
    }

    async fn adopt(&mut self, settings: Settings) -> Result<(), StateError> {
        if self.head.settings == settings {
            return Ok(());
        }
        let mut next = self.head.next(hex::encode(&random::<16>()?));
        next.settings = settings;
        self.publish_next(next).await
    }
}

/// Reads the bytes of a head.
pub(super) fn read_head(place: &dyn Place, bytes: &[u8]) -> Result<Head, StateError> {
    Head::decode(bytes).map_err(|unreadable| unreadable.at(place.locate(HEAD), head::VERSION))
}

async fn take(place: &dyn Place) -> Result<Box<dyn Hold>, StateError> {
    match place.lock().await? {
        Locked::Taken(hold) => Ok(hold),
        Locked::Busy(holder) => Err(StateError::Busy { place: place.locate(""), holder }),
    }
}

/// Fails if segments are there, though no head is.
async fn check_empty(place: &dyn Place) -> Result<(), StateError> {
    let segments = place.list(segment::FOLDER).await?.len();
    if segments == 0 {
        return Ok(());
    }
    Err(StateError::HeadMissing { file: place.locate(HEAD), segments })
}

fn differences(before: &Settings, now: &Settings) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let of = |settings: &Settings, name| match settings.get(name) {
        Some(value) => format!("{value:?}"),
        None => "nothing".to_owned(),
    };
    let differing = names.into_iter().filter(|&name| before.get(name) != now.get(name));
    differing
        .map(|name| format!("{name} was {} and is {} now", of(before, name), of(now, name)))
        .collect()
}
