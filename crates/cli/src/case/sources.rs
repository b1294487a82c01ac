//! `sources.json`: every object that the answers of a case stand on.

use std::collections::{BTreeMap, BTreeSet};

use flowproof_evidence::ObjectEvidence;
use serde::{Deserialize, Serialize};

/// The name of the form, its first value.
const SCHEMA: &str = "flowproof.sources/1";

/// Every object that was read for a case, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sources {
    schema: String,
    pub(super) objects: Vec<Source>,
}

/// One object, and how many of its records count towards each answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) object: String,
    /// The ETag, or `sha256:` and the digest of its stored bytes.
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collected_in: Option<String>,
    /// By the answer's number, from 1; none for answers that nothing in it counts towards.
    #[serde(default)]
    records: BTreeMap<usize, u64>,
    /// The same for the answers' baselines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    baseline_records: BTreeMap<usize, u64>,
}

impl Sources {
    /// Those of answers, each with the objects of its window and those of its baseline.
    pub(super) fn of<'a>(
        answers: impl Iterator<Item = (&'a [ObjectEvidence], &'a [ObjectEvidence])>,
    ) -> Sources {
        let mut found: BTreeMap<ObjectEvidence, [BTreeMap<usize, u64>; 2]> = BTreeMap::new();
        for (place, (window, baseline)) in answers.enumerate() {
            for (kind, objects) in [window, baseline].into_iter().enumerate() {
                for object in objects {
                    let key = ObjectEvidence { records: 0, ..object.clone() };
                    let counts = &mut found.entry(key).or_default()[kind];
                    if object.records > 0 {
                        *counts.entry(place + 1).or_default() += object.records;
                    }
                }
            }
        }
        let objects = found.into_iter().map(|(key, [records, baseline_records])| Source {
            object: key.object,
            etag: key.etag,
            version_id: key.version_id,
            size: key.size,
            collected_in: key.collected_in,
            records,
            baseline_records,
        });
        Sources { schema: SCHEMA.to_owned(), objects: objects.collect() }
    }

    /// Whether this version knows the form.
    pub(super) fn is_known(&self) -> bool {
        self.schema == SCHEMA
    }

    /// The first of an answer's objects that is not told here as the answer tells it. Answers are
    /// numbered from 1.
    pub(super) fn first_not_told<'a>(
        &self,
        answer: usize,
        evidence: &'a [ObjectEvidence],
    ) -> Option<&'a str> {
        let told: BTreeSet<_> = self.objects.iter().map(|source| source.told_of(answer)).collect();
        let known = |object: &&ObjectEvidence| {
            told.contains(&(&object.object, object.etag.as_deref(), object.size, object.records))
        };
        evidence.iter().find(|object| !known(object)).map(|object| &*object.object)
    }

    /// What became of each object, for those that are not what they were: the object and words.
    pub(super) fn differences(&self, now: &Sources) -> Vec<(String, &'static str)> {
        let by_key = |sources: &Sources| {
            let mut by_key: BTreeMap<String, Vec<Identity>> = BTreeMap::new();
            for source in &sources.objects {
                by_key.entry(source.object.clone()).or_default().push(source.identity());
            }
            by_key
        };
        let (then, now) = (by_key(self), by_key(now));
        let mut told = Vec::new();
        for (object, identities) in &then {
            match now.get(object) {
                None => told.push((object.clone(), "the source object is not there any more")),
                Some(other) if other != identities => {
                    told.push((object.clone(), "the source object is not what it was"));
                }
                Some(_) => {}
            }
        }
        let new = now.keys().filter(|object| !then.contains_key(*object));
        told.extend(new.map(|object| (object.clone(), "the source object was not there then")));
        told
    }
}

/// What makes an object the same one.
type Identity = (Option<String>, Option<String>, u64);

impl Source {
    /// Key, ETag, size, and the records that count towards an answer.
    fn told_of(&self, answer: usize) -> (&str, Option<&str>, u64, u64) {
        let records = self.records.get(&answer).copied().unwrap_or(0);
        (&self.object, self.etag.as_deref(), self.size, records)
    }

    fn identity(&self) -> Identity {
        (self.etag.clone(), self.version_id.clone(), self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, etag: &str, records: u64) -> ObjectEvidence {
        ObjectEvidence {
            object: name.to_owned(),
            etag: Some(etag.to_owned()),
            version_id: None,
            size: 5,
            records,
            collected_in: None,
        }
    }

    #[test]
    fn an_object_is_told_once_with_its_records_by_answer() {
        let first = [object("a", "1", 3), object("b", "2", 0)];
        let second = [object("a", "1", 4)];
        let baseline = [object("a", "1", 9)];
        let sources = Sources::of([(&first[..], &[][..]), (&second, &baseline)].into_iter());
        let [a, b] = &sources.objects[..] else { panic!("{sources:?}") };
        assert_eq!((&*a.object, &*b.object), ("a", "b"));
        assert_eq!(a.records, BTreeMap::from([(1, 3), (2, 4)]));
        assert_eq!(a.baseline_records, BTreeMap::from([(2, 9)]));
        assert!(b.records.is_empty());
        assert_eq!(sources.first_not_told(1, &first), None);
        assert_eq!(sources.first_not_told(2, &first), Some("a"));
        let text = serde_json::to_string(&sources).unwrap();
        assert_eq!(serde_json::from_str::<Sources>(&text).unwrap(), sources);
    }

    #[test]
    fn what_is_gone_changed_or_new_is_told() {
        let of = |objects: &[ObjectEvidence]| Sources::of([(objects, &[][..])].into_iter());
        let then = of(&[object("a", "1", 1), object("b", "1", 1), object("c", "1", 1)]);
        let now = of(&[object("a", "1", 7), object("b", "2", 1), object("d", "1", 1)]);
        let expected = [
            ("b".to_owned(), "the source object is not what it was"),
            ("c".to_owned(), "the source object is not there any more"),
            ("d".to_owned(), "the source object was not there then"),
        ];
        assert_eq!(then.differences(&now), expected);
        assert_eq!(then.differences(&then), []);
    }
}
