//! What the last answer left open: what the user now agrees to is done, what the user takes back is undone. Both go by
//! the user's words and the stored answer alone; no model is asked.

use schemas::chat::{Call, Message, Sender};

use super::{Draft, Frame, Listener, consent, functions};
use crate::Context;

/// Does what the message `asked` settles; gives what a model is to know of it.
pub(super) async fn settle(
    context: &Context,
    asked: &str,
    earlier: &[Message],
    draft: &mut Draft,
    listener: &Listener,
) -> Vec<String> {
    let Some(last) = earlier.last().filter(|message| message.sender == Sender::Ai) else { return Vec::new() };
    let proposed = || last.proposals.iter().map(|proposal| (proposal.call.clone(), proposal.summary.clone()));
    let undoing = |call: Call, summary: &str| (call, format!("take back “{summary}”"));
    let undone = || last.changes.iter().rev().filter_map(|change| Some(undoing(change.undo.clone()?, &change.summary)));
    let calls: Vec<(Call, String)> = if consent::agrees(asked) {
        proposed().collect()
    } else if consent::takes_back(asked) {
        undone().collect()
    } else {
        Vec::new()
    };
    let mut notes = Vec::new();
    for (call, summary) in calls {
        listener.tell(Frame::Think(functions::doing(&call.tool))).await;
        match functions::change(context, &call, summary).await {
            Ok((_, change)) => {
                listener.tell(Frame::Think(format!("Done: {}", change.summary))).await;
                notes.push(format!("Just done, as the user agreed: {}", change.summary));
                draft.changes.push(change);
            }
            Err(error) => notes.push(format!("This could not be done: {error}")),
        }
    }
    notes
}
