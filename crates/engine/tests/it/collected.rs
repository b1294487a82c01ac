//! A collected set gives the answers that its objects give.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use flowproof_engine::{
    Answer, Collected, Completeness, EngineError, Key, Session, SessionOptions, SubjectQuestion,
    VolumeFilter,
};
use flowproof_evidence::{Subject, Window};
use flowproof_s3_testing::{Fault, Memory, Rule, S3Server};
use flowproof_source::Selection;
use flowproof_source::s3::{S3, S3Options};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::*;

const FOLDERS: &str = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01";

/// The key of an object of a flow log, by the minute of its stamp.
fn key(flow_log: char, minute: u32) -> String {
    let stamp = format!("20250601T{:02}{:02}Z", minute / 60, minute % 60);
    format!("{FOLDERS}/123456789012_vpcflowlogs_us-east-1_fl-{flow_log}_{stamp}_1a.log.gz")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn put(root: &Path, key: &str, bytes: &[u8]) {
    let path = root.join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn v5(eni: &str, source: &str, destination: &str, bytes: u64, start: i64) -> String {
    let end = start + 60;
    format!(
        "5 123456789012 {eni} {INSTANCE} {source} {destination} 49152 443 6 10 {bytes} {start} {end} \
         ACCEPT OK {source} {destination} egress"
    )
}

/// Two flow logs of different formats over an hour, with all that can be wrong with objects and
/// lines, and other things beside them.
fn mixed() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for minute in (0..60).step_by(5) {
        let start = T0 + 60 * i64::from(minute);
        let mut lines = vec![V2.to_owned()];
        for n in 0..8 {
            let (eni, own) = (format!("eni-{}", n % 3), format!("10.0.1.{}", n % 3));
            let remote = format!("203.0.113.{}", (n * 7 + minute) % 250);
            let record = v2(
                &eni,
                &own,
                &remote,
                u64::from(100 * n + minute),
                start - 240 + 30 * i64::from(n),
            );
            lines.push(if n == 5 { record.replace("ACCEPT", "REJECT") } else { record });
        }
        lines.push(format!("2 123456789012 {ENI} - - - - - - - {} {start} - NODATA", start - 60));
        lines.push(format!("2 123456789012 eni-1 - - - - - - - {} {start} - SKIPDATA", start - 60));
        if minute == 20 {
            lines.push("2 123456789012 eni-1 not a record".to_owned());
            lines
                .push(v2("eni-1", "10.0.1.1", "203.0.113.1", 5, start).replace(" 443 ", " 70000 "));
            lines.push(v2("eni-1", "10.0.1.1", "203.0.113.1", 5, 1_000));
        }
        put(root.path(), &key('a', minute), &gzip(&(lines.join("\n") + "\n")));
        let lines = [
            V5.to_owned(),
            v5(ENI, "10.0.1.5", "203.0.113.9", 8400, start - 200),
            v5(ENI, "10.0.1.5", "2001:db8::9", u64::MAX / 400, start - 100),
        ];
        put(root.path(), &key('b', minute), &gzip(&(lines.join("\n") + "\n")));
    }
    let whole = gzip(&format!("{V2}\n{}\n", v2("eni-0", "10.0.1.0", "203.0.113.8", 7, T0)));
    put(root.path(), &key('a', 61), &whole[..whole.len() - 6]);
    let no_status = "interface-id srcaddr dstaddr bytes start end\n";
    let record = format!("eni-2 10.0.1.2 203.0.113.77 11 {T0} {}\n", T0 + 60);
    put(root.path(), &key('c', 10), &gzip(&(no_status.to_owned() + &record)));
    let transit = "version resource-type account-id tgw-id bytes start end log-status";
    let record = format!("6 TransitGateway 123456789012 - 9 {T0} {} OK", T0 + 60);
    put(root.path(), "own-names/tgw.log", format!("{transit}\n{record}\n").as_bytes());
    put(root.path(), "own-names/page.log", b"<!DOCTYPE html><html></html>\n");
    put(root.path(), "own-names/blank.log", b" \n\n");
    put(root.path(), "own-names/zero.log", b"");
    put(root.path(), "own-names/README", b"read me");
    put(root.path(), ".git/config", b"x");
    root
}

fn selection(root: &Path, window: Window) -> Selection {
    let wheres = vec![root.display().to_string()];
    Selection { wheres, window, ..Selection::default() }
}

fn collect_with(
    selection: Selection,
    set: &Path,
    options: SessionOptions,
) -> Result<Answer<Collected>, EngineError> {
    block_on(async {
        let selection = Selection { all_skipped: true, ..selection };
        Session::open(&selection, options).await?.collect(set).await
    })
}

fn collect(root: &Path, set: &Path) -> Answer<Collected> {
    collect_with(selection(root, Window::ALWAYS), set, options()).unwrap()
}

/// All that several questions tell, as text, apart from where records were read from.
fn told(root: &Path, window: Window, threads: usize) -> Vec<String> {
    let options = SessionOptions { threads, ..options() };
    block_on(async {
        let session = Session::open(&selection(root, window), options).await.unwrap();
        let mut told = Vec::new();
        let keys = [Key::Interface, Key::Instance, Key::Local, Key::Remote, Key::Action, Key::Hour];
        for keys in [&keys[..], &[Key::Interface, Key::Hour]] {
            let answer = session.volumes(keys, &VolumeFilter::default()).await.unwrap();
            told.extend(texts(&answer.value));
            told.push(format!("{:?}", answer.coverage));
        }
        let sql = [
            "SELECT * FROM flow_logs",
            "SELECT object, flow_log_id, object_account, count(*), sum(bytes) FROM traffic GROUP BY 1, 2, 3",
            "SELECT one.bytes FROM flow_logs one JOIN flow_logs other ON one.bytes = other.packets",
        ];
        for sql in sql {
            let answer = session.query(sql, None).await.unwrap();
            told.extend(texts(&answer.value));
            told.push(format!("{:?}", answer.coverage));
        }
        let subjects = [
            Subject { instance: Some(INSTANCE.into()), ..Subject::default() },
            Subject { interfaces: vec!["eni-1".into()], ..Subject::default() },
            Subject { addresses: vec!["10.0.1.2".parse().unwrap()], ..Subject::default() },
        ];
        for subject in subjects {
            let question = SubjectQuestion { subject, window, ..SubjectQuestion::default() };
            let answer = session.subject(&question, None).await.unwrap();
            let mut evidence = answer.evidence();
            evidence.iter_mut().for_each(|object| object.collected_in = None);
            told.push(format!("{:?} {:?} {evidence:?}", answer.value, answer.coverage));
        }
        let inspected = session.inspect().await.unwrap();
        told.push(format!("{:?}", inspected.coverage));
        told.extend(
            inspected
                .objects
                .iter()
                .map(|o| format!("{} {:?} {:?}", o.object.key, o.digest, o.records)),
        );
        told
    })
}

fn window(from: &str, to: &str) -> Window {
    let at = |time: &str| format!("2025-06-01T{time}Z").parse().unwrap();
    Window::new(at(from), at(to))
}

fn assert_same(originals: &Path, set: &Path, window: Window) {
    for threads in [1, 7] {
        let (one, other) = (told(originals, window, threads), told(set, window, threads));
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other, "{window:?}, {threads} threads");
        }
        assert_eq!(one.len(), other.len());
    }
}

/// The files of a set, from its root on.
fn files(set: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![set.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[test]
fn a_set_answers_as_its_objects_do_whatever_the_window_and_the_threads() {
    let root = mixed();
    let set = tempfile::tempdir().unwrap();
    let answer = collect(root.path(), set.path());
    assert_eq!(answer.value.files.len(), 2, "one day, and what has no day");
    assert_eq!(files(set.path()).len(), 2);
    let of_day = &answer.value.files[0].key;
    assert!(
        of_day.contains("aws-region=us-east-1/year=2025/month=06/day=01/flowproof-"),
        "{of_day}"
    );
    for window in [Window::ALWAYS, window("00:12:00", "00:14:00"), window("05:00:00", "06:00:00")] {
        assert_same(root.path(), set.path(), window);
    }
    let records = &answer.coverage.records;
    assert_eq!((records.malformed, records.bad_time, records.transit_gateway), (3, 1, 1));
    assert_eq!(answer.coverage.objects.truncated, 1);
}

#[test]
fn the_same_objects_give_the_same_bytes_whatever_the_threads_and_the_memory() {
    let root = tempfile::tempdir().unwrap();
    let line =
        |n: i64| v2(&format!("eni-{}", n % 50), "10.0.1.5", "203.0.113.9", n as u64, T0 + n % 600);
    for part in 0..6 {
        let lines: Vec<String> = (0..20_000).map(|n| line(20_000 * part + n)).collect();
        put(
            root.path(),
            &format!("{part}.log"),
            format!("{V2}\n{}\n", lines.join("\n")).as_bytes(),
        );
    }
    let sets = [(1, 512 << 20), (2, 512 << 20), (2, 24 << 20)].map(|(threads, memory)| {
        let set = tempfile::tempdir().unwrap();
        let options = SessionOptions { threads, memory, ..options() };
        collect_with(selection(root.path(), Window::ALWAYS), set.path(), options).unwrap();
        let files = files(set.path());
        let [file] = &files[..] else { panic!("{files:?}") };
        (file.file_name().unwrap().to_owned(), fs::read(file).unwrap().len(), set)
    });
    // The name is the digest of the bytes.
    assert_eq!((&sets[0].0, sets[0].1), (&sets[1].0, sets[1].1));
    assert_eq!((&sets[0].0, sets[0].1), (&sets[2].0, sets[2].1));
}

#[test]
fn collecting_again_adds_what_is_new_and_nothing_else() {
    let root = mixed();
    let set = tempfile::tempdir().unwrap();
    collect(root.path(), set.path());
    let before = files(set.path());
    let again = collect(root.path(), set.path());
    assert_eq!((again.value.files.len(), again.value.had), (0, 29));
    assert_eq!(files(set.path()), before);
    let late = gzip(&format!("{V2}\n{}\n", v2("eni-0", "10.0.1.0", "203.0.113.8", 3, T0 + 7200)));
    put(root.path(), &key('a', 125), &late);
    let more = collect(root.path(), set.path());
    assert_eq!((more.value.files.len(), more.value.files[0].rows), (1, 1));
    assert_same(root.path(), set.path(), Window::ALWAYS);
}

#[test]
fn an_object_that_changed_since_is_an_error_and_nothing_is_written() {
    let root = mixed();
    let set = tempfile::tempdir().unwrap();
    collect(root.path(), set.path());
    let before = files(set.path());
    let other = gzip(&format!("{V2}\n{}\n", v2("eni-0", "10.0.1.0", "203.0.113.8", 3, T0)));
    put(root.path(), &key('a', 5), &other);
    let error = collect_with(selection(root.path(), Window::ALWAYS), set.path(), options());
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("another version of") && message.contains("_20250601T0005Z_"),
        "{message}"
    );
    assert_eq!(files(set.path()), before);
}

#[test]
fn nothing_where_aws_writes_a_header_is_a_loss() {
    let root =
        folder(&[("a.log", format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0)))]);
    put(root.path(), &key('a', 5), b"");
    put(root.path(), &key('a', 10), &gzip(""));
    put(root.path(), &key('a', 15), b" \n");
    put(root.path(), "zero.log", b"");
    put(root.path(), "blank.log.gz", &gzip("\n"));
    let answer = volumes(&root, &[Key::Interface]);
    let objects = &answer.coverage.objects;
    assert_eq!((objects.read, objects.empty, objects.truncated), (1, 2, 3));
    assert_eq!(answer.completeness(), Completeness::Partial);
    let set = tempfile::tempdir().unwrap();
    collect(root.path(), set.path());
    assert_same(root.path(), set.path(), Window::ALWAYS);
}

#[test]
fn what_was_read_in_another_format_is_not_taken_for_collected() {
    let lines = |n| format!("eni-1 10.0.1.5 203.0.113.9 {n} {T0} {}\n", T0 + 60);
    let root = folder(&[("a.log", lines(7)), ("b.log", lines(9))]);
    let given = |text: &str| SessionOptions { format: Some(text.parse().unwrap()), ..options() };
    let right = "${interface-id} ${srcaddr} ${dstaddr} ${bytes} ${start} ${end}";
    let wrong = "${interface-id} ${srcaddr} ${dstaddr} ${packets} ${start} ${end}";
    let attempt = |options, set: &TempDir| {
        collect_with(selection(root.path(), Window::ALWAYS), set.path(), options)
    };
    for first in [given(wrong), options()] {
        let set = tempfile::tempdir().unwrap();
        attempt(first.clone(), &set).unwrap();
        let again = attempt(first, &set).unwrap().value;
        assert_eq!((again.files.len(), again.had), (0, 2));
        // What a set holds was read already: the format does not reach it.
        let of_set = tempfile::tempdir().unwrap();
        for options in [options(), given(right), options()] {
            let of = selection(set.path(), Window::ALWAYS);
            assert_eq!(
                collect_with(of, of_set.path(), options).unwrap().coverage.objects.listed,
                2
            );
        }
        let before = files(set.path());
        let message = attempt(given(right), &set).unwrap_err().to_string();
        assert!(message.contains("another --format-string"), "{message}");
        assert_eq!(files(set.path()), before);
    }
}

#[test]
fn what_was_passed_over_gives_way_to_what_is_collected_later() {
    let root =
        folder(&[("a.log", format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0)))]);
    let set = tempfile::tempdir().unwrap();
    put(root.path(), "b.log", b"");
    std::os::unix::fs::symlink("nowhere", root.path().join("c.log")).unwrap();
    collect(root.path(), set.path());
    assert_same(root.path(), set.path(), Window::ALWAYS);
    let late = |bytes| format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", bytes, T0));
    put(root.path(), "b.log", late(8).as_bytes());
    fs::remove_file(root.path().join("c.log")).unwrap();
    put(root.path(), "c.log", late(9).as_bytes());
    let more = collect(root.path(), set.path());
    assert_eq!((more.value.had, more.coverage.objects.listed), (1, 3));
    assert_same(root.path(), set.path(), Window::ALWAYS);
    // Also where a window leaves it out by its key.
    std::os::unix::fs::symlink("nowhere", root.path().join("later.log.gz")).unwrap();
    let name = root.path().join(key('a', 600));
    fs::create_dir_all(name.parent().unwrap()).unwrap();
    fs::rename(root.path().join("later.log.gz"), &name).unwrap();
    collect(root.path(), set.path());
    fs::remove_file(&name).unwrap();
    put(root.path(), &key('a', 600), &gzip(&late(10)));
    collect(root.path(), set.path());
    let at = |second| jiff::Timestamp::from_second(second).ok();
    for (from, to) in [(None, at(T0 + 600)), (at(T0 + 80_000), None), (None, None)] {
        assert_same(root.path(), set.path(), Window { from, to });
    }
}

#[test]
fn what_broke_off_on_its_way_is_collected_anew() {
    block_on(async {
        let objects = Memory::default();
        let lines: Vec<String> = (0..2_000)
            .map(|n| v2(ENI, "10.0.1.5", &format!("203.0.113.{}", n % 250), n, T0))
            .collect();
        objects.put("logs", "a.log", format!("{V2}\n{}\n", lines.join("\n")));
        objects.put("logs", "b.log", format!("{V2}\n{}\n", lines[..9].join("\n")));
        let server = S3Server::memory(objects).await.unwrap();
        let s3_options = S3Options {
            endpoint_url: Some(server.endpoint()),
            path_style: true,
            attempts: 1,
            ..S3Options::default()
        };
        let s3 = S3::with_config(server.config(), s3_options);
        let selection = Selection {
            wheres: vec!["s3://logs".to_owned()],
            s3: Some(s3),
            all_skipped: true,
            ..Selection::default()
        };
        let set = tempfile::tempdir().unwrap();
        let collect = async || {
            let session = Session::open(&selection, options()).await.unwrap();
            session.collect(set.path()).await.unwrap()
        };
        server.faults().add(Rule::new(Fault::Truncate(5_000)).gets().key("a.log"));
        let cut = collect().await;
        let counts = &cut.coverage.objects;
        assert_eq!(counts.truncated + counts.unreachable, 1, "{counts:?}");
        server.faults().clear();
        let whole = collect().await;
        assert_eq!((whole.value.had, whole.coverage.objects.read), (1, 2), "{:?}", whole.coverage);
        let of_set =
            Session::builder().logs(set.path().display().to_string()).open().await.unwrap();
        let of_set = of_set.volumes(&[Key::Interface], &VolumeFilter::default()).await.unwrap();
        let of_logs = Session::open(&selection, options()).await.unwrap();
        let of_logs = of_logs.volumes(&[Key::Interface], &VolumeFilter::default()).await.unwrap();
        assert_eq!(texts(&of_set.value), texts(&of_logs.value));
        assert_eq!(of_set.coverage.records, of_logs.coverage.records);
        assert_eq!(of_set.coverage.objects, of_logs.coverage.objects);
    });
}

#[test]
fn a_set_may_be_collected_from_a_set_and_given_beside_another() {
    let root = mixed();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    collect(root.path(), one.path());
    collect(one.path(), other.path());
    assert_same(root.path(), other.path(), window("00:12:00", "00:44:00"));
    let both = tempfile::tempdir().unwrap();
    for (name, set) in [("one", &one), ("other", &other)] {
        for file in files(set.path()) {
            let key = format!("{name}/{}", file.strip_prefix(set.path()).unwrap().display());
            put(both.path(), &key, &fs::read(&file).unwrap());
        }
    }
    let counts = |root: &Path| inspect(root).coverage.objects;
    assert_eq!(counts(both.path()).read, counts(root.path()).read, "each object once");
}

fn inspect(root: &Path) -> Answer<()> {
    block_on(async {
        let session = Session::open(&selection(root, Window::ALWAYS), options()).await.unwrap();
        session.inspect().await.unwrap().map(|_| ())
    })
}

#[test]
fn a_file_of_a_set_that_is_cut_changed_or_renamed_is_never_taken_for_a_whole_one() {
    let root = mixed();
    let set = tempfile::tempdir().unwrap();
    collect(root.path(), set.path());
    let file = files(set.path()).into_iter().next().unwrap();
    let bytes = fs::read(&file).unwrap();
    for length in [4, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..length]).unwrap();
        let objects = inspect(set.path()).coverage.objects;
        assert_eq!(objects.truncated + objects.corrupt, 1, "{length} bytes");
    }
    // What no checksum of Parquet's own would tell.
    for place in [bytes.len() / 5, bytes.len() / 3] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        fs::write(&file, changed).unwrap();
        let objects = inspect(set.path()).coverage.objects;
        assert!(objects.corrupt + objects.truncated > 1, "byte {place}: {objects:?}");
    }
    fs::write(&file, &bytes).unwrap();
    let renamed = file.with_file_name("part-0.parquet");
    fs::rename(&file, &renamed).unwrap();
    assert_eq!(inspect(set.path()).coverage.objects.unsupported, 1);
}

#[test]
fn a_set_is_not_written_among_its_logs_or_under_folders_that_would_prune_it() {
    let root = mixed();
    let refused = |set: PathBuf| {
        let error = collect_with(selection(root.path(), Window::ALWAYS), &set, options());
        error.unwrap_err().to_string()
    };
    let inside = refused(root.path().join("own-names/set"));
    assert!(inside.contains("among the logs"), "{inside}");
    let other = tempfile::tempdir().unwrap();
    let below = refused(other.path().join(FOLDERS));
    assert!(below.contains("those of flow logs"), "{below}");
    let around = refused(root.path().parent().unwrap().to_owned());
    assert!(around.contains("the logs lie in it"), "{around}");
    assert!(refused("s3://bucket/set".into()).contains("s3://bucket/prefix"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Any objects, by any window.
    #[test]
    fn sets_of_any_objects_answer_as_they_do(
        objects in prop::collection::vec((0u32..40, 0usize..3, prop::collection::vec((0u32..3, 0i64..900, 0u64..9, 0usize..5), 0..12)), 1..6),
        from in prop::option::of(0i64..1200),
        length in 1i64..900,
    ) {
        let root = tempfile::tempdir().unwrap();
        for (minute, format, lines) in &objects {
            let header = [V2, V5, "interface-id srcaddr dstaddr bytes start end"][*format];
            let line = |(n, at, bytes, kind): &(u32, i64, u64, usize)| {
                let (eni, own, start) = (format!("eni-{n}"), format!("10.0.1.{n}"), T0 + at);
                match (format, kind) {
                    (0, 0) => format!("2 123456789012 {eni} - - - - - - - {start} {} - NODATA", start + 60),
                    (0, 1) => "2 123456789012 no record".to_owned(),
                    (0, _) => v2(&eni, &own, &format!("203.0.113.{kind}"), *bytes, start),
                    (1, _) => v5(&eni, &own, &format!("2001:db8::{kind}"), *bytes, start),
                    _ => format!("{eni} {own} 203.0.113.{kind} - {start} {}", start + 30),
                }
            };
            let lines: Vec<String> = lines.iter().map(line).collect();
            let flow_log = ['a', 'b', 'c'][*format];
            put(root.path(), &key(flow_log, *minute), &gzip(&format!("{header}\n{}\n", lines.join("\n"))));
        }
        let set = tempfile::tempdir().unwrap();
        collect(root.path(), set.path());
        let at = |second: i64| jiff::Timestamp::from_second(T0 + second).unwrap();
        let window = from.map_or(Window::ALWAYS, |from| Window::new(at(from), at(from + length)));
        let (one, other) = (told(root.path(), window, 2), told(set.path(), window, 2));
        for (one, other) in one.iter().zip(&other) {
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(one.len(), other.len());
    }
}
