//! The client during a call: progress is reported to it, and the user can be asked for confirmation. MCP implements it;
//! REST and the agent have none.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Context, Error, Result};

/// The client of a call, and its user.
pub trait Client: Send + Sync {
    /// Reports progress: `done` of `total`, and the next step.
    fn progress<'a>(&'a self, done: u64, total: Option<u64>, doing: &'a str) -> BoxFuture<'a, ()>;

    /// Asks the user a yes-or-no question.
    ///
    /// Some clients are asked by ending the call with [`Error::Asked`], which has to be passed on. They repeat the call with
    /// the answer, which is matched by the question.
    fn ask<'a>(&'a self, question: &'a str) -> BoxFuture<'a, Result<Answer>>;
}

/// The answer of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Agreed.
    Yes,
    /// Declined, dismissed or not answered.
    No,
    /// The client cannot ask.
    Unable,
}

impl Context {
    /// The same caller with a client.
    pub fn with_client(self, client: Arc<dyn Client>) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Reports progress to the client, if there is one: `done` of `total`, and the next step.
    pub async fn progress(&self, done: u64, total: Option<u64>, doing: &str) {
        if let Some(client) = &self.client {
            client.progress(done, total, doing).await;
        }
    }

    /// Asks for confirmation; users who cannot be asked count as agreeing.
    ///
    /// Call it before any change, as the call may end here and be repeated, and with the same question for the same call, as
    /// the answer is matched by it.
    ///
    /// # Errors
    /// [`Error::Declined`] when the user says no, [`Error::Asked`] when the answer will come with another call.
    pub async fn confirm(&self, question: &str) -> Result<()> {
        let Some(client) = &self.client else { return Ok(()) };
        match client.ask(question).await? {
            Answer::Yes | Answer::Unable => Ok(()),
            Answer::No => Err(Error::Declined("The user said no; nothing was changed.".into())),
        }
    }
}
