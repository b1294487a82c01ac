//! A state in a bucket: its lock, its keys, and what it does about a store that fails or lies.

use std::sync::Arc;
use std::time::Duration;

use flowproof_s3_testing::{Fault, Rule};
use flowproof_source::s3::S3Options;
use flowproof_state::{
    Bucket, Delta, Hold, Locked, Mode, Place, Put, Settings, State, StateError, Swap, Version,
};
use jiff::{SignedDuration, Timestamp};

use crate::crash::{clean, run_all};
use crate::support::{Buckets, object_row, read};

const PLACE: &str = "s3://states/a";

async fn open(place: &Bucket) -> Result<State, StateError> {
    State::open(Arc::new(place.clone()), Mode::Start(Settings::new())).await
}

async fn commit(state: &mut State, number: u32) -> Result<(), StateError> {
    let (read, rows) = (vec![read(state, number, 0)], vec![object_row(number, 0)]);
    state.commit(Delta { read, rows, ..Delta::default() }).await.map(drop)
}

async fn take(place: &Bucket) -> Box<dyn Hold> {
    match place.lock().await.unwrap() {
        Locked::Taken(hold) => hold,
        Locked::Busy(holder) => panic!("{holder}"),
    }
}

/// What is said of whoever has the place.
async fn is_busy(place: &Bucket) -> String {
    match place.lock().await.unwrap() {
        Locked::Taken(_) => panic!("it was free"),
        Locked::Busy(holder) => holder,
    }
}

fn ago(seconds: i64) -> String {
    Timestamp::now().checked_sub(SignedDuration::from_secs(seconds)).unwrap().to_string()
}

#[tokio::test]
async fn a_run_has_the_place_until_it_closes() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    let state = open(&place).await.unwrap();
    let StateError::Busy { place: at, holder } = open(&place).await.unwrap_err() else {
        panic!("not busy");
    };
    assert_eq!(at, PLACE);
    let own = format!("process {}, since 2", std::process::id());
    let lock: serde_json::Value = serde_json::from_str(&buckets.text("a/lock").unwrap()).unwrap();
    let until = lock["until"].as_str().unwrap();
    assert!(holder.contains(&own) && holder.contains(until), "{holder}");
    let left = until.parse::<Timestamp>().unwrap().duration_since(Timestamp::now()).as_secs();
    assert!((50..=60).contains(&left), "{left}");
    state.close().await.unwrap();
    assert_eq!(buckets.text("a/lock"), None);

    drop(open(&place).await.unwrap());
    buckets.s3.cleaned_up().await;
    assert_eq!(buckets.text("a/lock"), None, "what was dropped");
    open(&place).await.unwrap();
}

#[tokio::test]
async fn a_lock_that_is_over_is_taken_by_the_next_and_left_to_it() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    let mut late = open(&place).await.unwrap();
    buckets.edit("a/lock", |lock| lock["until"] = ago(5).into());
    is_busy(&place).await;
    buckets.edit("a/lock", |lock| lock["until"] = ago(15).into());
    let mut next = open(&place).await.unwrap();
    let lock = buckets.text("a/lock").unwrap();
    is_busy(&place).await;

    commit(&mut next, 1).await.unwrap();
    let refused = commit(&mut late, 2).await.unwrap_err();
    assert!(matches!(refused, StateError::Conflict { .. }), "{refused}");
    late.close().await.unwrap();
    assert_eq!(buckets.text("a/lock").unwrap(), lock, "it is not the late one's");
    next.close().await.unwrap();
    assert_eq!(buckets.text("a/lock"), None);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_lock_of_a_process_of_this_machine_that_is_no_more_is_taken_at_once() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let dead = child.id();
    child.wait().unwrap();
    let hold = take(&place).await;
    let lock = buckets.text("a/lock").unwrap();
    hold.release().await.unwrap();
    buckets.objects.put("states", "a/lock", lock);
    is_busy(&place).await;
    buckets.edit("a/lock", |lock| lock["pid"] = dead.into());
    buckets.edit("a/lock", |lock| lock["host"] = "other.example.com".into());
    is_busy(&place).await;
    let host = hostname::get().unwrap().to_string_lossy().into_owned();
    buckets.edit("a/lock", |lock| lock["host"] = host.into());
    take(&place).await.release().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_cannot_be_read_is_nobodys_to_take() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    buckets.objects.put("states", "a/lock", "of another make");
    let told = is_busy(&place).await;
    assert!(told.contains("s3://states/a/lock") && told.contains("remove"), "{told}");
    assert_eq!(buckets.text("a/lock").unwrap(), "of another make");
}

fn until(buckets: &Buckets) -> Timestamp {
    let lock: serde_json::Value = serde_json::from_str(&buckets.text("a/lock").unwrap()).unwrap();
    lock["until"].as_str().unwrap().parse().unwrap()
}

/// Waits until something is so.
async fn eventually(is_so: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is not so after ten seconds");
}

#[tokio::test]
async fn a_lock_is_renewed_for_as_long_as_it_is_held() {
    let buckets = Buckets::serve().await;
    let place = buckets.short(PLACE, 300);
    let hold = take(&place).await;
    let first = until(&buckets);
    eventually(|| until(&buckets) > first + SignedDuration::from_millis(500)).await;
    is_busy(&place).await;
    hold.release().await.unwrap();
    let before = buckets.requests();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((buckets.requests(), buckets.text("a/lock")), (before, None));
}

#[tokio::test]
async fn a_renewal_that_failed_or_was_not_answered_is_made_up_for() {
    let buckets = Buckets::serve_with(S3Options { attempts: 1, ..S3Options::default() }).await;
    let hold = take(&buckets.short(PLACE, 300)).await;
    let faults = buckets.server.faults();
    for fault in [Fault::HangUp, Fault::LoseAnswer] {
        let (name, first) = (fault.name(), until(&buckets));
        faults.add(Rule::new(fault).method("PUT").key("a/lock"));
        eventually(|| faults.done(name) >= 2).await;
        faults.clear();
        eventually(|| until(&buckets) > first + SignedDuration::from_millis(800)).await;
    }
    hold.release().await.unwrap();
    assert_eq!(buckets.text("a/lock"), None);
}

#[tokio::test]
async fn a_lock_that_another_took_is_renewed_no_more() {
    let buckets = Buckets::serve().await;
    let hold = take(&buckets.short(PLACE, 300)).await;
    buckets.edit("a/lock", |lock| lock["nonce"] = "another's".into());
    let lock = buckets.text("a/lock");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = buckets.requests();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(buckets.requests(), before);
    hold.release().await.unwrap();
    assert_eq!(buckets.text("a/lock"), lock);
}

#[tokio::test]
async fn a_run_that_finds_nothing_to_do_takes_a_handful_of_requests() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    open(&place).await.unwrap().close().await.unwrap();
    let before = buckets.requests();
    let state = open(&place).await.unwrap();
    state.close().await.unwrap();
    // The lock and two that must fail, the head, the lock once more and its end.
    assert_eq!(buckets.requests() - before, 6);
    let before = buckets.requests();
    State::open(Arc::new(place), Mode::Read).await.unwrap();
    assert_eq!(buckets.requests() - before, 1);
}

#[tokio::test]
async fn a_store_that_does_not_look_at_conditions_is_refused() {
    let unknown = || Fault::Answer(501, "NotImplemented", "A header is not implemented.");
    for (faults, header) in [
        (vec![Fault::IgnoreIfNoneMatch], "(If-None-Match)"),
        (vec![Fault::IgnoreIfMatch], "(If-Match)"),
        (vec![Fault::IgnoreIfNoneMatch, Fault::IgnoreIfMatch], "(If-None-Match)"),
        (vec![unknown()], "(If-None-Match)"),
    ] {
        let buckets = Buckets::serve().await;
        for fault in faults {
            buckets.server.faults().add(Rule::new(fault).method("PUT"));
        }
        let error = open(&buckets.place(PLACE)).await.unwrap_err().to_string();
        assert!(error.contains("s3://states/a/lock: this store does not do"), "{error}");
        assert!(error.contains(header), "{error}");
        assert_eq!(buckets.objects.keys("states"), [""; 0], "{header}");
    }
}

#[tokio::test]
async fn a_store_that_stops_to_look_at_one_condition_is_refused_by_the_next_run() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    open(&place).await.unwrap().close().await.unwrap();
    buckets.server.faults().add(Rule::new(Fault::IgnoreIfMatch).method("PUT"));
    let keys = buckets.objects.keys("states");
    let error = open(&place).await.unwrap_err().to_string();
    assert!(error.contains("(If-Match)"), "{error}");
    assert_eq!(buckets.objects.keys("states"), keys);
}

#[tokio::test]
async fn answers_that_are_lost_change_nothing() {
    let clean = clean().await;
    for seed in 0..3 {
        let buckets = Buckets::serve().await;
        let faults = buckets.server.faults();
        faults.seed(seed);
        faults.add(Rule::new(Fault::LoseAnswer).chance(0.3));
        assert_eq!(run_all(buckets.fresh()).await, *clean.last().unwrap());
        assert!(faults.done("lose answer") > 20, "{}", faults.done("lose answer"));
    }
    // The first answer to every write.
    let buckets = Buckets::serve().await;
    let faults = buckets.server.faults();
    faults.add(Rule::new(Fault::LoseAnswer).method("PUT").key("CURRENT").chance(0.5));
    faults.add(Rule::new(Fault::LoseAnswer).method("PUT").key("seg/").times(1));
    faults.add(Rule::new(Fault::LoseAnswer).method("PUT").key("lock").times(1));
    assert_eq!(run_all(buckets.fresh()).await, *clean.last().unwrap());
    assert_eq!(buckets.text("fresh/0/lock"), None);
}

#[tokio::test]
async fn a_store_that_asks_to_slow_down_is_asked_again() {
    let clean = clean().await;
    let buckets = Buckets::serve().await;
    let faults = buckets.server.faults();
    faults.add(Rule::new(Fault::SlowDown).chance(0.3));
    assert_eq!(run_all(buckets.fresh()).await, *clean.last().unwrap());
    assert!(faults.done("slow down") > 20, "{}", faults.done("slow down"));
}

#[tokio::test]
async fn a_write_that_met_another_under_way_is_made_again() {
    let clean = clean().await;
    let buckets = Buckets::serve().await;
    let under_way =
        || Fault::Answer(409, "ConditionalRequestConflict", "Another write is under way.");
    let faults = buckets.server.faults();
    faults.add(Rule::new(under_way()).method("PUT").key("seg/").times(1));
    faults.add(Rule::new(under_way()).method("PUT").key("CURRENT").times(2));
    assert_eq!(run_all(buckets.fresh()).await, *clean.last().unwrap());
    assert!(faults.done("answer") > 5);
}

#[tokio::test]
async fn keys_are_those_that_were_named() {
    for (place, prefix) in [
        ("s3://states", ""),
        ("s3://states/", ""),
        ("s3://states/a b", "a b/"),
        ("s3://states/a+b/c/", "a+b/c/"),
        ("s3://states/a%3Db", "a%3Db/"),
        ("s3://states/ä=&?#", "ä=&?#/"),
    ] {
        let buckets = Buckets::serve().await;
        let near = [format!("{prefix}segments"), format!("{prefix}seg/"), "aaa".to_owned()];
        for key in near.iter().filter(|key| !key.is_empty()) {
            buckets.objects.put("states", key, "somebody's");
        }
        let bucket = buckets.place(place);
        let mut state = open(&bucket).await.unwrap();
        commit(&mut state, 1).await.unwrap();
        state.compact().await.unwrap();
        commit(&mut state, 2).await.unwrap();
        assert!(state.verify().await.unwrap().is_whole());
        state.close().await.unwrap();
        assert_eq!(open(&bucket).await.unwrap().summary().objects, 2, "{place}");
        buckets.s3.cleaned_up().await;
        let segments = bucket.list("seg").await.unwrap();
        assert!(segments.len() > 1 && segments.iter().all(|name| name.starts_with("seg/0")));
        let mut expected: Vec<String> =
            segments.iter().map(|name| format!("{prefix}{name}")).chain(near).collect();
        expected.push(format!("{prefix}CURRENT"));
        expected.sort();
        assert_eq!(buckets.objects.keys("states"), expected, "{place}");
        let at = format!("s3://states/{prefix}CURRENT");
        assert_eq!(bucket.locate("CURRENT"), at);
        assert_eq!(bucket.locate(""), place.trim_end_matches('/'));
    }
}

#[tokio::test]
async fn a_folder_is_listed_page_by_page_and_no_deeper() {
    let buckets = Buckets::serve().await;
    let names: Vec<String> = (0..2345).map(|number| format!("seg/{number:05}")).collect();
    for name in &names {
        buckets.objects.put("states", &format!("a/{name}"), "");
    }
    for other in ["a/seg/", "a/seg/00000/x", "a/seh", "b/seg/1"] {
        buckets.objects.put("states", other, "");
    }
    let place = buckets.place(PLACE);
    assert_eq!(place.list("seg").await.unwrap(), names);
    assert_eq!(place.list("other").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_name_has_one_content_and_the_head_one_successor() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    assert_eq!(place.put_new("seg/1", b"one".to_vec()).await.unwrap(), Put::Done);
    assert_eq!(place.put_new("seg/1", b"one".to_vec()).await.unwrap(), Put::Done, "it is that");
    assert_eq!(place.put_new("seg/1", b"two".to_vec()).await.unwrap(), Put::Exists);
    assert_eq!(place.get("seg/1").await.unwrap().unwrap(), b"one");
    place.remove("seg/1").await.unwrap();
    place.remove("seg/1").await.unwrap();
    assert_eq!(place.get("seg/1").await.unwrap(), None);

    assert_eq!(place.head().await.unwrap(), None);
    let nobodys = Version("\"nobody's\"".into());
    assert_eq!(place.swap_head(b"1".to_vec(), Some(&nobodys)).await.unwrap(), Swap::Conflict);
    let Swap::Done(first) = place.swap_head(b"1".to_vec(), None).await.unwrap() else {
        panic!("there was none");
    };
    assert_eq!(place.head().await.unwrap(), Some((b"1".to_vec(), first.clone())));
    assert_eq!(place.swap_head(b"2".to_vec(), None).await.unwrap(), Swap::Conflict);
    let swapped = place.swap_head(b"2".to_vec(), Some(&first)).await.unwrap();
    assert!(matches!(&swapped, Swap::Done(version) if *version != first), "{swapped:?}");
    assert_eq!(place.swap_head(b"3".to_vec(), Some(&first)).await.unwrap(), Swap::Conflict);
    assert_eq!(place.head().await.unwrap().unwrap().0, b"2");
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let denied = |method| Rule::new(Fault::Denied).method(method);
    for (rule, right) in [
        (denied("PUT").key("lock"), "s3://states/a/lock: S3 answered AccessDenied"),
        (denied("PUT"), "s3:PutObject"),
        (denied("GET"), "s3:GetObject on the objects and s3:ListBucket"),
        (Rule::new(Fault::Denied).listings().key("a/seg"), "s3:ListBucket"),
    ] {
        let buckets = Buckets::serve().await;
        buckets.server.faults().add(rule);
        let error = open(&buckets.place(PLACE)).await.unwrap_err();
        assert!(matches!(error, StateError::Place(_)), "{error:?}");
        assert!(error.to_string().contains(right), "{error}");
    }
    let buckets = Buckets::serve().await;
    let mut state = open(&buckets.place(PLACE)).await.unwrap();
    buckets.server.faults().add(denied("PUT").key("CURRENT"));
    let error = commit(&mut state, 1).await.unwrap_err().to_string();
    assert!(error.contains("s3:PutObject and s3:GetObject on this key"), "{error}");
    buckets.server.faults().clear();
    buckets.server.faults().add(denied("DELETE"));
    let (notes, settled) = ([("a".into(), Some("b".into()))].into(), vec!["nothing".into()]);
    let done = state.commit(Delta { notes, settled, ..Delta::default() }).await.unwrap();
    assert!(done.left.unwrap().contains("s3:DeleteObject"), "of the commit that failed");
    let error = state.close().await.unwrap_err().to_string();
    assert!(error.contains("a/lock") && error.contains("s3:DeleteObject"), "{error}");
}

#[tokio::test]
async fn what_may_be_listed_and_is_not_there_needs_no_right_to_list_all() {
    let buckets = Buckets::serve().await;
    let place = buckets.place(PLACE);
    // So S3 answers whoever may list some prefixes only.
    buckets.server.faults().add(Rule::new(Fault::Denied).gets().key("CURRENT").times(1));
    open(&place).await.unwrap().close().await.unwrap();
    buckets.server.faults().add(Rule::new(Fault::Denied).gets().key("CURRENT"));
    let denied = open(&place).await.unwrap_err().to_string();
    assert!(denied.contains("s3:GetObject"), "it is there: {denied}");
}

#[tokio::test]
async fn what_is_no_place_in_a_bucket_is_refused() {
    let buckets = Buckets::serve().await;
    for place in ["", "states/a", "/states", "s3://", "s3:///a", "gs://states/a"] {
        let refused = Bucket::new(place, &buckets.s3).unwrap_err();
        assert!(refused.reason.contains("s3://bucket/prefix"), "{refused}");
    }
    let error = open(&buckets.place("s3://other/a")).await.unwrap_err().to_string();
    assert!(error.contains("NoSuchBucket"), "{error}");
}
