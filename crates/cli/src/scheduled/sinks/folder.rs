//! Telling into a folder: a file for each bulletin, there as a whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use super::{Format, Naming, Rendered};

/// Tells a bulletin.
pub(super) fn tell(
    folder: &Path,
    rendered: &Rendered,
    format: Format,
    naming: Naming<'_>,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let files = rendered.files();
    let is_one = files.len() < 2;
    let path = |part| folder.join(naming.file((!is_one).then_some(part), format));
    // The first part comes last: where it is, all are.
    for (part, text) in files.iter().enumerate().rev() {
        let put = put(folder, &path(part), text).with_context(|| path(part).display().to_string());
        if put.is_err() {
            // The next bulletin has all of it. What cannot be removed is told again.
            (part + 1..files.len()).for_each(|part| drop(fs::remove_file(path(part))));
        }
        put?;
    }
    Ok(())
}

fn put(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flowproof-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut draft: NamedTempFile = builder.tempfile_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether the bulletin is there.
pub(super) fn has(folder: &Path, format: Format, naming: Naming<'_>) -> Result<bool> {
    for name in [naming.file(None, format), naming.file(Some(0), format)] {
        let path = folder.join(name);
        if path.try_exists().with_context(|| path.display().to_string())? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulletin_is_there_once_all_its_parts_are() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let at = "2025-06-01T00:00:00.5Z".parse().unwrap();
        let naming = |bulletin| Naming { state: "0123456789abcdef", bulletin, at };
        let has = |format, bulletin| has(&folder, format, naming(bulletin)).unwrap();
        let batches = Rendered::Batches(vec!["[1]".into(), "[2]".into()]);
        assert!(!has(Format::Asff, 3));
        tell(&folder, &batches, Format::Asff, naming(3)).unwrap();
        tell(&folder, &Rendered::Page("x".into()), Format::Html, naming(4)).unwrap();
        assert!(has(Format::Asff, 3) && has(Format::Html, 4));
        assert!(!has(Format::Asff, 4) && !has(Format::Html, 3));
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "flowproof-0123456789ab-00000003-20250601T000000500Z-001.asff.json",
                "flowproof-0123456789ab-00000003-20250601T000000500Z-002.asff.json",
                "flowproof-0123456789ab-00000004-20250601T000000500Z.html"
            ]
        );
        fs::remove_file(folder.join(&names[0])).unwrap();
        assert!(!has(Format::Asff, 3), "not all are there");
    }

    #[test]
    fn of_a_bulletin_that_cannot_be_told_as_a_whole_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = "2025-06-01T00:00:00Z".parse().unwrap();
        let naming = Naming { state: "0123456789abcdef", bulletin: 1, at };
        // A folder stands where the first part is to be put.
        let first = folder.path().join(naming.file(Some(0), Format::Asff));
        fs::create_dir_all(first.join("in the way")).unwrap();
        let batches = Rendered::Batches(vec!["[1]".into(), "[2]".into(), "[3]".into()]);
        assert!(tell(folder.path(), &batches, Format::Asff, naming).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
