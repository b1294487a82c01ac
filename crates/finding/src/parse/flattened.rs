//! JSON that was flattened to one text per path: `a/b` is the member `b` of `a`, and `a.0_` is the
//! first item of the list `a`; an older spelling of that is `a:0`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::value::{Notes, excerpt};

/// Steps of a path; longer ones are left out and noted. GuardDuty's have fewer than ten.
const MAX_STEPS: usize = 24;

/// The object that the pairs were flattened from. Of two that contradict each other, one that ends
/// where the other goes on, the first stays and the other is noted.
pub(super) fn unflatten<'v>(
    pairs: impl IntoIterator<Item = (&'v str, &'v Value)>,
    notes: &mut Notes,
) -> Value {
    let mut root = Node::default();
    for (path, value) in pairs {
        let steps: Vec<Step<'_>> = path.split('/').flat_map(steps).collect();
        if steps.len() > MAX_STEPS {
            notes.add(format!("a flattened field has too many steps: {}", excerpt(path)));
        } else if !root.place(&steps, value) {
            notes.add(format!("a flattened field contradicts another: {}", excerpt(path)));
        }
    }
    root.into_value()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'p> {
    Item(u32),
    Member(&'p str),
}

/// `details.3_` is a member and an item of it, and so is `details:3`.
fn steps(segment: &str) -> impl Iterator<Item = Step<'_>> {
    let item = segment.strip_suffix('_').and_then(|segment| segment.rsplit_once('.'));
    let item = item.or_else(|| segment.rsplit_once(':'));
    let item = item.and_then(|(name, index)| Some((name, index.parse().ok()?)));
    let (name, index) = item.map_or((segment, None), |(name, index)| (name, Some(index)));
    std::iter::once(Step::Member(name)).chain(index.map(Step::Item))
}

#[derive(Debug, Default)]
struct Node<'v> {
    value: Option<&'v Value>,
    below: BTreeMap<Step<'v>, Node<'v>>,
}

impl<'v> Node<'v> {
    /// Puts a value at the end of the steps; `false` if there is something else on the way.
    fn place(&mut self, steps: &[Step<'v>], value: &'v Value) -> bool {
        let mut node = self;
        for &step in steps {
            let items = matches!(step, Step::Item(_));
            let other =
                node.below.keys().next().is_some_and(|one| matches!(one, Step::Item(_)) != items);
            if node.value.is_some() || other {
                return false;
            }
            node = node.below.entry(step).or_default();
        }
        let free = node.value.is_none() && node.below.is_empty();
        if free {
            node.value = Some(value);
        }
        free
    }

    /// Items come in the order of their numbers; numbers that are left out leave no gap.
    fn into_value(self) -> Value {
        if let Some(value) = self.value {
            return value.clone();
        }
        let is_list = matches!(self.below.keys().next(), Some(Step::Item(_)));
        if is_list {
            return self.below.into_values().map(Node::into_value).collect();
        }
        let member = |(step, node): (Step<'_>, Node<'_>)| match step {
            Step::Member(name) => Some((name.to_owned(), node.into_value())),
            Step::Item(_) => None,
        };
        Value::Object(self.below.into_iter().filter_map(member).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unflattened(flat: &Value) -> (Value, Vec<String>) {
        let mut notes = Notes::default();
        let pairs = flat.as_object().unwrap().iter().map(|(path, value)| (path.as_str(), value));
        (unflatten(pairs, &mut notes), notes.0)
    }

    #[test]
    fn paths_become_objects_and_numbered_ones_lists() {
        let flat = json!({
            "action/portProbeAction/portProbeDetails.0_/localPortDetails/port": "22",
            "action/portProbeAction/portProbeDetails.10_/localPortDetails/port": "80",
            "action/portProbeAction/portProbeDetails.2_/localPortDetails/port": "25",
            "additionalInfo/portsScannedSample.0_": "1",
            "additionalInfo/portsScannedSample:1": "2",
            "affected/AWS::CloudTrail::Trail": "a", "count": "3", "under_score": "x"
        });
        let expected = json!({
            "action": {"portProbeAction": {"portProbeDetails": [
                {"localPortDetails": {"port": "22"}}, {"localPortDetails": {"port": "25"}},
                {"localPortDetails": {"port": "80"}}]}},
            "additionalInfo": {"portsScannedSample": ["1", "2"]},
            "affected": {"AWS::CloudTrail::Trail": "a"}, "count": "3", "under_score": "x"
        });
        assert_eq!(unflattened(&flat), (expected, Vec::new()));
        assert_eq!(unflattened(&json!({})), (json!({}), Vec::new()));
    }

    #[test]
    fn a_path_that_goes_on_where_another_ends_is_noted() {
        let (value, notes) = unflattened(&json!({"a": "1", "a/b": "2", "c.0_": "3", "c/d": "4"}));
        assert_eq!(value, json!({"a": "1", "c": ["3"]}));
        assert_eq!(
            notes,
            [
                "a flattened field contradicts another: a/b",
                "a flattened field contradicts another: c/d"
            ]
        );
    }

    #[test]
    fn neither_depth_nor_numbers_run_away() {
        let deep = "a/".repeat(MAX_STEPS) + "b";
        let (value, notes) = unflattened(&json!({deep.clone(): "1", "list.4294967295_": "2"}));
        assert_eq!(value, json!({"list": ["2"]}));
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("too many steps"), "{notes:?}");
    }
}
