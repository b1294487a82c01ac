//! Where and with what it was measured.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// Processor, cores, memory, system.
pub(crate) fn machine() -> String {
    let processor = value_of("/proc/cpuinfo", "model name").unwrap_or("unknown processor".into());
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = value_of("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<f64>().ok())
        .map_or("unknown memory".into(), |kib| format!("{:.0} GiB", kib / f64::from(1 << 20)));
    let system = fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_or(std::env::consts::OS.into(), |release| format!("Linux {}", release.trim()));
    format!("{processor}, {cores} cores, {memory}, {system}")
}

fn value_of(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
}

/// The compiler, then our map and the crates as `Cargo.lock` has them.
pub(crate) fn versions() -> Vec<String> {
    let mut versions = vec![said("rustc", &["--version"])];
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    versions.extend(versions_in(&lock));
    versions
}

/// The packages that this one depends on, with their versions.
fn versions_in(lock: &str) -> Vec<String> {
    let packages: Vec<&str> = lock.split("[[package]]").collect();
    let field = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let named = |name: &str| {
        packages.iter().find(|package| field(package, "name").as_deref() == Some(name))
    };
    let Some(ours) = named(env!("CARGO_PKG_NAME")) else { return Vec::new() };
    let dependencies =
        ours.lines().filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
    let with_version = |dependency: &str| {
        // A version is there already where the lock file has several.
        let version = named(dependency).and_then(|package| field(package, "version"));
        version.map_or(dependency.to_owned(), |version| format!("{dependency} {version}"))
    };
    dependencies.map(with_version).collect()
}

/// Today, as the machine says.
pub(crate) fn date() -> String {
    said("date", &["+%F"])
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or(format!("unknown {program}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_crates_are_in_the_lock_file() {
        let versions = versions();
        for name in ["flowproof-prefix", "prefix-trie", "iptrie", "ipnet-trie", "poptrie"] {
            let of_name =
                versions.iter().find_map(|told| told.strip_prefix(name)?.strip_prefix(' '));
            let starts = of_name.is_some_and(|version| version.starts_with(char::is_numeric));
            assert!(starts, "{name} in {versions:?}");
        }
    }
}
