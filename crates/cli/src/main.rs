//! The `flowproof` command.

use std::process::ExitCode;

/// Plans are trees, and a query of thousands of ORs is a deep one. What is not used costs nothing.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let run = || flowproof::run(std::env::args_os(), flowproof::Streams::of_process());
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    // A panic has told its story by now.
    let exit = thread.map(|thread| thread.join().unwrap_or(flowproof::Exit::Failed));
    exit.unwrap_or(flowproof::Exit::Failed).into()
}
