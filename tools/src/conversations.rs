//! Conversations: list, read, write, change and delete them.

mod changes;
mod creation;
mod merge;
mod queries;
mod shared;

use resources::conversations::Conversations;
use schemas::{
    conversation::Conversation,
    scope::Scope::{ConversationsRead, ConversationsWrite, SpeakersAssign},
    transcript::FoundConversation,
};
use serde_json::json;

use crate::{
    Access, Context, Error, Hints, Tool,
    limits::{LimitGroup, Policy},
    tool::{
        Noun, UnknownValue,
        binding::{ALL_FIELDS, Binding, delete, get, patch, post, status},
    },
    toolsets::Toolset,
};
use changes::*;
use creation::*;
use merge::*;
use queries::*;
use shared::*;

/// Recorded conversations.
pub(crate) const CONVERSATIONS: Noun = Noun {
    reader: Some("get_conversation_by_id"),
    lister: Some("get_conversations"),
    searcher: Some("search_conversations"),
    text: "/structured/title",
    scopes: Some((ConversationsRead, ConversationsWrite)),
    for_keys: FOR_KEYS,
    limits: LimitGroup::Conversations,
    ..Noun::new("conversation", "conversations", "conversation_id", Toolset::Conversations)
};

const FOR_KEYS: &[&str] = fields!(
    Conversation { id, created_at, started_at, finished_at, structured, language, source, transcript_segments },
    Conversation { geolocation, folder_id, folder_name, status, discarded, starred, visibility, processor },
);

/// The fields of a conversation that MCP keys and assistants see in lists.
pub(crate) const CARD: &[&str] = fields!(
    Conversation { id, created_at, started_at, finished_at, structured, language },
    FoundConversation { match_snippets },
);

/// The fields of a conversation in lists of MCP REST.
const LISTED: &[&str] =
    fields!(Conversation { id, created_at, started_at, finished_at, structured, language, apps_results });

/// The fields of a single conversation for assistants.
const DETAIL: &[&str] = fields!(Conversation {
    id,
    created_at,
    started_at,
    finished_at,
    structured,
    language,
    folder_name,
    transcript_segments
},);

/// The fields of a single conversation on MCP REST.
const WITH_RESULTS: &[&str] = fields!(Conversation {
    id,
    created_at,
    started_at,
    finished_at,
    structured,
    language,
    folder_name,
    transcript_segments,
    apps_results
},);

const NO_SYNC: &str =
    "incremental_sync_unsupported: conversations are not listed by updated_since; page through them by cursor";

const BAD_CATEGORY: UnknownValue = UnknownValue::Rejected("Invalid category '{}' is not a valid CategoryEnum");
const BAD_ASSIGN_TYPE: UnknownValue = UnknownValue::Rejected("Invalid assign type");

/// The largest transcript that is accepted, and the largest list of segment ids, in bytes.
const MAX_TRANSCRIPT_BODY: usize = 20 << 20;
const MAX_BULK_BODY: usize = 4 << 20;

/// A limit beyond the segments and characters of any transcript.
const UNLIMITED: u32 = u32::MAX;

pub(crate) fn tools() -> Vec<Tool> {
    [listed(), written(), changed(), shared_by_link()].into_iter().flatten().collect()
}

fn listed() -> Vec<Tool> {
    let whole = |route: Binding| route.preset("max_segments", UNLIMITED.into()).preset("max_chars", UNLIMITED.into());
    let beginning = |route: Binding| {
        route
            .narrow("max_segments", json!({ "default": 120, "maximum": 500 }))
            .narrow("max_chars", json!({ "default": 24_000, "maximum": 100_000 }))
    };
    CONVERSATIONS.tools([
        read!(get_conversations)
            .in_default_list(&["start_date", "end_date", "limit", "cursor"])
            .assistant_fields(CARD)
            .chat("Searching conversations")
            .app(
                get("/v1/conversations")
                    .page(100, 1000)
                    .default("include_discarded", true)
                    .default("include_transcript", true),
            )
            .developer(
                get("/v1/dev/user/conversations")
                    .limited_when("include_transcript", Policy::DevConversationTranscriptRead)
                    .page(25, 100)
                    .preset("statuses", json!(["completed"]))
                    .unknown("categories", BAD_CATEGORY)
                    .alias("include_transcript", "transcript"),
            )
            .mcp(
                get("/v1/mcp/conversations")
                    .page(100, 500)
                    .preset("statuses", json!(["completed"]))
                    .unknown("categories", BAD_CATEGORY)
                    .unsupported("updated_since", NO_SYNC)
                    .only(LISTED)
                    .cursor("X-Next-Cursor"),
            ),
        read!(count_conversations).app("/v1/conversations/count").developer("/v1/dev/user/conversations/count"),
        read!(get_conversation_by_id)
            .in_default_list(&["continue_from"])
            .assistant_fields(DETAIL)
            .chat("Reading conversation")
            .app(whole(get("/v1/conversations/{conversation_id}")))
            .developer(
                whole(get("/v1/dev/user/conversations/{conversation_id}"))
                    .limited(&[Policy::DevConversationDetailRead, Policy::DevConversationReadsTotal])
                    .limited_when("include_transcript", Policy::DevConversationTranscriptRead)
                    .default("include_transcript", false)
                    .alias("include_transcript", "transcript"),
            )
            .mcp(
                get("/v1/mcp/conversations/{conversation_id}")
                    .narrow("max_segments", json!({ "default": 4096, "maximum": 4096 }))
                    .narrow("max_chars", json!({ "default": 500_000, "maximum": 500_000 }))
                    .only(WITH_RESULTS)
                    .beside("truncated"),
            ),
        read!(get_conversations_by_ids)
            .whole()
            .app(beginning(get("/v1/conversations/by-ids")))
            .developer(
                beginning(get("/v1/dev/user/conversations/by-ids"))
                    .limited(&[
                        Policy::DevConversationsRead,
                        Policy::DevConversationReadsTotal,
                        Policy::DevConversationTranscriptRead,
                    ])
                    .only(ALL_FIELDS),
            )
            .mcp(beginning(get("/v1/mcp/conversations/by-ids")).only(ALL_FIELDS)),
        read!(get_conversation_photos).field("photos").app("/v1/conversations/{conversation_id}/photos"),
        read!(get_conversation_transcripts).field("transcripts").app("/v1/conversations/{conversation_id}/transcripts"),
        read!(get_conversation_recording).app("/v1/conversations/{conversation_id}/recording"),
        read!(get_suggested_apps).app("/v1/conversations/{conversation_id}/suggested-apps"),
    ])
}

fn written() -> Vec<Tool> {
    let from_segments = |path| {
        post(path)
            .max_body(MAX_TRANSCRIPT_BODY)
            .default("source", "phone")
            .alias("transcript_segments", "segments")
            .alias("client_session_id", "client_conversation_id")
            .alias("client_session_id", "session_id")
            .alias("client_session_id", "client_id")
    };
    CONVERSATIONS.tools([
        create!(create_conversation).app("/v1/conversations/from-text").developer("/v1/dev/user/conversations"),
        create!(create_conversation_from_segments)
            .limited(&[Policy::ConversationsFromSegments])
            .app(from_segments("/v1/conversations/from-segments"))
            .developer(from_segments("/v1/dev/user/conversations/from-segments"))
            // A published client has an underscore in the path.
            .developer(from_segments("/v1/dev/user/conversations/from_segments")),
        create!(finalize_current_conversation).whole().app("/v1/conversations"),
        update!(finalize_conversation)
            .limited(&[Policy::ChatSend])
            .app(post("/v1/conversations/{conversation_id}/finalize")),
        read!(get_finalization).app("/v1/conversations/{conversation_id}/finalization").developer(
            get("/v1/dev/user/conversations/{conversation_id}/finalization")
                .limited(&[Policy::DevConversationDetailRead, Policy::DevConversationReadsTotal]),
        ),
        act!(reprocess_conversation)
            .long_running()
            .limited(&[Policy::ConversationsReprocess])
            .app(post("/v1/conversations/{conversation_id}/reprocess").query())
            .developer(
                post("/v1/dev/user/conversations/{conversation_id}/reprocess")
                    .limited(&[Policy::DevConversations, Policy::ChatSend]),
            ),
        act!(merge_conversations)
            .long_running()
            .limited(&[Policy::ConversationsMerge])
            .hints(Hints::DESTRUCTIVE)
            .app("/v1/conversations/merge"),
        read!(test_prompt).limited(&[Policy::ChatSend]).app(post("/v1/conversations/{conversation_id}/test-prompt")),
    ])
}

fn changed() -> Vec<Tool> {
    CONVERSATIONS.tools([
        update!(edit_conversation)
            .assistant_fields(CARD)
            .app(patch("/v1/conversations/{conversation_id}/title").query().require("title").constant(status("Ok")))
            .developer("/v1/dev/user/conversations/{conversation_id}"),
        // What is shared can be read by its link.
        update!(set_conversation_visibility).more_scopes(&[ConversationsRead]).assistant_fields(CARD).app(
            patch("/v1/conversations/{conversation_id}/visibility")
                .query()
                .rename("visibility", "value")
                .constant(status("Ok")),
        ),
        update!(star_conversation)
            .assistant_fields(CARD)
            .app(patch("/v1/conversations/{conversation_id}/starred").query().constant(status("Ok"))),
        update!(mark_conversation_events)
            .assistant_fields(CARD)
            .app(patch("/v1/conversations/{conversation_id}/events").constant(status("Ok"))),
        update!(correct_segment).assistant_fields(CARD).app("/v1/conversations/{conversation_id}/segments/text"),
        update!(edit_conversation_summary).assistant_fields(CARD).app("/v1/conversations/{conversation_id}/summary"),
        update!(assign_segments)
            .assistant_fields(CARD)
            .app(
                patch("/v1/conversations/{conversation_id}/segments/{segment_idx}/assign")
                    .query()
                    .unknown("assign_type", BAD_ASSIGN_TYPE),
            )
            .app(
                patch("/v1/conversations/{conversation_id}/assign-speaker/{speaker_id}")
                    .query()
                    .unknown("assign_type", BAD_ASSIGN_TYPE),
            )
            .app(
                patch("/v1/conversations/{conversation_id}/segments/assign-bulk")
                    .max_body(MAX_BULK_BODY)
                    .unknown("assign_type", BAD_ASSIGN_TYPE)
                    .require("segment_ids"),
            ),
        update!(assign_speaker)
            .scope(SpeakersAssign)
            .app(post("/v1/conversations/{conversation_id}/assign-speaker"))
            .mcp(post("/v1/mcp/conversations/{conversation_id}/assign-speaker")),
        delete!(delete_conversation)
            .app(delete("/v1/conversations/{conversation_id}").empty())
            .developer("/v1/dev/user/conversations/{conversation_id}"),
    ])
}

fn shared_by_link() -> Vec<Tool> {
    CONVERSATIONS.tools([
        read!(get_shared_conversation).access(Access::Public).public("/v1/conversations/{conversation_id}/shared"),
        read!(get_public_conversations).access(Access::Public).public(get("/v1/public-conversations").page(1000, 1000)),
        // What others have seen cannot be taken back, so the user has to confirm it.
        act!(share_conversation)
            .more_scopes(&[ConversationsRead])
            .hints(Hints::DESTRUCTIVE)
            .app("/v1/conversations/{conversation_id}/share")
            .developer("/v1/dev/user/conversations/{conversation_id}/share"),
        read!(get_conversation_links)
            .app("/v1/share-links/conversations")
            .developer("/v1/dev/user/share-links/conversations"),
        delete!(revoke_conversation_link)
            .app("/v1/share-links/conversations/{link_id}")
            .developer("/v1/dev/user/share-links/conversations/{link_id}"),
    ])
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
