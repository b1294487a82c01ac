//! Whether the remote is on a list that was given. A trusted list's word wins.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::{ListMatch, ListedRemote};

use super::{Look, several};

pub(super) fn look(remotes: &BTreeSet<IpAddr>, listed: Option<&[ListedRemote]>) -> Look {
    const SHOWN: usize = 3;
    let Some(listed) = listed else {
        return Look::none("no list was given to look the remote up in");
    };
    if remotes.is_empty() {
        return Look::none("there is no remote to look up");
    }
    let mut entries = BTreeSet::new();
    let (mut on_threat, mut trusted, mut others) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for of in listed {
        let is_trusted = of.matches.iter().any(|entry| entry.trusted);
        if !remotes.contains(&of.remote) {
            if !is_trusted && !of.matches.is_empty() {
                others.insert(of.remote);
            }
        } else if is_trusted {
            trusted.insert(of.remote);
        } else if !of.matches.is_empty() {
            on_threat.insert(of.remote);
            entries.extend(of.matches.iter().map(|entry| told(of.remote, entry)));
        }
    }
    let mut said: Vec<String> = entries.iter().take(SHOWN).cloned().collect();
    if entries.len() > SHOWN {
        said.push(format!("{} more", entries.len() - SHOWN));
    }
    if entries.is_empty() {
        said.push("no claimed remote is on a threat list that was given".to_owned());
    }
    if !trusted.is_empty() {
        said.push(format!("{} on a trusted list", several(trusted.len() as u64, "claimed remote")));
    }
    if !others.is_empty() {
        said.push(format!(
            "{} of the subject on threat lists",
            several(others.len() as u64, "other remote")
        ));
    }
    let figures = [
        ("claimed_remotes_listed", on_threat.len() as u64),
        ("claimed_remotes_trusted", trusted.len() as u64),
        ("other_remotes_listed", others.len() as u64),
    ];
    Look::new(!on_threat.is_empty(), said.join("; "), &figures)
}

fn told(remote: IpAddr, entry: &ListMatch) -> String {
    let label = if entry.label.is_empty() { String::new() } else { format!(" ({})", entry.label) };
    format!("{remote} is on {} line {} as {}{label}", entry.list, entry.line, entry.entry)
}

#[cfg(test)]
mod tests {
    use super::super::TestAnswer;
    use super::*;

    fn entry(trusted: bool) -> ListMatch {
        ListMatch {
            list: "tor.txt".into(),
            line: 7,
            entry: "203.0.113.0/24".into(),
            label: "relay".into(),
            trusted,
        }
    }

    fn of(remote: &str, matches: Vec<ListMatch>) -> ListedRemote {
        ListedRemote { remote: remote.parse().unwrap(), matches }
    }

    fn claimed() -> BTreeSet<IpAddr> {
        ["203.0.113.9".parse().unwrap()].into()
    }

    #[test]
    fn the_entry_is_named() {
        let listed =
            [of("203.0.113.9", vec![entry(false)]), of("203.0.113.10", vec![entry(false)])];
        let seen = look(&claimed(), Some(&listed));
        assert_eq!(seen.answer, TestAnswer::Shown);
        assert_eq!(
            seen.said,
            "203.0.113.9 is on tor.txt line 7 as 203.0.113.0/24 (relay); 1 other remote of the \
             subject on threat lists"
        );
    }

    #[test]
    fn a_trusted_list_wins() {
        let listed = [of("203.0.113.9", vec![entry(false), entry(true)])];
        let seen = look(&claimed(), Some(&listed));
        assert_eq!(seen.answer, TestAnswer::NotShown);
        assert!(seen.said.ends_with("1 claimed remote on a trusted list"), "{}", seen.said);
    }

    #[test]
    fn no_list_is_not_the_same_as_on_no_list() {
        assert_eq!(look(&claimed(), None).answer, TestAnswer::NotLookedAt);
        assert_eq!(look(&claimed(), Some(&[])).answer, TestAnswer::NotShown);
        assert_eq!(look(&BTreeSet::new(), Some(&[])).answer, TestAnswer::NotLookedAt);
    }
}
