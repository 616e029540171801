//! The loop with the language model: it answers, or calls functions first, within budgets.

use std::collections::HashSet;

use futures::{StreamExt, future::join_all};
use resources::{
    Error,
    llm::{Call, Function, LanguageModel, Piece, Turn},
};

use super::{
    Draft, EventSink, Frame,
    consent::Consent,
    functions::{self, CallLog, CallOutcome, ToolAccess},
    prompt::count_tokens,
    results,
};
use crate::Context;

/// How many rounds of function calls the model has before it must answer, and how many calls in total.
const MAX_ROUNDS: usize = 6;
const MAX_CALLS: usize = 12;

/// The tokens reserved for the answer.
const ANSWER_TOKENS: usize = 1024;

/// The limits of one function result, in tokens.
const MIN_RESULT_TOKENS: usize = 256;
const MAX_RESULT_TOKENS: usize = 4096;

/// The functions may take this fraction of the context: one half.
const FUNCTIONS_DIVISOR: usize = 2;

/// The exchange with the model about one question.
pub(super) struct LlmLoop<'a> {
    pub(super) context: &'a Context,
    pub(super) model: LanguageModel,
    pub(super) access: ToolAccess,
    pub(super) consent: Consent,
    pub(super) turns: Vec<Turn>,
    pub(super) events: &'a EventSink,
}

impl LlmLoop<'_> {
    /// Lets the model call functions until it has answered; text and changes are added to `draft`.
    ///
    /// # Errors
    /// The model is unavailable, refuses, or breaks off; the draft keeps what it said before.
    pub(super) async fn run(mut self, draft: &mut Draft) -> Result<(), Error> {
        let mut functions = if self.model.takes_functions() {
            functions::available_functions(self.context, self.access, self.model.context_tokens() / FUNCTIONS_DIVISOR)
        } else {
            Vec::new()
        };
        let (mut log, mut remaining_calls) = (CallLog::default(), MAX_CALLS);
        for round in 0..=MAX_ROUNDS {
            if round == MAX_ROUNDS || remaining_calls == 0 {
                // Without functions, the last round ends with an answer.
                functions.clear();
            }
            let (text, calls) = self.next_answer(&functions, draft).await?;
            if calls.is_empty() {
                return Ok(());
            }
            if !self.run_calls(text, calls, &mut log, &mut remaining_calls, draft).await {
                functions.clear();
            }
        }
        Ok(())
    }

    /// The model's next answer: its text, which is streamed, and its function calls. Retries once if it fails before
    /// any text was received.
    async fn next_answer(&self, functions: &[Function], draft: &mut Draft) -> Result<(String, Vec<Call>), Error> {
        match self.stream_answer(functions, draft).await {
            Err((Error::Unavailable(reason), false)) if reason.ends_with("broke off") => {
                tracing::debug!("retrying the language model: {reason}");
                self.stream_answer(functions, draft).await.map_err(|(error, _)| error)
            }
            other => other.map_err(|(error, _)| error),
        }
    }

    /// An error comes with whether any text was received before it.
    async fn stream_answer(
        &self,
        functions: &[Function],
        draft: &mut Draft,
    ) -> Result<(String, Vec<Call>), (Error, bool)> {
        draft.model_calls += 1;
        let pieces = self.model.answer(&self.turns, functions).await.map_err(|error| (error, false))?;
        futures::pin_mut!(pieces);
        let (mut text, mut calls) = (String::new(), Vec::<Call>::new());
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(Piece::Text(delta)) => {
                    // Text after function calls is a new paragraph.
                    let delta = if text.is_empty() && !draft.text.is_empty() { format!("\n\n{delta}") } else { delta };
                    text.push_str(&delta);
                    draft.append(delta, self.events).await;
                }
                Ok(Piece::Calls(requested)) => calls = requested,
                Err(error) => return Err((error, !text.is_empty())),
            }
        }
        for (number, call) in calls.iter_mut().enumerate().filter(|(_, call)| call.id.is_empty()) {
            call.id = format!("call-{number}");
        }
        Ok((text, calls))
    }

    /// Runs the calls concurrently, and adds their results to the turns. Returns false when all of them are
    /// repetitions.
    async fn run_calls(
        &mut self,
        text: String,
        calls: Vec<Call>,
        log: &mut CallLog,
        remaining_calls: &mut usize,
        draft: &mut Draft,
    ) -> bool {
        let fresh: Vec<bool> = calls.iter().map(|call| log.insert(call)).collect();
        let mut named = HashSet::new();
        for (call, _) in calls.iter().zip(&fresh).filter(|(call, fresh)| **fresh && named.insert(call.name.as_str())) {
            self.events.send(Frame::Think(functions::progress_label(&call.name))).await;
        }
        let mut budget = std::iter::repeat_n(true, *remaining_calls).chain(std::iter::repeat(false));
        let (context, access, consent) = (self.context, self.access, &self.consent);
        let runs = calls.iter().zip(&fresh).map(|(call, fresh)| {
            let allowed = *fresh && budget.next().unwrap_or(false);
            async move {
                match (*fresh, allowed) {
                    (false, _) => error_outcome("repeated", "You have this result already. Answer now."),
                    (true, false) => error_outcome("too_many_calls", "No more functions can be called. Answer now."),
                    (true, true) => functions::run_call(context, access, consent, call).await,
                }
            }
        });
        let outcomes = join_all(runs).await;
        *remaining_calls = remaining_calls.saturating_sub(fresh.iter().filter(|fresh| **fresh).count());
        let budget = self.remaining_tokens() / outcomes.len().max(1);
        self.turns.push(Turn::Assistant { text, calls: calls.clone() });
        for (call, outcome) in calls.into_iter().zip(outcomes) {
            let result = self.apply_outcome(outcome, draft).await;
            let budget = budget.clamp(MIN_RESULT_TOKENS, MAX_RESULT_TOKENS);
            let result = results::render(&call, result, &mut draft.sources, budget);
            self.turns.push(Turn::Function { call_id: call.id, result });
        }
        fresh.contains(&true)
    }

    /// Adds a change or a proposal to the draft. Returns the result for the model.
    async fn apply_outcome(&self, outcome: CallOutcome, draft: &mut Draft) -> serde_json::Value {
        match outcome {
            CallOutcome::Answered(mut result) => {
                draft.take_chart(&mut result);
                result
            }
            CallOutcome::Changed(result, change) => {
                self.events.send(Frame::Think(format!("Done: {}", change.summary))).await;
                draft.changes.push(change);
                result
            }
            CallOutcome::Proposed(proposal) => {
                let result = serde_json::json!({
                    "status": "not done: the user has to agree first",
                    "would_do": proposal.summary,
                    "next": "Ask the user. It is done when the user's next message says yes.",
                });
                draft.proposals.push(proposal);
                result
            }
        }
    }

    /// The tokens that are left for results.
    fn remaining_tokens(&self) -> usize {
        let used: usize = self.turns.iter().map(|turn| count_tokens(&format!("{turn:?}"))).sum();
        self.model.context_tokens().saturating_sub(used + ANSWER_TOKENS)
    }
}

fn error_outcome(code: &str, message: &str) -> CallOutcome {
    CallOutcome::Answered(serde_json::json!({ "error": { "code": code, "message": message } }))
}
