//! Which logs to read, and how.

use flowproof_engine::{
    AddressBook, Duplicates, Inventory, Session, SessionOptions, read_inventory,
};
use flowproof_evidence::Window;
use flowproof_inquiry::tell_if_empty;
use flowproof_record::Format;
use flowproof_report::Remarks;
use flowproof_source::s3::{S3, S3Options};
use flowproof_source::{Selection, is_in_bucket};
use pyo3::prelude::*;

use crate::failure::Failure;
use crate::inputs::read;
use crate::keywords::{Keywords, Texts};

/// More threads than any machine has cores cost memory and win nothing.
const MOST_THREADS: usize = 1024;

/// Bytes for aggregations and sorts before they spill to disk, as the command has it.
const MEMORY: usize = 512_000_000;

/// What every function that reads logs is given.
pub(crate) struct Logs {
    selection: Selection,
    options: SessionOptions,
    inventories: Vec<String>,
    s3: S3Options,
}

impl Logs {
    /// The logs at these places, with the arguments that say how to read them.
    pub(crate) fn take(places: Texts, keywords: &Keywords<'_>) -> PyResult<Logs> {
        let Texts(wheres) = places;
        if wheres.is_empty() {
            return Err(Failure::Usage("logs: no place is named".to_owned()).into());
        }
        if wheres.iter().any(|place| place == "-") {
            return Err(
                Failure::Usage("logs: standard input is the program's own".to_owned()).into()
            );
        }
        let selection = Selection {
            wheres,
            window: keywords.take_window()?,
            accounts: keywords.take_texts("account")?,
            regions: keywords.take_texts("region")?,
            include_all: keywords.take_flag("include_all")?,
            ..Selection::default()
        };
        Ok(Logs {
            selection,
            options: session_options(keywords)?,
            inventories: keywords.take_texts("inventory")?,
            s3: s3_options(keywords)?,
        })
    }

    /// The time that is asked about.
    pub(crate) fn window(&self) -> Window {
        self.selection.window
    }

    /// Who has which interface and address.
    pub(crate) fn book(&self, remarks: &mut Remarks) -> Result<AddressBook, Failure> {
        let mut inventories = Vec::new();
        for path in &self.inventories {
            let bytes = read(path)?;
            let mut inventory = read_inventory(&bytes).map_err(Failure::of(path))?;
            let notes = std::mem::take(&mut inventory.notes);
            notes.iter().for_each(|note| remarks.note(&format!("{path}: {note}")));
            inventories.push(inventory);
        }
        let all = Inventory::merge_all(inventories);
        all.notes.iter().for_each(|note| remarks.note(&format!("--inventory: {note}")));
        let mut book = AddressBook::default();
        book.add_inventory(&all);
        Ok(book)
    }

    /// Lists the objects; tells it if there are none.
    pub(crate) async fn open(
        &self,
        book: AddressBook,
        remarks: &mut Remarks,
    ) -> Result<Session, Failure> {
        self.open_over(self.window(), book, remarks).await
    }

    /// As [`Logs::open`], for another time than the one that is asked about.
    pub(crate) async fn open_over(
        &self,
        window: Window,
        book: AddressBook,
        remarks: &mut Remarks,
    ) -> Result<Session, Failure> {
        let mut selection = Selection { window, ..self.selection.clone() };
        if selection.wheres.iter().any(|place| is_in_bucket(place)) {
            selection.s3 = Some(S3::connect(&self.s3).await?);
        }
        let options = SessionOptions { book, ..self.options.clone() };
        let session = Session::open(&selection, options).await?;
        tell_if_empty(&session, &selection.wheres, remarks);
        Ok(session)
    }
}

fn session_options(keywords: &Keywords<'_>) -> PyResult<SessionOptions> {
    let mut options = SessionOptions::default();
    if let Some(threads) = keywords.take("threads")? {
        if !(1..=MOST_THREADS).contains(&threads) {
            let text = format!("threads must be from 1 to {MOST_THREADS}");
            return Err(Failure::Usage(text).into());
        }
        options.threads = threads;
    }
    options.memory = keywords.take_size("memory")?.unwrap_or(MEMORY);
    if let Some(text) = keywords.take::<String>("format_string")? {
        let format = Format::parse_format_string(&text);
        options.format = Some(format.map_err(Failure::of("format_string"))?);
    }
    options.duplicates = match keywords.take::<String>("duplicates")?.as_deref() {
        None | Some("keep") => Duplicates::Keep,
        Some("drop") => Duplicates::Drop,
        Some(other) => {
            let text = format!("duplicates: `{other}` is neither `keep` nor `drop`");
            return Err(Failure::Usage(text).into());
        }
    };
    Ok(options)
}

fn s3_options(keywords: &Keywords<'_>) -> PyResult<S3Options> {
    let defaults = S3Options::default();
    let attempts = keywords.take("s3_attempts")?.unwrap_or(defaults.attempts);
    if attempts == 0 {
        return Err(Failure::Usage("s3_attempts must be at least 1".to_owned()).into());
    }
    Ok(S3Options {
        attempts,
        profile: keywords.take("profile")?,
        role_arn: keywords.take("role_arn")?,
        external_id: keywords.take("external_id")?,
        endpoint_url: keywords.take("endpoint_url")?,
        path_style: keywords.take_flag("path_style")?,
        requester_pays: keywords.take_flag("requester_pays")?,
        region: keywords.take("s3_region")?,
    })
}
