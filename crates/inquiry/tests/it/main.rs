//! Inquiries from a finding and logs to a verdict.

// Clippy exempts the tests themselves, not the helpers that they share; a failure there is a failed test.
#![allow(clippy::unwrap_used)]

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flowproof_engine::{EngineError, Session, SessionBuilder};
use flowproof_evidence::{Subject, Window};
use flowproof_finding::{Finding, Status, read_findings};
use flowproof_inquiry::{EmptyWindow, Inquiry, list_source};
use flowproof_intel::{List, ListRole, Matcher};
use flowproof_report::Investigation;
use jiff::Timestamp;

fn worked(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/worked").join(name)
}

fn finding() -> Finding {
    let bytes = std::fs::read(worked("finding.json")).unwrap();
    read_findings(&bytes).unwrap().findings.remove(0)
}

fn logs() -> SessionBuilder {
    Session::builder().logs(worked("logs").display().to_string())
}

fn exits() -> Matcher {
    let bytes = std::fs::read(worked("tor-exits.txt")).unwrap();
    Matcher::new(vec![List::from_bytes("tor-exits.txt", ListRole::Threat, &bytes).unwrap()])
}

fn ask(
    inquiry: &Inquiry,
    logs: &SessionBuilder,
    lists: Option<&Matcher>,
) -> Result<Investigation, EngineError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(inquiry.investigate(logs, lists))
}

#[test]
fn the_worked_finding_is_borne_out_with_the_figures_worked_out_by_hand() {
    let lists = exits();
    let told = ask(&Inquiry::of(finding()), &logs(), Some(&lists)).unwrap();
    assert_eq!(told.verdict.status, Status::Corroborated);
    let claimed = told.verdict.claimed_traffic;
    assert_eq!((claimed.bytes_in, claimed.bytes_out), (2_369_832, 33_499_988));
    assert_eq!((claimed.packets_in, claimed.packets_out), (15_330, 25_390));
    assert_eq!(told.subject.instance.as_deref(), Some("i-0aaaabbbbcccc0001"));
    assert_eq!(told.lists, [list_source(&lists.lists()[0])]);
    assert_eq!((told.coverage.objects.read, told.coverage.objects.listed), (31, 31));
    assert_eq!(told.window.slack_seconds, 900);
    assert_eq!((told.baseline, told.peers), (None, None), "nobody asked");
}

#[test]
fn a_program_without_async_has_the_same_answer() {
    let inquiry = Inquiry::of(finding()).peers();
    let told = inquiry.investigate_blocking(&logs(), Some(&exits())).unwrap();
    assert_eq!(told, ask(&inquiry, &logs(), Some(&exits())).unwrap());
    let nowhere = Session::builder().logs("no/such/place");
    assert!(matches!(inquiry.investigate_blocking(&nowhere, None), Err(EngineError::Source(_))));
}

#[test]
fn logs_are_read_over_the_time_of_the_finding_whatever_window_they_were_opened_over() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let years_ago = Window::new(at("2001-01-01T00:00:00Z"), at("2002-01-01T00:00:00Z"));
    let told = ask(&Inquiry::of(finding()), &logs().window(years_ago), None).unwrap();
    assert_eq!(told, ask(&Inquiry::of(finding()), &logs(), None).unwrap());
}

#[test]
fn a_window_that_is_asked_for_takes_the_place_of_the_findings() {
    let inquiry = Inquiry::of(finding());
    let own = inquiry.judged_window();
    let from = own.from.unwrap();
    let to = from.checked_add(jiff::SignedDuration::from_mins(10)).unwrap();
    let asked = inquiry.window(Window { from: None, to: Some(to) }).slack(Duration::ZERO);
    assert_eq!(asked.judged_window(), Window::new(from, to), "the open end is the finding's");
    assert_eq!(asked.searched_window(), asked.judged_window());
    let part = ask(&asked, &logs(), None).unwrap().verdict.claimed_traffic;
    assert!(part.bytes_out > 0 && part.bytes_out < 33_499_988, "{part:?}");
}

#[test]
fn a_subject_without_a_finding_is_never_borne_out_and_without_records_not_observable() {
    let subject = |id: &str| Subject { instance: Some(id.to_owned()), ..Subject::default() };
    let told = ask(&Inquiry::about(subject("i-0aaaabbbbcccc0001")), &logs(), None).unwrap();
    assert_eq!(told.verdict.status, Status::Inconclusive);
    assert!(told.totals.bytes_out > 33_499_988);
    let nobody = ask(&Inquiry::about(subject("i-0aaaabbbbcccc9999")), &logs(), None).unwrap();
    assert_eq!(nobody.verdict.status, Status::NotObservable);
}

#[test]
fn peers_and_a_baseline_are_told_if_they_are_asked_for_and_said_to_be_missing_if_they_are() {
    let inquiry = Inquiry::of(finding()).peers().baseline(Duration::from_secs(86_400));
    let told = ask(&inquiry, &logs(), None).unwrap();
    let peers = told.peers.unwrap();
    assert!(peers.iter().any(|peer| peer.interface.as_deref() == Some("eni-0a1b2c3d4e5f60001")));
    assert!(told.baseline.is_some());

    let subject = Subject { instance: Some("i-0aaaabbbbcccc0001".into()), ..Subject::default() };
    let endless = Inquiry::about(subject).baseline(Duration::from_secs(86_400));
    let told = ask(&endless, &logs(), None).unwrap();
    assert_eq!(told.baseline, None);
    assert!(told.verdict.reasons.iter().any(|reason| reason.starts_with("no baseline")));
}

#[test]
fn an_end_that_leaves_no_window_with_the_findings_own_other_end_is_refused() {
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    for (from, to) in [(None, at("2025-06-01T08:50:00Z")), (at("2025-06-02T00:00:00Z"), None)] {
        let inquiry = Inquiry::of(finding()).window(Window { from, to });
        let EmptyWindow { from: begins, to: ends } = inquiry.check_window().unwrap_err();
        assert!(ends <= begins && (from == Some(begins) || to == Some(ends)));
        let error = ask(&inquiry, &logs(), None).unwrap_err();
        assert!(matches!(error, EngineError::Window), "{error}");
    }
    assert_eq!(Inquiry::of(finding()).check_window(), Ok(()));
}

#[test]
fn another_instance_than_the_findings_has_none_of_its_interfaces() {
    let other = Subject { instance: Some("i-0aaaabbbbcccc0002".into()), ..Subject::default() };
    let inquiry = Inquiry::of(finding()).subject(other.clone());
    assert_eq!(inquiry.other_instance(), Some("i-0aaaabbbbcccc0001"));
    let told = ask(&inquiry, &logs(), None).unwrap();
    let alone = ask(&Inquiry::about(other).window(inquiry.judged_window()), &logs(), None).unwrap();
    assert_eq!(told.totals, alone.totals);
    assert_eq!(told.subject.interfaces, alone.subject.interfaces);
    assert!(!told.subject.interfaces.contains(&"eni-0a1b2c3d4e5f60001".to_owned()));
}

#[test]
fn a_named_address_is_the_same_in_ipv4_mapped_form() {
    let named = |text: &str| Inquiry::of(finding()).named([text.parse::<IpAddr>().unwrap()]);
    let (plain, mapped) = (named("203.0.113.9"), named("::ffff:203.0.113.9"));
    assert_eq!(ask(&plain, &logs(), None).unwrap(), ask(&mapped, &logs(), None).unwrap());
}
