//! A session, said step by step.

use flowproof_evidence::{InterfaceIdentity, Window};
use flowproof_record::Format;
use flowproof_source::Selection;
use flowproof_source::s3::S3;

use crate::copies::Duplicates;
use crate::error::EngineError;
use crate::inventory::Inventory;
use crate::session::{Session, SessionOptions};

/// What a [`Session`] is over and how it works. Made by [`Session::builder`].
///
/// Lists are no part of it: they are given with each question, so that what was listed once can be asked about any
/// number of them.
#[derive(Debug, Clone, Default)]
pub struct SessionBuilder {
    selection: Selection,
    options: SessionOptions,
}

impl SessionBuilder {
    /// Adds a file, a folder (walked), a glob, or an `s3://bucket/prefix`.
    #[must_use]
    pub fn logs(mut self, place: impl Into<String>) -> SessionBuilder {
        self.selection.wheres.push(place.into());
        self
    }

    /// The time of the records that are looked at. All of it, if nobody says.
    #[must_use]
    pub fn window(mut self, window: Window) -> SessionBuilder {
        self.selection.window = window;
        self
    }

    /// Adds an account whose logs are wanted, as its 12 digits. Without any, all are.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> SessionBuilder {
        self.selection.accounts.push(account.into());
        self
    }

    /// Adds a Region whose logs are wanted, for example `us-east-1`. Without any, all are.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> SessionBuilder {
        self.selection.regions.push(region.into());
        self
    }

    /// Takes the places in buckets for the keys of single objects, exactly, as an event names them: they are no folders
    /// or globs then, and one that is gone has vanished and ends nothing. A file of this machine that is not there is an
    /// error all the same.
    #[must_use]
    pub fn exact_keys(mut self) -> SessionBuilder {
        self.selection.keys_only = true;
        self
    }

    /// How buckets are reached. By what the environment says, as the AWS command line does, if nobody says.
    #[must_use]
    pub fn s3(mut self, s3: S3) -> SessionBuilder {
        self.selection.s3 = Some(s3);
        self
    }

    /// Adds what an inventory knows of interfaces: whose they are, and which addresses are their own. Several are
    /// taken as one, each later than those before; [`Inventory::merge`] tells what is doubtful between them.
    #[must_use]
    pub fn inventory(mut self, inventory: &Inventory) -> SessionBuilder {
        self.options.book.add_inventory(inventory);
        self
    }

    /// Adds what is known of one interface.
    #[must_use]
    pub fn interface(mut self, identity: &InterfaceIdentity) -> SessionBuilder {
        self.options.book.add(identity);
        self
    }

    /// The format of objects without a header line. AWS's default format, if nobody says, and the answer tells that it
    /// was assumed.
    #[must_use]
    pub fn format(mut self, format: Format) -> SessionBuilder {
        self.options.format = Some(format);
        self
    }

    /// What is done with records and objects that are there twice. They are kept, if nobody says, and the answer
    /// tells that they were counted twice.
    #[must_use]
    pub fn duplicates(mut self, duplicates: Duplicates) -> SessionBuilder {
        self.options.duplicates = duplicates;
        self
    }

    /// Threads that decode. As many as the machine has processors, if nobody says; at least one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> SessionBuilder {
        self.options.threads = threads;
        self
    }

    /// Bytes that aggregations and sorts may hold before they spill to temporary files. 512 MiB, if nobody says.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> SessionBuilder {
        self.options.memory = bytes;
        self
    }

    /// Lists what is there, or so much of it that there is something to begin with.
    ///
    /// # Errors
    ///
    /// [`EngineError::Window`] if the window ends before it begins, and those of [`Session::open`].
    pub async fn open(self) -> Result<Session, EngineError> {
        let Window { from, to } = self.selection.window;
        if from.zip(to).is_some_and(|(from, to)| to <= from) {
            return Err(EngineError::Window);
        }
        Session::open(&self.selection, self.options).await
    }
}

impl Session {
    /// Says step by step what a session is over.
    #[must_use]
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }
}
