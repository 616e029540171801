//! Understanding conversations: what is said becomes a title, an overview, action items, appointments and memories.

pub mod local;
pub mod understanding;

use resources::{Resources, conversations::Understood};
use schemas::conversation::{Conversation, ConversationCategory, Finalization, Processor};
use understanding::Manner;

use crate::Result;

/// Stub.
pub async fn run(resources: &Resources, user: &str, id: &str) -> Result<()> {
    let understood = Understood {
        discarded: false,
        title: "stub".into(),
        overview: String::new(),
        emoji: "🧠".into(),
        category: ConversationCategory::Other,
        events: vec![],
        folder_id: None,
        processor: Processor::Local,
    };
    resources.conversations(user).complete_with(id, understood).await?;
    Ok(())
}

/// Stub.
pub async fn queue(_resources: &Resources, _user: &str, _id: &str, _manner: Manner) -> Result<()> {
    Ok(())
}

/// Stub.
pub async fn finalization(_resources: &Resources, _user: &str, _id: &str) -> Result<Option<Finalization>> {
    Ok(None)
}

/// What was said, a line for each segment; or the text that the conversation was made from.
pub fn transcript_of(conversation: &Conversation) -> String {
    let line =
        |segment: &schemas::conversation::TranscriptSegment| format!("{}: {}", segment.speaker_name, segment.text);
    let lines: Vec<String> = conversation.transcript_segments.iter().flatten().map(line).collect();
    if !lines.is_empty() {
        return lines.join("\n");
    }
    let text = conversation.external_data.as_ref().and_then(|data| data["text"].as_str());
    text.unwrap_or_default().to_owned()
}
