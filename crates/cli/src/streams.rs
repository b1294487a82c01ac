//! The one place that knows standard output and standard error.

use std::io::{self, BufWriter, IsTerminal, Write};

use flowproof_report::{Remarks, printable};

use crate::secrets::without_secrets;

/// Where answers and messages go.
pub struct Streams {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether people look at the output: colour and column lines only then.
    pub(crate) out_is_terminal: bool,
    pub(crate) err_is_terminal: bool,
    pub(crate) quiet: bool,
}

impl Streams {
    /// Those of the process.
    #[must_use]
    pub fn of_process() -> Streams {
        Streams {
            out: Box::new(BufWriter::with_capacity(64 * 1024, io::stdout())),
            err: Box::new(anstream::stderr()),
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
            quiet: false,
        }
    }

    /// Any two, as for a pipe.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Streams {
        Streams { out, err, out_is_terminal: false, err_is_terminal: false, quiet: false }
    }

    /// Where the answer goes.
    pub(crate) fn out(&mut self) -> &mut (dyn Write + Send) {
        &mut self.out
    }

    /// Something that the user should know and can act on.
    pub(crate) fn warn(&mut self, text: &str) {
        if !self.quiet {
            self.message("warning", text);
        }
    }

    /// Something that the user may want to know.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.message("note", text);
        }
    }

    /// What people should or may want to know.
    pub(crate) fn remark(&mut self, remarks: &Remarks) {
        for remark in remarks.iter() {
            match remark.is_warning {
                true => self.warn(&remark.text),
                false => self.note(&remark.text),
            }
        }
    }

    /// Why there is no answer, and what lies behind it.
    pub(crate) fn error(&mut self, error: &anyhow::Error) {
        self.message("error", &error.to_string());
        let mut last = error.to_string();
        for cause in error.chain().skip(1) {
            let text = cause.to_string();
            // Some libraries repeat their cause in their own words.
            if !last.contains(&text) {
                self.message("  caused by", &text);
            }
            last = text;
        }
    }

    /// Something that does not hold.
    pub(crate) fn problem(&mut self, text: &str) {
        self.message("error", text);
    }

    fn message(&mut self, kind: &str, text: &str) {
        // If standard error is gone there is nobody left to tell.
        let _ = writeln!(self.err, "{kind}: {}", printable(&without_secrets(text)));
    }

    /// Prints what clap has to say. It repeats what was typed, and a shell types names of files that
    /// others chose.
    pub(crate) fn usage(&mut self, error: &clap::Error) {
        let text = error.render().to_string();
        for line in text.lines() {
            let line = without_secrets(line);
            let _ = match error.use_stderr() {
                true => writeln!(self.err, "{}", printable(&line)),
                false => writeln!(self.out, "{line}"),
            };
        }
        let _ = self.out.flush();
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }
}
