//! Bytes of each interface in a folder of flow logs: `cargo run --example volumes -- testdata/worked/logs`.

use std::error::Error;
use std::io::{self, Write};

use flowproof_engine::arrow::util::pretty::pretty_format_batches;
use flowproof_engine::{Key, Session, VolumeFilter};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder of flow logs")?;
    write!(io::stdout(), "{}", volumes(&folder)?)?;
    Ok(())
}

pub(crate) fn volumes(folder: &str) -> Result<String, Box<dyn Error>> {
    let session = Session::builder().logs(folder).open_blocking()?;
    let answer = session.volumes(&[Key::Interface], &VolumeFilter::default())?;
    let table = pretty_format_batches(&answer.value.batches)?;
    // Figures are worth what they stand on.
    let objects = answer.coverage.objects;
    Ok(format!(
        "{table}\n{:?}: {} objects of {}\n",
        answer.completeness(),
        objects.read,
        objects.listed
    ))
}
