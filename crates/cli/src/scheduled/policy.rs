//! Which findings people are told of, and how grave they are.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flowproof_evidence::Traffic;
use flowproof_prefix::{IpNet, parse_ip, parse_prefix};
use flowproof_report::{Severity, parse_size};
use flowproof_source::is_in_bucket;
use jiff::Timestamp;
use serde::Deserialize;

use super::args::Telling;
use super::news::Group;
use crate::args::Lists;
use crate::exit::UsageError;
use crate::inputs::Inputs;
use crate::streams::Streams;
use crate::time::parse_time;

/// Bytes sent from which on accepted traffic is graver than a mere contact.
const MUCH: u64 = 100_000_000;

/// What is told, and as what.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    accepted_only: bool,
    min_bytes: OfLists<u64>,
    severity: OfLists<Severity>,
    suppressions: Vec<Suppression>,
}

/// Something that is said of all lists, or of lists by name.
#[derive(Debug)]
struct OfLists<T> {
    all: Option<T>,
    by_list: BTreeMap<String, T>,
}

impl<T> Default for OfLists<T> {
    fn default() -> Self {
        OfLists { all: None, by_list: BTreeMap::new() }
    }
}

impl<T: Copy> OfLists<T> {
    /// Reads `VALUE` and `LIST=VALUE`.
    fn parse(option: &str, texts: &[String], parse: impl Fn(&str) -> Result<T>) -> Result<Self> {
        let mut of_lists = OfLists::default();
        for text in texts {
            // List names may have `=` in them, values have not.
            let (list, value) = match text.rsplit_once('=') {
                Some((list, value)) => (Some(list), value),
                None => (None, text.as_str()),
            };
            let value = parse(value).map_err(UsageError::of(option))?;
            let before = match list {
                None => of_lists.all.replace(value),
                Some(list) => of_lists.by_list.insert(list.to_owned(), value),
            };
            if before.is_some() {
                bail!(UsageError(format!("{option} {text}: it is said twice")));
            }
        }
        Ok(of_lists)
    }

    /// What is said of a list, by its name as given or its file's.
    fn of(&self, list: &str) -> Option<T> {
        let file = list.rsplit(['/', '\\']).next().unwrap_or(list);
        let of_list = self.by_list.get(list).or_else(|| self.by_list.get(file));
        of_list.copied().or(self.all)
    }

    /// A name for which there is no list.
    fn unused<'a>(&'a self, lists: &[&str]) -> Option<&'a str> {
        let is_of = |name: &str, list: &str| {
            list == name || list.rsplit(['/', '\\']).next().is_some_and(|file| file == name)
        };
        let mut names = self.by_list.keys();
        names.find(|name| !lists.iter().any(|list| is_of(name, list))).map(String::as_str)
    }
}

/// A row of a file of suppressions, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    list: String,
    entry: String,
    account: String,
    interface: String,
    instance: String,
    until: String,
    reason: String,
}

/// Entries that a suppression is about.
#[derive(Debug)]
enum Entries {
    Within(IpNet),
    /// A range, as findings spell it.
    One(String),
}

/// What is not told, why, and for how long.
#[derive(Debug)]
struct Suppression {
    list: String,
    entry: Option<Entries>,
    account: String,
    interface: String,
    instance: String,
    until: Timestamp,
    /// File and line.
    place: String,
    reason: String,
}

impl Policy {
    /// Reads options and files; suppressions that are over are told.
    pub(crate) fn load(
        telling: &Telling,
        typed: &Lists,
        lists: &[&str],
        inputs: &Inputs,
        streams: &mut Streams,
    ) -> Result<Policy> {
        let min_bytes = OfLists::parse("--min-bytes", &telling.min_bytes, |text| {
            Ok(u64::try_from(parse_size(text)?)?)
        })?;
        let severity = OfLists::parse("--severity", &telling.severity, |text| Ok(text.parse()?))?;
        // A list that is not in use now may be so in the next run.
        let typed: Vec<String> =
            typed.places().map(|place| place.to_string_lossy().into_owned()).collect();
        let is_open =
            typed.iter().any(|place| place.contains(['*', '?', '[']) || is_in_bucket(place));
        let lists = [lists, &typed.iter().map(String::as_str).collect::<Vec<_>>()].concat();
        let lists = &lists;
        for (option, unused) in
            [("--min-bytes", min_bytes.unused(lists)), ("--severity", severity.unused(lists))]
        {
            if let Some(name) = unused.filter(|_| !is_open) {
                bail!(UsageError(format!("{option} {name}=...: no --list has this name")));
            }
        }
        let mut suppressions = Vec::new();
        for file in &telling.suppress {
            for path in inputs.files(file)? {
                suppressions.extend(read_suppressions(&path, &inputs.read(&path)?)?);
            }
        }
        let now = Timestamp::now();
        for over in suppressions.iter().filter(|suppression| suppression.until <= now) {
            let Suppression { place, until, reason, .. } = over;
            streams
                .warn(&format!("{place}: over since {until}, so it suppresses nothing: {reason}"));
        }
        Ok(Policy { accepted_only: telling.accepted_only, min_bytes, severity, suppressions })
    }

    /// Whether people are to be told of a finding.
    pub(crate) fn tells(&self, group: &Group, at: Timestamp) -> Told {
        let traffic = &group.traffic;
        let least = self.min_bytes.of(&group.list).unwrap_or(0);
        // A total beyond 64 bits is above any threshold.
        let is_small = traffic.bytes().unwrap_or(u64::MAX) < least;
        if is_small || (self.accepted_only && traffic.flows == 0) {
            return Told::BelowThreshold;
        }
        let mut in_force = self.suppressions.iter().filter(|s| s.until > at && s.covers(group));
        match in_force.next() {
            Some(_) => Told::Suppressed,
            None => Told::Yes,
        }
    }

    /// How grave a finding is: as the list is said to be, else by what was let through.
    pub(crate) fn severity(&self, list: &str, traffic: &Traffic) -> Severity {
        let by_traffic = match (traffic.flows, traffic.bytes_out) {
            (0, _) => Severity::Low,
            (_, MUCH..) => Severity::High,
            _ => Severity::Medium,
        };
        self.severity.of(list).unwrap_or(by_traffic)
    }
}

/// Whether a finding is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Yes,
    BelowThreshold,
    Suppressed,
}

impl Suppression {
    fn covers(&self, group: &Group) -> bool {
        let is = |wanted: &str, found: Option<&str>| wanted.is_empty() || found == Some(wanted);
        let file = group.list.rsplit(['/', '\\']).next();
        (is(&self.list, Some(&group.list)) || is(&self.list, file))
            && is(&self.account, group.account.as_deref())
            && is(&self.interface, group.interface.as_deref())
            && (self.instance.is_empty() || group.instances.contains(&self.instance))
            && self.entry.as_ref().is_none_or(|entry| match entry {
                Entries::Within(net) => holds(*net, &group.entry),
                Entries::One(name) => *name == group.entry,
            })
    }
}

fn read_suppressions(path: &Path, bytes: &[u8]) -> Result<Vec<Suppression>> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(bytes);
    let mut suppressions = Vec::new();
    let headers = reader.headers().with_context(|| path.display().to_string())?.clone();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).with_context(|| path.display().to_string())? {
        let line = record.position().map_or(0, csv::Position::line);
        let place = format!("{}:{line}", path.display());
        let row: Row = record.deserialize(Some(&headers)).with_context(|| place.clone())?;
        suppressions.push(Suppression::of(row, place)?);
    }
    Ok(suppressions)
}

impl Suppression {
    fn of(row: Row, place: String) -> Result<Suppression> {
        let Row { list, entry, account, interface, instance, until, reason } = row;
        if [&list, &entry, &account, &interface, &instance].iter().all(|text| text.is_empty()) {
            bail!("{place}: it names nothing, so it would suppress everything");
        }
        if reason.is_empty() {
            bail!("{place}: a suppression needs a reason");
        }
        // A span would never be over: it is counted back from now.
        let is_span = until.ends_with(|last: char| last.is_ascii_alphabetic() && last != 'Z');
        if until.is_empty() || is_span {
            bail!(
                "{place}: a suppression needs a time at which it is over: until, such as 2026-01-31"
            );
        }
        let until = parse_time(&until, Timestamp::now()).with_context(|| place.clone())?;
        let entry = match entry.as_str() {
            "" => None,
            text if text.contains(['-', ',']) => Some(Entries::One(text.to_owned())),
            text => Some(Entries::Within(
                parse_prefix(text.as_bytes())
                    .with_context(|| format!("{place}: `{text}`: no address or prefix"))?,
            )),
        };
        Ok(Suppression { list, entry, account, interface, instance, until, place, reason })
    }
}

/// Whether a prefix holds all of an entry in its canonical spelling.
fn holds(prefix: IpNet, entry: &str) -> bool {
    let entry = entry.split('#').next().unwrap_or(entry);
    entry.split(',').all(|part| {
        let address = |text: &str| parse_ip(text.as_bytes());
        let ends: Option<[IpAddr; 2]> = match (part.split_once('-'), parse_prefix(part.as_bytes()))
        {
            (Some((first, last)), _) => address(first).zip(address(last)).map(<[IpAddr; 2]>::from),
            (None, Some(net)) => Some([net.network(), net.broadcast()]),
            (None, None) => None,
        };
        ends.is_some_and(|ends| ends.iter().all(|end| prefix.contains(end)))
    })
}

/// Where suppressions are.
pub(crate) fn places(telling: &Telling) -> impl Iterator<Item = &Path> {
    telling.suppress.iter().map(PathBuf::as_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Group {
        Group {
            account: Some("123456789012".into()),
            interface: Some("eni-0a1b2c3d4e5f60001".into()),
            instances: vec!["i-0aaaabbbbcccc0001".into()],
            list: "lists/tor.txt".into(),
            entry: "203.0.113.9".into(),
            traffic: Traffic { flows: 1, bytes_out: 5_000, ..Traffic::default() },
            ..Group::default()
        }
    }

    fn policy(suppressions: &str) -> Result<Policy> {
        let suppressions = read_suppressions(Path::new("quiet.csv"), suppressions.as_bytes())?;
        Ok(Policy { suppressions, ..Policy::default() })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_suppression_covers_what_it_names_until_it_is_over() {
        for (header, row, covers) in [
            ("entry", "203.0.113.0/24", true),
            ("entry", "203.0.113.9", true),
            ("entry", "203.0.113.77/24", true),
            ("entry", "::ffff:203.0.113.0/120", true),
            ("entry", "::ffff:203.0.113.9", true),
            ("entry", "203.0.113.8", false),
            ("list", "tor.txt", true),
            ("list", "lists/tor.txt", true),
            ("list", "or.txt", false),
            ("interface", "eni-0a1b2c3d4e5f60001", true),
            ("instance", "i-0aaaabbbbcccc0002", false),
            ("account", "123456789012", true),
        ] {
            let text = format!("{header},until,reason\n{row},2026-01-31,our own scanner\n");
            let policy = policy(&text).unwrap();
            let told = policy.tells(&group(), at("2026-01-30T23:59:59Z"));
            let expected = if covers { Told::Suppressed } else { Told::Yes };
            assert_eq!(told, expected, "{header} {row}");
            assert_eq!(policy.tells(&group(), at("2026-01-31T00:00:00Z")), Told::Yes);
        }
    }

    #[test]
    fn ranges_and_prefixes_are_held_as_a_whole() {
        let net = |text: &str| parse_prefix(text.as_bytes()).unwrap();
        assert!(holds(net("203.0.113.0/24"), "203.0.113.4-203.0.113.9"));
        assert!(!holds(net("203.0.113.4/30"), "203.0.113.4-203.0.113.9"));
        assert!(holds(net("2001:db8::/32"), "2001:db8:1::/48"));
        assert!(!holds(net("203.0.113.0/25"), "203.0.113.0/24"));
    }

    #[test]
    fn a_suppression_without_a_reason_an_end_or_an_object_is_refused() {
        for (text, what) in [
            ("entry,until,reason\n203.0.113.9,2026-01-31,\n", "needs a reason"),
            ("entry,until,reason\n203.0.113.9,,ours\n", "a time at which it is over"),
            ("entry,until,reason\n203.0.113.9,30d,ours\n", "a time at which it is over"),
            ("entry,until,reason\n,2026-01-31,ours\n", "names nothing"),
            ("entry,until,reason\nnobody,2026-01-31,ours\n", "no address"),
            ("entry,unitl,reason\n203.0.113.9,2026-01-31,ours\n", "unitl"),
        ] {
            let error = policy(text).map(drop).unwrap_err();
            assert!(format!("{error:#}").contains(what), "{error:#}");
        }
    }

    #[test]
    fn thresholds_are_of_all_lists_or_of_one() {
        let texts = ["6kB".to_owned(), "tor.txt=5kB".to_owned()];
        let parse = |text: &str| Ok(u64::try_from(parse_size(text)?)?);
        let min_bytes = OfLists::parse("--min-bytes", &texts, parse).unwrap();
        let policy = Policy { min_bytes, accepted_only: true, ..Policy::default() };
        let now = at("2026-01-31T00:00:00Z");
        assert_eq!(policy.tells(&group(), now), Told::Yes);
        let other = Group { list: "other.txt".into(), ..group() };
        assert_eq!(policy.tells(&other, now), Told::BelowThreshold);
        let rejected = Traffic { flows: 0, rejected_flows: 9, ..group().traffic };
        let rejected = Group { traffic: rejected, ..group() };
        assert_eq!(policy.tells(&rejected, now), Told::BelowThreshold);
        assert_eq!(policy.min_bytes.unused(&["lists/tor.txt"]), None);
        assert_eq!(policy.min_bytes.unused(&["lists/or.txt"]), Some("tor.txt"));
    }

    #[test]
    fn severity_is_that_of_the_list_or_of_the_traffic() {
        let policy = Policy::default();
        let of = |flows, bytes_out| Traffic { flows, bytes_out, ..Traffic::default() };
        assert_eq!(policy.severity("a", &of(0, 0)), Severity::Low);
        assert_eq!(policy.severity("a", &of(1, MUCH - 1)), Severity::Medium);
        assert_eq!(policy.severity("a", &of(1, MUCH)), Severity::High);
        let texts = ["a=critical".to_owned()];
        let severity = OfLists::parse("--severity", &texts, |text| Ok(text.parse()?)).unwrap();
        let policy = Policy { severity, ..Policy::default() };
        assert_eq!(policy.severity("lists/a", &of(0, 0)), Severity::Critical);
    }
}
