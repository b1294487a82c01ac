//! What was typed, for whoever reads the case: without what should stay with whoever typed it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::CommandFactory;

use crate::args::Cli;
use crate::secrets::{LEFT_OUT, without_secrets};

/// The option whose value is told to nobody: it is half of what a role asks for.
const SECRET: &str = "external-id";

/// The command line as texts.
pub(crate) fn command_line(args: &[OsString]) -> Vec<String> {
    let option = format!("--{SECRET}");
    let mut told = Vec::new();
    let mut secret_follows = false;
    for arg in args {
        let text = arg.to_string_lossy();
        let is_secret = text.strip_prefix(&option).is_some_and(|rest| rest.starts_with('='));
        told.push(if secret_follows {
            LEFT_OUT.to_owned()
        } else if is_secret {
            format!("{option}={LEFT_OUT}")
        } else {
            without_secrets(&text).into_owned()
        });
        secret_follows = !secret_follows && *text == option;
    }
    told
}

/// The options of an investigation that came from the environment.
pub(super) fn environment() -> BTreeMap<String, String> {
    let command = Cli::command();
    let investigate = command.find_subcommand("investigate");
    let options = command.get_arguments().chain(investigate.iter().flat_map(|c| c.get_arguments()));
    let mut found = BTreeMap::new();
    for option in options {
        let Some(name) = option.get_env() else { continue };
        let Some(value) = std::env::var_os(name) else { continue };
        let value = match option.get_long() == Some(SECRET) {
            true => LEFT_OUT.to_owned(),
            false => without_secrets(&value.to_string_lossy()).into_owned(),
        };
        found.insert(name.to_string_lossy().into_owned(), value);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_of_the_command_line() {
        let typed = [
            "flowproof",
            "investigate",
            "--external-id",
            "half-a-secret",
            "--external-id=half-a-secret",
            "--endpoint-url=https://user:secret@198.51.100.7:9000/a@b",
            "s3://bucket/a@b",
            "--external-identity",
        ];
        let typed: Vec<OsString> = typed.into_iter().map(OsString::from).collect();
        let expected = [
            "flowproof",
            "investigate",
            "--external-id",
            "(left out)",
            "--external-id=(left out)",
            "--endpoint-url=https://(left out)@198.51.100.7:9000/a@b",
            "s3://bucket/a@b",
            "--external-identity",
        ];
        assert_eq!(command_line(&typed), expected);
    }
}
