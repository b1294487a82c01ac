//! Shows how far a run has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use flowproof_engine::Session;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::When;
use crate::commands::Common;
use crate::streams::Streams;

/// Shows progress until it is dropped.
pub(crate) struct Shown {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

const TICK: Duration = Duration::from_millis(100);
/// Runs that are over sooner show nothing.
const PATIENCE: u32 = 10;

/// Shows the progress of the session's questions, if somebody looks. It is told too if the run is ended.
pub(crate) fn show(session: &Session, common: &Common, streams: &Streams) -> Option<Shown> {
    common.covered.watch(session);
    let when = common.progress;
    let wanted = match when {
        When::Auto => streams.err_is_terminal && !streams.quiet,
        When::Always => true,
        When::Never => false,
    };
    if !wanted {
        return None;
    }
    let patience = if when == When::Always { 0 } else { PATIENCE };
    let (progress, found) = (session.progress(), session.found());
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let thread = std::thread::spawn(move || {
        for _ in 0..patience {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(TICK);
        }
        let bar = bar();
        while !stop.load(Ordering::Relaxed) {
            // More objects may be found, and a question may take two readings; the bar then starts again.
            let total = found.bytes();
            bar.set_length(total);
            let bytes = progress.bytes();
            bar.set_position(if total == 0 { 0 } else { bytes % (total + 1) });
            bar.set_message(format!("{} objects", progress.objects()));
            std::thread::sleep(TICK);
        }
        bar.finish_and_clear();
    });
    Some(Shown { done, thread: Some(thread) })
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let template = "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta} {msg}";
    // The template is ours and known to be valid; without it the bar has its own.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say but its panic, and a broken bar is no reason to fail.
            let _ = thread.join();
        }
    }
}
