//! `investigate`: does the traffic bear a finding out?

use std::net::IpAddr;
use std::time::Duration;

use flowproof_engine::AddressBook;
use flowproof_evidence::{Baseline, Subject};
use flowproof_finding::{Finding, read_findings};
use flowproof_inquiry::{Beside, DEFAULT_SLACK, Inquiry};
use flowproof_report::Remarks;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping};

use crate::failure::Failure;
use crate::inputs::read;
use crate::investigation::Investigation;
use crate::keywords::{Addresses, Keywords, Texts, text};
use crate::lists::{Lists, LoadedLists};
use crate::logs::Logs;
use crate::running::{apart, wait};
use crate::standing::Standing;

/// Judge whether the traffic bears a GuardDuty finding out, or look at a subject without one.
///
/// `finding` is a file, its bytes, or the finding itself as a dict; there must be one finding in it. Without it
/// name an `instance`, an `interface` or an `address`. `slack` is how far around the window records are looked
/// for, and `baseline` how much time before the window is compared with: a timedelta, or text like `15m` or `7d`.
///
/// `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
/// arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
/// or a `datetime` with a zone; a `to` is not included.
///
/// Raises UsageError for what cannot be used, SourceError for data that cannot be reached.
#[pyfunction]
#[pyo3(
    signature = (logs, **keywords),
    text_signature = "(logs, *, finding=None, instance=None, interface=None, address=None, from_=None, to=None, \
        slack='15m', baseline=None, peers=False, named=None, lists=None, trusted=None, allow_wide=False, \
        list_format=None, list_column=None, inventory=None, account=None, region=None, include_all=False, \
        format_string=None, duplicates='keep', threads=None, memory='512MB', profile=None, role_arn=None, \
        external_id=None, endpoint_url=None, path_style=False, requester_pays=False, s3_region=None, \
        s3_attempts=None)"
)]
pub(crate) fn investigate(
    py: Python<'_>,
    logs: Texts,
    keywords: Option<Bound<'_, PyDict>>,
) -> PyResult<Investigation> {
    let keywords = Keywords::new("investigate", keywords);
    let logs = Logs::take(logs, &keywords)?;
    let asked = Asked::take(&keywords)?;
    let lists = Lists::take(keywords.take("lists")?.unwrap_or_default(), &keywords)?;
    keywords.finish()?;
    wait(py, async move { asked.answer(&logs, &lists).await })
}

/// What is asked.
struct Asked {
    finding: Option<Given>,
    subject: Subject,
    slack: Duration,
    baseline: Option<Duration>,
    peers: bool,
    named: Vec<IpAddr>,
}

/// How a finding was given.
enum Given {
    File(String),
    Bytes(Vec<u8>),
}

impl Asked {
    fn take(keywords: &Keywords<'_>) -> PyResult<Asked> {
        let addresses = |name: &str| -> PyResult<Vec<IpAddr>> {
            Ok(keywords.take::<Addresses>(name)?.unwrap_or_default().0)
        };
        let asked = Asked {
            finding: keywords.take("finding")?,
            subject: Subject {
                instance: keywords.take("instance")?,
                interfaces: keywords.take_texts("interface")?,
                addresses: addresses("address")?,
                ..Subject::default()
            },
            slack: keywords.take_span("slack")?.unwrap_or(DEFAULT_SLACK),
            baseline: keywords.take_span("baseline")?,
            peers: keywords.take_flag("peers")?,
            named: addresses("named")?,
        };
        if asked.finding.is_none() && asked.subject == Subject::default() {
            let text = "name a finding, an instance, an interface or an address";
            return Err(Failure::Usage(text.to_owned()).into());
        }
        Ok(asked)
    }

    async fn answer(&self, logs: &Logs, lists: &Lists) -> Result<Investigation, Failure> {
        let mut remarks = Remarks::default();
        let (finding, refused) = apart(|| self.finding(&mut remarks))?;
        let LoadedLists { matcher, sources } = apart(|| lists.load(&mut remarks))?;
        let book = apart(|| logs.book(&mut remarks))?;
        let inquiry = finding.map_or_else(|| Inquiry::about(Subject::default()), Inquiry::of);
        let inquiry = inquiry.subject(self.subject.clone()).window(logs.window());
        let inquiry = inquiry.slack(self.slack).named(self.named.iter().copied());
        if let Some(other) = inquiry.other_instance() {
            let text = format!("instance: the finding is about {other}; ask of another without it");
            return Err(Failure::Usage(text));
        }
        inquiry.check_window().map_err(Failure::of("from_, to"))?;

        let window = inquiry.searched_window();
        let session = logs.open_over(window, book.clone(), &mut remarks).await?;
        let answered = session.subject(&inquiry.question(), matcher.as_deref()).await?;
        let mut beside = Beside { lists: sources, ..Beside::default() };
        if self.peers {
            let remotes = inquiry.remotes();
            if remotes.is_empty() {
                remarks.note("no address is claimed or named: nobody's peers were looked for");
            } else {
                beside.peers = Some(session.peers(&remotes).await?);
            }
        }
        beside.baseline = self.baseline(&inquiry, logs, book, &mut remarks).await?;
        let judged =
            inquiry.judge(answered, beside).map_err(flowproof_engine::EngineError::from)?;
        let mut standing = Standing::new(&judged.coverage, remarks);
        if refused {
            standing.add_lack("part of the finding's file was refused".to_owned());
        }
        Ok(Investigation::new(judged, standing))
    }

    /// The finding, and whether others beside it were refused.
    fn finding(&self, remarks: &mut Remarks) -> Result<(Option<Finding>, bool), Failure> {
        let (place, bytes) = match &self.finding {
            None => return Ok((None, false)),
            Some(Given::File(path)) => (path.as_str(), &read(path)?),
            Some(Given::Bytes(bytes)) => ("finding", bytes),
        };
        let found = read_findings(bytes).map_err(Failure::of(place))?;
        for refused in &found.refused {
            remarks.warn(&format!("{place}: {refused}"));
        }
        if found.refused_more > 0 {
            remarks.warn(&format!("{place}: {} more were refused", found.refused_more));
        }
        let count = found.findings.len();
        let mut findings = found.findings.into_iter();
        match (findings.next(), count) {
            (Some(finding), 1) => Ok((Some(finding), !found.refused.is_empty())),
            (Some(_), _) => {
                let text = format!("{place}: {count} findings are there: ask of each by itself");
                Err(Failure::Usage(text))
            }
            (None, _) => Err(Failure::Usage(format!("there is no finding to judge in {place}"))),
        }
    }

    /// What the subject did in the time before the window, if that was asked.
    async fn baseline(
        &self,
        inquiry: &Inquiry,
        logs: &Logs,
        book: AddressBook,
        remarks: &mut Remarks,
    ) -> Result<Option<Baseline>, Failure> {
        let Some(span) = self.baseline else { return Ok(None) };
        let Some(question) = inquiry.question_before(span) else {
            remarks.warn("no baseline: the window has no beginning");
            return Ok(None);
        };
        let session = logs.open_over(question.window, book, remarks).await?;
        let answered = session.subject(&question, None).await?;
        let baseline =
            answered.baseline(&question.claimed).map_err(flowproof_engine::EngineError::from)?;
        if baseline.is_none() {
            remarks.warn("no baseline: part of the data of that time could not be read");
        }
        Ok(baseline)
    }
}

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Given> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Given::Bytes(bytes.as_bytes().to_vec()));
        }
        if object.cast::<PyMapping>().is_ok() {
            let text = object.py().import("json")?.call_method1("dumps", (object,))?;
            return Ok(Given::Bytes(text.extract::<String>()?.into_bytes()));
        }
        Ok(Given::File(text(&object)?))
    }
}
