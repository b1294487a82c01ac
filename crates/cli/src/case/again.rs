//! Asks the question of a case once more, of the logs as they are now.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use flowproof_report::write_json;
use serde_json::Value;

use super::check::{Checked, Content, Problem};
use crate::args::{Logs, OnDuplicates, Verify};
use crate::commands::{Common, answer_all};
use crate::inputs::Inputs;
use crate::streams::Streams;

/// Asks again, with the findings and lists of the case itself; adds what is not the same to the
/// problems. How many objects and answers were compared; `None` if the case itself does not hold.
pub(crate) async fn ask_again(
    args: &Verify,
    checked: &mut Checked,
    common: &Common,
    streams: &mut Streams,
) -> Result<Option<(usize, usize)>> {
    let Some(Content { about, documents, sources }) = &checked.content else { return Ok(None) };
    let question = about.asked.again(logs(args), &about.files)?;
    let mut inputs = Inputs::for_logs(&question.logs, []).await?;
    for file in &about.files {
        if let Some(given) = &file.given_as {
            inputs.stand_in(PathBuf::from(given), args.dir.join(&file.path));
        }
    }
    let answers =
        answer_all(&question, about.asked.window(), common, &inputs, None, streams).await?;
    let now = answers.sources();
    let mut problems: Vec<Problem> = sources
        .differences(&now)
        .into_iter()
        .map(|(object, text)| Problem::new("source", &object, text))
        .collect();
    let mut told = Vec::new();
    for answer in &answers.investigations {
        // Read as the case's own are, so that fractions are rounded alike.
        let mut text = Vec::new();
        write_json(answer, &mut text, false)?;
        told.push(serde_json::from_slice(&text)?);
    }
    problems.extend(answers_differ(documents, &told));
    if answers.exit as u8 != about.exit_code {
        let (now, then) = (answers.exit as u8, about.exit_code);
        let text = format!("the run ended with exit code {then}, and ends with {now} now");
        problems.push(Problem::new("answer", &args.dir.display().to_string(), text));
    }
    let compared = (sources.objects.len(), documents.len());
    checked.problems.extend(problems);
    Ok(Some(compared))
}

/// How the logs are reached now. What the case asked of them is put in later.
fn logs(args: &Verify) -> Logs {
    Logs {
        wheres: args.wheres.clone(),
        format_string: None,
        account: Vec::new(),
        region: Vec::new(),
        include_all: false,
        threads: args.threads,
        memory: args.memory.clone(),
        duplicates: OnDuplicates::Keep,
        cluster: None,
        s3: args.s3.clone(),
    }
}

/// What of the answers is not what it was.
fn answers_differ(then: &[Value], now: &[Value]) -> Vec<Problem> {
    if then.len() != now.len() {
        let text = format!("there were {} answers, and there are {} now", then.len(), now.len());
        return vec![Problem::new("answer", "result", text)];
    }
    let mut problems = Vec::new();
    for (place, (then, now)) in then.iter().zip(now).enumerate() {
        let path = format!("answer {}", place + 1);
        let verdicts = (&then["verdict"]["status"], &now["verdict"]["status"]);
        if verdicts.0 != verdicts.1 {
            let text = format!("the verdict was {}, and is {} now", verdicts.0, verdicts.1);
            problems.push(Problem::new("answer", &path, text));
        }
        for name in members_that_differ(&comparable(then), &comparable(now)) {
            let text = format!("`{name}` is not what it was");
            problems.push(Problem::new("answer", &path, text));
        }
    }
    problems
}

/// The document without what is not compared: which program gave it, and notes that change no figure.
fn comparable(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(members) = document.as_object_mut() {
        members.remove("generated_by");
        members.remove("enrichment");
    }
    let remotes = document.get_mut("remotes").and_then(Value::as_array_mut);
    for remote in remotes.into_iter().flatten().filter_map(Value::as_object_mut) {
        remote.remove("enrichment");
    }
    document
}

/// The members that two documents do not have alike.
fn members_that_differ(then: &Value, now: &Value) -> Vec<String> {
    let members = [then, now].into_iter().filter_map(Value::as_object).flat_map(|all| all.keys());
    let names: BTreeSet<&String> = members.collect();
    let differs = |name: &&String| then.get(name.as_str()) != now.get(name.as_str());
    names.into_iter().filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_named_and_notes_and_versions_do_not_count() {
        let document = |version: &str, bytes: u64, note: &str| {
            json!({
                "generated_by": {"version": version},
                "verdict": {"status": "corroborated"},
                "totals": {"bytes_in": bytes},
                "remotes": [{"address": "203.0.113.9", "enrichment": [note]}],
                "enrichment": [note],
            })
        };
        let then = document("0.1.0", 5, "");
        assert_eq!(
            answers_differ(std::slice::from_ref(&then), &[document("0.2.0", 5, "note")]),
            []
        );
        let told = answers_differ(std::slice::from_ref(&then), &[document("0.1.0", 6, "")]);
        assert_eq!(told, [Problem::new("answer", "answer 1", "`totals` is not what it was")]);
        assert_eq!(answers_differ(&[then], &[]).len(), 1);
    }
}
