//! `MANIFEST`: the SHA-256 of every other file of a case, as `sha256sum` writes and checks it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

/// The file's name.
pub(super) const NAME: &str = "MANIFEST";

/// The digests of files, by path within the folder, with `/` between folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest(pub(super) BTreeMap<String, String>);

/// A line that cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) path: String,
    pub(super) why: &'static str,
}

impl Manifest {
    /// That of a folder in which everything is but the manifest.
    pub(super) fn of(folder: &Path) -> io::Result<Manifest> {
        let mut digests = BTreeMap::new();
        for found in walk(folder)? {
            let digest = digest(&folder.join(&found.path))?;
            digests.insert(found.path, digest);
        }
        Ok(Manifest(digests))
    }

    pub(super) fn to_text(&self) -> String {
        self.0.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
    }

    /// Reads what [`Manifest::to_text`] or `sha256sum` wrote. A path that leads out of the folder, or
    /// that is there twice, is in no manifest of ours.
    pub(super) fn parse(text: &str) -> (Manifest, Vec<BadLine>) {
        let (mut manifest, mut bad) = (Manifest::default(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let (digest, path) = match line.split_once(' ') {
                Some((digest, path)) => (digest, path.strip_prefix([' ', '*']).unwrap_or(path)),
                None => (line, ""),
            };
            let why = fault(digest, path).or_else(|| {
                let before = manifest.0.insert(path.to_owned(), digest.to_owned());
                before.map(|_| "the path is there twice")
            });
            bad.extend(why.map(|why| BadLine { line: number + 1, path: path.to_owned(), why }));
        }
        (manifest, bad)
    }
}

/// What is wrong with a line.
fn fault(digest: &str, path: &str) -> Option<&'static str> {
    let is_hex = digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex || digest.len() != 64 {
        return Some("there is no SHA-256 at its beginning");
    }
    if path.chars().any(|character| character.is_control() || character == '\\') {
        return Some("the path has characters that no path of a case has");
    }
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    // A path that is written otherwise than it is read (`a//b`, `./a`) could be there twice.
    let parts: Vec<&str> = path.split('/').collect();
    let as_written = Path::new(path).components().count() == parts.len();
    if path.is_empty() || !as_written || !Path::new(path).components().all(is_plain) {
        return Some("the path leads out of the folder, or is not written as it is meant");
    }
    (path == NAME).then_some("a manifest cannot hold its own digest")
}

/// Something that lies in a folder.
#[derive(Debug)]
pub(super) struct Found {
    /// Its path within the folder, with `/` between folders.
    pub(super) path: String,
    /// Whether it is a file, and not a link, a pipe or a device.
    pub(super) is_file: bool,
}

/// All that lies in a folder and is no folder. Links are not followed.
pub(super) fn walk(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, within)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = format!("{within}{}", entry.file_name().to_string_lossy());
            // That of a link itself.
            let kind = entry.file_type()?;
            match kind.is_dir() {
                true => folders.push((entry.path(), format!("{path}/"))),
                false => found.push(Found { path, is_file: kind.is_file() }),
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The file at a path within a folder, with no link on the way.
pub(super) fn file_at(folder: &Path, path: &str) -> io::Result<PathBuf> {
    let mut at = folder.to_owned();
    let mut is_file = false;
    for part in path.split('/') {
        at.push(part);
        let there = fs::symlink_metadata(&at)?;
        if !there.is_file() && !there.is_dir() {
            let text = format!("{} is a link, a pipe or a device", at.display());
            return Err(io::Error::other(text));
        }
        is_file = there.is_file();
    }
    match is_file {
        true => Ok(at),
        false => Err(io::Error::other("it is a folder")),
    }
}

/// The SHA-256 of a file, in hex.
pub(super) fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// The SHA-256 of bytes, in hex.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's own example.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        for path in ["z", "a/b/c", "a/with two spaces"] {
            fs::write(folder.path().join(path), "abc").unwrap();
        }
        let manifest = Manifest::of(folder.path()).unwrap();
        let text = manifest.to_text();
        assert_eq!(text, format!("{ABC}  a/b/c\n{ABC}  a/with two spaces\n{ABC}  z\n"));
        assert_eq!(Manifest::parse(&text), (manifest, vec![]));
        assert_eq!(digest_of(b"abc"), ABC);
    }

    #[test]
    fn no_path_leads_out_of_the_folder_or_is_there_twice() {
        let bad = [
            "../a",
            "a/../b",
            "a/..",
            "/etc/passwd",
            "./a",
            "a//b",
            "a/",
            "",
            ".",
            "..",
            "a\\b",
            "a\tb",
            "MANIFEST",
        ];
        for path in bad {
            let (manifest, bad) = Manifest::parse(&format!("{ABC}  {path}\n"));
            assert_eq!((manifest.0.len(), bad.len()), (0, 1), "{path}");
        }
        for line in ["", "abc", "ABC  a", ABC, &format!("{ABC}0  a")] {
            let (manifest, bad) = Manifest::parse(&format!("{line}\n"));
            assert_eq!((manifest.0.len(), bad.len()), (0, 1), "{line}");
        }
        let (_, bad) = Manifest::parse(&format!("{ABC}  a\n{ABC} *a\n"));
        assert_eq!(bad, [BadLine { line: 2, path: "a".into(), why: "the path is there twice" }]);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("real")).unwrap();
        fs::write(root.join("real/file"), "abc").unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        std::os::unix::fs::symlink("real/file", root.join("other")).unwrap();
        assert!(file_at(root, "real/file").is_ok());
        for path in ["link/file", "other", "real"] {
            assert!(file_at(root, path).is_err(), "{path}");
        }
        let found = walk(root).unwrap();
        let found: Vec<_> =
            found.iter().map(|found| (found.path.as_str(), found.is_file)).collect();
        assert_eq!(found, [("link", false), ("other", false), ("real/file", true)]);
    }
}
