//! Due dates and recurrences of what was said.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::server::{Server, TestUser};

/// What one speaker says, in a conversation that began then; gives the id of the conversation.
async fn say(user: &TestUser, started_at: &str, text: &str) -> String {
    let segment = json!({ "text": text, "speaker": "SPEAKER_00", "is_user": true, "start": 0, "end": 5 });
    let body = json!({ "transcript_segments": [segment], "started_at": started_at });
    let made = user.app().post("/v1/conversations/from-segments", body).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

/// The action items of a conversation.
async fn items(user: &TestUser, conversation: &str) -> Vec<Value> {
    let found = user.app().get(&format!("/v1/conversations/{conversation}/action-items")).await.ok();
    found["action_items"].as_array().unwrap().clone()
}

fn due(item: &Value) -> DateTime<Utc> {
    item["due_at"].as_str().unwrap_or_else(|| panic!("no due date: {item}")).parse().unwrap()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn due_dates_are_where_the_user_is() {
    let user = Server::shared().await.user().await;
    let began = "2026-05-08T10:00:00+02:00";
    let talk = say(&user, began, "I need to call Tom on Saturday at ten.").await;
    assert_eq!(due(&items(&user, &talk).await[0]), time("2026-05-09T08:00:00Z"), "by the offset of the recording");
    let read = user.app().get(&format!("/v1/conversations/{talk}")).await.ok();
    assert_eq!(read["started_at"].as_str().map(time), Some(time("2026-05-08T08:00:00Z")));

    user.app().patch("/v1/users/preferences", json!({ "time_zone": "Asia/Kolkata" })).await.ok();
    let talk = say(&user, began, "I need to call Ana tomorrow at 10 am.").await;
    assert_eq!(due(&items(&user, &talk).await[0]), time("2026-05-09T04:30:00Z"), "in the user's own zone");
}

#[tokio::test]
async fn what_recurs_keeps_its_rule() {
    let user = Server::shared().await.user().await;
    let talk = say(&user, "2026-05-08T10:00:00Z", "I need to call Tom every other Tuesday at 9 am.").await;
    let found = items(&user, &talk).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["description"], "Call Tom");
    assert_eq!(found[0]["recurrence_rule"], "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU");
    assert_eq!(due(&found[0]), time("2026-05-12T09:00:00Z"));
}

#[tokio::test]
async fn the_same_task_on_two_days_is_two_tasks() {
    let user = Server::shared().await.user().await;
    let text = "I need to call Tom tomorrow. I have to call Tom on Thursday. I must call Tom tomorrow.";
    let talk = say(&user, "2026-05-08T10:00:00Z", text).await;
    let days = async || {
        let mut days: Vec<DateTime<Utc>> = items(&user, &talk).await.iter().map(due).collect();
        days.sort_unstable();
        days
    };
    let expected = [time("2026-05-09T23:59:00Z"), time("2026-05-14T23:59:00Z")];
    assert_eq!(days().await, expected);
    user.app().post(&format!("/v1/conversations/{talk}/reprocess"), json!({})).await.ok();
    assert_eq!(days().await, expected, "processing again adds nothing");
}
