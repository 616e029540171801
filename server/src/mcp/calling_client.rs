//! How a tool reports progress to the client that called it, and asks its user for confirmation (elicitation).
//!
//! Until 2025-11-25 a question is a request to the client while the call waits. From 2026-07-28 on the call ends with the
//! question, and the client repeats it with the answer, which is found by the key of the question: a digest of the call
//! and of the question, so that no answer can be taken for that to another question.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use parking_lot::Mutex;
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

/// How long a user may take to answer a question that a call waits for.
const ELICITATION_TIMEOUT: Duration = Duration::from_secs(600);

/// The client at the other end of one call.
pub(super) struct CallingClient {
    peer: Peer<RoleServer>,
    progress: Option<ProgressToken>,
    elicitation: Elicitation,
    /// The tool and its arguments, as part of every question's key.
    call: String,
    /// The answers that came with the call.
    answers: InputResponses,
    /// The question that the call is to end with.
    question: Mutex<Option<InputRequests>>,
}

/// How the client's user can be asked.
enum Elicitation {
    /// By a request while the call waits.
    Blocking,
    /// By ending the call with an `InputRequiredResult`.
    InputRequired,
    /// Not at all: the client has not declared the capability.
    Unsupported,
}

impl CallingClient {
    /// The client that makes this call.
    pub(super) fn of(request: &RequestContext<RoleServer>, params: &mut CallToolRequestParams) -> Arc<Self> {
        let is_modern = request.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        Arc::new(Self {
            peer: request.peer.clone(),
            progress: request.meta.get_progress_token(),
            elicitation: match (has_forms(request), is_modern) {
                (false, _) => Elicitation::Unsupported,
                (true, true) => Elicitation::InputRequired,
                (true, false) => Elicitation::Blocking,
            },
            call: json!([params.name, params.arguments]).to_string(),
            answers: params.input_responses.take().unwrap_or_default(),
            question: Mutex::default(),
        })
    }

    /// The result that asks the question for which the call has ended.
    pub(super) fn question(&self) -> Option<InputRequiredResult> {
        let question = self.question.lock().take()?;
        Some(InputRequiredResult::new(Some(question), None))
    }

    async fn ask_and_wait(&self, question: &str) -> Answer {
        match self.peer.create_elicitation_with_timeout(yes_or_no_form(question), Some(ELICITATION_TIMEOUT)).await {
            Ok(result) => answer_of(&result),
            // A client that declares the capability and brings no answer brings no consent.
            Err(error) => {
                tracing::debug!("the client did not ask its user: {error}");
                Answer::No
            }
        }
    }

    fn ask_and_end(&self, question: &str) -> Result<Answer> {
        let digest = hex::encode(Sha256::digest(json!([self.call, question]).to_string()));
        let key = format!("confirm-{}", &digest[..24]);
        let answer = self.answers.get(&key).map(ElicitResult::deserialize);
        if let Some(Ok(answer)) = answer {
            return Ok(answer_of(&answer));
        }
        let request = InputRequest::Elicitation(ElicitRequest::new(yes_or_no_form(question)));
        *self.question.lock() = Some(InputRequests::from([(key, request)]));
        Err(Error::Asked)
    }
}

impl tools::Client for CallingClient {
    fn progress<'a>(&'a self, done: u64, total: Option<u64>, doing: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(token) = self.progress.clone() else { return };
            let progress = ProgressNotificationParam::new(token, done as f64).with_message(doing);
            let progress = total.into_iter().fold(progress, |progress, total| progress.with_total(total as f64));
            // The client may be gone; the call is then cancelled elsewhere.
            let _ = self.peer.notify_progress(progress).await;
        })
    }

    fn ask<'a>(&'a self, question: &'a str) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            match self.elicitation {
                Elicitation::Blocking => Ok(self.ask_and_wait(question).await),
                Elicitation::InputRequired => self.ask_and_end(question),
                Elicitation::Unsupported => Ok(Answer::Unable),
            }
        })
    }
}

/// Whether the client can ask its user by a form.
pub(super) fn has_forms(request: &RequestContext<RoleServer>) -> bool {
    let capability = request.client_capabilities().and_then(|capabilities| capabilities.elicitation);
    capability.is_some_and(|capability| capability.form.is_some() || capability.url.is_none())
}

/// A form without fields: accepting it is the answer.
pub(super) fn yes_or_no_form(question: &str) -> ElicitRequestParams {
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.to_owned(),
        requested_schema: ElicitationSchema::builder().build_unchecked(),
    }
}

/// The user's answer to such a form.
pub(super) fn answer_of(result: &ElicitResult) -> Answer {
    match result.action {
        ElicitationAction::Accept => Answer::Yes,
        _ => Answer::No,
    }
}
