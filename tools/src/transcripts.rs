//! Transcripts: search for segments, and for the conversations that contain them.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use language::{
    dates::{self, Locale},
    truncate::excerpt,
};
use resources::transcripts::{ConversationMatch, TranscriptHit, TranscriptSearch, Transcripts};
use schemas::{conversation::Conversation, transcript::*};
use serde_json::json;

use crate::{
    Context, Result, Tool,
    calendar::user_time_zone_and_language,
    conversations::{CARD, CONVERSATIONS},
    limits::Policy,
    tool::binding::{get, post},
};

/// The maximum length of a snippet, in characters.
const MAX_SNIPPET: usize = 240;

/// The fields of a found conversation that developers see.
const FOUND: &[&str] = fields!(
    Conversation { id, created_at, started_at, finished_at, structured, language, source },
    Conversation { folder_id, status, discarded, starred },
    FoundConversation { relevance_score, match_snippets },
);

pub(crate) fn tools() -> Vec<Tool> {
    CONVERSATIONS.tools([
        read!(search_transcripts)
            .chat("Searching transcripts")
            .app(get("/v1/transcripts/search").page(10, 50))
            .developer(get("/v1/dev/user/transcripts/search").page(10, 50))
            .mcp(get("/v1/mcp/transcripts/search").page(10, 50)),
        read!(search_conversations)
            .in_default_list(&["start_date", "end_date", "limit"])
            .assistant_fields(CARD)
            .chat("Searching conversations")
            .app(
                post("/v1/conversations/search")
                    .limited(&[Policy::ConversationsSearch])
                    .page(10, 250)
                    .rename("limit", "per_page")
                    .default("query", "")
                    .envelope("conversations", "items", json!({})),
            )
            .developer(get("/v1/dev/user/conversations/search").page(10, 100).whole().only(FOUND))
            .mcp(get("/v1/mcp/conversations/search").page(10, 100).only(CARD)),
    ])
}

/// The caller's transcripts.
pub(crate) fn transcripts(context: &Context) -> Transcripts<'_> {
    context.resources.transcripts(&context.caller.user)
}

async fn search_transcripts(context: Context, input: SearchTranscripts) -> Result<FoundSegments> {
    let search = TranscriptSearch {
        query: &input.query,
        after: input.after,
        before: input.before,
        time_hint: time_range(&context, &input.query).await?,
        speaker: input.speaker.as_deref(),
        person: input.person_id.as_deref(),
        conversation: input.conversation_id.as_deref(),
        limit: input.limit as usize,
    };
    let hits = transcripts(&context).search(&search).await?;
    Ok(FoundSegments { items: hits.into_iter().map(found).collect() })
}

async fn search_conversations(context: Context, input: SearchConversations) -> Result<FoundConversations> {
    let (page, size) = (input.page as usize, input.limit as usize);
    let search = TranscriptSearch {
        query: &input.query,
        after: input.start_date,
        // The end is inclusive.
        before: input.end_date.map(|end| end + TimeDelta::seconds(1)),
        time_hint: time_range(&context, &input.query).await?,
        limit: page * size + 1,
        ..TranscriptSearch::default()
    };
    let matches = match input.query.trim() {
        "" => Vec::new(),
        _ => transcripts(&context).search_conversations(&search).await?,
    };
    let total_pages = input.page + u32::from(matches.len() > page * size);
    let matches: Vec<ConversationMatch> = matches.into_iter().skip((page - 1) * size).take(size).collect();
    let ids: Vec<String> = matches.iter().map(|found| found.conversation_id.clone()).collect();
    let mut rows = context.conversations().get_many(&ids).await?;
    let complete = |found: ConversationMatch| {
        let place = rows.iter().position(|row| row.id == found.conversation_id)?;
        let conversation = schemas::conversation::Conversation { transcript_segments: None, ..rows.swap_remove(place) };
        let match_snippets = found.segments.into_iter().map(|hit| snippet(hit, &input.query)).collect();
        Some(FoundConversation { conversation, relevance_score: found.score, match_snippets })
    };
    let conversations = matches.into_iter().filter_map(complete).collect();
    Ok(FoundConversations { conversations, current_page: input.page, per_page: input.limit, total_pages })
}

/// The time range in a query, in the caller's time zone and language.
async fn time_range(context: &Context, query: &str) -> Result<Option<Range<DateTime<Utc>>>> {
    let (zone, language) = user_time_zone_and_language(context).await?;
    let locale = Locale::detect(query, language.as_deref());
    Ok(dates::find_range(query, &resources::now().with_timezone(&zone), locale))
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

fn snippet(hit: TranscriptHit, query: &str) -> MatchSnippet {
    let TranscriptHit { segment_id, speaker_name, spoken_at, .. } = hit;
    MatchSnippet { segment_id, speaker_name, text: excerpt(&hit.text, query, MAX_SNIPPET), spoken_at }
}
