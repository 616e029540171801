//! Transcripts: find what was said.

use resources::transcripts::{TranscriptHit, TranscriptSearch, Transcripts};
use schemas::{scope::Scope::ConversationsRead, transcript::*};

use crate::{Context, Result, Tool, dates, route::get};

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool!(search_transcripts)
            .scope(ConversationsRead)
            .app(get("/v1/transcripts/search").ours().page(10, 50))
            .developer(get("/v1/dev/user/transcripts/search").ours().page(10, 50))
            .mcp(get("/v1/mcp/transcripts/search").ours().page(10, 50)),
    ]
}

impl Context {
    /// What was said in the caller's conversations.
    pub fn transcripts(&self) -> Transcripts<'_> {
        self.resources.transcripts(&self.caller.user)
    }
}

async fn search_transcripts(context: Context, input: SearchTranscripts) -> Result<FoundSegments> {
    let search = TranscriptSearch {
        query: &input.query,
        after: input.after,
        before: input.before,
        likely: dates::find_range(&input.query, &resources::now()),
        speaker: input.speaker.as_deref(),
        person: input.person_id.as_deref(),
        conversation: input.conversation_id.as_deref(),
        limit: input.limit as usize,
    };
    let hits = context.transcripts().search(&search).await?;
    Ok(FoundSegments { items: hits.into_iter().map(found).collect() })
}

fn found(hit: TranscriptHit) -> FoundSegment {
    FoundSegment {
        conversation_id: hit.conversation_id,
        conversation_title: hit.conversation_title,
        segment_id: hit.segment_id,
        speaker_name: hit.speaker_name,
        text: hit.text,
        spoken_at: hit.spoken_at,
        score: hit.score,
    }
}
