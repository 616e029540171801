//! The other end of a call, where it can be talked to while the call runs: told how far it has come, asked whether to
//! go on. The MCP face implements it; REST and the agent have none.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Context, Error, Result};

/// The program that made a call, and the person who sits before it.
pub trait Client: Send + Sync {
    /// Tells how far the call has come: `done` of `total`, and what it is about to do.
    fn progress<'a>(&'a self, done: u64, total: Option<u64>, doing: &'a str) -> BoxFuture<'a, ()>;

    /// Asks the person a question that is answered by yes or no.
    ///
    /// Some clients are asked by ending the call: that is [`Error::Asked`], to be passed on. They make the call again
    /// with the answer, which the same question then finds.
    fn ask<'a>(&'a self, question: &'a str) -> BoxFuture<'a, Result<Answer>>;
}

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// They agree.
    Yes,
    /// They do not, or they closed the question, or the client that could ask them brought no answer.
    No,
    /// The client never said that it could ask.
    Unable,
}

impl Context {
    /// The same caller, whom `client` can be used to talk to.
    pub fn with_client(self, client: Arc<dyn Client>) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Tells the client how far the call has come: `done` of `total`, and what it is about to do. Without a client that
    /// wants to know, nothing happens.
    pub async fn progress(&self, done: u64, total: Option<u64>, doing: &str) {
        if let Some(client) = &self.client {
            client.progress(done, total, doing).await;
        }
    }

    /// Goes on only if the user agrees, or cannot be asked.
    ///
    /// To be called before anything has changed, for the call may be broken off here and made again; and with the same
    /// question for the same call, for that is how the answer is found.
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
