//! Many questions answered together: the records of each are taken from those that were gathered, and one
//! plan looks at all of them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::DataFusionError;
use flowproof_intel::Matcher;
use flowproof_record::Predicate;
use rayon::ThreadPool;
use rayon::prelude::*;
use tokio::sync::oneshot;

use super::gathered::Gathered;
use super::marked::MarkedTable;
use super::rows::Row;
use super::{SubjectQuestion, SubjectTraffic, rollup};
use crate::answer::Answer;
use crate::copies::Copies;
use crate::error::EngineError;
use crate::scan::{ScanPlan, ScanTold, Shaper};
use crate::session::{Session, Terms, learn};
use crate::table::{TableColumn, TableKind};

/// About how many records one plan looks at, so that all that is made of them stays small.
const ROWS: usize = 65_536;

/// Of the memory that a plan may hold, what there should be for each record.
const BYTES_PER_ROW: usize = 4096;

/// A question, and its records.
pub(super) struct Asked<'a> {
    session: &'a Session,
    pub(super) question: SubjectQuestion,
    pub(super) terms: Terms,
    /// Which records are the question's.
    predicate: Arc<Predicate>,
    told: ScanTold,
    /// With sides, and not yet marked.
    pub(super) records: Vec<RecordBatch>,
}

impl Gathered {
    /// Answers the first of these questions, each to be asked of its own session: as many as one plan can
    /// look at, and at least one. Each answer is that of [`Session::subject`]. What was not gathered is read.
    ///
    /// # Errors
    ///
    /// As for [`Session::subject`].
    pub async fn answer_first(
        &self,
        questions: &[(Session, SubjectQuestion)],
        matcher: Option<&Matcher>,
    ) -> Result<Vec<Answer<SubjectTraffic>>, EngineError> {
        let Some((session, question)) = questions.first() else { return Ok(Vec::new()) };
        let table = MarkedTable::of(session)?;
        let mut at_most = questions.len();
        while at_most > 0 {
            let asked = self.take_first(&questions[..at_most], &table).await?;
            let count = asked.len();
            match self.answer_together(asked, &table, matcher).await {
                Ok(answers) if answers.is_empty() => break,
                // What is too much for one plan may not be for two, or for those of one question.
                Err(error) if error.is_lack_of_memory() => at_most = count / 2,
                answers => return answers,
            }
        }
        Ok(vec![session.subject(question, matcher).await?])
    }

    /// The answers to these questions, or to the first of them.
    async fn answer_together(
        &self,
        mut asked: Vec<Asked<'_>>,
        table: &MarkedTable,
        matcher: Option<&Matcher>,
    ) -> Result<Vec<Answer<SubjectTraffic>>, EngineError> {
        let mut rows = table.conversations(&asked, |_| true).await?;
        self.learn_interfaces(&mut asked, &mut rows, table).await?;
        let mut traffic = Vec::with_capacity(asked.len());
        for (asked, rows) in asked.iter().zip(rows) {
            let book = &asked.terms.orientation.book;
            traffic.push(rollup::roll_up(&asked.question, book, rows, matcher)?);
        }
        table.look_closely(&asked, &mut traffic).await?;
        let mut answers = Vec::with_capacity(asked.len());
        for (asked, traffic) in asked.into_iter().zip(traffic) {
            let Asked { session, question, terms, told, .. } = asked;
            answers.push(session.conclude(&question, &terms, told, traffic).await?);
        }
        Ok(answers)
    }

    /// The records of the first questions, up to one for which something was not gathered.
    async fn take_first<'a>(
        &self,
        questions: &'a [(Session, SubjectQuestion)],
        table: &MarkedTable,
    ) -> Result<Vec<Asked<'a>>, EngineError> {
        let (mut asked, mut rows) = (Vec::new(), 0);
        for (session, question) in questions {
            if rows >= ROWS.min(session.memory() / BYTES_PER_ROW) && !asked.is_empty() {
                break;
            }
            let mut question = question.clone();
            session.add_known_interfaces(&mut question);
            let Some(taken) = self.take(session, question, table)? else { break };
            rows += taken.terms.kept.as_ref().map_or(0, |kept| kept.rows());
            asked.push(taken);
        }
        shape(asked.iter_mut().collect(), table).await?;
        Ok(asked)
    }

    /// A question with what was gathered for it; `None` if that is not all.
    fn take<'a>(
        &self,
        session: &'a Session,
        question: SubjectQuestion,
        table: &MarkedTable,
    ) -> Result<Option<Asked<'a>>, EngineError> {
        // Marks tell whether a port is named, and not that it counts with any remote.
        if !session.pushes_filters() || question.ports_of_any_remote {
            return Ok(None);
        }
        let Some(predicate) = table.predicate(&question)? else { return Ok(None) };
        let Some(kept) = self.kept(session, &question) else { return Ok(None) };
        let terms = Terms { kept: Some(Arc::new(kept)), ..session.subject_terms(&question) };
        let (told, records) = (ScanTold::default(), Vec::new());
        Ok(Some(Asked { session, question, terms, predicate: Arc::new(predicate), told, records }))
    }

    /// Looks again for those questions whose records taught interfaces that must be looked for. Where what
    /// these logged was not gathered, the questions end before it.
    async fn learn_interfaces(
        &self,
        asked: &mut Vec<Asked<'_>>,
        rows: &mut Vec<Vec<Row>>,
        table: &MarkedTable,
    ) -> Result<(), EngineError> {
        let mut learned = vec![false; asked.len()];
        for number in 0..asked.len() {
            let Asked { session, question, told, .. } = &mut asked[number];
            if !session.learns_interfaces(question, told, &rows[number]) {
                continue;
            }
            let (session, question) = (*session, question.clone());
            let Some(taken) = self.take(session, question, table)? else {
                asked.truncate(number);
                rows.truncate(number);
                break;
            };
            (asked[number], learned[number]) = (taken, true);
        }
        let again = asked.iter_mut().zip(&learned).filter_map(|(asked, is)| is.then_some(asked));
        shape(again.collect(), table).await?;
        let found = table.conversations(asked, |number| learned[number]).await?;
        for (rows, (found, learned)) in rows.iter_mut().zip(found.into_iter().zip(learned)) {
            if learned {
                *rows = found;
            }
        }
        Ok(())
    }
}

/// Gives the records of these questions their sides; a second time where the first taught whose addresses are
/// whose.
async fn shape(mut asked: Vec<&mut Asked<'_>>, table: &MarkedTable) -> Result<(), EngineError> {
    shape_once(&mut asked, table).await?;
    let mut again: Vec<&mut Asked<'_>> = Vec::new();
    for asked in asked {
        match learn(&mut asked.terms, &asked.told) {
            true => again.push(asked),
            false => asked.terms.kept = None,
        }
    }
    shape_once(&mut again, table).await?;
    again.into_iter().for_each(|asked| asked.terms.kept = None);
    Ok(())
}

async fn shape_once(asked: &mut [&mut Asked<'_>], table: &MarkedTable) -> Result<(), EngineError> {
    let Some(first) = asked.first() else { return Ok(()) };
    let pool = Arc::clone(first.session.pool());
    let plans: Vec<Arc<ScanPlan>> = asked.iter().map(|asked| asked.plan(table.columns())).collect();
    let shaped = on_pool(&pool, plans.clone()).await?;
    for ((asked, plan), records) in asked.iter_mut().zip(plans).zip(shaped) {
        asked.told = plan.context.told(asked.session.whole().await?);
        asked.records = records;
    }
    Ok(())
}

impl Asked<'_> {
    /// What is wanted of the records that were kept.
    fn plan(&self, columns: &[TableColumn]) -> Arc<ScanPlan> {
        let context = Arc::new(self.session.scan(&self.terms, Copies::default(), None));
        let (kind, predicate) = (TableKind::Measured, Some(Arc::clone(&self.predicate)));
        Arc::new(ScanPlan::of_rows(context, kind, columns.to_vec(), predicate))
    }
}

/// The rows of each plan, made on the pool's threads.
async fn on_pool(
    pool: &ThreadPool,
    plans: Vec<Arc<ScanPlan>>,
) -> Result<Vec<Vec<RecordBatch>>, DataFusionError> {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || {
        let shaped = plans.par_iter().map(Shaper::reshape_all).collect();
        // The receiver is gone only if the question was given up.
        let _ = sender.send(shaped);
    });
    let ended = || DataFusionError::Internal("a shaping thread ended without an answer".into());
    receiver.await.map_err(|_| ended())?
}
