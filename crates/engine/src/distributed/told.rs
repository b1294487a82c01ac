//! What one scan told beside its rows, taken to another process.

use std::collections::{BTreeMap, HashMap};

use arrow::array::UInt32Array;
use flowproof_record::{Format, FormatSource};
use serde::{Deserialize, Serialize};

use super::bytes::{self, Damaged};
use crate::inspect::LoggedInterfaces;
use crate::orient::{Learner, PendingCodes, PendingPair};
use crate::scan::{InterfaceTimes, ObjectReport, ScanContext};

const WHAT: &str = "a scan's report";

/// Everything that one scan told beside its rows: what became of its objects, what their records taught,
/// and what the small codes in its rows mean.
///
/// Reports of holders' parts and of dropped copies are not in it: such scans run in one process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    objects: Vec<ToldObject>,
    /// The formats of objects, each set of them once.
    formats: Vec<Vec<(FormatSource, Format)>>,
    learner: Learner,
    times: BTreeMap<String, InterfaceTimes>,
    logged: LoggedInterfaces,
    /// The texts of interfaces' numbers, in the order of the numbers.
    texts: Vec<String>,
    /// The pairs of runs of pending codes, in the order of the codes.
    pairs: Vec<PendingPair>,
}

/// What became of one object.
#[derive(Debug, Serialize, Deserialize)]
struct ToldObject {
    /// Its number in the scan.
    number: usize,
    /// Without its formats.
    report: ObjectReport,
    /// The place of its formats among those of all.
    formats: usize,
}

/// Why a report cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToldError {
    /// It is no report.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// It is of another object than those that were to be read.
    #[error("a scan's report tells of an object {number} of {objects}")]
    Object {
        /// The number that it gives.
        number: usize,
        /// How many objects were to be read.
        objects: usize,
    },
    /// It is of formats that it does not tell.
    #[error("a scan's report does not tell its formats")]
    Formats,
    /// A row has a code of which the report does not tell what it means.
    #[error("a scan's rows have a code {code} for {what} that its report does not explain")]
    Code {
        /// What the codes stand for.
        what: &'static str,
        /// The code.
        code: u32,
    },
    /// There are more codes than can be told apart.
    #[error("too many codes for {what}")]
    TooManyCodes {
        /// What the codes stand for.
        what: &'static str,
    },
}

const INTERFACES: &str = "interfaces";
const PENDING: &str = "pending directions";

impl Told {
    /// Takes all that the scan told so far. What its rows' codes mean stays there too.
    pub(crate) fn take(context: &ScanContext) -> Told {
        let told = context.report.take(&[], context.is_bounded());
        let (mut formats, mut places) = (Vec::new(), HashMap::new());
        let objects = told.objects.iter().map(|(number, mut report)| {
            let met = std::mem::take(&mut report.tally.formats);
            let place = *places.entry(met).or_insert_with_key(|met| {
                formats.push(met.clone());
                formats.len() - 1
            });
            ToldObject { number, report, formats: place }
        });
        Told {
            objects: objects.collect(),
            formats,
            learner: told.learner,
            times: told.times,
            logged: told.logged,
            texts: context.interner.all(),
            pairs: context.orientation.pending.iter().flat_map(|pending| pending.pairs()).collect(),
        }
    }

    /// Its bytes, for [`Told::decode`].
    ///
    /// # Errors
    ///
    /// None that is known of.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Damaged> {
        bytes::encode(WHAT, self)
    }

    /// What [`Told::encode`] made bytes of.
    ///
    /// # Errors
    ///
    /// If the bytes are others.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Told, ToldError> {
        let told: Told = bytes::decode(WHAT, bytes)?;
        let has_formats = |object: &ToldObject| object.formats < told.formats.len();
        match told.objects.iter().all(has_formats) {
            true => Ok(told),
            false => Err(ToldError::Formats),
        }
    }

    /// Tells all of it to another scan, whose object `numbering[i]` is this one's object `i`. It is added to what was
    /// told there, so it is to be given once.
    ///
    /// # Errors
    ///
    /// If it tells of objects without such a number, and if there are no codes left. Nothing is told then.
    pub(crate) fn give(
        self,
        into: &ScanContext,
        numbering: &[usize],
    ) -> Result<Translation, ToldError> {
        let objects = numbering.len();
        let stranger = self.objects.iter().map(|object| object.number).find(|n| *n >= objects);
        if let Some(number) = stranger {
            return Err(ToldError::Object { number, objects });
        }
        let too_many = |what| ToldError::TooManyCodes { what };
        let codes = self.texts.iter().map(|text| into.interner.code(text));
        let interfaces = codes.collect::<Result<_, _>>().map_err(|_| too_many(INTERFACES))?;
        let pending = match &into.orientation.pending {
            Some(pending) => pending.take_in(&self.pairs).ok_or_else(|| too_many(PENDING))?,
            // Nobody there asks for them.
            None => PendingCodes::default(),
        };
        for ToldObject { number, mut report, formats } in self.objects {
            report.tally.formats = self.formats[formats].clone();
            into.report.put(numbering[number], report, Learner::default(), BTreeMap::new());
        }
        into.report.learn(self.learner);
        into.report.put_times(self.times);
        into.report.put_logged(self.logged);
        Ok(Translation { interfaces, pending })
    }
}

/// What the codes in the rows of one scan are in another.
#[derive(Debug)]
pub(crate) struct Translation {
    /// By the number there.
    interfaces: Vec<u32>,
    pending: PendingCodes,
}

impl Translation {
    /// A column of interfaces' numbers. NULL stays NULL.
    ///
    /// # Errors
    ///
    /// If there is a number that is not known there.
    pub(crate) fn interfaces(&self, codes: &UInt32Array) -> Result<UInt32Array, ToldError> {
        translated(INTERFACES, codes, |code| self.interfaces.get(code as usize).copied())
    }

    /// A column of codes of pending directions. NULL stays NULL.
    ///
    /// # Errors
    ///
    /// If there is a code that is not known there.
    pub(crate) fn pending(&self, codes: &UInt32Array) -> Result<UInt32Array, ToldError> {
        translated(PENDING, codes, |code| self.pending.get(code))
    }
}

fn translated(
    what: &'static str,
    codes: &UInt32Array,
    here: impl Fn(u32) -> Option<u32>,
) -> Result<UInt32Array, ToldError> {
    // What stands below a NULL is not looked at.
    codes.try_unary(|code| here(code).ok_or(ToldError::Code { what, code }))
}

#[cfg(test)]
mod tests;
