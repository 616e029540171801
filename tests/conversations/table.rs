//! A conversation with a transcript, and a shared one.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("Conversation not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let path = |name: &str| format!("/v1/conversations/{}", seed[name].as_str().unwrap());
        vec!["/v1/conversations?limit=100".into(), path("walk"), path("lunch")]
    },
    secrets: &["Vltava", "Hainburg"],
    volatile: &[
        "id",
        "conversation_id",
        "conversation_ids",
        "segment_id",
        "person_id",
        "job_id",
        "not_found",
        "assignee",
        "item_ids",
        "token",
        "url",
    ],
};

async fn seed(user: &TestUser) -> Value {
    let person = user.app().post("/v1/users/people", json!({ "name": "Berta" })).await.ok();
    let write = async |start: &str, texts: [&str; 2]| {
        let segment = |place: usize, text: &str| {
            let speaker = format!("SPEAKER_0{place}");
            json!({ "text": text, "start": place, "end": place + 1, "is_user": place == 0, "speaker": speaker })
        };
        let segments = [segment(0, texts[0]), segment(1, texts[1])];
        let body = json!({ "transcript_segments": segments, "started_at": start, "source": "omi" });
        user.app().post("/v1/conversations/from-segments", body).await.ok()["id"].clone()
    };
    let lunch = write("2026-05-08T12:00:00Z", ["The soup in Hainburg was good.", "I want to cook it too."]).await;
    let walk = write("2026-05-09T15:00:00Z", ["We walked along the Vltava.", "And we saw a kingfisher there."]).await;
    let whole = user.app().get(&format!("/v1/conversations/{}", walk.as_str().unwrap())).await.ok();
    let path = format!("/v1/conversations/{}/share", lunch.as_str().unwrap());
    let link = user.app().post(&path, json!({})).await.ok();
    json!({
        "lunch": lunch, "walk": walk, "segment": whole["transcript_segments"][0]["id"], "person": person["id"],
        "talk_token": link["token"], "talk_link": link["id"],
    })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (lunch, walk, segment, person) = (&seed["lunch"], &seed["walk"], &seed["segment"], &seed["person"]);
    let one = |id: &Value| json!({ "conversation_id": id });
    let new = json!({ "text": "Ana moves to Oslo in May.", "started_at": "2026-05-08T12:00:00Z" });
    let said = json!({ "text": "Hello there", "start": 0.0, "end": 1.0 });
    vec![
        ("get_conversations", json!({ "limit": 1, "include_discarded": true, "include_transcript": true })),
        (
            "get_conversations",
            json!({ "limit": 9, "include_discarded": true, "include_transcript": false,
            "start_date": "2026-05-09", "end_date": "2026-05-09" }),
        ),
        ("count_conversations", json!({ "include_discarded": true })),
        ("get_conversation_by_id", json!({ "conversation_id": walk, "include_transcript": true })),
        ("get_conversation_by_id", one(&json!("unknown"))),
        ("get_conversations_by_ids", json!({ "conversation_ids": [walk, "unknown", lunch] })),
        ("get_conversation_photos", one(walk)),
        ("get_conversation_transcripts", one(walk)),
        ("get_conversation_recording", one(walk)),
        ("get_suggested_apps", one(walk)),
        ("get_shared_conversation", one(walk)),
        ("get_shared_conversation", one(&seed["talk_token"])),
        ("share_conversation", one(walk)),
        ("share_conversation", one(&json!("unknown"))),
        ("get_conversation_links", json!({})),
        ("revoke_conversation_link", json!({ "link_id": seed["talk_link"] })),
        ("revoke_conversation_link", json!({ "link_id": "unknown" })),
        ("get_public_conversations", json!({ "limit": 1, "offset": 100_000 })),
        ("create_conversation", new),
        ("create_conversation", json!({ "text": " " })),
        ("create_conversation_from_segments", json!({ "transcript_segments": [said], "client_session_id": "one" })),
        (
            "create_conversation_from_segments",
            json!({ "transcript_segments": [{ "text": "x", "start": 1, "end": 1 }] }),
        ),
        ("finalize_current_conversation", json!({})),
        ("finalize_conversation", one(&json!("unknown"))),
        ("get_finalization", one(&json!("unknown"))),
        ("reprocess_conversation", one(walk)),
        ("reprocess_conversation", json!({ "conversation_id": walk, "app_id": "unknown" })),
        ("merge_conversations", json!({ "conversation_ids": [walk, "unknown"] })),
        ("merge_conversations", json!({ "conversation_ids": [walk, walk] })),
        ("test_prompt", json!({ "conversation_id": walk, "prompt": "List the birds" })),
        ("edit_conversation", json!({ "conversation_id": walk, "title": "A walk" })),
        ("edit_conversation", json!({ "conversation_id": "unknown", "title": "A walk" })),
        ("set_conversation_visibility", json!({ "conversation_id": walk, "visibility": "shared" })),
        ("star_conversation", json!({ "conversation_id": walk, "starred": true })),
        ("mark_conversation_events", json!({ "conversation_id": walk, "events_idx": [7], "values": [true] })),
        ("correct_segment", json!({ "conversation_id": walk, "segment_id": segment, "text": "We ran." })),
        ("correct_segment", json!({ "conversation_id": walk, "segment_id": "unknown", "text": "We ran." })),
        ("edit_conversation_summary", json!({ "conversation_id": walk, "content": "Birds" })),
        (
            "assign_segments",
            json!({ "conversation_id": walk, "segment_idx": 0, "speaker_id": 0,
            "segment_ids": [segment], "assign_type": "person_id", "value": person }),
        ),
        ("assign_speaker", json!({ "conversation_id": walk, "assignee": person, "speaker_id": 1 })),
        ("assign_speaker", json!({ "conversation_id": walk, "assignee": "unknown", "speaker_id": 1 })),
        ("delete_conversation", one(lunch)),
        ("delete_conversation", one(&json!("unknown"))),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let (id, segment) = (&seed["walk"], &seed["segment"]);
    let one = || json!({ "conversation_id": id });
    let said = json!({ "text": "Hello there", "start": 0.0, "end": 1.0 });
    vec![
        ("get_conversations", json!({ "include_discarded": true, "include_transcript": true }), NothingForeign),
        ("count_conversations", json!({}), NothingForeign),
        ("get_conversation_by_id", one(), GONE),
        ("get_conversation_photos", one(), GONE),
        ("get_conversation_transcripts", one(), GONE),
        ("get_conversation_recording", one(), GONE),
        ("get_suggested_apps", one(), GONE),
        ("get_conversations_by_ids", json!({ "conversation_ids": ["unknown"] }), NothingForeign),
        ("get_shared_conversation", one(), NotFound("Conversation is private")),
        ("share_conversation", one(), GONE),
        ("get_conversation_links", json!({}), NothingForeign),
        ("revoke_conversation_link", json!({ "link_id": seed["talk_link"] }), NotFound("Link not found")),
        ("get_public_conversations", json!({}), NothingForeign),
        ("create_conversation", json!({ "text": "Who walked by which river?" }), NothingForeign),
        ("create_conversation_from_segments", json!({ "transcript_segments": [said] }), NothingForeign),
        ("finalize_current_conversation", json!({}), NotFound("Conversation in progress not found")),
        ("finalize_conversation", one(), GONE),
        ("get_finalization", one(), GONE),
        ("reprocess_conversation", one(), GONE),
        ("merge_conversations", json!({ "conversation_ids": [id, seed["lunch"]] }), GONE),
        ("test_prompt", json!({ "conversation_id": id, "prompt": "Tell me all" }), GONE),
        ("edit_conversation", json!({ "conversation_id": id, "title": "Mine" }), GONE),
        ("set_conversation_visibility", json!({ "conversation_id": id, "visibility": "public" }), GONE),
        ("star_conversation", json!({ "conversation_id": id, "starred": true }), GONE),
        ("mark_conversation_events", json!({ "conversation_id": id, "events_idx": [], "values": [] }), GONE),
        ("correct_segment", json!({ "conversation_id": id, "segment_id": segment, "text": "Mine" }), GONE),
        ("edit_conversation_summary", json!({ "conversation_id": id, "content": "Mine" }), GONE),
        (
            "assign_segments",
            json!({ "conversation_id": id, "segment_idx": 0, "speaker_id": 0,
            "segment_ids": [segment], "assign_type": "is_user", "value": "true" }),
            GONE,
        ),
        ("assign_speaker", json!({ "conversation_id": id, "assignee": "user", "speaker_id": 0 }), GONE),
        ("delete_conversation", one(), GONE),
    ]
}
