//! Naming speakers.

use resources::conversations::NewConversation;
use schemas::conversation::{ConversationSource, ConversationStatus, TranscriptSegment};
use serde_json::{Value, json};

use super::support::{create_conversation, get_conversation, new_user};
use crate::support::server::{Server, on_runtime};

fn names(conversation: &Value) -> Vec<&str> {
    let segments = conversation["transcript_segments"].as_array().unwrap();
    segments.iter().map(|segment| segment["speaker_name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn speakers_get_their_names_one_by_one_and_all_at_once() {
    let user = new_user().await;
    let app = user.app();
    let ana = app.post("/v1/users/people", json!({ "name": "Ana" })).await.ok();
    let ana = ana["id"].as_str().unwrap();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["One.", "Two.", "Three.", "Four."]).await;
    let assign = async |path: &str| app.bare(reqwest::Method::PATCH, &format!("/v1/conversations/{id}/{path}")).await;
    assert_eq!(names(&get_conversation(&app, &id).await), ["User", "Speaker 1", "User", "Speaker 1"]);
    let one = assign(&format!("segments/1/assign?assign_type=person_id&value={ana}")).await.ok();
    assert_eq!(names(&one), ["User", "Ana", "User", "Speaker 1"]);
    let all = assign(&format!("assign-speaker/1?assign_type=person_id&value={ana}")).await.ok();
    assert_eq!(names(&all), ["User", "Ana", "User", "Ana"]);
    let nobody = assign("segments/3/assign?assign_type=person_id&value=null").await.ok();
    assert_eq!(names(&nobody), ["User", "Ana", "User", "Speaker 1"]);
    let me = assign("segments/3/assign?assign_type=is_user&value=true").await.ok();
    assert_eq!(names(&me), ["User", "Ana", "User", "User"]);
    assign("segments/1/assign?assign_type=nonsense&value=x").await.refused(400, "Invalid assign type");
    assign("segments/9/assign?assign_type=is_user&value=true").await.refused(404, "Segment not found");
    assign("segments/1/assign?assign_type=person_id&value=unknown").await.refused(404, "Person not found");
}

#[tokio::test]
async fn several_segments_are_assigned_in_bulk_or_not_at_all() {
    let app = new_user().await.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["One.", "Two.", "Three."]).await;
    let whole = get_conversation(&app, &id).await;
    let ids: Vec<&Value> = whole["transcript_segments"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    let path = format!("/v1/conversations/{id}/segments/assign-bulk");
    let body = json!({ "segment_ids": [ids[0], ids[1]], "assign_type": "is_user", "value": "false" });
    assert_eq!(names(&app.patch(&path, body).await.ok()), ["Speaker 0", "Speaker 1", "User"]);
    let body = json!({ "segment_ids": [ids[2], "unknown"], "assign_type": "is_user", "value": "false" });
    app.patch(&path, body).await.refused(409, "Some segments are not in this conversation");
}

#[tokio::test]
async fn an_assistant_says_who_a_speaker_is() {
    let user = new_user().await;
    let id = create_conversation(&user.app(), "2026-05-01T09:00:00Z", &["One.", "Two.", "Three.", "Four."]).await;
    let ana = user.mcp().post("/v1/mcp/people", json!({ "name": "Ana" })).await.ok();
    let path = format!("/v1/mcp/conversations/{id}/assign-speaker");
    let body = json!({ "assignee": ana["person"]["id"], "speaker_id": 1 });
    let answer = user.mcp().post(&path, body).await.ok();
    assert_eq!(answer["updated_segment_count"], 2);
    assert_eq!(names(&get_conversation(&user.app(), &id).await), ["User", "Ana", "User", "Ana"]);
    let body = json!({ "assignee": "user" });
    user.mcp().post(&path, body).await.refused(422, "speaker_id or segment_ids must be provided");
}

#[tokio::test]
async fn any_number_of_segments_is_assigned_in_bulk() {
    const COUNT: usize = 3000;
    let server = Server::shared().await;
    let user = server.user().await;
    let segment = |place: usize| TranscriptSegment {
        id: format!("segment {place}"),
        text: format!("{place}."),
        speaker: "SPEAKER_01".into(),
        speaker_id: 1,
        speaker_name: String::new(),
        is_user: false,
        person_id: None,
        start: place as f64,
        end: place as f64 + 1.0,
        translations: Vec::new(),
        speech_profile_processed: true,
        stt_provider: None,
    };
    let new = NewConversation {
        id: "long".into(),
        started_at: Some(resources::now()),
        finished_at: None,
        source: ConversationSource::Omi,
        language: None,
        geolocation: None,
        utc_offset: None,
        external_data: None,
        client_device_id: None,
        client_platform: None,
        status: ConversationStatus::Completed,
        segments: (0..COUNT).map(segment).collect(),
    };
    let id = user.id.clone();
    on_runtime(async move { server.resources.conversations(&id).create(new).await.unwrap() }).await;
    let mut ids: Vec<String> = (0..COUNT).map(|place| format!("segment {place}")).collect();
    ids.push("segment 0".into());
    let path = "/v1/conversations/long/segments/assign-bulk";
    let body = json!({ "segment_ids": ids, "assign_type": "is_user", "value": "true" });
    let named = user.app().patch(path, body).await.ok();
    assert_eq!(names(&named), vec!["User"; COUNT]);
    ids.push("unknown".into());
    let body = json!({ "segment_ids": ids, "assign_type": "is_user", "value": "false" });
    user.app().patch(path, body).await.refused(409, "Some segments are not in this conversation");
    assert_eq!(names(&get_conversation(&user.app(), "long").await), vec!["User"; COUNT]);
    user.app().delete("/v1/conversations/long").await;
}
