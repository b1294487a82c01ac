//! Analyses on a cluster of real processes, which must print what one process prints.

mod docs;
mod lost;
mod refused;
mod same;
mod wire;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::program::{Run, arg, command, run, run_in};

/// A scheduler and its executors, each a process of its own.
pub(crate) struct Rig {
    /// `df://127.0.0.1:PORT`.
    pub(crate) address: String,
    scheduler: Child,
    pub(crate) executors: Vec<Child>,
}

/// A process that is killed when nobody holds it any more, and the first line that it printed.
fn started(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "{command:?} ended");
    (child, line)
}

impl Rig {
    /// A cluster of so many executors, each with one slot.
    pub(crate) fn new(executors: usize, environment: &[(&str, String)], more: &[&str]) -> Rig {
        let mut rig = Rig::scheduler();
        for _ in 0..executors {
            rig.join(&rig.address.clone(), environment, more);
        }
        rig
    }

    /// A scheduler alone.
    pub(crate) fn scheduler() -> Rig {
        let args = ["cluster", "scheduler", "--bind=127.0.0.1:0", "--executor-timeout=4s"];
        let (scheduler, line) = started(command(&args, &[]));
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(address.starts_with("df://127.0.0.1:"), "{line}");
        Rig { address, scheduler, executors: Vec::new() }
    }

    /// Starts another executor, which reaches the scheduler at this address.
    pub(crate) fn join(&mut self, address: &str, environment: &[(&str, String)], more: &[&str]) {
        let args = ["cluster", "executor", "--port=0", "--control-port=0", "--scheduler", address];
        let slots = if more.contains(&"--slots") { &[][..] } else { &["--slots=1"][..] };
        let args = [&args[..], slots, more].concat();
        let (executor, line) = started(command(&args, environment));
        assert!(line.starts_with("executor at 127.0.0.1:"), "{line}");
        self.executors.push(executor);
    }

    /// Kills the scheduler as if its machine had gone.
    pub(crate) fn lose_scheduler(&mut self) {
        self.scheduler.kill().unwrap();
        self.scheduler.wait().unwrap();
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for child in self.executors.iter_mut().chain([&mut self.scheduler]) {
            // One that is gone already is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A sample set of logs with its finding and lists.
pub(crate) struct Sample {
    _folder: TempDir,
    root: PathBuf,
}

impl Sample {
    pub(crate) fn new(records: u32, files: u32) -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("sample");
        let (records, files) = (records.to_string(), files.to_string());
        let written =
            run(&["sample", "--seed=9", "--records", &records, "--files", &files, &arg(&root)]);
        assert_eq!(written.code, Some(0), "{written:?}");
        Sample { _folder: folder, root }
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn file(&self, name: &str) -> String {
        arg(self.root.join(name))
    }

    /// The questions that are asked of a cluster and of one process, where `@` stands for the logs.
    pub(crate) fn questions(&self) -> Vec<Vec<String>> {
        let (list, finding) = (self.file("tor-exits.txt"), self.file("finding.json"));
        let inventory = self.file("inventory.json");
        let questions: Vec<Vec<&str>> = vec![
            vec!["volumes", "--logs=@", "--format=json", "--by=interface"],
            vec!["volumes", "--logs=@", "--format=csv", "--by=interface,hour"],
            vec!["volumes", "--logs=@", "--format=csv", "--by=instance,remote,remote_port"],
            vec!["scan", "--logs=@", "--format=json", "--list", &list],
            vec![
                "query",
                "--logs=@",
                "--format=csv",
                "SELECT protocol, action, count(*), sum(bytes), min(\"start\"), max(\"end\"), \
                 avg(packets) > 1, count(DISTINCT dstaddr) FROM flow_logs GROUP BY 1, 2",
            ],
            vec![
                "query",
                "--logs=@",
                "--format=csv",
                "--list",
                &list,
                "SELECT local, remote, sum(bytes) FROM traffic WHERE in_list(remote) \
                 AND direction = 'egress' GROUP BY 1, 2 ORDER BY 3 DESC",
            ],
            vec![
                "query",
                "--logs=@",
                "--format=csv",
                "SELECT interface_id, srcaddr, dstaddr, bytes, \"start\" FROM flow_logs \
                 WHERE bytes > (SELECT avg(bytes) FROM flow_logs) AND srcport + 1 > 2 \
                 ORDER BY bytes DESC LIMIT 25",
            ],
            vec![
                "query",
                "--logs=@",
                "--format=csv",
                "--list",
                &list,
                "SELECT unnest(make_array(protocol, dstport)) AS number, list_matches(dstaddr), \
                 list_matches(srcaddr) AS found FROM flow_logs WHERE srcaddr <> dstaddr LIMIT 50",
            ],
            vec![
                "investigate",
                "--logs=@",
                "--format=json",
                "--finding",
                &finding,
                "--list",
                &list,
                "--inventory",
                &inventory,
            ],
        ];
        questions.into_iter().map(|it| it.into_iter().map(str::to_owned).collect()).collect()
    }
}

/// A question to these logs.
pub(crate) fn asked(question: &[String], logs: &str) -> Vec<String> {
    question.iter().map(|part| part.replace('@', logs)).collect()
}

/// The question to a cluster.
pub(crate) fn on(address: &str, question: &[String]) -> Vec<String> {
    let mut args = question.to_vec();
    // Before the last, since a query ends in what is none.
    args.insert(1, format!("--cluster={address}"));
    args
}

/// Asks one process and the cluster, and compares all that they print.
pub(crate) fn compare(
    address: &str,
    question: &[String],
    environment: &[(&str, String)],
) -> (Run, Run) {
    let here = run_in(question, environment);
    assert_eq!(here.code, Some(0), "{question:?}: {here:?}");
    let there = run_in(&on(address, question), environment);
    assert_same(&here, &there, question);
    (here, there)
}

pub(crate) fn assert_same(here: &Run, there: &Run, question: &[String]) {
    assert!(here.out.len() > 60, "{question:?}: {here:?}");
    assert_eq!(there.err, here.err, "{question:?}");
    assert_eq!(there.out, here.out, "{question:?}");
    assert_eq!(there.code, here.code, "{question:?}");
}
