//! Prints all that a crate lets others use, an item a line: `flowproof-public-api target/doc/flowproof_prefix.json`.

use std::error::Error;
use std::io::{self, Write};

use public_api::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a file of rustdoc's JSON")?;
    let api = Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(write!(io::stdout().lock(), "{api}")?)
}
