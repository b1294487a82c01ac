//! The file that an answer goes to: it is there when it is whole, and not before.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

use crate::exit::UsageError;

/// Refuses an output that is one of the inputs.
pub(crate) fn refuse_input(
    output: Option<&Path>,
    inputs: impl Iterator<Item = PathBuf>,
) -> Result<()> {
    let Some(there) = output.and_then(|output| fs::canonicalize(output).ok()) else {
        return Ok(());
    };
    for input in inputs {
        if there.is_file() && fs::canonicalize(&input).is_ok_and(|input| input == there) {
            bail!(UsageError(format!("--output would take the place of {}", input.display())));
        }
    }
    Ok(())
}

/// A file that is being written. Given up before [`finish`](OutputFile::finish), it leaves what was
/// there before as it was.
#[derive(Debug)]
pub(crate) struct OutputFile {
    place: PathBuf,
    to: To,
}

#[derive(Debug)]
enum To {
    /// Beside the file whose place it takes at the end.
    Beside(BufWriter<NamedTempFile>, PathBuf),
    /// A pipe or a device: it has no place to be taken.
    Through(BufWriter<File>),
    /// Elsewhere, for a file in a folder that must not be written to: copied at the end.
    Elsewhere(BufWriter<NamedTempFile>, PathBuf),
}

impl OutputFile {
    /// Opens the file at a place, in which there may be one already.
    pub(crate) fn create(place: &Path) -> Result<OutputFile> {
        let to = To::open(place).with_context(|| place.display().to_string())?;
        Ok(OutputFile { place: place.to_owned(), to })
    }

    /// Puts the whole file in its place.
    pub(crate) fn finish(self) -> Result<()> {
        self.to.finish().with_context(|| self.place.display().to_string())
    }
}

impl To {
    fn open(place: &Path) -> io::Result<To> {
        let there = match fs::metadata(place) {
            Ok(there) if !there.is_file() => {
                return Ok(To::Through(BufWriter::new(create(place)?)));
            }
            Ok(there) => {
                // Whoever may not write to the file may not put another in its place either.
                File::options().append(true).open(place)?;
                Some(there.permissions())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A link keeps leading to the file.
        let place = fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let exists = there.is_some();
        match beside(folder.unwrap_or(Path::new(".")), there) {
            Ok(file) => Ok(To::Beside(BufWriter::new(file), place)),
            // The file may be written to, and its folder not.
            Err(_) if exists => Ok(To::Elsewhere(BufWriter::new(NamedTempFile::new()?), place)),
            Err(error) => Err(error),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            To::Through(mut file) => file.flush(),
            To::Elsewhere(file, place) => {
                let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file_mut().seek(io::SeekFrom::Start(0))?;
                io::copy(file.as_file_mut(), &mut create(&place)?).map(drop)
            }
            To::Beside(file, place) => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(place).map(drop).map_err(|error| error.error)
            }
        }
    }
}

fn create(place: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(true).open(place)
}

/// A file under a name of its own, with the rights of the one it replaces, or those that any new file
/// gets.
fn beside(folder: &Path, permissions: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flowproof-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    Ok(file)
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Beside(file, _) | To::Elsewhere(file, _) => file.write(bytes),
            To::Through(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Beside(file, _) | To::Elsewhere(file, _) => file.flush(),
            To::Through(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_the_old_one_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out.csv");
        let mut file = OutputFile::create(&place).unwrap();
        file.write_all(b"a,b\n").unwrap();
        file.flush().unwrap();
        assert!(!place.exists());
        drop(file);
        assert_eq!(names(folder.path()), [] as [&str; 0], "given up");

        fs::write(&place, "old").unwrap();
        let mut file = OutputFile::create(&place).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["out.csv"]);
    }

    #[test]
    fn where_the_folder_must_not_be_written_to_the_old_one_stays_until_the_new_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out.csv");
        fs::write(&place, "what was there, and longer").unwrap();
        let spool = || BufWriter::new(NamedTempFile::new().unwrap());
        let elsewhere =
            || OutputFile { place: place.clone(), to: To::Elsewhere(spool(), place.clone()) };
        let mut file = elsewhere();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&place).unwrap(), b"what was there, and longer", "given up");
        let mut file = elsewhere();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"whole");
    }

    #[cfg(unix)]
    #[test]
    fn links_rights_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (place, link) = (folder.path().join("out"), folder.path().join("link"));
        fs::write(&place, "old").unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o640)).unwrap();
        symlink(&place, &link).unwrap();
        let mut file = OutputFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o640);

        let mut file = OutputFile::create(Path::new("/dev/null")).unwrap();
        file.write_all(b"gone").unwrap();
        file.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let missing = folder.path().join("no/such/out");
        let error = OutputFile::create(&missing).unwrap_err();
        assert!(error.to_string().contains("no/such/out"), "{error}");
    }
}
