//! An answer while it is made.

use schemas::{
    chart::Chart,
    chat::{Change, Citation, Message, MessageStatus, Proposal, Sender},
};
use serde_json::Value;

use super::{
    Frame,
    event_sink::{Ended, Listener},
    message,
    sources::{Resolved, Sources},
};

/// What there is of an answer.
#[derive(Default)]
pub(super) struct Draft {
    /// What was said, markers and all.
    pub(super) text: String,
    /// What the markers point to.
    pub(super) sources: Sources,
    /// What is different now.
    pub(super) changes: Vec<Change>,
    /// What the user is to agree to.
    pub(super) proposals: Vec<Proposal>,
    /// How often the model was asked.
    pub(super) calls: usize,
    chart: Option<Chart>,
    status: MessageStatus,
}

impl Draft {
    /// Adds to the answer, and passes it on.
    pub(super) async fn say(&mut self, delta: String, listener: &Listener) {
        self.text.push_str(&delta);
        listener.tell(Frame::Data(delta)).await;
    }

    /// Whether the client left before there was anything to keep.
    pub(super) fn is_nothing(&self) -> bool {
        self.text.is_empty() && self.changes.is_empty()
    }

    /// Notes that the model failed.
    pub(super) fn fail(&mut self) {
        self.status = MessageStatus::Failed;
    }

    /// Lets the markers point to these, in this order.
    pub(super) fn rest_on(&mut self, citations: Vec<Citation>) {
        self.sources = Sources::default();
        citations.iter().for_each(|citation| {
            self.sources.number(citation);
        });
    }

    /// Keeps the chart of a result; the model is told that it is there.
    pub(super) fn take_chart(&mut self, result: &mut Value) {
        let chart = result.get("chart_data").and_then(|chart| serde_json::from_value(chart.clone()).ok());
        self.chart = chart.or(self.chart.take());
    }

    /// Says what has to be said at the end, however it came.
    pub(super) async fn end(&mut self, ended: Ended, listener: &Listener) {
        match ended {
            Ended::Done => {}
            Ended::Left => self.status = MessageStatus::Cancelled,
            Ended::Late => {
                self.fail();
                let begun = if self.text.is_empty() { "" } else { " … " };
                self.say(format!("{begun}Sorry: this took too long, and I stopped."), listener).await;
            }
            Ended::Failed(error) => {
                self.fail();
                tracing::warn!("a question could not be looked into: {error}");
                self.say(format!("I could not look into your memory just now: {error}"), listener).await;
            }
        }
        if self.status != MessageStatus::Cancelled && self.text.trim().is_empty() {
            self.say("The language model gave no answer. Please ask again.".into(), listener).await;
        }
        for line in self.afterwords() {
            self.say(format!("\n\n{line}"), listener).await;
        }
    }

    /// What was done and how to take it back, and what the user is asked: whatever the model says of it.
    fn afterwords(&self) -> Vec<String> {
        let done = self.changes.iter().map(|change| match &change.undo {
            Some(undo) => format!("Done: {}. Say “undo” to take it back ({}).", change.summary, undo.tool),
            None => format!("Done: {}.", change.summary),
        });
        let asked = self.proposals.iter().map(|proposal| format!("Shall I do this: {}? Say “yes”.", proposal.summary));
        done.chain(asked).collect()
    }

    /// The text without markers, and what they point to or, where there are none, what the text says again.
    pub(super) fn resolve(&self, question: &str) -> Resolved {
        let mut resolved = self.sources.resolve(&self.text);
        if resolved.citations.is_empty() && self.status == MessageStatus::Completed {
            resolved.citations.extend(self.sources.said_again(&resolved.text, question).cloned());
        }
        let (cited, unresolved, model_calls) = (resolved.citations.len(), resolved.unresolved, self.calls);
        tracing::debug!(cited, unresolved, model_calls, status = ?self.status, "answered");
        resolved
    }

    /// The answer as it is stored.
    pub(super) fn into_message(self, asked: &Message) -> Message {
        let Resolved { text, citations, .. } = self.resolve(&asked.text);
        let mut ids: Vec<String> = Vec::new();
        for citation in citations.iter().filter(|citation| citation.kind == "conversation") {
            if !ids.contains(&citation.id) {
                ids.push(citation.id.clone());
            }
        }
        Message {
            app_id: asked.app_id.clone(),
            plugin_id: asked.plugin_id.clone(),
            memories_id: ids,
            citations,
            chart_data: self.chart,
            status: self.status,
            changes: self.changes,
            proposals: self.proposals,
            ..message(Sender::Ai, text)
        }
    }
}
