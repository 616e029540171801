//! Transcripts: search for segments, and for the conversations that contain them.

use std::{collections::HashSet, ops::Range};

use chrono::{DateTime, TimeDelta, Utc};
use language::{
    dates::{self, Locale},
    truncate::excerpt,
};
use resources::{
    conversations::Selection,
    transcripts::{ConversationMatch, TranscriptHit, TranscriptSearch, Transcripts},
};
use schemas::{
    conversation::{Conversation, ConversationStatus},
    transcript::*,
};
use serde_json::json;

use crate::{
    Context, Error, Result, Tool,
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
                    .default("include_discarded", true)
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
    let speaker = input.speaker_id.as_deref().filter(|speaker| !speaker.is_empty());
    let of_speaker = match speaker {
        Some(speaker) => Some(conversations_of(&context, speaker).await?),
        None => None,
    };
    let is_filtered = of_speaker.is_some() || input.start_date.is_some() || input.end_date.is_some();
    let (conversations, has_more) = match input.query.trim() {
        "" if is_filtered => list_conversations(&context, &input, of_speaker).await?,
        "" => (Vec::new(), false),
        _ => match_conversations(&context, &input, of_speaker).await?,
    };
    let total_pages = (input.page + u32::from(has_more)).min(MAX_SEARCH_PAGE);
    Ok(FoundConversations { conversations, current_page: input.page, per_page: input.limit, total_pages })
}

/// The ids of the conversations in which the person with this id, or the user, speaks.
async fn conversations_of(context: &Context, speaker: &str) -> Result<Vec<String>> {
    if speaker == "user" {
        return Ok(context.conversations().spoken_by(None).await?);
    }
    if context.people().get(speaker).await?.is_none() {
        return Err(Error::NotFound("Speaker not found".into()));
    }
    Ok(context.conversations().spoken_by(Some(speaker)).await?)
}

/// A page of the conversations of these dates and this speaker, newest first, and whether more follow.
async fn list_conversations(
    context: &Context,
    input: &SearchConversations,
    of_speaker: Option<Vec<String>>,
) -> Result<(Vec<FoundConversation>, bool)> {
    let selection = Selection {
        statuses: vec![ConversationStatus::Processing, ConversationStatus::Completed],
        discarded: (!input.include_discarded).then_some(false),
        start: input.start_date,
        end: input.end_date,
        ids: of_speaker,
        offset: (input.page - 1) * input.limit,
        limit: input.limit + 1,
        ..Selection::default()
    };
    let mut rows = context.conversations().list(&selection).await?;
    let has_more = rows.len() > input.limit as usize;
    rows.truncate(input.limit as usize);
    let found = |conversation| FoundConversation { conversation, relevance_score: 1.0, match_snippets: Vec::new() };
    Ok((rows.into_iter().map(found).collect(), has_more))
}

/// A page of the conversations that match the query, best first, and whether more follow.
async fn match_conversations(
    context: &Context,
    input: &SearchConversations,
    of_speaker: Option<Vec<String>>,
) -> Result<(Vec<FoundConversation>, bool)> {
    let (page, size) = (input.page as usize, input.limit as usize);
    let search = TranscriptSearch {
        query: &input.query,
        after: input.start_date,
        // The end is inclusive.
        before: input.end_date.map(|end| end + TimeDelta::seconds(1)),
        time_hint: time_range(context, &input.query).await?,
        // Whether a speaker is in a conversation is known only when it is found.
        limit: if of_speaker.is_some() { usize::MAX } else { page * size + 1 },
        ..TranscriptSearch::default()
    };
    let mut matches = transcripts(context).search_conversations(&search).await?;
    if let Some(ids) = of_speaker {
        let ids: HashSet<String> = ids.into_iter().collect();
        matches.retain(|found| ids.contains(&found.conversation_id));
    }
    let has_more = matches.len() > page * size;
    let matches: Vec<ConversationMatch> = matches.into_iter().skip((page - 1) * size).take(size).collect();
    let ids: Vec<String> = matches.iter().map(|found| found.conversation_id.clone()).collect();
    let mut rows = context.conversations().get_many(&ids).await?;
    let complete = |found: ConversationMatch| {
        let place = rows.iter().position(|row| row.id == found.conversation_id)?;
        let conversation = rows.swap_remove(place);
        let match_snippets = found.segments.into_iter().map(|hit| snippet(hit, &input.query)).collect();
        Some(FoundConversation { conversation, relevance_score: found.score, match_snippets })
    };
    Ok((matches.into_iter().filter_map(complete).collect(), has_more))
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
