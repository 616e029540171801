//! Writing conversations.

use serde_json::{Value, json};

use super::support::{create_conversation, get_conversation, new_user};
use crate::support::{
    json::{assert_invalid, field_names},
    server::Answer,
};

#[tokio::test]
async fn a_text_becomes_a_conversation_without_a_transcript() {
    let user = new_user().await;
    let body = json!({
        "text": "I promised Ana to send her the photos of the wedding by Friday. She moves to Oslo in May.",
        "text_source": "message",
        "started_at": "2026-05-04T09:00:00+02:00",
        "geolocation": { "latitude": 59.91, "longitude": 10.75 },
    });
    let created = user.developer().post("/v1/dev/user/conversations", body).await.ok();
    assert_eq!(field_names(&created), ["discarded", "id", "status"]);
    assert_eq!((&created["status"], &created["discarded"]), (&json!("completed"), &json!(false)));
    let whole = get_conversation(&user.app(), created["id"].as_str().unwrap()).await;
    assert_eq!(whole["transcript_segments"], json!([]));
    assert_eq!(whole["source"], "external_integration");
    assert_eq!(whole["external_data"]["text_source"], "message");
    assert_eq!(
        (&whole["started_at"], &whole["finished_at"]),
        (&json!("2026-05-04T07:00:00Z"), &json!("2026-05-04T07:05:00Z"))
    );
    assert_eq!(whole["created_at"], "2026-05-04T07:00:00Z");
    assert_eq!(whole["geolocation"]["latitude"], 59.91);
    assert_eq!(whole["processor"], "local");
    assert!(!whole["structured"]["title"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_text_that_says_nothing_or_ends_before_it_begins_is_refused() {
    let developer = new_user().await.developer();
    let path = "/v1/dev/user/conversations";
    developer.post(path, json!({ "text": " " })).await.refused(422, "text cannot be empty");
    let body = json!({ "text": "x", "started_at": "2026-05-04T09:00:00Z", "finished_at": "2026-05-04T08:00:00Z" });
    developer.post(path, body).await.refused(422, "finished_at must be after started_at");
    assert_invalid(&developer.post(path, json!({})).await, &[("missing", json!(["body", "text"]))]);
    let body = json!({ "text": "x", "text_source": "song" });
    assert_invalid(&developer.post(path, body).await, &[("enum", json!(["body", "text_source"]))]);
    let body = json!({ "text": "x", "geolocation": { "latitude": 91, "longitude": 0 } });
    assert_invalid(
        &developer.post(path, body).await,
        &[("less_than_equal", json!(["body", "geolocation", "latitude"]))],
    );
}

#[tokio::test]
async fn segments_are_stored_as_they_are() {
    let user = new_user().await;
    let segments = json!([
        { "text": "Where were you?", "start": 0.0, "end": 1.5, "speaker": "SPEAKER_03" },
        { "text": "In Hallstatt.", "start": 1.5, "end": 2.0, "is_user": true, "speaker_id": 7 },
    ]);
    let body = json!({ "transcript_segments": segments, "started_at": "2026-05-04T07:00:00Z", "source": "limitless" });
    let created = user.developer().post("/v1/dev/user/conversations/from-segments", body).await.ok();
    let path = format!("/v1/dev/user/conversations/{}", created["id"].as_str().unwrap());
    assert_eq!(user.developer().get(&path).await.ok()["transcript_segments"], Value::Null);
    let whole = user.developer().get(&format!("{path}?include_transcript=true")).await.ok();
    let received = &whole["transcript_segments"];
    assert_eq!(
        (&received[0]["text"], &received[0]["speaker_id"], &received[0]["speaker_name"]),
        (&json!("Where were you?"), &json!(3), &json!("Speaker 3"))
    );
    assert_eq!(
        (&received[1]["speaker_id"], &received[1]["speaker_name"], &received[1]["end"]),
        (&json!(7), &json!("User"), &json!(2.0))
    );
    assert_eq!((&whole["source"], &whole["finished_at"]), (&json!("limitless"), &json!("2026-05-04T07:00:02Z")));
}

#[tokio::test]
async fn segments_that_cannot_be_are_refused_with_their_number() {
    let developer = new_user().await.developer();
    let post = async |segments: Value| {
        developer.post("/v1/dev/user/conversations/from-segments", json!({ "transcript_segments": segments })).await
    };
    let good = json!({ "text": "x", "start": 0, "end": 1 });
    let cases = [
        (json!({ "text": "x", "start": 1, "end": 1 }), "Segment 1: end time must be after start time"),
        (json!({ "text": "x", "start": -1, "end": 1 }), "Segment 1: start time cannot be negative"),
        (json!({ "text": " ", "start": 0, "end": 1 }), "Segment 1: text cannot be empty"),
    ];
    for (bad, sentence) in cases {
        post(json!([good, bad])).await.refused(422, sentence);
    }
    assert_invalid(&post(json!([])).await, &[("too_short", json!(["body", "transcript_segments"]))]);
    let many: Vec<Value> = std::iter::repeat_n(good.clone(), 501).collect();
    assert_invalid(&post(many.into()).await, &[("too_long", json!(["body", "transcript_segments"]))]);
    let missing = json!([{ "text": "x", "start": 0 }]);
    assert_invalid(&post(missing).await, &[("missing", json!(["body", "transcript_segments", 0, "end"]))]);
}

#[tokio::test]
async fn a_recording_is_written_once_and_a_deleted_one_stays_deleted() {
    let user = new_user().await;
    let write = async |name: &str| {
        let segments = json!([{ "text": "Good morning to everybody here", "start": 0, "end": 1 }]);
        let body = json!({ "transcript_segments": segments, name: "recording 1" });
        user.developer().post("/v1/dev/user/conversations/from-segments", body).await.ok()
    };
    let first = write("client_session_id").await;
    for name in ["client_session_id", "client_conversation_id", "session_id", "client_id"] {
        assert_eq!(write(name).await["id"], first["id"], "{name}");
    }
    let all = user.app().get("/v1/conversations").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 1);
    user.app().delete(&format!("/v1/conversations/{}", first["id"].as_str().unwrap())).await;
    let late = write("client_session_id").await;
    assert_eq!(late, json!({ "id": first["id"], "status": "deleted", "discarded": true }));
}

#[tokio::test]
async fn the_published_client_s_spellings_are_understood() {
    let user = new_user().await;
    let body = json!({ "segments": [{ "text": "Good morning to you", "start": 0, "end": 1 }] });
    let created = user.developer().post("/v1/dev/user/conversations/from_segments", body).await.ok();
    let path = format!("/v1/dev/user/conversations/{}?transcript=true", created["id"].as_str().unwrap());
    assert_eq!(user.developer().get(&path).await.ok()["transcript_segments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn there_is_nothing_to_finalize_without_audio() {
    let app = new_user().await.app();
    app.post("/v1/conversations", json!({})).await.refused(404, "Conversation in progress not found");
    let id = create_conversation(&app, "2026-05-04T07:00:00Z", &["We met at the lake."]).await;
    let state = app.get(&format!("/v1/conversations/{id}/finalization")).await.ok();
    assert_eq!((&state["status"], &state["terminal"]), (&json!("done"), &json!(true)));
}

#[tokio::test]
async fn a_transcript_of_fifteen_mebibytes_is_taken_whole() {
    let user = new_user().await;
    let gap = " ".repeat(31_500);
    let text = |place: usize| format!("Tee{gap}und Kuchen Nummer {place}.");
    let segment = |place: usize| json!({ "text": text(place), "start": place, "end": place + 1 });
    let segments: Vec<Value> = (0..500).map(segment).collect();
    // Rules for English would read much longer.
    let body = json!({ "transcript_segments": segments, "language": "de" });
    assert!(body.to_string().len() > 15 << 20);
    let written = user.app().post("/v1/conversations/from-segments", body).await.ok();
    let whole = get_conversation(&user.app(), written["id"].as_str().unwrap()).await;
    let segments = whole["transcript_segments"].as_array().unwrap();
    assert_eq!(segments.len(), 500);
    assert!(segments.iter().enumerate().all(|(place, segment)| segment["text"] == text(place)));
    user.app().delete(&format!("/v1/conversations/{}", written["id"].as_str().unwrap())).await;
}

#[tokio::test]
async fn a_transcript_has_a_largest_size_and_number_of_values() {
    let user = new_user().await;
    let post = async |body: String| {
        let request = user.app().request(reqwest::Method::POST, "/v1/conversations/from-segments");
        Answer::to(request.header("content-type", "application/json").body(body)).await
    };
    post(" ".repeat((20 << 20) + 1)).await.refused(413, "The request body is larger than 20971520 bytes");
    let many = post(format!("[{}0]", "0,".repeat(5 << 20))).await;
    many.refused(413, "The request body contains more than 1048576 values");
}
