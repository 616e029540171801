//! An answer while it is made.

use schemas::{
    chart::Chart,
    chat::{Change, Citation, Message, MessageStatus, Proposal, Sender},
};
use serde_json::Value;

use super::{
    Frame,
    event_sink::{Completion, EventSink},
    markdown_filter::MarkdownFilter,
    message,
    sources::{Resolved, Sources},
};

/// An answer so far.
#[derive(Default)]
pub(super) struct Draft {
    /// The text, with markers.
    pub(super) text: String,
    /// The sources that the markers refer to.
    pub(super) sources: Sources,
    /// The changes that were made.
    pub(super) changes: Vec<Change>,
    /// The changes that the user has to confirm.
    pub(super) proposals: Vec<Proposal>,
    /// The number of model calls.
    pub(super) model_calls: usize,
    filter: MarkdownFilter,
    /// Where the closing lines begin.
    closing: Option<usize>,
    chart: Option<Chart>,
    status: MessageStatus,
}

impl Draft {
    /// Appends to the answer, without pictures and hidden links, and sends it to the client.
    pub(super) async fn append(&mut self, delta: String, events: &EventSink) {
        let delta = self.filter.push(&delta);
        self.send(delta, events).await;
    }

    async fn send(&mut self, delta: String, events: &EventSink) {
        if !delta.is_empty() {
            self.text.push_str(&delta);
            events.send(Frame::Data(delta)).await;
        }
    }

    /// Whether there is nothing to store, as the client disconnected too early.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.changes.is_empty()
    }

    /// Marks the answer as failed.
    pub(super) fn set_failed(&mut self) {
        self.status = MessageStatus::Failed;
    }

    /// Sets the sources of the markers, in this order.
    pub(super) fn set_citations(&mut self, citations: Vec<Citation>) {
        self.sources = Sources::default();
        citations.iter().for_each(|citation| {
            self.sources.number(citation);
        });
    }

    /// Takes the chart out of a function's result.
    pub(super) fn take_chart(&mut self, result: &mut Value) {
        let chart = result.get("chart_data").and_then(|chart| serde_json::from_value(chart.clone()).ok());
        self.chart = chart.or(self.chart.take());
    }

    /// Appends the closing lines for the way in which the work ended.
    pub(super) async fn finish(&mut self, completion: Completion, events: &EventSink) {
        match completion {
            Completion::Finished => {}
            Completion::Cancelled => self.status = MessageStatus::Cancelled,
            Completion::TimedOut => {
                self.set_failed();
                let separator = if self.text.is_empty() { "" } else { " … " };
                self.append(format!("{separator}Sorry: this took too long, and I stopped."), events).await;
            }
            Completion::Failed(error) => {
                self.set_failed();
                tracing::warn!("a question could not be answered: {error}");
                self.append(format!("I could not look into your memory just now: {error}"), events).await;
            }
        }
        if self.status != MessageStatus::Cancelled && self.text.trim().is_empty() {
            self.append("The language model gave no answer. Please ask again.".into(), events).await;
        }
        let rest = self.filter.finish();
        self.send(rest, events).await;
        self.closing = Some(self.text.len());
        for line in self.closing_lines() {
            self.append(format!("\n\n{line}"), events).await;
        }
        let rest = self.filter.finish();
        self.send(rest, events).await;
    }

    /// The changes with how to undo them, and the proposals: independent of what the model says about them.
    fn closing_lines(&self) -> Vec<String> {
        let done = self.changes.iter().map(|change| match &change.undo {
            Some(undo) => format!("Done: {}. Say “undo” to take it back ({}).", change.summary, undo.tool),
            None => format!("Done: {}.", change.summary),
        });
        let asked = self.proposals.iter().map(|proposal| format!("Shall I do this: {}? Say “yes”.", proposal.summary));
        done.chain(asked).collect()
    }

    /// The text without markers, and the citations that they refer to; without markers, the source that the text
    /// repeats.
    pub(super) fn resolve(&self, question: &str) -> Resolved {
        let mut resolved = self.sources.resolve(&self.text);
        if resolved.citations.is_empty() && self.status == MessageStatus::Completed {
            // The closing lines quote rows that the answer need not be about.
            let answer = self.sources.resolve(&self.text[..self.closing.unwrap_or(self.text.len())]).text;
            resolved.citations.extend(self.sources.find_repeated(&answer, question).cloned());
        }
        let (cited, unresolved, model_calls) = (resolved.citations.len(), resolved.unresolved, self.model_calls);
        tracing::debug!(cited, unresolved, model_calls, status = ?self.status, "answered");
        resolved
    }

    /// The message to be stored.
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
