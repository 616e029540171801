//! Searching transcripts over HTTP.

use serde_json::{Value, json};

use crate::support::{
    json::{assert_invalid, column, field_names},
    server::{Server, TestUser, wait_until_indexed},
};

/// A user who talked with Doris, first about a bicycle ride and a month later about trees.
async fn user_with_conversations() -> (TestUser, String) {
    let user = Server::shared().await.user().await;
    let doris = user.app().post("/v1/users/people", json!({ "name": "Doris" })).await.ok();
    let doris = doris["id"].as_str().unwrap().to_owned();
    for (start, question, answer) in [
        ("2026-03-08T12:00:00Z", "Where did you ride your bicycle?", "Around the lake, and back over the pass."),
        ("2026-04-09T15:00:00Z", "How is the orchard?", "The apple trees are in bloom."),
    ] {
        let segments = json!([
            { "text": question, "start": 0, "end": 5, "is_user": true },
            { "text": answer, "start": 5, "end": 9, "speaker": "SPEAKER_01", "person_id": doris },
        ]);
        let body = json!({ "transcript_segments": segments, "started_at": start });
        user.developer().post("/v1/dev/user/conversations/from-segments", body).await.ok();
    }
    (user, doris)
}

async fn texts(user: &TestUser, query: &str) -> Vec<String> {
    let found = user.developer().get(&format!("/v1/dev/user/transcripts/search?{query}")).await.ok();
    column(&found["items"], "text").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_segment_is_found_at_once_by_its_words_and_says_where_it_was_said() {
    let (user, _) = user_with_conversations().await;
    let found = user.developer().get("/v1/dev/user/transcripts/search?query=bloom&limit=1").await.ok();
    assert_eq!(field_names(&found), ["items"]);
    let hit = &found["items"][0];
    for field in ["conversation_id", "score", "segment_id", "speaker_name", "spoken_at", "text"] {
        assert!(hit.get(field).is_some(), "{field} is missing: {hit}");
    }
    assert_eq!((&hit["text"], &hit["speaker_name"]), (&json!("The apple trees are in bloom."), &json!("Doris")));
    assert_eq!(hit["spoken_at"], "2026-04-09T15:00:05Z");
    let path = format!("/v1/conversations/{}", hit["conversation_id"].as_str().unwrap());
    let whole = user.app().get(&path).await.ok();
    assert_eq!(whole["transcript_segments"][1]["id"], hit["segment_id"]);
}

#[tokio::test]
async fn transcripts_are_found_by_meaning() {
    let (user, _) = user_with_conversations().await;
    wait_until_indexed(Server::shared().await).await;
    let found = texts(&user, "query=cycling%20tour&limit=2").await;
    assert!(found.iter().any(|text| text.contains("bicycle") || text.contains("lake")), "{found:?}");
}

#[tokio::test]
async fn filters_hold() {
    let (user, doris) = user_with_conversations().await;
    let of_doris = texts(&user, &format!("query=bicycle%20orchard&person_id={doris}")).await;
    assert!(!of_doris.is_empty() && of_doris.iter().all(|text| !text.ends_with('?')), "{of_doris:?}");
    let early = texts(&user, "query=orchard%20bicycle&before=2026-04-01").await;
    assert!(!early.is_empty() && early.iter().all(|text| !text.contains("orchard")), "{early:?}");
    let answer = user.developer().get("/v1/dev/user/transcripts/search").await;
    assert_invalid(&answer, &[("missing", json!(["query", "query"]))]);
}

#[tokio::test]
async fn a_person_is_found_by_their_new_name() {
    let (user, doris) = user_with_conversations().await;
    wait_until_indexed(Server::shared().await).await;
    user.app().patch(&format!("/v1/users/people/{doris}/name?value=Rosalind"), json!({})).await.ok();
    wait_until_indexed(Server::shared().await).await;
    assert_eq!(texts(&user, "query=trees&speaker=rosalind&limit=1").await, ["The apple trees are in bloom."]);
    assert_eq!(texts(&user, "query=trees&speaker=doris").await, Vec::<String>::new());
}

#[tokio::test]
async fn conversations_are_found_with_the_words_that_match() {
    let (user, _) = user_with_conversations().await;
    let page = user.app().post("/v1/conversations/search", json!({ "query": "bloom" })).await.ok();
    assert_eq!((&page["current_page"], &page["per_page"]), (&json!(1), &json!(10)));
    let first = &page["items"][0];
    assert_eq!(first["match_snippets"][0]["text"], "The apple trees are in bloom.");
    assert!(first["structured"]["title"].is_string());
    let empty = user.app().post("/v1/conversations/search", json!({})).await.ok();
    assert_eq!(empty["items"], json!([]));
    let cards = user.mcp().get("/v1/mcp/conversations/search?query=bloom").await.ok();
    assert_eq!(cards[0]["id"], first["id"]);
    assert_ne!(cards[0]["match_snippets"], Value::Null);
}

#[tokio::test]
async fn dates_and_speakers_alone_list_their_conversations() {
    let (user, doris) = user_with_conversations().await;
    let alone = json!([{ "text": "Water the tomatoes.", "start": 0, "end": 5, "is_user": true }]);
    let body = json!({ "transcript_segments": alone, "started_at": "2026-05-10T12:00:00Z" });
    user.developer().post("/v1/dev/user/conversations/from-segments", body).await.ok();
    let search = async |body: Value| user.app().post("/v1/conversations/search", body).await;
    let days = async |body: Value| {
        let page = search(body).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        assert!(
            items.iter().all(|item| item["transcript_segments"] == json!([]) && item["match_snippets"] == json!([]))
        );
        items.iter().map(|item| item["started_at"].as_str().unwrap()[..10].to_owned()).collect::<Vec<_>>()
    };
    let all = ["2026-05-10", "2026-04-09", "2026-03-08"];
    assert_eq!(days(json!({ "start_date": "2026-01-01" })).await, all);
    assert_eq!(days(json!({ "start_date": "2026-04-09", "end_date": "2026-04-09T23:00:00Z" })).await, all[1..2]);
    assert_eq!(days(json!({ "speaker_id": doris })).await, all[1..]);
    assert_eq!(days(json!({ "speaker_id": "user", "query": " " })).await, all);
    assert_eq!(days(json!({ "speaker_id": doris, "end_date": "2026-03-31" })).await, all[2..]);
    assert_eq!(days(json!({ "speaker_id": "", "query": "" })).await, Vec::<String>::new());
    let second = search(json!({ "speaker_id": "user", "per_page": 2, "page": 2 })).await.ok();
    assert_eq!((second["items"].as_array().unwrap().len(), &second["total_pages"]), (1, &json!(2)));
    search(json!({ "speaker_id": "unknown" })).await.refused(404, "Speaker not found");
    let found = search(json!({ "speaker_id": doris, "query": "tomatoes bloom" })).await.ok();
    let found = column(&found["items"], "started_at");
    assert!(found.contains(&"2026-04-09T15:00:00Z") && !found.contains(&"2026-05-10T12:00:00Z"), "{found:?}");
    let clamped = search(json!({ "query": "bloom", "per_page": 999 })).await.ok();
    assert_eq!(clamped["per_page"], 250);
    assert_eq!(search(json!({ "query": "bloom", "per_page": 0 })).await.ok()["per_page"], 1);
}
