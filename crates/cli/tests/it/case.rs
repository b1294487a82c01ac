//! Cases: what `investigate --case` writes.

mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::naive::files_below;
use crate::program::{Run, arg, command, run, testdata};
use crate::s3::Bucket;

/// A folder for a case, and the case's place in it.
struct Place {
    folder: TempDir,
    dir: PathBuf,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("case");
        Place { folder, dir }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    /// Writes a case with what these arguments ask.
    fn investigate(&self, args: &[&str]) -> Run {
        run(&[&["investigate", "--format=json", "--case", &arg(&self.dir)], args].concat())
    }

    /// A case of the worked investigation.
    fn worked() -> Place {
        let place = Place::new();
        let written = place.investigate(&texts(&worked()));
        assert_eq!(written.code, Some(0), "{written:?}");
        place
    }

    fn verify(&self, more: &[&str]) -> Run {
        run(&[&["verify", &arg(&self.dir)], more].concat())
    }

    /// Writes the digests of all files anew, as a forger would.
    fn forge_manifest(&self) {
        let files = files_below(&self.dir).into_iter().map(|file| {
            let path = file.strip_prefix(&self.dir).unwrap().to_str().unwrap().to_owned();
            (path, file)
        });
        let files = files.filter(|(path, _)| path != "MANIFEST");
        let lines = files.map(|(path, file)| format!("{}  {path}\n", sha256(&file)));
        fs::write(self.at("MANIFEST"), lines.collect::<String>()).unwrap();
    }

    fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from}");
        fs::write(self.at(path), text.replacen(from, to, 1)).unwrap();
    }

    /// All that lies in the folder in which the case is, or was to be.
    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn texts(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// The arguments of the worked investigation.
fn worked() -> Vec<String> {
    let worked = testdata().join("worked");
    vec![
        format!("--finding={}", arg(worked.join("finding.json"))),
        format!("--logs={}", arg(worked.join("logs"))),
        format!("--list={}", arg(worked.join("tor-exits.txt"))),
        format!("--trusted={}", arg(worked.join("internal-trusted.txt"))),
    ]
}

/// The digest as another program has it.
fn sha256(file: &Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // A name with a backslash or a line feed would put a backslash before it.
    text.trim_start_matches('\\')[..64].to_owned()
}

/// What records of a CSV file come to, by the plainest reader: no cell of a flow log has a comma.
fn sums_of(csv: &str) -> BTreeMap<&'static str, u64> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut sums = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        let cell = |name: &str| cells[header.iter().position(|column| *column == name).unwrap()];
        let count = |name: &str| cell(name).parse::<u64>().unwrap_or(0);
        let names = match (cell("action"), cell("direction")) {
            ("REJECT", _) => ["rejected_bytes", "rejected_packets", "rejected_flows"],
            (_, "ingress") => ["bytes_in", "packets_in", "flows"],
            (_, "egress") => ["bytes_out", "packets_out", "flows"],
            _ => ["bytes_unoriented", "packets_unoriented", "flows"],
        };
        for (name, more) in names.into_iter().zip([count("bytes"), count("packets"), 1]) {
            *sums.entry(name).or_default() += more;
        }
    }
    sums
}

/// Every counter of an answer's totals that is not 0.
fn counters(totals: &Value) -> BTreeMap<&str, u64> {
    let counters = totals.as_object().unwrap().iter();
    let counters = counters.filter_map(|(name, value)| Some((name.as_str(), value.as_u64()?)));
    counters.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_case_holds_the_answer_and_all_that_it_stands_on() {
    let place = Place::new();
    let written = place.investigate(&texts(&worked()));
    assert_eq!(written.code, Some(0), "{written:?}");
    let files = files_below(&place.dir);
    let mut files: Vec<&str> =
        files.iter().map(|file| file.strip_prefix(&place.dir).unwrap().to_str().unwrap()).collect();
    files.sort_unstable();
    let expected = [
        "MANIFEST",
        "case.json",
        "findings/1-finding.json",
        "lists/1-tor-exits.txt",
        "records/1.csv",
        "records/1.parquet",
        "report.html",
        "result.json",
        "sources.json",
        "trusted/1-internal-trusted.txt",
    ];
    assert_eq!(files, expected);
    assert_eq!(place.beside(), ["case"], "nothing is left beside it");

    let given = testdata().join("worked");
    for (copy, original) in [
        ("findings/1-finding.json", "finding.json"),
        ("lists/1-tor-exits.txt", "tor-exits.txt"),
        ("trusted/1-internal-trusted.txt", "internal-trusted.txt"),
    ] {
        assert_eq!(fs::read(place.at(copy)).unwrap(), fs::read(given.join(original)).unwrap());
    }
    let plain = run(&[&["investigate", "--format=json"], &texts(&worked())[..]].concat());
    assert_eq!(place.read("result.json"), plain.out);
    assert_eq!(written.out, plain.out, "the answer is told as well");
    let page = run(&[&["investigate", "--format=html"], &texts(&worked())[..]].concat());
    assert_eq!(place.read("report.html"), page.out);

    let about = place.json("case.json");
    assert_eq!(about["schema"], "flowproof.case/1");
    assert_eq!((&about["exit_code"], &about["tool"]["name"]), (&json!(0), &json!("flowproof")));
    assert_eq!(about["answers"][0]["verdict"], "corroborated");
    assert_eq!(about["answers"][0]["finding"], "c0ffee00c0ffee00c0ffee00c0ffee01");
    assert_eq!(about["files"][0]["given_as"], arg(given.join("finding.json")));
    for file in about["files"].as_array().unwrap() {
        let length = fs::metadata(place.at(file["path"].as_str().unwrap())).unwrap().len();
        assert_eq!(file["bytes"], length);
    }
    let typed = about["command_line"].as_array().unwrap();
    assert_eq!(typed[1..3], ["investigate", "--format=json"]);

    let answer = plain.json();
    let sources = place.json("sources.json");
    let (sources, evidence) = (sources["objects"].as_array(), answer["evidence"].as_array());
    let (sources, evidence) = (sources.unwrap(), evidence.unwrap());
    assert_eq!((sources.len(), evidence.len()), (31, 31));
    for (source, object) in sources.iter().zip(evidence) {
        for name in ["object", "etag", "size"] {
            assert_eq!(source[name], object[name]);
        }
        assert_eq!(source["records"]["1"].as_u64().unwrap_or(0), object["records"]);
    }
}

#[test]
fn a_case_is_verified_by_us_and_by_sha256sum() {
    let place = Place::worked();
    let told = place.verify(&[]);
    assert_eq!((told.code, &*told.err), (Some(0), ""), "{told:?}");
    let digest = sha256(&place.at("MANIFEST"));
    let expected = format!(
        "{} holds: 9 files, 1 answer, 46 records that add up to their totals\n\
         SHA-256 of the manifest: {digest}\n",
        arg(&place.dir)
    );
    assert_eq!(told.out, expected);
    let told = place.verify(&["--format=json"]).json();
    assert_eq!((&told["holds"], &told["problems"]), (&json!(true), &json!([])));
    assert_eq!(told["manifest_sha256"], digest);
    let other = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "MANIFEST"])
        .current_dir(&place.dir)
        .output()
        .unwrap();
    assert!(other.status.success() && other.stdout.is_empty(), "{other:?}");
}

#[test]
fn its_records_add_up_to_the_figures_worked_out_by_hand() {
    let place = Place::worked();
    let sums = sums_of(&place.read("records/1.csv"));
    let expected = [
        ("bytes_in", 5_369_098),
        ("bytes_out", 33_672_920),
        ("packets_in", 17_591),
        ("packets_out", 26_094),
        ("flows", 44),
        ("rejected_bytes", 240),
        ("rejected_flows", 2),
    ];
    for (name, count) in expected {
        assert_eq!(sums[name], count, "{name}");
    }

    let file = fs::File::open(place.at("records/1.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let (mut rows, mut bytes) = (0, 0);
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let column = |name: &str| {
            row.get_column_iter().find(|(column, _)| *column == name).map(|(_, value)| value)
        };
        rows += 1;
        match column("bytes") {
            Some(Field::ULong(count)) => bytes += count,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((rows, bytes), (46, 5_369_098 + 33_672_920 + 240));
}

#[test]
fn records_come_to_the_totals_however_the_subject_is_named_and_the_traffic_is_told() {
    let worked = arg(testdata().join("worked/logs"));
    let nat = arg(testdata().join("nat_pkt_addresses.log"));
    let logged_twice = logged_twice();
    let logged_twice = arg(logged_twice.path());
    for args in [
        vec!["--logs", &worked, "--instance=i-0aaaabbbbcccc0001"],
        vec!["--logs", &worked, "--interface=eni-0a1b2c3d4e5f60001", "--from=2025-06-01T09:00Z"],
        vec!["--logs", &worked, "--address=10.0.1.5"],
        vec!["--logs", &worked, "--address=203.0.113.9"],
        vec!["--logs", &nat, "--address=10.0.1.5"],
        vec!["--logs", &logged_twice, "--interface=eni-0a1b2c3d4e5f60001"],
        vec!["--logs", &logged_twice, "--interface=eni-0a1b2c3d4e5f60001", "--duplicates=drop"],
        // Records of the interface that name another instance are left out.
        vec![
            "--logs",
            &logged_twice,
            "--interface=eni-0a1b2c3d4e5f60001",
            "--instance=i-0aaaabbbbcccc0002",
        ],
        // Nothing is there.
        vec!["--logs", &worked, "--interface=eni-0ffffffffffffffff"],
    ] {
        let place = Place::new();
        let written = place.investigate(&args);
        assert!(matches!(written.code, Some(0 | 3)), "{written:?}");
        let answer = place.json("result.json");
        let sums = sums_of(&place.read("records/1.csv"));
        let sums: BTreeMap<&str, u64> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
        assert_eq!(sums, counters(&answer["totals"]), "{args:?}");
        let told = place.verify(&["--logs", args[1]]);
        assert_eq!(told.code, Some(0), "{args:?}: {told:?}");
    }
}

/// Two flow logs that both have one record; one has another record of another instance.
fn logged_twice() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let header = "interface-id instance-id srcaddr dstaddr srcport dstport protocol packets bytes \
                  start end action log-status";
    let record = |instance: &str, bytes: u32| {
        format!(
            "eni-0a1b2c3d4e5f60001 {instance} 10.0.1.5 203.0.113.9 49152 443 6 10 {bytes} \
             1748736000 1748736060 ACCEPT OK\n"
        )
    };
    let ours = record("i-0aaaabbbbcccc0001", 8400);
    for (flow_log, records) in
        [("fl-1", ours.clone()), ("fl-2", ours + &record("i-0aaaabbbbcccc0002", 70))]
    {
        let name =
            format!("123456789012_vpcflowlogs_us-east-1_{flow_log}_20250601T0000Z_1a2b3c4d.log");
        fs::write(folder.path().join(name), format!("{header}\n{records}")).unwrap();
    }
    folder
}

/// Two records of an instance, and what a NAT gateway logged of one of them.
fn through_a_gateway() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let record = |interface: &str, from: &str, to: &str| {
        format!(
            "2 123456789012 {interface} {from} {to} 49152 443 6 10 8400 1748736000 1748736060 ACCEPT OK\n"
        )
    };
    let (own, gateway) = ("eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60002");
    let records = [
        record(own, "10.0.1.5", "203.0.113.9"),
        record(own, "10.0.1.5", "203.0.113.77"),
        record(gateway, "10.0.1.5", "10.0.0.220"),
        record(gateway, "10.0.0.220", "203.0.113.9"),
    ];
    fs::write(folder.path().join("a.log"), records.concat()).unwrap();
    folder
}

#[test]
fn what_other_records_there_are_is_not_in_the_case() {
    let gateway = through_a_gateway();
    let place = Place::new();
    let told = place.investigate(&["--logs", &arg(gateway.path()), "--address=10.0.1.5"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.out.contains("its own logged the same traffic"), "{told:?}");
    let records = place.read("records/1.csv");
    assert_eq!(records.lines().filter(|line| line.contains("eni-0a1b2c3d4e5f60001")).count(), 2);
    assert_eq!(records.lines().count(), 3, "with the header");

    let folder = logged_twice();
    let logs = arg(folder.path());
    let rows = |more: &[&str]| {
        let place = Place::new();
        let args = [&["--logs", &logs, "--interface=eni-0a1b2c3d4e5f60001"], more].concat();
        assert!(matches!(place.investigate(&args).code, Some(0 | 4)));
        assert_eq!(place.verify(&[]).code, Some(0));
        place.read("records/1.csv").lines().count() - 1
    };
    assert_eq!(rows(&[]), 3, "as often as they are there");
    assert_eq!(rows(&["--duplicates=drop"]), 2);
    assert_eq!(rows(&["--instance=i-0aaaabbbbcccc0002"]), 1);
    assert_eq!(rows(&["--to=2025-05-31"]), 0);
}

#[test]
fn the_same_question_gives_the_same_files_whatever_the_threads() {
    let of = |threads: &str| {
        let place = Place::new();
        let worked = worked();
        assert_eq!(place.investigate(&[&texts(&worked)[..], &[threads]].concat()).code, Some(0));
        let manifest = place.read("MANIFEST");
        manifest.lines().filter(|line| !line.ends_with("case.json")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(of("--threads=1"), of("--threads=5"));
}

#[test]
fn records_that_are_more_than_the_memory_are_sorted_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let sample = run(&["sample", "-q", "--records=40000", "--interfaces=24", &arg(folder.path())]);
    assert_eq!(sample.code, Some(0), "{sample:?}");
    let logs = format!("--logs={}", arg(folder.path().join("logs")));
    let inventory = fs::read_to_string(folder.path().join("inventory.json")).unwrap();
    let inventory: Value = serde_json::from_str(&inventory).unwrap();
    let interfaces = inventory["NetworkInterfaces"].as_array().unwrap().iter();
    let interfaces: Vec<String> = interfaces
        .map(|it| format!("--interface={}", it["NetworkInterfaceId"].as_str().unwrap()))
        .collect();
    let records = |memory: &str| {
        let place = Place::new();
        let args = [&texts(&interfaces)[..], &[&logs, memory, "--threads=2"]].concat();
        let written = place.investigate(&args);
        assert_eq!(written.code, Some(0), "{memory}: {}", written.err);
        place.read("records/1.csv")
    };
    // As text alone they are 18 MB.
    let sorted = records("--memory=8MB");
    assert!(sorted.lines().count() > 35_000);
    assert!(sorted == records("--memory=512MB"), "the same records in the same order");
}

#[test]
fn several_findings_have_a_line_and_records_each() {
    let place = Place::new();
    let (worked, other) = (worked(), arg(testdata().join("findings/export.jsonl.gz")));
    let written = place.investigate(&[&texts(&worked)[..], &["--finding", &other]].concat());
    assert!(matches!(written.code, Some(0 | 3)), "{written:?}");
    let result = place.read("result.jsonl");
    let answers: Vec<Value> =
        result.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(answers.len() > 1);
    for (place_of, answer) in answers.iter().enumerate() {
        let sums = sums_of(&place.read(&format!("records/{}.csv", place_of + 1)));
        let sums: BTreeMap<&str, u64> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
        assert_eq!(sums, counters(&answer["totals"]));
    }
    // Compressed as it was given.
    let kept = fs::read(place.at("findings/2-export.jsonl.gz")).unwrap();
    assert_eq!(kept, fs::read(other).unwrap());
    let told = place.verify(&[&worked[1]]);
    assert_eq!(told.code, Some(0), "{told:?}");
}

/// Logs that may be changed.
fn own_logs(folder: &Path) -> String {
    let (from, to) = (testdata().join("worked/logs"), folder.join("logs"));
    for file in files_below(&from) {
        let copy = to.join(file.strip_prefix(&from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(file, copy).unwrap();
    }
    arg(to)
}

#[test]
fn a_case_takes_the_place_of_nothing_and_lies_among_no_logs() {
    let place = Place::new();
    let logs = own_logs(place.folder.path());
    let ask = |dir: &str, more: &[&str]| {
        let args = ["investigate", "--interface=eni-0a1b2c3d4e5f60001", "--case", dir];
        run(&[&args[..], more].concat())
    };
    let beside = |name: &str| arg(place.folder.path().join(name));
    fs::write(beside("file"), "abc").unwrap();
    fs::create_dir(beside("full")).unwrap();
    fs::write(beside("full/file"), "abc").unwrap();
    let output = format!("--output={}", beside("case/answer.txt"));
    let (walked, pattern) = (["--logs", &logs], format!("--logs={logs}/*"));
    for (dir, more, why) in [
        (beside("full"), &walked[..], "there is something in it already"),
        (beside("file"), &walked, "it is no folder"),
        (beside("logs/case"), &walked, "it lies among the logs"),
        (beside("logs/case"), &[pattern.as_str()], "it lies among the logs"),
        (beside("no/such/case"), &walked, "the folder above it is not there"),
        ("s3://bucket/case".to_owned(), &walked, "only a folder can be written to"),
        (beside("case"), &[walked[0], walked[1], &output], "--output lies in it"),
    ] {
        let told = ask(&dir, more);
        assert_eq!((told.code, &*told.out), (Some(2), ""), "{dir}: {told:?}");
        assert!(told.err.contains(why), "{dir}: {told:?}");
    }
    let mut names = place.beside();
    names.sort();
    assert_eq!(names, ["file", "full", "logs"]);
    assert_eq!(fs::read(beside("full/file")).unwrap(), b"abc");

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", beside("link")).unwrap();
        let told = ask(&beside("link"), &walked);
        assert!(told.code == Some(2) && told.err.contains("a link that leads to no"), "{told:?}");
    }

    // An empty folder is nothing.
    fs::create_dir(beside("empty")).unwrap();
    let told = ask(&beside("empty"), &walked);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(run(&["verify", &beside("empty")]).code, Some(0));
}

#[test]
fn a_run_that_fails_leaves_no_case() {
    let place = Place::new();
    let logs = arg(testdata().join("worked/logs"));
    let broken = arg(testdata().join("worked/README.md"));
    let told = place.investigate(&["--logs", &logs, "--finding", &broken]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert_eq!(place.beside(), [""; 0]);
}

#[test]
fn what_could_not_be_read_is_part_of_the_case() {
    let place = Place::new();
    let logs = arg(testdata().join("malformed.log"));
    let told = place.investigate(&["--logs", &logs, "--interface=eni-0a1b2c3d4e5f60001"]);
    assert_eq!(told.code, Some(3), "{told:?}");
    assert_eq!(place.json("case.json")["exit_code"], 3);
    let told = place.verify(&["--logs", &logs]);
    assert_eq!(told.code, Some(0), "{told:?}");
}

#[cfg(unix)]
#[test]
fn names_of_others_are_made_safe_and_told_as_they_were() {
    let given = tempfile::tempdir().unwrap();
    let worked = testdata().join("worked");
    let mut args = vec![format!("--logs={}", arg(worked.join("logs")))];
    let hostile = ["a\n0000  b\u{1b}[31m.txt", "..\\..\\c.txt", "-", "MANIFEST", "Größe.txt"];
    for (place, name) in hostile.iter().enumerate() {
        let folder = given.path().join(place.to_string());
        fs::create_dir(&folder).unwrap();
        fs::copy(worked.join("tor-exits.txt"), folder.join(name)).unwrap();
        args.push(format!("--list={}", arg(folder.join(name))));
    }
    // Two of one name.
    args.push(args[5].clone());
    let place = Place::new();
    let dir = arg(&place.dir);
    let typed = ["investigate", "--case", &dir, "--finding=-"];
    let mut program = command(&[&typed[..], &texts(&args)].concat(), &[]);
    program.stdin(fs::File::open(worked.join("finding.json")).unwrap());
    let written = Run::of(program.output().unwrap());
    assert_eq!(written.code, Some(0), "{written:?}");
    let about = place.json("case.json");
    let files = about["files"].as_array().unwrap().iter();
    let files: Vec<(&str, &str)> = files
        .filter_map(|file| Some((file["path"].as_str()?, file["given_as"].as_str()?)))
        .collect();
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    let expected = [
        "findings/1-stdin",
        "lists/1-a_0000  b_[31m.txt",
        "lists/2-c.txt",
        "lists/3--",
        "lists/4-MANIFEST",
        "lists/5-Größe.txt",
        "lists/6-Größe.txt",
    ];
    assert_eq!(paths, expected);
    assert!(files[1].1.ends_with(hostile[0]) && files[0].1 == "-");
    let told = place.verify(&[&args[0]]);
    assert_eq!(told.code, Some(0), "{told:?}");
}

#[test]
fn options_from_the_environment_are_told_and_secrets_are_not() {
    let place = Place::new();
    let logs = arg(testdata().join("worked/logs"));
    let dir = arg(&place.dir);
    let args = ["investigate", "--logs", &logs, "--external-id", "half-a-secret"];
    let environment = [
        ("FLOWPROOF_CASE", dir.as_str()),
        ("FLOWPROOF_INTERFACE", "eni-0a1b2c3d4e5f60001"),
        ("FLOWPROOF_ROLE_ARN", "arn:aws:iam::123456789012:role/reader"),
        ("FLOWPROOF_ENDPOINT_URL", "https://user:whole-secret@198.51.100.7/"),
        ("FLOWPROOF_UNKNOWN", "not ours"),
    ];
    let environment = environment.map(|(name, value)| (name, value.to_owned()));
    let written = Run::of(command(&args, &environment).output().unwrap());
    assert_eq!(written.code, Some(0), "{written:?}");
    let told = &place.json("case.json")["environment"];
    assert_eq!(told["FLOWPROOF_INTERFACE"], "eni-0a1b2c3d4e5f60001");
    assert_eq!(told["FLOWPROOF_ENDPOINT_URL"], "https://(left out)@198.51.100.7/");
    assert_eq!(told.as_object().unwrap().len(), 4);
    for file in files_below(&place.dir) {
        let bytes = fs::read(&file).unwrap();
        let secret = |secret: &str| bytes.windows(secret.len()).any(|at| at == secret.as_bytes());
        assert!(!secret("half-a-secret") && !secret("whole-secret"), "{}", file.display());
    }
}

#[test]
fn a_case_of_a_bucket_has_what_it_was_made_of_and_the_etags() {
    let worked = testdata().join("worked");
    let bucket = Bucket::of(&worked);
    let place = Place::new();
    let dir = arg(&place.dir);
    let args = [
        "investigate",
        "--format=json",
        "--logs=s3://logs/logs/",
        "--finding=s3://logs/finding.json",
        "--list=s3://logs/tor-*.txt",
        "--case",
        &dir,
    ];
    let written = bucket.run(&args);
    assert_eq!(written.code, Some(0), "{written:?}");
    let kept = fs::read(place.at("findings/1-finding.json")).unwrap();
    assert_eq!(kept, fs::read(worked.join("finding.json")).unwrap());
    assert_eq!(place.json("case.json")["files"][1]["given_as"], "s3://logs/tor-exits.txt");
    let sources = place.json("sources.json");
    let sources = sources["objects"].as_array().unwrap();
    assert_eq!(sources.len(), 31);
    let is_etag = |source: &Value| {
        let etag = source["etag"].as_str().unwrap();
        !etag.is_empty() && !etag.starts_with("sha256:")
    };
    assert!(sources.iter().all(is_etag), "{sources:?}");
    assert_eq!(place.verify(&[]).code, Some(0));
    let told = bucket.run(&["verify", &dir, "--logs=s3://logs/logs/"]);
    assert_eq!(told.code, Some(0), "{told:?}");
}
