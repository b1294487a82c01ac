//! The `flowproof` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowproof::run(std::env::args_os(), flowproof::Streams::of_process()).into()
}
