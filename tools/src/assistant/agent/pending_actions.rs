//! Confirming and undoing: runs the proposals of the last answer when the user agrees, and undoes its changes when the
//! user asks for that. Both depend only on the user's words and the stored answer, not on a model.

use schemas::chat::{Call, Message, Sender};

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
    let proposed = || last.proposals.iter().map(|proposal| (proposal.call.clone(), proposal.summary.clone()));
    let undoing = |call: Call, summary: &str| (call, format!("take back “{summary}”"));
    let undone = || last.changes.iter().rev().filter_map(|change| Some(undoing(change.undo.clone()?, &change.summary)));
    let calls: Vec<(Call, String)> = if consent::agrees(asked) {
        proposed().collect()
    } else if consent::requests_undo(asked) {
        undone().collect()
    } else {
        Vec::new()
    };
    let mut notes = Vec::new();
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
