//! How a tool talks to the client that called it, in both eras of the protocol.
//!
//! Until 2025-11-25 a question goes to the client while the call waits. From 2026-07-28 on the call ends with the
//! question, and the client makes it again with the answer, which is found by the name of the question: a digest of the
//! call and of its words, so that no answer can be taken for that to another question.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use rmcp::{
    Peer, RoleServer,
    model::{
        CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
        InputRequest, InputRequests, InputRequiredResult, InputResponses, ProgressNotificationParam, ProgressToken,
        ProtocolVersion,
    },
    service::RequestContext,
};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tools::{Answer, Error, Result};

/// How long a person may take to answer a question that a call waits for.
const PATIENCE: Duration = Duration::from_secs(600);

/// The client at the other end of one call.
pub(super) struct CallingClient {
    peer: Peer<RoleServer>,
    progress: Option<ProgressToken>,
    manner: Manner,
    /// What the call was, as part of every question's name.
    call: String,
    /// The answers that came with the call.
    answers: InputResponses,
    /// The question that the call is to end with.
    question: Mutex<Option<InputRequests>>,
}

/// How this client is asked.
enum Manner {
    /// By a request while the call waits.
    Waiting,
    /// By ending the call.
    Ending,
    /// It cannot be: it never said that it could.
    Never,
}

impl CallingClient {
    /// The client that makes this call.
    pub(super) fn of(request: &RequestContext<RoleServer>, params: &mut CallToolRequestParams) -> Arc<Self> {
        let asks = request.client_capabilities().and_then(|able| able.elicitation);
        let asks_by_form = asks.is_some_and(|asks| asks.form.is_some() || asks.url.is_none());
        let ends = request.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        Arc::new(Self {
            peer: request.peer.clone(),
            progress: request.meta.get_progress_token(),
            manner: match (asks_by_form, ends) {
                (false, _) => Manner::Never,
                (true, true) => Manner::Ending,
                (true, false) => Manner::Waiting,
            },
            call: json!([params.name, params.arguments]).to_string(),
            answers: params.input_responses.take().unwrap_or_default(),
            question: Mutex::default(),
        })
    }

    /// The result that asks what the call broke off for.
    pub(super) fn question(&self) -> Option<InputRequiredResult> {
        let question = self.question.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(InputRequiredResult::new(Some(question), None))
    }

    async fn ask_and_wait(&self, question: &str) -> Answer {
        match self.peer.create_elicitation_with_timeout(form(question), Some(PATIENCE)).await {
            Ok(result) => meaning(&result),
            // A client that can ask, as it said itself, and brings no answer brings nobody's consent.
            Err(error) => {
                tracing::debug!("the client did not ask its user: {error}");
                Answer::No
            }
        }
    }

    fn ask_and_end(&self, question: &str) -> Result<Answer> {
        let digest = hex::encode(Sha256::digest(json!([self.call, question]).to_string()));
        let name = format!("confirm-{}", &digest[..24]);
        let answer = self.answers.get(&name).map(ElicitResult::deserialize);
        if let Some(Ok(answer)) = answer {
            return Ok(meaning(&answer));
        }
        let request = InputRequest::Elicitation(ElicitRequest::new(form(question)));
        *self.question.lock().unwrap_or_else(PoisonError::into_inner) = Some(InputRequests::from([(name, request)]));
        Err(Error::Asked)
    }
}

impl tools::Client for CallingClient {
    fn progress<'a>(&'a self, done: u64, total: Option<u64>, doing: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(token) = self.progress.clone() else { return };
            let news = ProgressNotificationParam::new(token, done as f64).with_message(doing);
            let news = total.into_iter().fold(news, |news, total| news.with_total(total as f64));
            // Who has gone need not be told; that ends the call elsewhere.
            let _ = self.peer.notify_progress(news).await;
        })
    }

    fn ask<'a>(&'a self, question: &'a str) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            match self.manner {
                Manner::Waiting => Ok(self.ask_and_wait(question).await),
                Manner::Ending => self.ask_and_end(question),
                Manner::Never => Ok(Answer::Unable),
            }
        })
    }
}

/// A form with nothing to fill in: to accept it is the answer.
fn form(question: &str) -> ElicitRequestParams {
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.to_owned(),
        requested_schema: ElicitationSchema::builder().build_unchecked(),
    }
}

fn meaning(result: &ElicitResult) -> Answer {
    match result.action {
        ElicitationAction::Accept => Answer::Yes,
        _ => Answer::No,
    }
}
