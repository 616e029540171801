//! Talking with the language model: it answers, or asks for functions first, within budgets.

use std::collections::HashSet;

use futures::{StreamExt, future::join_all};
use resources::{
    Error,
    llm::{Call, Function, LanguageModel, Piece, Turn},
};

use super::{
    Draft, Frame, Listener,
    consent::Consent,
    functions::{self, Made, Offer, Outcome},
    results, tokens,
};
use crate::Context;

/// How often the model may ask for functions before it has to answer, and for how many of them in all.
const ROUNDS: usize = 6;
const CALLS: usize = 12;

/// What is kept for the answer itself, in tokens, and what a result gets at least.
const ANSWER: usize = 1024;
const LEAST: usize = 256;

/// The most that one result may take, in tokens.
const RESULT: usize = 4096;

/// How much of the context the functions may take.
const FUNCTIONS: usize = 2;

/// A conversation with the model about one question.
pub(super) struct Talk<'a> {
    pub(super) context: &'a Context,
    pub(super) model: LanguageModel,
    pub(super) offer: Offer,
    pub(super) consent: Consent,
    pub(super) turns: Vec<Turn>,
    pub(super) listener: &'a Listener,
}

impl Talk<'_> {
    /// Lets the model talk and call functions until it has answered; what it says and does goes into `draft`.
    ///
    /// # Errors
    /// The model is away, refuses, or breaks off; what it said before that is in the draft.
    pub(super) async fn run(mut self, draft: &mut Draft) -> Result<(), Error> {
        let mut functions = if self.model.takes_functions() {
            functions::offered(self.context, self.offer, self.model.context_tokens() / FUNCTIONS)
        } else {
            Vec::new()
        };
        let (mut made, mut left) = (Made::default(), CALLS);
        for round in 0..=ROUNDS {
            if round == ROUNDS || left == 0 {
                // A last round without functions can only end in an answer.
                functions.clear();
            }
            let (text, calls) = self.listen(&functions, draft).await?;
            if calls.is_empty() {
                return Ok(());
            }
            if !self.answer_calls(text, calls, &mut made, &mut left, draft).await {
                functions.clear();
            }
        }
        Ok(())
    }

    /// One answer of the model: its text, which is passed on as it comes, and the functions that it asks for. What fails
    /// before a word has come is tried once more.
    async fn listen(&self, functions: &[Function], draft: &mut Draft) -> Result<(String, Vec<Call>), Error> {
        match self.listen_once(functions, draft).await {
            Err((Error::Unavailable(reason), false)) if reason.ends_with("broke off") => {
                tracing::debug!("the language model is asked again: {reason}");
                self.listen_once(functions, draft).await.map_err(|(error, _)| error)
            }
            other => other.map_err(|(error, _)| error),
        }
    }

    /// With an error comes whether anything was said before it.
    async fn listen_once(
        &self,
        functions: &[Function],
        draft: &mut Draft,
    ) -> Result<(String, Vec<Call>), (Error, bool)> {
        draft.calls += 1;
        let pieces = self.model.answer(&self.turns, functions).await.map_err(|error| (error, false))?;
        futures::pin_mut!(pieces);
        let (mut text, mut calls) = (String::new(), Vec::<Call>::new());
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(Piece::Text(delta)) => {
                    // What is said after functions is a paragraph of its own.
                    let delta = if text.is_empty() && !draft.text.is_empty() { format!("\n\n{delta}") } else { delta };
                    text.push_str(&delta);
                    draft.say(delta, self.listener).await;
                }
                Ok(Piece::Calls(asked)) => calls = asked,
                Err(error) => return Err((error, !text.is_empty())),
            }
        }
        for (number, call) in calls.iter_mut().enumerate().filter(|(_, call)| call.id.is_empty()) {
            call.id = format!("call-{number}");
        }
        Ok((text, calls))
    }

    /// Runs the calls, all at the same time, and tells the model what came of them. False once it only repeats itself.
    async fn answer_calls(
        &mut self,
        text: String,
        calls: Vec<Call>,
        made: &mut Made,
        left: &mut usize,
        draft: &mut Draft,
    ) -> bool {
        let fresh: Vec<bool> = calls.iter().map(|call| made.is_new(call)).collect();
        let mut named = HashSet::new();
        for (call, _) in calls.iter().zip(&fresh).filter(|(call, fresh)| **fresh && named.insert(call.name.as_str())) {
            self.listener.tell(Frame::Think(functions::doing(&call.name))).await;
        }
        let sources = draft.sources.clone();
        let mut budget = std::iter::repeat_n(true, *left).chain(std::iter::repeat(false));
        let (context, offer, consent, sources) = (self.context, self.offer, &self.consent, &sources);
        let runs = calls.iter().zip(&fresh).map(|(call, fresh)| {
            let allowed = *fresh && budget.next().unwrap_or(false);
            async move {
                match (*fresh, allowed) {
                    (false, _) => refuse("repeated", "You have this result already. Answer now."),
                    (true, false) => refuse("too_many_calls", "No more functions can be called. Answer now."),
                    (true, true) => functions::run(context, offer, consent, sources, call).await,
                }
            }
        });
        let outcomes = join_all(runs).await;
        *left = left.saturating_sub(fresh.iter().filter(|fresh| **fresh).count());
        let room = self.room() / outcomes.len().max(1);
        self.turns.push(Turn::Assistant { text, calls: calls.clone() });
        for (call, outcome) in calls.into_iter().zip(outcomes) {
            let result = self.take(outcome, draft).await;
            let result = results::show(result, &mut draft.sources, room.clamp(LEAST, RESULT));
            self.turns.push(Turn::Function { call_id: call.id, result });
        }
        fresh.contains(&true)
    }

    /// Notes what is different now, or what is to be agreed on; gives what the model is told.
    async fn take(&self, outcome: Outcome, draft: &mut Draft) -> serde_json::Value {
        match outcome {
            Outcome::Told(mut result) => {
                draft.take_chart(&mut result);
                result
            }
            Outcome::Changed(result, change) => {
                self.listener.tell(Frame::Think(format!("Done: {}", change.summary))).await;
                draft.changes.push(change);
                result
            }
            Outcome::Proposed(proposal) => {
                let told = serde_json::json!({
                    "status": "not done: the user has to agree first",
                    "would_do": proposal.summary,
                    "next": "Ask the user. It is done when the user's next message says yes.",
                });
                draft.proposals.push(proposal);
                told
            }
        }
    }

    /// How many tokens are left for results.
    fn room(&self) -> usize {
        let told: usize = self.turns.iter().map(|turn| tokens::count(&format!("{turn:?}"))).sum();
        self.model.context_tokens().saturating_sub(told + ANSWER)
    }
}

fn refuse(code: &str, message: &str) -> Outcome {
    Outcome::Told(serde_json::json!({ "error": { "code": code, "message": message } }))
}
