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
    // The first part comes last: where it is, all are.
    for (part, text) in files.iter().enumerate().rev() {
        let path = folder.join(naming.file((!is_one).then_some(part), format));
        put(folder, &path, text).with_context(|| path.display().to_string())?;
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

/// The last bulletin after `after` whose file is there.
pub(super) fn has(
    folder: &Path,
    format: Format,
    naming: Naming<'_>,
    after: u64,
) -> Result<Option<u64>> {
    for bulletin in (after + 1..=naming.bulletin).rev() {
        let naming = Naming { bulletin, ..naming };
        let names = [naming.file(None, format), naming.file(Some(0), format)];
        for name in names {
            let path = folder.join(name);
            if path.try_exists().with_context(|| path.display().to_string())? {
                return Ok(Some(bulletin));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulletin_is_there_once_all_its_parts_are() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let naming = |bulletin| Naming { state: "0123456789abcdef", bulletin };
        let batches = Rendered::Batches(vec!["[1]".into(), "[2]".into()]);
        assert_eq!(has(&folder, Format::Asff, naming(5), 0).unwrap(), None);
        tell(&folder, &batches, Format::Asff, naming(3)).unwrap();
        tell(&folder, &Rendered::Page("x".into()), Format::Html, naming(4)).unwrap();
        assert_eq!(has(&folder, Format::Asff, naming(5), 0).unwrap(), Some(3));
        assert_eq!(has(&folder, Format::Asff, naming(5), 3).unwrap(), None);
        assert_eq!(has(&folder, Format::Html, naming(5), 3).unwrap(), Some(4));
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "flowproof-0123456789ab-00000003-001.asff.json",
                "flowproof-0123456789ab-00000003-002.asff.json",
                "flowproof-0123456789ab-00000004.html"
            ]
        );
        fs::remove_file(folder.join(&names[0])).unwrap();
        assert_eq!(has(&folder, Format::Asff, naming(5), 0).unwrap(), None, "not all are there");
    }
}
