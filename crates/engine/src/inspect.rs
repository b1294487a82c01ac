//! `inspect`: what is there.

use datafusion::prelude::SessionContext;

use crate::answer::Answer;
use crate::error::EngineError;
use crate::scan::ScanTold;
use crate::session::Session;

impl Session {
    /// Reads everything and keeps nothing but what is told of objects.
    ///
    /// # Errors
    ///
    /// [`EngineError::Query`] if the reading itself fails; damage is in the answer.
    pub async fn inspect(&self) -> Result<Answer<()>, EngineError> {
        let plan = |context: SessionContext| async move {
            Ok(context.sql("SELECT count(*) FROM flow_logs").await?)
        };
        let run = self.run(self.terms(), plan).await?;
        Ok(self.answer((), &run.told))
    }

    /// What the listing alone tells: no object is opened.
    #[must_use]
    pub fn list_only(&self) -> Answer<()> {
        self.answer((), &ScanTold::default())
    }
}
