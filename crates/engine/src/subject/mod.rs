//! `subject`: everything that one instance did in a window, in one plan and mostly one reading.

mod baseline;
mod closely;
mod coverage;
mod gathered;
mod marked;
mod marks;
mod moved;
mod peers;
mod reused;
mod rollup;
mod rows;
mod sql;
mod together;
mod trail;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use flowproof_evidence::{
    Coverage, Gap, InterfaceIdentity, Observations, Remote, Sample, SampleKind, Subject,
    TimelineHour, Traffic, Window,
};
use flowproof_intel::Matcher;
use flowproof_record::FieldId;

use crate::answer::Answer;
use crate::columns::Columns;
use crate::error::EngineError;
use crate::orient::{AddressBook, Orientation, spellings};
use crate::scan::{CoverageScope, ScanTold};
use crate::session::{Run, Session, Terms};
pub use gathered::Gathered;
use rows::Row;
use trail::Trail;

/// Whose traffic is asked about, and what to look at closely.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectQuestion {
    /// Whose traffic.
    pub subject: Subject,
    /// Which addresses belong to which of the subject's interfaces, as far as the caller knows.
    pub identities: Vec<InterfaceIdentity>,
    /// The window that coverage is judged over. The session's own window, which says which records
    /// are looked at, is this one widened by the slack.
    pub window: Window,
    /// Remotes that a finding names. They are known not to be the subject's own.
    pub claimed: BTreeSet<IpAddr>,
    /// Ports of the claimed remotes that the finding names.
    pub claimed_remote_ports: BTreeSet<u16>,
    /// Ports of the subject that the finding names.
    pub claimed_local_ports: BTreeSet<u16>,
    /// Whether these ports say what a conversation is about with any remote, not with a claimed one alone.
    pub ports_of_any_remote: bool,
    /// Whether single connections with the claimed remotes are to be looked at. Another reading.
    pub connections: bool,
    /// Whether the busiest minutes with the claimed remotes are to be looked at. Another reading.
    pub minutes: bool,
}

/// A subject's traffic, told in several ways.
#[derive(Debug, Clone, Default)]
pub struct SubjectTraffic {
    /// The subject's traffic, conversation by conversation, with its coverage: what verdicts are
    /// made from.
    pub observations: Observations,
    /// All of it.
    pub totals: Traffic,
    /// By remote, in the order of addresses.
    pub remotes: Vec<Remote>,
    /// By hour of `start`. Records without times are in no hour.
    pub timeline: Vec<TimelineHour>,
    /// What the reader must know to judge the figures.
    pub notes: Vec<String>,
    /// Where records of the subject's interfaces name another instance.
    moved: Vec<Gap>,
    /// What the subject's records lack.
    lacking: Lacking,
    /// Whether several interfaces logged the same conversations of the subject's.
    doubled: bool,
    /// The way back to the records.
    trail: Option<Arc<Trail>>,
}

/// Of the subject's records: how many have no action, and no byte counter.
#[derive(Debug, Clone, Copy, Default)]
struct Lacking {
    action: u64,
    bytes: u64,
}

impl Session {
    /// Tells everything that a subject did in the session's window.
    ///
    /// A subject is looked up by its interfaces and its instance id. Addresses alone are looked for
    /// in all records; the figures are then the subject's own interfaces' if those were logged,
    /// else what other interfaces (of a NAT gateway, of peers) logged about it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] or [`EngineError::Overflow`] if a total does not fit in 64 bits.
    pub async fn subject(
        &self,
        question: &SubjectQuestion,
        matcher: Option<&Matcher>,
    ) -> Result<Answer<SubjectTraffic>, EngineError> {
        let mut question = question.clone();
        self.add_known_interfaces(&mut question);
        let (mut run, mut terms) = self.run_subject(&question).await?;
        let mut rows = rows::read(&run.batches, Columns::subject_row)?;
        if self.learns_interfaces(&mut question, &run.told, &rows) {
            (run, terms) = self.run_subject(&question).await?;
            rows = rows::read(&run.batches, Columns::subject_row)?;
        }
        let book = &terms.orientation.book;
        let mut traffic = rollup::roll_up(&question, book, rows, matcher)?;
        self.look_closely(&question, &terms, &run.told, &mut traffic).await?;
        self.conclude(&question, &terms, run.told, traffic).await
    }

    /// The answer around the traffic that was found under these terms.
    async fn conclude(
        &self,
        question: &SubjectQuestion,
        terms: &Terms,
        told: ScanTold,
        mut traffic: SubjectTraffic,
    ) -> Result<Answer<SubjectTraffic>, EngineError> {
        traffic.trail = Some(Arc::new(Trail::of(question, terms, &told, &traffic)));
        note_attribution(question, &told, &mut traffic);
        let book = &terms.orientation.book;
        let coverage = coverage::observed(question, book, &traffic, &told.times);
        let mut answer = self.answer(traffic, told).await?;
        let copies = answer.coverage.records.duplicates;
        let notes: Vec<String> = coverage.several.iter().filter_map(|it| it.note(copies)).collect();
        let several = !notes.is_empty();
        answer.value.notes.extend(notes);
        answer.coverage.observed = coverage.observed;
        answer.coverage.gaps = coverage.gaps;
        answer.coverage.gaps.append(&mut answer.value.moved);
        answer.coverage.gaps.sort();
        answer.value.observations.window = question.window;
        answer.value.observations.counted_twice =
            several || answer.value.doubled || holds_doubles(&answer.coverage);
        answer.value.observations.coverage = answer.coverage.clone();
        // What other interfaces' records lost or lack says nothing of the subject.
        let records = &mut answer.value.observations.coverage.records;
        records.skipdata = coverage.skipdata;
        records.action_missing = answer.value.lacking.action;
        records.bytes_missing = answer.value.lacking.bytes;
        Ok(answer)
    }

    /// The interfaces that the address book has for the subject's instance.
    fn add_known_interfaces(&self, question: &mut SubjectQuestion) {
        let subject = &mut question.subject;
        if let Some(instance) = &subject.instance {
            // Who names an interface that the book does not know as the instance's knows better.
            let unknown =
                |of: &&String| self.book().timeline(of).is_some_and(|it| !it.has(instance));
            let claimed = subject.interfaces.iter().filter(unknown).map(|interface| {
                let (interface, instance) = (interface.clone(), Some(instance.clone()));
                InterfaceIdentity { interface, instance, addresses: Vec::new() }
            });
            question.identities.extend(claimed);
            subject.interfaces.extend(self.book().interfaces_of(instance).map(str::to_owned));
        }
        subject.interfaces.sort();
        subject.interfaces.dedup();
    }

    /// What was read, and under which terms, with what was learned.
    async fn run_subject(&self, question: &SubjectQuestion) -> Result<(Run, Terms), EngineError> {
        let mut terms = self.subject_terms(question);
        let sql = sql::subject_sql(question, &terms.orientation.book);
        let plan = |context: SessionContext| {
            let sql = sql.clone();
            async move { Ok(context.sql(&sql).await?) }
        };
        let run = self.run_learning(&mut terms, plan).await?;
        Ok((run, terms))
    }

    fn subject_terms(&self, question: &SubjectQuestion) -> Terms {
        let mut book = AddressBook::clone(self.book());
        question.identities.iter().for_each(|identity| book.add(identity));
        let by_address = looks_for_addresses(&question.subject);
        let addresses = question.subject.addresses.iter().copied();
        let orientation = Orientation {
            book: Arc::new(book),
            perspective: if by_address { spellings(addresses) } else { BTreeSet::new() },
            foreign: spellings(question.claimed.iter().copied()),
            pending: None,
        };
        let interfaces: BTreeSet<String> = question.subject.interfaces.iter().cloned().collect();
        let coverage = match interfaces.is_empty() {
            true => CoverageScope::Everybody,
            false => CoverageScope::Interfaces(interfaces),
        };
        Terms { orientation, coverage, digests: true, ..Terms::default() }
    }

    /// Takes over interfaces that records with the instance's id taught, if there are flow logs
    /// without that field in which they must be looked for by a second reading.
    fn learns_interfaces(
        &self,
        question: &mut SubjectQuestion,
        told: &ScanTold,
        rows: &[Row],
    ) -> bool {
        let known = &question.subject.interfaces;
        let of_instance = rows.iter().filter(|row| row.of_instance);
        let learned: BTreeSet<String> = of_instance
            .filter_map(|row| row.interface.clone())
            .filter(|interface| !known.contains(interface))
            .collect();
        let lacks_instance = formats(told).any(|format| !format.has(FieldId::INSTANCE_ID));
        if learned.is_empty() || !lacks_instance {
            return false;
        }
        question.subject.interfaces.extend(learned);
        question.subject.interfaces.sort();
        true
    }
}

impl SubjectQuestion {
    /// Whether there are connections to be looked at.
    fn looks_at_connections(&self) -> bool {
        self.connections && !self.claimed.is_empty()
    }

    /// Whether there are minutes to be looked at.
    fn looks_at_minutes(&self) -> bool {
        self.minutes && !self.claimed.is_empty()
    }
}

/// Says it if an instance was asked for that no record can be attributed to.
fn note_attribution(question: &SubjectQuestion, told: &ScanTold, traffic: &mut SubjectTraffic) {
    let subject = &question.subject;
    let Some(instance) = &subject.instance else { return };
    let none_has_it = !formats(told).any(|format| format.has(FieldId::INSTANCE_ID));
    if none_has_it && subject.interfaces.is_empty() && subject.addresses.is_empty() {
        traffic.notes.push(format!(
            "no record can be attributed to {instance}: the flow logs lack instance-id; name \
             its interfaces, or give an inventory"
        ));
    }
}

/// Whether objects were read that have the same bytes as others.
fn holds_doubles(coverage: &Coverage) -> bool {
    let is_double = |sample: &Sample| sample.kind == SampleKind::Duplicate;
    coverage.objects.duplicate == 0 && coverage.samples.iter().any(is_double)
}

/// Whether the subject's interfaces are not known, so that its addresses must be looked for.
fn looks_for_addresses(subject: &Subject) -> bool {
    subject.interfaces.is_empty() && !subject.addresses.is_empty()
}

fn formats(told: &ScanTold) -> impl Iterator<Item = &flowproof_record::Format> {
    told.objects.formats()
}
