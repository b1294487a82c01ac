//! Telling a command, on its standard input.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use flowproof_report::Bulletin;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::Rendered;

/// How long a command may take: it holds up the run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command line with the bulletin on its standard input. That it ends well is taken for its
/// having it.
pub(super) async fn tell(line: &str, rendered: &Rendered, bulletin: &Bulletin) -> Result<()> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut child = Command::new(shell)
        .args([option, line])
        .env("FLOWPROOF_BULLETIN", bulletin.number.to_string())
        .stdin(Stdio::piped())
        // What it says is for people; the answer is ours.
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("`{line}` could not be run"))?;
    let text = rendered.text();
    let stdin = child.stdin.take();
    let heard = async {
        if let Some(mut stdin) = stdin {
            // One that ends early says by its exit whether that is well.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
        child.wait().await
    };
    let Ok(status) = tokio::time::timeout(PATIENCE, heard).await else {
        bail!("`{line}` did not end within {} seconds, and was ended", PATIENCE.as_secs());
    };
    let status = status.with_context(|| format!("`{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}
