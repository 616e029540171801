//! Conversations: list, read, write, change and delete them.

mod changing;
mod merging;
mod reading;
mod shared;
mod writing;

use resources::conversations::Conversations;
use schemas::scope::Scope::{ConversationsRead, ConversationsWrite, SpeakersAssign};
use serde_json::json;

use crate::{
    Context, Error, Hints, Tool,
    limits::Policy,
    route::{delete, get, patch, post},
};
use changing::*;
use merging::*;
use reading::*;
use shared::*;
use writing::*;

/// The fields of a conversation that developers see.
pub(crate) const DEVELOPER: &[&str] = &[
    "id",
    "created_at",
    "started_at",
    "finished_at",
    "structured",
    "language",
    "source",
    "transcript_segments",
    "geolocation",
    "folder_id",
    "folder_name",
    "status",
    "discarded",
    "starred",
    "visibility",
    "processor",
];

/// The fields of a conversation that MCP REST and assistants see in lists.
pub(crate) const CARD: &[&str] =
    &["id", "created_at", "started_at", "finished_at", "structured", "language", "match_snippets"];

/// The fields of a conversation that they see when they ask for one.
const DETAIL: &[&str] =
    &["id", "created_at", "started_at", "finished_at", "structured", "language", "folder_name", "transcript_segments"];

const BAD_CATEGORY: &str = "Invalid category '{}' is not a valid CategoryEnum";

/// More segments and characters than any transcript has.
const EVERYTHING: u32 = u32::MAX;

pub(crate) fn tools() -> Vec<Tool> {
    let ok = || json!({ "status": "Ok" });
    let done = || json!({ "success": true });
    let repeatable = Hints { read_only: false, destructive: false, idempotent: true };
    let whole =
        |route: crate::Route| route.preset("max_segments", EVERYTHING.into()).preset("max_chars", EVERYTHING.into());
    let from_segments = |path| {
        post(path)
            .narrow("source", json!({ "default": "phone" }))
            .also("segments", "transcript_segments")
            .also("client_conversation_id", "client_session_id")
            .also("session_id", "client_session_id")
            .also("client_id", "client_session_id")
    };
    vec![
        tool!(get_conversations)
            .scope(ConversationsRead)
            .daily(&["start_date", "end_date", "limit", "offset"])
            .chat("Searching conversations")
            .app(
                get("/v1/conversations")
                    .page(100, 1000)
                    .narrow("include_discarded", json!({ "default": true }))
                    .narrow("include_transcript", json!({ "default": true }))
                    .field("conversations"),
            )
            .developer(
                get("/v1/dev/user/conversations")
                    .limit(Policy::DevConversationsRead)
                    .limit(Policy::DevConversationReadsTotal)
                    .limit_when("include_transcript", Policy::DevConversationTranscriptRead)
                    .page(25, 100)
                    .preset("statuses", json!(["completed"]))
                    .reject("categories", BAD_CATEGORY)
                    .also("transcript", "include_transcript")
                    .field("conversations")
                    .only(DEVELOPER),
            )
            .mcp(
                get("/v1/mcp/conversations")
                    .limit(Policy::McpRead)
                    .page(100, 500)
                    .preset("statuses", json!(["completed"]))
                    .reject("categories", BAD_CATEGORY)
                    .field("conversations")
                    .only(CARD),
            )
            .brief("conversations", CARD),
        tool!(count_conversations).scope(ConversationsRead).app(get("/v1/conversations/count")).developer(
            get("/v1/dev/user/conversations/count")
                .limit(Policy::DevConversationsRead)
                .limit(Policy::DevConversationReadsTotal)
                .ours(),
        ),
        tool!(get_conversation_by_id)
            .scope(ConversationsRead)
            .daily(&[])
            .chat("Reading conversation")
            .app(whole(get("/v1/conversations/{conversation_id}")).field("conversation"))
            .developer(
                whole(
                    get("/v1/dev/user/conversations/{conversation_id}")
                        .limit(Policy::DevConversationDetailRead)
                        .limit(Policy::DevConversationReadsTotal)
                        .limit_when("include_transcript", Policy::DevConversationTranscriptRead),
                )
                .narrow("include_transcript", json!({ "default": false }))
                .also("transcript", "include_transcript")
                .field("conversation")
                .only(DEVELOPER),
            )
            .mcp(
                get("/v1/mcp/conversations/{conversation_id}")
                    .limit(Policy::McpRead)
                    .narrow("max_segments", json!({ "default": 4096, "maximum": 4096 }))
                    .narrow("max_chars", json!({ "default": 500_000, "maximum": 500_000 }))
                    .field("conversation")
                    .only(DETAIL),
            )
            .brief("conversation", DETAIL),
        tool!(get_conversations_by_ids)
            .scope(ConversationsRead)
            .app(get("/v1/conversations/by-ids").ours())
            .developer(
                get("/v1/dev/user/conversations/by-ids")
                    .limit(Policy::DevConversationsRead)
                    .limit(Policy::DevConversationReadsTotal)
                    .limit(Policy::DevConversationTranscriptRead)
                    .ours(),
            )
            .mcp(get("/v1/mcp/conversations/by-ids").limit(Policy::McpRead).ours()),
        tool!(get_conversation_photos)
            .scope(ConversationsRead)
            .app(get("/v1/conversations/{conversation_id}/photos").field("photos")),
        tool!(get_conversation_transcripts)
            .scope(ConversationsRead)
            .app(get("/v1/conversations/{conversation_id}/transcripts").field("transcripts")),
        tool!(get_conversation_recording)
            .scope(ConversationsRead)
            .app(get("/v1/conversations/{conversation_id}/recording")),
        tool!(get_suggested_apps)
            .scope(ConversationsRead)
            .app(get("/v1/conversations/{conversation_id}/suggested-apps")),
        tool!(get_shared_conversation).open().public(get("/v1/conversations/{conversation_id}/shared")),
        tool!(get_public_conversations)
            .open()
            .public(get("/v1/public-conversations").page(1000, 1000).field("conversations")),
        tool!(create_conversation)
            .limit(Policy::ConversationsCreate)
            .scope(ConversationsWrite)
            .app(post("/v1/conversations/from-text").ours())
            .developer(post("/v1/dev/user/conversations").limit(Policy::DevConversations)),
        tool!(create_conversation_from_segments)
            .limit(Policy::ConversationsFromSegments)
            .scope(ConversationsWrite)
            .app(from_segments("/v1/conversations/from-segments"))
            .developer(from_segments("/v1/dev/user/conversations/from-segments").limit(Policy::DevConversations))
            // One published client spells the path with an underscore.
            .developer(
                from_segments("/v1/dev/user/conversations/from_segments").limit(Policy::DevConversations).ours(),
            ),
        tool!(finalize_current_conversation)
            .limit(Policy::ConversationsCreate)
            .scope(ConversationsWrite)
            .app(post("/v1/conversations")),
        tool!(finalize_conversation)
            .scope(ConversationsWrite)
            .app(post("/v1/conversations/{conversation_id}/finalize"))
            .hints(repeatable),
        tool!(get_finalization)
            .scope(ConversationsRead)
            .app(get("/v1/conversations/{conversation_id}/finalization"))
            .developer(
                get("/v1/dev/user/conversations/{conversation_id}/finalization")
                    .limit(Policy::DevConversationDetailRead)
                    .limit(Policy::DevConversationReadsTotal)
                    .ours(),
            ),
        tool!(reprocess_conversation)
            .limit(Policy::ConversationsReprocess)
            .scope(ConversationsWrite)
            .app(post("/v1/conversations/{conversation_id}/reprocess").query().field("conversation"))
            .developer(
                post("/v1/dev/user/conversations/{conversation_id}/reprocess")
                    .limit(Policy::DevConversations)
                    .ours()
                    .field("conversation")
                    .only(DEVELOPER),
            ),
        tool!(merge_conversations)
            .limit(Policy::ConversationsMerge)
            .scope(ConversationsWrite)
            .app(post("/v1/conversations/merge"))
            .hints(Hints { read_only: false, destructive: true, idempotent: false }),
        tool!(test_prompt)
            .scope(ConversationsRead)
            .app(post("/v1/conversations/{conversation_id}/test-prompt"))
            .hints(Hints { read_only: true, destructive: false, idempotent: true }),
        tool!(edit_conversation)
            .scope(ConversationsWrite)
            .app(patch("/v1/conversations/{conversation_id}/title").query().require("title").constant(ok()))
            .developer(
                patch("/v1/dev/user/conversations/{conversation_id}")
                    .limit(Policy::DevConversations)
                    .field("conversation")
                    .only(DEVELOPER),
            )
            .brief("conversation", CARD),
        tool!(set_conversation_visibility)
            .scope(ConversationsWrite)
            .app(
                patch("/v1/conversations/{conversation_id}/visibility")
                    .query()
                    .rename("value", "visibility")
                    .constant(ok()),
            )
            .brief("conversation", CARD),
        tool!(star_conversation)
            .scope(ConversationsWrite)
            .app(patch("/v1/conversations/{conversation_id}/starred").query().constant(ok()))
            .brief("conversation", CARD),
        tool!(mark_conversation_events)
            .scope(ConversationsWrite)
            .app(patch("/v1/conversations/{conversation_id}/events").constant(ok()))
            .brief("conversation", CARD),
        tool!(correct_segment)
            .scope(ConversationsWrite)
            .app(patch("/v1/conversations/{conversation_id}/segments/text").field("conversation"))
            .brief("conversation", CARD),
        tool!(edit_conversation_summary)
            .scope(ConversationsWrite)
            .app(patch("/v1/conversations/{conversation_id}/summary").field("conversation"))
            .brief("conversation", CARD),
        tool!(assign_segments)
            .scope(ConversationsWrite)
            .app(
                patch("/v1/conversations/{conversation_id}/segments/{segment_idx}/assign")
                    .query()
                    .reject("assign_type", "Invalid assign type")
                    .field("conversation"),
            )
            .app(
                patch("/v1/conversations/{conversation_id}/assign-speaker/{speaker_id}")
                    .query()
                    .reject("assign_type", "Invalid assign type")
                    .field("conversation"),
            )
            .app(
                patch("/v1/conversations/{conversation_id}/segments/assign-bulk")
                    .reject("assign_type", "Invalid assign type")
                    .require("segment_ids")
                    .field("conversation"),
            )
            .brief("conversation", CARD),
        tool!(assign_speaker)
            .scope(SpeakersAssign)
            .app(post("/v1/conversations/{conversation_id}/assign-speaker").ours())
            .mcp(post("/v1/mcp/conversations/{conversation_id}/assign-speaker").limit(Policy::McpRead).ours())
            .hints(repeatable),
        tool!(delete_conversation)
            .scope(ConversationsWrite)
            .app(delete("/v1/conversations/{conversation_id}").empty())
            .developer(
                delete("/v1/dev/user/conversations/{conversation_id}").limit(Policy::DevConversations).constant(done()),
            ),
    ]
}

impl Context {
    /// The caller's conversations.
    pub fn conversations(&self) -> Conversations<'_> {
        self.resources.conversations(&self.caller.user)
    }
}

fn not_found() -> Error {
    Error::NotFound("Conversation not found".into())
}
