//! Runs the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// What a run came to that has ended.
    pub(crate) fn of(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the program with some arguments, and without options from the environment.
pub(crate) fn run<S: AsRef<str>>(args: &[S]) -> Run {
    run_in(args, &[])
}

/// The same with this in its environment, and nothing else about AWS.
pub(crate) fn run_in<S: AsRef<str>>(args: &[S], environment: &[(&str, String)]) -> Run {
    Run::of(command(args, environment).output().unwrap())
}

/// The program with some arguments, to be started.
pub(crate) fn command<S: AsRef<str>>(args: &[S], environment: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowproof"));
    for (name, _) in std::env::vars_os() {
        if ["FLOWPROOF_", "AWS_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
            command.env_remove(name);
        }
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.args(args.iter().map(AsRef::as_ref));
    command
}

/// The folder of the fixtures.
pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").canonicalize().unwrap()
}

/// A path as an argument.
pub(crate) fn arg(path: impl AsRef<Path>) -> String {
    path.as_ref().to_str().unwrap().to_owned()
}
