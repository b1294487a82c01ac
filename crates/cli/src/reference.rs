//! The page `docs/commands.md`, which is made from what can be typed (`args`) and from the exit codes.

use std::fs;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use crate::args::{Cli, S3_HEADING};
use crate::exit::Exit;

const HEAD: &str = "\
# Commands

<!-- Made from the definitions in crates/cli/src. Change those, then run the tests of the crate with
FLOWPROOF_WRITE_PAGES=1. -->

Every command with its options, as `flowproof COMMAND --help` tells them. `flowproof man --output DIR` writes the same as man pages.
Every option can come from the environment as `FLOWPROOF_<OPTION>`, in capitals and with underscores: `--by` as `FLOWPROOF_BY`. What is typed wins.
";

fn program() -> Command {
    let mut program = Cli::command();
    program.build();
    program
}

/// The commands of a command, without clap's own `help`.
fn commands(of: &Command) -> impl Iterator<Item = &Command> {
    of.get_subcommands().filter(|command| command.get_name() != "help")
}

/// The program's commands and theirs.
fn all_commands(program: &Command) -> impl Iterator<Item = &Command> {
    commands(program).flat_map(|command| std::iter::once(command).chain(commands(command)))
}

/// What can be typed after a command, but for what is told once for all.
fn arguments(of: &Command) -> impl Iterator<Item = &Arg> {
    of.get_arguments().filter(|arg| arg.get_id() != "help" && arg.get_id() != "version")
}

fn is_of_s3(arg: &&Arg) -> bool {
    arg.get_help_heading() == Some(S3_HEADING)
}

fn page() -> String {
    let program = program();
    let mut page = HEAD.to_owned();
    page += "\n| command | what it does |\n| --- | --- |\n";
    for command in commands(&program) {
        page += &format!("| [{0}](#{0}) | {1} |\n", command.get_name(), about(command));
    }
    page += "\n## Exit codes\n\n";
    page += &exit_codes();
    page += "\n## Options of all commands\n\n";
    page += &table(arguments(&program));
    page += "\n## Options for S3\n\n";
    let mut reads_s3 = all_commands(&program).filter(|of| arguments(of).any(|arg| is_of_s3(&arg)));
    page += &table(reads_s3.next().into_iter().flat_map(arguments).filter(is_of_s3));
    for command in commands(&program) {
        page += &section(command, "##", command.get_name());
        for below in commands(command) {
            let name = format!("{} {}", command.get_name(), below.get_name());
            page += &section(below, "###", &name);
        }
    }
    page
}

fn exit_codes() -> String {
    let row = |exit: &Exit| format!("| {} | {} |\n", *exit as u8, exit.meaning());
    let rows: String = Exit::ALL.iter().map(row).collect();
    format!("| exit code | meaning |\n| --- | --- |\n{rows}")
}

fn section(command: &Command, level: &str, name: &str) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let mut section = format!("\n{level} {name}\n\n{}.\n\n`{usage}`\n", about(command));
    let own = || arguments(command).filter(|arg| !arg.is_global_set());
    if own().any(|arg| !is_of_s3(&arg)) {
        section += "\n";
        section += &table(own().filter(|arg| !is_of_s3(arg)));
    }
    if own().any(|arg| is_of_s3(&arg)) {
        section += "\nAnd the [options for S3](#options-for-s3).\n";
    }
    if let Some(more) = command.get_after_help() {
        section += &format!("\n```text\n{more}\n```\n");
    }
    section
}

fn about(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    markdown(&about)
}

fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows: String = arguments.map(row).collect();
    format!("| option | meaning |\n| --- | --- |\n{rows}")
}

fn row(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut meaning = markdown(&help);
    // Those of a flag are true and false.
    if arg.get_action().takes_values() {
        let values: Vec<_> = arg.get_possible_values().iter().map(value).collect();
        if !values.is_empty() {
            meaning += &format!(". One of {}", values.join(", "));
        }
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
        if !defaults.is_empty() {
            meaning += &format!(". Default: `{}`", defaults.join("`, `"));
        }
    }
    format!("| {short}`{arg}` | {meaning} |\n")
}

fn value(value: &clap::builder::PossibleValue) -> String {
    let help = value.get_help().map(|help| format!(" ({})", markdown(&help.to_string())));
    format!("`{}`{}", value.get_name(), help.unwrap_or_default())
}

/// A text in which nothing is taken for Markdown or HTML.
fn markdown(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}

fn file(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_page_in_docs_is_what_can_be_typed() {
    let path = file("docs/commands.md");
    let made = page();
    if std::env::var_os("FLOWPROOF_WRITE_PAGES").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "docs/commands.md is not made from what can be typed now");
}

#[test]
fn the_readme_names_every_command_and_has_the_exit_codes() {
    let readme = fs::read_to_string(file("README.md")).unwrap();
    assert!(readme.contains(&exit_codes()), "exit codes are not\n{}", exit_codes());
    let first_cells = readme.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let first_cells: Vec<_> = first_cells.collect();
    for command in commands(&program()) {
        let name = format!("`{}`", command.get_name());
        assert!(first_cells.iter().any(|cell| cell.contains(&name)), "no row has {name}");
    }
}

#[test]
fn every_option_can_come_from_the_environment() {
    let program = program();
    for command in std::iter::once(&program).chain(all_commands(&program)) {
        for arg in arguments(command) {
            let Some(long) = arg.get_long() else { continue };
            let variable = format!("FLOWPROOF_{}", long.to_uppercase().replace('-', "_"));
            let has = arg.get_env().and_then(|name| name.to_str());
            assert_eq!(has, Some(&*variable), "{} --{long}", command.get_name());
        }
    }
}

#[test]
fn options_for_s3_are_the_same_in_all_commands() {
    let program = program();
    let ids = |of| arguments(of).filter(is_of_s3).map(Arg::get_id).collect::<Vec<_>>();
    let mut each = all_commands(&program).map(ids).filter(|ids| !ids.is_empty());
    let first = each.next().unwrap();
    assert!(first.len() > 5 && each.all(|ids| ids == first));
}
