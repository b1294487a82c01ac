//! What `verify` finds in a case, and what it tells when it asks the question again.

use super::*;

#[test]
fn a_file_that_is_changed_missing_or_new_is_named() {
    let place = Place::worked();
    place.replace("records/1.csv", "4012900", "4012901");
    fs::remove_file(place.at("lists/1-tor-exits.txt")).unwrap();
    fs::write(place.at("lists/2-more.txt"), "203.0.113.1\n").unwrap();
    let told = place.verify(&[]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let expected = "\
        error: lists/1-tor-exits.txt: it is not there any more\n\
        error: records/1.csv: it is not what it was: its SHA-256 differs\n\
        error: lists/2-more.txt: MANIFEST does not name it\n";
    assert_eq!(told.err, expected);
    assert!(told.out.contains("does not hold: 3 problems\n"), "{}", told.out);
    let told = place.verify(&["--format=json"]).json();
    let kinds: Vec<&Value> =
        told["problems"].as_array().unwrap().iter().map(|problem| &problem["kind"]).collect();
    assert_eq!(kinds, ["missing", "changed", "extra"]);
}

#[test]
fn files_that_contradict_one_another_do_not_hold_though_every_digest_does() {
    let forged = |path: &str, from: &str, to: &str| {
        let place = Place::worked();
        place.replace(path, from, to);
        place.forge_manifest();
        let told = place.verify(&[]);
        assert_eq!(told.code, Some(1), "{path}: {told:?}");
        told.err
    };
    let told = forged("records/1.csv", "4012900", "4012901");
    assert_eq!(
        told,
        "error: records/1.csv: bytes_out is 33672921 in the records and 33672920 in the answer\n"
    );
    let told = forged("result.json", "\"bytes_out\": 33672920", "\"bytes_out\": 33672919");
    assert!(told.contains("records/1.csv: bytes_out is"), "{told}");
    assert!(told.contains("records/1.parquet: bytes_out is"), "{told}");
    let told = forged("result.json", "\"corroborated\"", "\"contradicted\"");
    assert!(told.contains("answer 1: corroborated here, \"contradicted\" in the result"), "{told}");
    let told = forged("lists/1-tor-exits.txt", "\n", "\n\n");
    assert!(told.contains("the lists of answer 1 are not those in the folder"), "{told}");
    let told = forged("sources.json", "\"size\": 208", "\"size\": 209");
    assert!(told.contains("sources.json: ") && told.contains("not here as answer 1"), "{told}");
    let told = forged("case.json", "flowproof.case/1", "flowproof.case/2");
    assert!(told.contains("this version knows flowproof.case/1"), "{told}");
    let told = forged("case.json", "sources.json", "../sources.json");
    assert!(told.contains("error: ../sources.json: MANIFEST does not name it"), "{told}");
    let told = forged("case.json", "\"records/1.csv\"", "\"../1.csv\"");
    assert!(told.contains("error: ../1.csv: the records cannot be read: MANIFEST"), "{told}");

    let place = Place::worked();
    fs::remove_file(place.at("report.html")).unwrap();
    place.forge_manifest();
    let told = place.verify(&[]);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("report.html: only one of case.json and MANIFEST names it"));
}

#[cfg(unix)]
#[test]
fn no_path_of_a_manifest_leads_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let place = Place::worked();
    let outside = place.folder.path().join("outside");
    fs::write(&outside, "abc").unwrap();
    let digest = sha256(&outside);
    let manifest = place.read("MANIFEST");
    for path in ["../outside", &arg(&outside), "lists/../../outside", "./case.json"] {
        fs::write(place.at("MANIFEST"), format!("{manifest}{digest}  {path}\n")).unwrap();
        let told = place.verify(&[]);
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.err.contains(&format!("MANIFEST:10: {path}: the path leads out")), "{told:?}");
    }
    fs::write(place.at("MANIFEST"), format!("{manifest}{digest}  link\n")).unwrap();
    symlink(&outside, place.at("link")).unwrap();
    let told = place.verify(&[]);
    assert!(told.code == Some(1) && told.err.contains("is a link"), "{told:?}");
    // Named or not.
    fs::write(place.at("MANIFEST"), &manifest).unwrap();
    let told = place.verify(&[]);
    assert!(told.err.contains("link: MANIFEST does not name it, and is no file"), "{told:?}");
    fs::remove_file(place.at("link")).unwrap();

    // Nor does a folder that was put in the place of one.
    let lists = place.folder.path().join("lists");
    fs::rename(place.at("lists"), &lists).unwrap();
    symlink(&lists, place.at("lists")).unwrap();
    let told = place.verify(&[]);
    assert!(told.code == Some(1) && told.err.contains("is a link"), "{told:?}");
}

#[test]
fn what_is_no_case_is_an_error_that_says_so() {
    let place = Place::new();
    let told = place.verify(&[]);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("there is no MANIFEST in it: it is no case"), "{told:?}");
    assert_eq!(run(&["verify"]).code, Some(2));
}

#[test]
fn the_question_is_asked_again_of_the_same_logs_without_the_files_that_were_given() {
    let place = Place::new();
    let logs = own_logs(place.folder.path());
    let worked = testdata().join("worked");
    let given = tempfile::tempdir().unwrap();
    for name in ["finding.json", "tor-exits.txt", "internal-trusted.txt"] {
        fs::copy(worked.join(name), given.path().join(name)).unwrap();
    }
    let named = |option: &str, name: &str| format!("--{option}={}", arg(given.path().join(name)));
    let args = [
        named("finding", "finding.json"),
        named("list", "tor-*.txt"),
        named("trusted", "internal-trusted.txt"),
        named("enrich", "names.csv"),
        named("inventory", "inventory.json"),
    ];
    let inventory = json!({"NetworkInterfaces": [{
        "NetworkInterfaceId": "eni-0a1b2c3d4e5f60001",
        "PrivateIpAddress": "10.0.1.5",
        "Attachment": {"InstanceId": "i-0aaaabbbbcccc0001"},
    }]});
    fs::write(given.path().join("inventory.json"), inventory.to_string()).unwrap();
    fs::write(given.path().join("names.csv"), "ip,name\n203.0.113.9,relay.example\n").unwrap();
    let more = ["--logs", &logs, "--baseline=1d", "--peers", "--slack=20m"];
    let written = place.investigate(&[&texts(&args)[..], &more].concat());
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(written.out.contains("relay.example"));
    drop(given);
    assert_eq!(place.json("inventory/1-inventory.json"), inventory);
    assert!(!place.dir.join("enrich").exists());

    let told = place.verify(&["--logs", &logs]);
    assert!(told.code == Some(0) && !told.err.contains("error"), "{told:?}");
    assert!(
        told.out.contains("Asked again: compared 31 source objects and 1 answer\n"),
        "{told:?}"
    );

    // One object is gone, another is changed, and one is new.
    let mut objects = files_below(Path::new(&logs));
    objects.sort();
    fs::remove_file(&objects[0]).unwrap();
    let other = fs::read(&objects[2]).unwrap();
    fs::write(&objects[1], &other).unwrap();
    let new = objects[2].with_file_name("new.log.gz");
    fs::write(&new, other).unwrap();
    let told = place.verify(&["--logs", &logs]);
    assert_eq!(told.code, Some(1), "{told:?}");
    for (object, text) in [
        (&objects[0], "the source object is not there any more"),
        (&objects[1], "the source object is not what it was"),
        (&new, "the source object was not there then"),
    ] {
        assert!(told.err.contains(&format!("error: {}: {text}\n", arg(object))), "{}", told.err);
    }
    assert!(told.err.contains("answer 1: `evidence` is not what it was"), "{}", told.err);
    assert_eq!(place.verify(&[]).code, Some(0), "the case itself holds");
}

#[test]
fn a_case_that_does_not_hold_is_not_asked_again() {
    let place = Place::worked();
    place.replace("findings/1-finding.json", "TorClient", "TorRelay");
    let told = place.verify(&[&worked()[1]]);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("the logs were not asked again"), "{told:?}");
    assert!(!told.out.contains("Asked again"));
}
