use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::*;

fn small() -> SampleOptions {
    SampleOptions { records: 4000, files: Some(24), compression: 1, ..SampleOptions::default() }
}

/// All three hours.
fn hours() -> SampleOptions {
    SampleOptions { records: 6000, compression: 1, ..SampleOptions::default() }
}

/// Every file under a folder with its bytes, by its path from there.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, from: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, from, found);
            } else {
                let name = path.strip_prefix(from).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

fn inflated(bytes: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// All lines of all objects: the object's name, and the line by the names of its columns.
fn lines(dir: &Path) -> Vec<(String, HashMap<String, String>)> {
    let mut lines = Vec::new();
    for (name, bytes) in files(&dir.join("logs")) {
        let text = inflated(&bytes);
        let mut texts = text.lines();
        let header: Vec<&str> = texts.next().unwrap().split(' ').collect();
        for line in texts {
            let tokens: Vec<&str> = line.split(' ').collect();
            assert_eq!(tokens.len(), header.len(), "{line}");
            let pairs = header.iter().zip(&tokens);
            let line = pairs.map(|(name, token)| (name.to_string(), token.to_string())).collect();
            lines.push((name.clone(), line));
        }
    }
    lines
}

/// `(what, text)` as a number.
fn number(line: &HashMap<String, String>, name: &str) -> u64 {
    line[name].parse().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let dirs = [1, 1, 2].map(|seed| {
        let dir = tempfile::tempdir().unwrap();
        write_sample(dir.path(), &SampleOptions { seed, ..small() }).unwrap();
        dir
    });
    let [one, same, other] = dirs.map(|dir| files(dir.path()));
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn the_answer_is_what_a_reader_of_the_lines_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let summary = write_sample(dir.path(), &small()).unwrap();
    let (mut claimed, mut all) = ([0; 5], [0; 5]);
    for (_, line) in lines(dir.path()) {
        if line["interface-id"] != world::SUBJECT_INTERFACE || line["log-status"] != "OK" {
            continue;
        }
        let is_out = line["srcaddr"] == "10.0.1.5";
        let place = match line["action"].as_str() {
            "REJECT" => 4,
            _ => usize::from(is_out),
        };
        let remote = &line[if is_out { "dstaddr" } else { "srcaddr" }];
        for (totals, counts) in [(&mut claimed, remote == "203.0.113.9"), (&mut all, true)] {
            if counts {
                totals[place] += number(&line, "bytes");
                totals[2] += number(&line, "packets") * u64::from(place == 0);
                totals[3] += u64::from(place < 4);
            }
        }
    }
    let told = |totals: &SampleTotals| {
        let SampleTotals { bytes_in, bytes_out, packets_in, flows, rejected_bytes, .. } = *totals;
        [bytes_in, bytes_out, packets_in, flows, rejected_bytes]
    };
    assert_eq!((told(&summary.claimed), told(&summary.totals)), (claimed, all));
    assert!(
        claimed[1] > 1_000_000 && all[4] > 0,
        "there is something to find: {claimed:?} {all:?}"
    );
    let text = fs::read_to_string(dir.path().join("answer.json")).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["claimed_traffic"]["bytes_out"], claimed[1]);
    assert_eq!(answer["totals"]["rejected_bytes"], all[4]);
}

#[test]
fn it_holds_as_many_records_as_asked_for_of_every_kind() {
    let dir = tempfile::tempdir().unwrap();
    let options = SampleOptions { records: 30_001, ..SampleOptions::default() };
    let summary = write_sample(dir.path(), &options).unwrap();
    assert_eq!(summary.records(), 30_001);
    let lines = lines(dir.path());
    let count = |is: &dyn Fn(&HashMap<String, String>) -> bool| {
        lines.iter().filter(|(_, line)| is(line)).count()
    };
    assert_eq!(lines.len(), 30_001);
    assert_eq!(count(&|line| line["log-status"] == "NODATA") as u64, summary.nodata);
    assert_eq!(count(&|line| line["log-status"] == "SKIPDATA") as u64, summary.skipdata);
    assert!(summary.nodata > 300 && summary.skipdata > 0, "{summary:?}");
    let rejects = count(&|line| line["action"] == "REJECT");
    assert!((700..1100).contains(&rejects), "about three in a hundred: {rejects}");
    assert!(count(&|line| line["srcaddr"].contains(':')) > 1000, "IPv6 is there");
    let ratio = summary.text_bytes as f64 / summary.stored_bytes as f64;
    // The default format comes to 4 to 8, the long lines of versions 3 and 5 to more.
    assert!((4.0..10.0).contains(&ratio), "as real logs are compressed: {ratio:.1}");
}

#[test]
fn records_of_an_interface_come_in_runs() {
    let dir = tempfile::tempdir().unwrap();
    let options = SampleOptions {
        records: 20_000,
        formats: vec![SampleFormat::V2],
        files: Some(4),
        ..small()
    };
    write_sample(dir.path(), &options).unwrap();
    let lines = lines(dir.path());
    let changes = lines
        .windows(2)
        .filter(|pair| pair[0].1["interface-id"] != pair[1].1["interface-id"])
        .count();
    assert!((1000..4000).contains(&changes), "{changes} runs of 20000 records");
}

#[test]
fn a_big_list_is_written_when_asked_for_and_names_some_of_those_met() {
    let dir = tempfile::tempdir().unwrap();
    let options = SampleOptions {
        list_entries: 5000,
        peers: SamplePeers::Internet,
        records: 20_000,
        ..small()
    };
    write_sample(dir.path(), &options).unwrap();
    let list = fs::read_to_string(dir.path().join("threats.txt")).unwrap();
    let entries: std::collections::HashSet<&str> = list.lines().skip(1).collect();
    assert_eq!(entries.len(), 5000);
    let lines = lines(dir.path());
    let listed = lines.iter().filter(|(_, line)| {
        ["srcaddr", "dstaddr"].iter().any(|end| entries.contains(line[*end].as_str()))
    });
    let listed = listed.count();
    assert!((10..1500).contains(&listed), "{listed} of {} are listed by themselves", lines.len());
    write_sample(dir.path(), &small()).unwrap();
    assert!(!dir.path().join("threats.txt").exists(), "none was asked for");
}

#[test]
fn a_few_interfaces_and_peers_do_most_of_the_talking() {
    let dir = tempfile::tempdir().unwrap();
    write_sample(dir.path(), &SampleOptions { records: 30_000, ..hours() }).unwrap();
    let mut interfaces: HashMap<String, u64> = HashMap::new();
    let mut conversations: HashMap<String, u64> = HashMap::new();
    for (_, line) in lines(dir.path()) {
        *interfaces.entry(line["interface-id"].clone()).or_default() += 1;
        let ends = ["interface-id", "srcaddr", "dstaddr", "srcport", "dstport"];
        *conversations.entry(ends.map(|end| line[end].as_str()).join(" ")).or_default() += 1;
    }
    let mut counts: Vec<u64> = interfaces.into_values().collect();
    counts.sort_unstable();
    let busiest: u64 = counts.iter().rev().take(counts.len() / 10).sum();
    assert!(busiest > 9_000, "a tenth of the interfaces has {busiest} of 30000 records");
    let again: u64 = conversations.into_values().filter(|count| *count > 1).sum();
    assert!(again > 15_000, "most records go on with something: {again} of 30000");
}

#[test]
fn records_end_in_the_five_minutes_that_their_object_is_named_for() {
    for layout in [SampleLayout::Classic, SampleLayout::HiveHourly] {
        let dir = tempfile::tempdir().unwrap();
        write_sample(dir.path(), &SampleOptions { layout, ..hours() }).unwrap();
        let mut days = std::collections::BTreeSet::new();
        for (name, line) in lines(dir.path()) {
            let (start, end) = (number(&line, "start"), number(&line, "end"));
            let stamp = answer::time((end - end % 300) as i64).strftime("_%Y%m%dT%H%MZ_");
            assert!(start <= end && name.contains(&stamp.to_string()), "{name}: {start} to {end}");
            let folder = match layout {
                SampleLayout::Classic => "/%Y/%m/%d/",
                _ => "/year=%Y/month=%m/day=%d/hour=%H/",
            };
            let folder = answer::time(end as i64).strftime(folder).to_string();
            assert!(name.contains(&folder), "{name}: not in {folder}");
            days.insert(end / 86_400);
        }
        assert_eq!(days.len(), 2, "midnight is crossed");
    }
}

#[test]
fn the_subject_leaves_a_record_in_each_minute_of_the_window() {
    let dir = tempfile::tempdir().unwrap();
    write_sample(dir.path(), &hours()).unwrap();
    let lines = lines(dir.path());
    let mine = lines.iter().filter(|(_, line)| line["interface-id"] == world::SUBJECT_INTERFACE);
    let minutes: std::collections::BTreeSet<u64> =
        mine.map(|(_, line)| number(line, "start") / 60).collect();
    assert_eq!(minutes.len(), 180);
    assert_eq!(minutes.last().unwrap() - minutes.first().unwrap(), 179);
}

#[test]
fn an_interfaces_own_address_is_in_each_of_its_ipv4_records() {
    let dir = tempfile::tempdir().unwrap();
    write_sample(dir.path(), &small()).unwrap();
    let text = fs::read_to_string(dir.path().join("inventory.json")).unwrap();
    let inventory: serde_json::Value = serde_json::from_str(&text).unwrap();
    let listed = inventory["NetworkInterfaces"].as_array().unwrap().iter();
    let own: HashMap<&str, &serde_json::Value> =
        listed.map(|one| (one["NetworkInterfaceId"].as_str().unwrap(), one)).collect();
    for (_, line) in lines(dir.path()) {
        let own = own[line["interface-id"].as_str()];
        let ends = [line["srcaddr"].as_str(), line["dstaddr"].as_str()];
        let address = own["PrivateIpAddress"].as_str().unwrap();
        if line["log-status"] == "OK" && !ends[0].contains(':') {
            assert!(ends.contains(&address) && ends[0] != ends[1], "{line:?}");
        }
    }
}

#[test]
fn it_writes_over_a_sample_and_over_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    write_sample(dir.path(), &small()).unwrap();
    let more = SampleOptions { files: Some(48), ..small() };
    write_sample(dir.path(), &more).unwrap();
    write_sample(dir.path(), &small()).unwrap();
    assert_eq!(files(&dir.path().join("logs")).len(), 24, "nothing is left of the one before");

    let theirs = tempfile::tempdir().unwrap();
    fs::write(theirs.path().join("thesis.txt"), "years of work").unwrap();
    let error = write_sample(theirs.path(), &small()).unwrap_err().to_string();
    assert!(error.contains("is not empty and no earlier sample"), "{error}");
    assert_eq!(files(theirs.path()).len(), 1);
}

#[test]
fn options_that_cannot_be_met_are_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let refused =
        |options: &SampleOptions| write_sample(dir.path(), options).unwrap_err().to_string();
    let few = refused(&SampleOptions { records: 100, ..small() });
    assert_eq!(few, "100 records are too few for 24 objects: give at least 960");
    assert!(refused(&SampleOptions { formats: vec![], ..small() }).contains("at least one format"));
    assert!(refused(&SampleOptions { compression: 10, ..small() }).contains("give 0 to 9"));
    let few = refused(&SampleOptions { interfaces: Some(3), ..small() });
    assert_eq!(few, "3 interfaces do not fit: give 24 to 50000");
}
