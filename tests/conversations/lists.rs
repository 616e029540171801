//! Listing, counting and reading conversations.

use serde_json::{Value, json};

use super::support::{create_conversation, new_user};
use crate::support::{calls::over_mcp, json::column, server::Caller};

#[tokio::test]
async fn lists_are_filtered_in_full_pages_newest_first() {
    let user = new_user().await;
    let app = user.app();
    let mut ids = Vec::new();
    for day in 1..=5 {
        ids.push(
            create_conversation(
                &app,
                &format!("2026-05-0{day}T09:00:00Z"),
                &["We talked about the garden and the roses."],
            )
            .await,
        );
    }
    ids.reverse();
    let list = async |query: &str| {
        let answer = user.developer().get(&format!("/v1/dev/user/conversations{query}")).await.ok();
        column(&answer, "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ids);
    assert_eq!(list("?limit=2").await, ids[..2]);
    assert_eq!(list("?limit=2&offset=2").await, ids[2..4]);
    assert_eq!(list("?start_date=2026-05-02&end_date=2026-05-03").await, ids[2..4]);
    assert_eq!(list("?start_date=2026-05-05T09:00:00Z").await, ids[..1]);
    app.patch(&format!("/v1/conversations/{}/starred?starred=true", ids[3]), json!({})).await.ok();
    assert_eq!(list("?starred=true").await, ids[3..4]);
    user.developer().patch(&format!("/v1/dev/user/conversations/{}", ids[0]), json!({ "discarded": true })).await.ok();
    assert_eq!(list("").await, ids[1..]);
    let all = app.get("/v1/conversations").await.ok();
    assert_eq!(column(&all, "id"), ids, "the app sees discarded ones unless it says otherwise");
    let kept = app.get("/v1/conversations?include_discarded=false&limit=3").await.ok();
    assert_eq!(column(&kept, "id"), ids[1..4]);
    let count = app.get("/v1/conversations/count").await.ok();
    assert_eq!(count, json!({ "count": 4, "sources": ["phone"], "by_source": { "phone": 4 } }));
}

#[tokio::test]
async fn days_are_days_of_the_users_time_zone() {
    let user = new_user().await;
    let (app, developer) = (user.app(), user.developer());
    // 22:00 on 4 May in Los Angeles.
    let id = create_conversation(&app, "2026-05-05T05:00:00Z", &["We talked about the garden and the roses."]).await;
    let task = json!({ "description": "Water the roses", "due_at": "2026-05-04" });
    let due = developer.post("/v1/dev/user/action-items", task).await.ok();
    assert_eq!(due["due_at"], "2026-05-04T00:00:00Z");
    let found_on = async |day: &str| {
        let range = format!("start_date={day}&end_date={day}");
        let listed = developer.get(&format!("/v1/dev/user/conversations?{range}")).await.ok();
        let listed = column(&listed, "id").contains(&id.as_str());
        let counted = app.get(&format!("/v1/conversations/count?{range}")).await.ok()["count"] == 1;
        let arguments = json!({ "start_date": day, "end_date": day });
        let over_mcp = over_mcp(&user, "tools/call", json!({ "name": "get_conversations", "arguments": arguments }));
        let over_mcp = over_mcp.await.unwrap()["structuredContent"]["conversations"][0]["id"] == id.as_str();
        assert_eq!((listed, counted), (over_mcp, over_mcp), "{day}");
        listed
    };
    assert_eq!((found_on("2026-05-04").await, found_on("2026-05-05").await), (false, true));
    app.patch("/v1/users/preferences", json!({ "time_zone": "America/Los_Angeles" })).await.ok();
    assert_eq!((found_on("2026-05-04").await, found_on("2026-05-05").await), (true, false));
    let task = json!({ "description": "Cut the roses", "due_at": "2026-05-04" });
    let due = developer.post("/v1/dev/user/action-items", task).await.ok();
    assert_eq!(due["due_at"], "2026-05-04T07:00:00Z");
    // A time without an offset is UTC in every zone.
    let range = "start_date=2026-05-05T05:00:00&end_date=2026-05-05T05:00:00";
    let listed = developer.get(&format!("/v1/dev/user/conversations?{range}")).await.ok();
    assert_eq!(column(&listed, "id"), [id.as_str()]);
}

#[tokio::test]
async fn a_list_has_transcripts_where_they_are_asked_for() {
    let user = new_user().await;
    create_conversation(&user.app(), "2026-05-01T09:00:00Z", &["We talked about the garden.", "And the roses."]).await;
    let first = async |caller: &Caller, path: &str| caller.get(path).await.ok()[0].clone();
    let listed = first(&user.app(), "/v1/conversations").await;
    assert_eq!(listed["transcript_segments"].as_array().unwrap().len(), 2);
    let without = first(&user.app(), "/v1/conversations?include_transcript=false").await;
    assert_eq!(without["transcript_segments"], json!([]), "the app does not accept null");
    let path = "/v1/dev/user/conversations";
    assert_eq!(first(&user.developer(), path).await["transcript_segments"], Value::Null);
    let whole = first(&user.developer(), &format!("{path}?include_transcript=true")).await;
    assert_eq!(whole["transcript_segments"][1]["text"], "And the roses.");
    let card = first(&user.mcp(), "/v1/mcp/conversations").await;
    assert_eq!(card.get("transcript_segments"), None);
    assert!(card["structured"]["title"].is_string());
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let user = new_user().await;
    let sentence = "Invalid category 'nonsense' is not a valid CategoryEnum";
    user.developer().get("/v1/dev/user/conversations?categories=work,nonsense").await.refused(400, sentence);
    user.mcp().get("/v1/mcp/conversations?categories=nonsense").await.refused(400, sentence);
    let reversed = "?start_date=2026-05-02&end_date=2026-05-01";
    let sentence = "start_date must not be after end_date";
    user.app().get(&format!("/v1/conversations{reversed}")).await.refused(400, sentence);
    user.app().get("/v1/conversations/unknown").await.refused(404, "Conversation not found");
    user.developer().get("/v1/dev/user/conversations/unknown").await.refused(404, "Conversation not found");
    user.mcp().get("/v1/mcp/conversations/unknown").await.refused(404, "Conversation not found");
}

#[tokio::test]
async fn parts_of_a_conversation_are_read_on_their_own_routes() {
    let app = new_user().await.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden."]).await;
    let read = async |what: &str| app.get(&format!("/v1/conversations/{id}/{what}")).await.ok();
    assert_eq!(read("photos").await, json!([]));
    assert_eq!(read("recording").await, json!({ "has_recording": false }));
    assert_eq!(read("suggested-apps").await, json!({ "suggested_apps": [], "conversation_id": id }));
    let transcripts = read("transcripts").await;
    assert_eq!(transcripts["unknown"][0]["text"], "We talked about the garden.");
    for recogniser in ["deepgram", "soniox", "speechmatics", "whisperx"] {
        assert_eq!(transcripts[recogniser], json!([]), "clients read these keys as lists");
    }
    let prompt =
        app.post(&format!("/v1/conversations/{id}/test-prompt"), json!({ "prompt": "List the flowers" })).await;
    assert_eq!(prompt.status, 503, "there is no model: {}", prompt.body);
}

#[tokio::test]
async fn bridges_page_by_cursor_and_are_refused_a_change_set() {
    let user = new_user().await;
    let mut ids = Vec::new();
    // Three begin at the same moment, so that pages end among equals.
    for start in ["2026-05-01T09:00:00Z", "2026-05-02T09:00:00Z", "2026-05-02T09:00:00Z", "2026-05-02T09:00:00Z"] {
        ids.push(create_conversation(&user.app(), start, &["We talked about the garden and the roses."]).await);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for page in 0..4 {
        let given = if page == 0 { String::new() } else { format!("&cursor={cursor}") };
        let answer = user.mcp().get(&format!("/v1/mcp/conversations?limit=1{given}")).await;
        cursor = answer.header("X-Next-Cursor").to_owned();
        assert_eq!(cursor.is_empty(), page == 3, "{page}");
        seen.extend(column(&answer.ok(), "id").into_iter().map(str::to_owned));
    }
    assert_eq!(seen.last(), ids.first());
    seen.sort_unstable();
    ids.sort_unstable();
    assert_eq!(seen, ids);
    let first = user.mcp().get("/v1/mcp/conversations?limit=1").await;
    let cursor = first.header("X-Next-Cursor");
    let path = format!("/v1/mcp/conversations?limit=1&start_date=2026-05-01&cursor={cursor}");
    user.mcp().get(&path).await.refused(400, "Invalid cursor");
    for noun in ["conversations", "memories"] {
        let answer = user.mcp().get(&format!("/v1/mcp/{noun}?updated_since=2026-05-01T00:00:00Z")).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().starts_with("incremental_sync_unsupported"));
    }
}

#[tokio::test]
async fn mcp_rest_says_whether_a_transcript_is_truncated() {
    let user = new_user().await;
    let id = create_conversation(
        &user.app(),
        "2026-05-01T09:00:00Z",
        &["We talked about the garden.", "And the roses.", "And the pond."],
    )
    .await;
    let read = async |query: &str| user.mcp().get(&format!("/v1/mcp/conversations/{id}{query}")).await.ok();
    let whole = read("").await;
    assert_eq!((&whole["truncated"], &whole["apps_results"]), (&json!(false), &json!([])));
    let cut = read("?max_segments=2").await;
    assert_eq!((&cut["truncated"], cut["transcript_segments"].as_array().unwrap().len()), (&json!(true), 2));
    let card = user.mcp().get("/v1/mcp/conversations").await.ok()[0].clone();
    assert_eq!(card["apps_results"], json!([]));
}
