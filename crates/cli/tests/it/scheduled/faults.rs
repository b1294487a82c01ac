//! What cannot be read, or not as it was meant.

use std::fs;

use flowproof_s3_testing::{Fault, Rule};
use serde_json::Value;

use super::{Scheduled, expected, flows_by_entry, key, line, shared_line};
use crate::program::{Run, arg, run};
use crate::s3::Bucket;

/// A scan of a bucket with its state on this machine.
fn scan(bucket: &Bucket, scans: &Scheduled, options: &[&str]) -> Run {
    let (list, state) = (arg(scans.path("list.txt")), arg(scans.path("state")));
    let own = ["scan", "--logs=s3://logs", "--list", &list, "--state", &state, "--format=json"];
    bucket.run(&[&own[..], options].concat())
}

fn put(bucket: &Bucket, numbers: std::ops::Range<u32>) {
    for number in numbers {
        bucket.objects.put("logs", &key(number), line(number) + &shared_line());
    }
}

#[test]
fn a_denied_object_is_told_in_every_run_and_read_when_it_can_be() {
    let (bucket, scans) = (Bucket::new(), Scheduled::new(10));
    put(&bucket, 0..5);
    bucket.server.faults().add(Rule::new(Fault::Denied).gets().key(key(2)));
    let mut told = Vec::new();
    for tried in 1..4 {
        let run = scan(&bucket, &scans, &[]);
        assert_eq!(run.code, Some(3), "{run:?}");
        let answer = run.json();
        assert_eq!(answer["trouble"]["first"][0]["kind"], "denied", "{run:?}");
        assert_eq!(answer["trouble"]["first"][0]["tried"], tried);
        assert_eq!(answer["objects"]["read"], if tried == 1 { 4 } else { 0 });
        told.extend(answer["findings"].as_array().unwrap().clone());
    }
    bucket.server.faults().clear();
    let run = scan(&bucket, &scans, &[]);
    assert_eq!((run.code, &run.json()["trouble"]["objects"]), (Some(0), &0.into()), "{run:?}");
    told.extend(run.json()["findings"].as_array().unwrap().clone());
    assert_eq!(flows_by_entry(&told), expected(5));
}

#[test]
fn an_object_that_broke_off_on_its_way_is_told_in_every_run_and_read_when_it_is_whole() {
    for fault in [Fault::Truncate(0), Fault::Reset(0)] {
        let (bucket, scans) = (Bucket::new(), Scheduled::new(10));
        put(&bucket, 0..5);
        let name = fault.name();
        bucket.server.faults().add(Rule::new(fault).gets().key(key(2)));
        let mut told = Vec::new();
        for read in [4, 0] {
            let run = scan(&bucket, &scans, &["--s3-attempts=1"]);
            assert_eq!(
                (run.code, &run.json()["objects"]["read"]),
                (Some(3), &read.into()),
                "{name}: {run:?}"
            );
            told.extend(run.json()["findings"].as_array().unwrap().clone());
        }
        bucket.server.faults().clear();
        let run = scan(&bucket, &scans, &[]);
        assert_eq!(
            (run.code, &run.json()["objects"]["read"]),
            (Some(0), &1.into()),
            "{name}: {run:?}"
        );
        told.extend(run.json()["findings"].as_array().unwrap().clone());
        assert_eq!(flows_by_entry(&told), expected(5), "{name}");
    }
}

#[test]
fn a_denied_place_is_told_in_every_run_and_does_not_stop_the_others() {
    let (bucket, scans) = (Bucket::new(), Scheduled::new(10));
    put(&bucket, 0..3);
    bucket.objects.create("other");
    bucket.objects.put("other", "a.log", "nobody may list this");
    bucket.server.faults().add(Rule::new(Fault::Denied).listings().key("secret"));
    for read in [3, 0] {
        let run = scan(&bucket, &scans, &["--logs=s3://other/secret", "--logs=s3://nowhere/x"]);
        assert_eq!((run.code, &run.json()["objects"]["read"]), (Some(3), &read.into()), "{run:?}");
        assert_eq!(run.json()["unlistable"].as_array().unwrap().len(), 2, "{run:?}");
    }
    let alone = scan(&bucket, &scans, &[]);
    assert_eq!(alone.code, Some(0), "{alone:?}");
}

#[test]
fn late_keys_and_new_etags_in_a_bucket_are_read_once_each_though_all_have_one_time() {
    let (bucket, scans) = (Bucket::new(), Scheduled::new(10));
    put(&bucket, 0..4);
    assert_eq!(scan(&bucket, &scans, &[]).json()["objects"]["read"], 4);
    bucket.objects.put("logs", &key(1), line(1) + &line(5) + &shared_line());
    let run = scan(&bucket, &scans, &[]);
    let answer = run.json();
    assert_eq!(
        (&answer["objects"]["replaced"], &answer["objects"]["read"]),
        (&1.into(), &1.into())
    );
    assert_eq!(scan(&bucket, &scans, &[]).json()["objects"]["read"], 0);
    // Before, between and after those that are known; all objects of this server have one time.
    let early = key(5).replace("2025", "2024");
    for key in [early, key(0).replace("_00000000", "_00000000a"), key(9)] {
        bucket.objects.put("logs", &key, line(6));
    }
    let late = scan(&bucket, &scans, &[]).json();
    assert_eq!((&late["objects"]["read"], &late["objects"]["replaced"]), (&3.into(), &0.into()));
    assert_eq!(
        (&late["findings"][0]["flows"], &late["findings"][0]["entry"]),
        (&3.into(), &"2001:db8::6".into())
    );
    assert_eq!(scan(&bucket, &scans, &[]).json()["objects"]["known"], 7);
}

#[test]
fn a_poison_object_is_told_and_does_not_stop_the_rest() {
    let scans = Scheduled::new(40);
    scans.write(0..20);
    // Two records whose sum does not fit, in one object; damage; a web page; nothing at all.
    let most = u64::MAX;
    let huge = line(7).replace(" 1007 ", &format!(" {most} "));
    scans.put(&key(21), &(huge.clone() + &huge));
    scans.put(&key(22).replace(".log", ".log.gz"), "\u{1f}no gzip");
    scans.put(&key(23), "<html><body>denied</body></html>");
    scans.put(&key(24), "\n\n");
    for run in 0..2 {
        let answer = scans.answer(3, &[]);
        let trouble = answer["trouble"]["first"].as_array().unwrap();
        let kinds: Vec<&str> =
            trouble.iter().map(|object| object["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"failed"), "{trouble:?}");
        assert!(
            trouble.iter().any(|object| object["reason"].as_str().unwrap().contains("64 bits"))
        );
        let read = answer["objects"]["read"].as_u64().unwrap();
        assert_eq!(read >= 20, run == 0, "{answer}");
        if run == 0 {
            assert_eq!(flows_by_entry(answer["findings"].as_array().unwrap()), expected(20));
        }
    }
    scans.verify();
}

#[test]
fn a_list_that_is_not_named_any_more_is_told_of_once() {
    let scans = Scheduled::new(10);
    scans.write(0..2);
    assert!(!scans.scan(&[]).err.contains("not named any more"));
    let [logs, state] = ["logs", "state"].map(|name| arg(scans.path(name)));
    let other = format!("{}/./list.txt", arg(scans.path("")).trim_end_matches('/'));
    let by_other_path = || run(&["scan", "--logs", &logs, "--list", &other, "--state", &state]);
    let told = by_other_path();
    assert!(told.err.contains("list.txt was used before and is not named any more"), "{told:?}");
    assert!(!by_other_path().err.contains("not named any more"));
}

#[test]
fn a_list_that_is_no_list_any_more_leaves_its_last_good_version_in_use() {
    let scans = Scheduled::new(10);
    scans.write(0..2);
    scans.answer(0, &[]);
    let page = "<!DOCTYPE html><html><body>Service unavailable</body></html>";
    for (bad, what) in [
        (page, "list.txt"),
        ("203.0.113.9\n2001:db8::1\n", "2 entries, 11 before"),
        ("", "list.txt"),
    ] {
        fs::write(scans.path("list.txt"), bad).unwrap();
        let next = scans.answer(0, &[])["objects"]["known"].as_u64().unwrap() as u32;
        scans.write(next..next + 1);
        let run = scans.scan(&["--format", "json"]);
        assert!(
            run.err.contains(what) && run.err.contains("its last good version is used"),
            "{run:?}"
        );
        assert_eq!(run.json()["findings"].as_array().unwrap().len(), 2, "{run:?}");
        assert_eq!(run.json()["stale_lists"].as_array().unwrap().len(), 1);
    }
    fs::remove_file(scans.path("list.txt")).unwrap();
    assert_eq!(scans.answer(0, &[])["stale_lists"].as_array().unwrap().len(), 1);
    fs::write(scans.path("list.txt"), "203.0.113.9\n2001:db8::1\n").unwrap();
    let accepted = scans.answer(0, &["--accept-shrunk"]);
    assert_eq!(
        (&accepted["stale_lists"], &accepted["lists"][0]["entries"]),
        (&Value::Array(vec![]), &2.into())
    );
    assert_eq!(scans.answer(0, &[])["stale_lists"], Value::Array(vec![]));
}

#[test]
fn objects_that_events_name_are_read_and_no_others() {
    let (bucket, scans) = (Bucket::new(), Scheduled::new(10));
    put(&bucket, 0..4);
    let encoded = key(1).replace('/', "%2F");
    let events = format!(
        "s3://logs/{}\n{{\"Records\":[{{\"eventName\":\"ObjectCreated:Put\",\"s3\":{{\"bucket\":{{\"name\":\"logs\"}},\
         \"object\":{{\"key\":\"{encoded}\",\"size\":1}}}}}}]}}\ns3://elsewhere/x.log\ns3://logs/gone.log\n",
        key(0)
    );
    let file = scans.path("events");
    fs::write(&file, &events).unwrap();
    let run = scan(&bucket, &scans, &["--keys", &arg(&file)]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let answer = run.json();
    assert_eq!(
        (&answer["objects"]["read"], &answer["coverage"]["objects"]["vanished"]),
        (&2.into(), &1.into())
    );
    assert!(run.err.contains("1 object outside of --logs passed over"), "{run:?}");
    fs::write(&file, format!("s3://logs/{}\n", key(0))).unwrap();
    let again = scan(&bucket, &scans, &["--keys", &arg(&file)]);
    assert_eq!((again.code, &again.json()["objects"]["known"]), (Some(0), &1.into()), "{again:?}");
    assert_eq!(scan(&bucket, &scans, &[]).json()["objects"]["read"], 2);
}

#[test]
fn a_state_that_is_damaged_is_never_taken_for_empty() {
    let scans = Scheduled::new(10);
    scans.write(0..3);
    scans.answer(0, &[]);
    let head = scans.path("state/CURRENT");
    let bytes = fs::read(&head).unwrap();
    fs::write(&head, &bytes[..bytes.len() / 2]).unwrap();
    let damaged = scans.scan(&[]);
    assert!(damaged.code == Some(1) && damaged.err.contains("is damaged"), "{damaged:?}");
    fs::remove_file(&head).unwrap();
    let gone = scans.scan(&[]);
    assert!(gone.code == Some(1) && gone.err.contains("damaged, not empty"), "{gone:?}");
    let verified = run(&["state", "verify", &arg(scans.path("state"))]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
}

#[test]
fn a_folder_that_is_somebody_elses_is_no_state_and_keeps_what_is_in_it() {
    let scans = Scheduled::new(4);
    scans.write(0..1);
    for foreign in ["notes.txt", "work/mine.txt", "kept/mine.txt"] {
        let file = scans.path("state").join(foreign);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "mine").unwrap();
    }
    let refused = scans.scan(&[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("there is notes.txt, and no state"), "{refused:?}");
    fs::remove_file(scans.path("state/notes.txt")).unwrap();
    assert_eq!(scans.answer(0, &[])["objects"]["read"], 1);
    for foreign in ["work/mine.txt", "kept/mine.txt"] {
        assert_eq!(fs::read(scans.path("state").join(foreign)).unwrap(), b"mine");
    }
}

#[test]
fn what_is_read_is_never_written() {
    let scans = Scheduled::new(4);
    scans.write(0..1);
    let list = arg(scans.path("list.txt"));
    let before = fs::read(&list).unwrap();
    let log = arg(scans.path("logs").join(key(0)));
    for (option, what) in [
        (["--emit", &format!("jsonl={list}")], "is read"),
        (["--emit", &format!("html={list}")], "is read"),
        (["--metrics", &log], "lies within --logs"),
        (["--emit", &format!("jsonl={}/out/", arg(scans.path("logs")))], "lies within --logs"),
    ] {
        let refused = scans.scan(&option);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(what), "{refused:?}");
    }
    assert_eq!(fs::read(&list).unwrap(), before);
    // A file that is there keeps what is in it, and is given an end.
    let out = scans.path("mine.txt");
    fs::write(&out, "mine, without an end").unwrap();
    scans.answer(0, &["--emit", &format!("jsonl={}", arg(&out))]);
    let text = fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().next(), Some("mine, without an end"));
    assert_eq!(text.lines().count(), 1 + 2);
}

#[test]
fn names_that_cannot_be_told_apart_are_told_and_their_objects_are_not_read() {
    use std::os::unix::ffi::OsStrExt;
    let scans = Scheduled::new(4);
    scans.write(0..1);
    for name in [&b"a\xff.log"[..], b"a\xfe.log"] {
        let path = scans.path("logs").join(std::ffi::OsStr::from_bytes(name));
        if fs::write(path, line(1)).is_err() {
            return; // This file system has no such names.
        }
    }
    for read in [1, 0] {
        let run = scans.scan(&["--format", "json"]);
        assert_eq!((run.code, &run.json()["objects"]["read"]), (Some(3), &read.into()), "{run:?}");
        assert!(run.err.contains("its name is not UTF-8"), "{run:?}");
    }
}

#[test]
fn a_plain_file_that_is_being_written_is_left_to_the_next_run() {
    let scans = Scheduled::new(4);
    let whole = line(1) + &line(2);
    scans.put(&key(0), &whole[..whole.len() - 30]);
    let cut = scans.answer(3, &[]);
    assert_eq!((&cut["objects"]["read"], &cut["findings"]), (&0.into(), &Value::Array(vec![])));
    scans.put(&key(0), &whole);
    let answer = scans.answer(0, &[]);
    let flows = flows_by_entry(answer["findings"].as_array().unwrap());
    assert_eq!(flows.values().copied().collect::<Vec<_>>(), [1, 1]);
    assert_eq!(answer["trouble"]["objects"], 0);
}

#[test]
fn sums_that_do_not_fit_stop_no_other_finding() {
    let scans = Scheduled::new(200);
    let most = line(0).replace(" 1000 ", &format!(" {} ", u64::MAX));
    scans.put(&key(0), &most);
    assert_eq!(scans.answer(0, &[])["objects"]["read"], 1);
    // Each of these is one too many for the sum of the first entry.
    for number in 1..70 {
        scans.put(&key(number), &line(0));
    }
    scans.write(100..101);
    for read in [1, 0] {
        let answer = scans.answer(3, &[]);
        assert_eq!(answer["objects"]["read"], read);
        assert_eq!(answer["findings"].as_array().unwrap().len(), 2 * read as usize);
        assert_eq!(answer["trouble"]["objects"], 69);
    }
}

#[test]
fn a_state_that_was_restored_tells_what_comes_after_it() {
    let scans = Scheduled::new(10);
    let emit = format!("jsonl={}/", arg(scans.path("out")));
    let copy = |from: &str, to: &str| {
        let status = std::process::Command::new("cp")
            .args(["-r"])
            .arg(scans.path(from))
            .arg(scans.path(to))
            .status();
        assert!(status.unwrap().success());
    };
    for number in 0..3 {
        scans.put(&key(number), &line(number));
        if number == 2 {
            fs::remove_dir_all(scans.path("state")).unwrap();
            copy("backup", "state");
        }
        scans.answer(0, &["--emit", &emit]);
        if number == 0 {
            copy("state", "backup");
        }
    }
    let files = fs::read_dir(scans.path("out")).unwrap();
    let told = files.flat_map(|file| super::json_lines(&file.unwrap().path()));
    let told: std::collections::BTreeSet<String> =
        told.map(|finding| finding["entry"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, (0..3).map(super::entry).collect());
}
