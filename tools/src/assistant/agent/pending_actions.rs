//! Confirming and undoing: runs the proposals of the last answer when the user agrees, and undoes its changes when the
//! user asks for that. Both depend only on the user's words and the stored answer, not on a model.

use schemas::chat::{Call, Message, Proposal, Sender};

use super::{Draft, EventSink, Frame, consent, functions};
use crate::Context;

/// Runs what the message `asked` confirms or undoes. Returns notes for the model.
pub(super) async fn resolve(
    context: &Context,
    asked: &str,
    earlier: &[Message],
    draft: &mut Draft,
    events: &EventSink,
) -> Vec<String> {
    let Some(last) = earlier.last().filter(|message| message.sender == Sender::Ai) else { return Vec::new() };
    let undoing = |call: Call, summary: &str| (call, format!("take back “{summary}”"));
    let undone = || last.changes.iter().rev().filter_map(|change| Some(undoing(change.undo.clone()?, &change.summary)));
    let mut notes = Vec::new();
    let calls: Vec<(Call, String)> = if consent::agrees(asked) {
        unchanged(context, &last.proposals, draft, &mut notes).await
    } else if consent::requests_undo(asked) {
        undone().collect()
    } else {
        Vec::new()
    };
    for (call, summary) in calls {
        events.send(Frame::Think(functions::progress_label(&call.tool))).await;
        match functions::apply_change(context, &call, summary).await {
            Ok((_, change)) => {
                events.send(Frame::Think(format!("Done: {}", change.summary))).await;
                notes.push(format!("Just done, as the user agreed: {}", change.summary));
                draft.changes.push(change);
            }
            Err(error) => notes.push(format!("This could not be done: {error}")),
        }
    }
    notes
}

/// The proposals that still mean what the user was shown. One that has become another is proposed again.
async fn unchanged(
    context: &Context,
    proposals: &[Proposal],
    draft: &mut Draft,
    notes: &mut Vec<String>,
) -> Vec<(Call, String)> {
    let mut calls = Vec::new();
    for Proposal { summary, call } in proposals {
        match functions::summarize(context, call).await {
            Ok(now) if now == *summary => calls.push((call.clone(), now)),
            Ok(now) => {
                notes.push(format!("Not done, as it has changed since the user was asked; ask again: {now}"));
                draft.proposals.push(Proposal { summary: now, call: call.clone() });
            }
            Err(error) => notes.push(format!("This could not be done: {error}")),
        }
    }
    calls
}
