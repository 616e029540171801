//! Omi's export: stored documents, in which fields are missing.

use serde_json::{Value, json};
use tools::transfer::ItemKind;

use super::support::{assert_counts, export, import_fixture};
use crate::support::server::Server;

#[tokio::test]
async fn an_export_of_omi_is_taken_over() {
    let server = Server::shared().await;
    let (user, other) = (server.user().await, server.user().await);
    let before = export(&other).await;
    let report = import_fixture(&user, "omi.json").await;
    assert_counts(&report, ItemKind::Conversation, 2, 0, 3);
    assert_counts(&report, ItemKind::Memory, 1, 0, 1);
    assert_counts(&report, ItemKind::Person, 1, 0, 0);
    assert_counts(&report, ItemKind::ActionItem, 2, 0, 1);
    assert_counts(&report, ItemKind::Message, 3, 0, 0);
    let said = report.to_string();
    for reason in ["conversations[2]: its transcript is compressed", "conversations[4]: it is not an object", "profile"]
    {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    assert!(said.contains("memories[1]: content is empty") && said.contains("screenshots"), "{said}");
    assert!(said.contains("ignored the folders of conversations"), "{said}");

    let app = user.app();
    let dinner = app.get("/v1/conversations/c-dinner").await.ok();
    let structured = &dinner["structured"];
    assert_eq!(
        json!([dinner["created_at"], dinner["status"], dinner["folder_id"]]),
        json!(["2025-03-01T18:00:00Z", "completed", null])
    );
    assert_eq!(json!([structured["title"], structured["category"]]), json!(["Dinner plans", "other"]));
    assert_eq!(
        json!([structured["events"][0]["start"], structured["events"][0]["duration"]]),
        json!(["2025-03-02T19:00:00Z", 30])
    );
    let segments = &dinner["transcript_segments"];
    assert_eq!(json!([segments[0]["speaker_name"], segments[1]["speaker_name"]]), json!(["User", "Bo"]));
    assert_eq!(json!([segments[1]["speaker_id"], segments[1]["start"]]), json!([1, 2.5]));
    let mut tasks: Vec<String> = descriptions(&structured["action_items"]);
    tasks.sort();
    assert_eq!(tasks, ["Buy leeks", "Call the baker"], "what stands in both places is one item");
    let raw = app.get("/v1/conversations/c-raw").await.ok();
    assert_ne!(raw["status"], "in_progress", "an interrupted recording is processed");
    assert_eq!(app.get("/v3/memories/m-1").await.ok()["category"], "system");
    let coached = app.get("/v2/messages?app_id=coach").await.ok()[0].take();
    assert_eq!(json!([coached["text"], coached["files"], coached["rating"]]), json!(["Here is a chart.", [], null]));
    let shown = json!([{
        "id": "c-dinner", "structured": { "title": "Dinner plans", "emoji": "🍲" }, "created_at": "2025-03-01T18:00:00Z",
    }]);
    assert_eq!(coached["memories"], shown, "what is cited is read from the conversations");
    assert_ne!(coached["chat_session_id"], "omi-session");
    assert_eq!(export(&other).await, before, "other users have nothing new");

    let all = export(&user).await;
    let again = import_fixture(&user, "omi.json").await;
    assert_counts(&again, ItemKind::Conversation, 0, 2, 3);
    assert_counts(&again, ItemKind::Memory, 0, 1, 1);
    assert_counts(&again, ItemKind::ActionItem, 0, 1, 1);
    assert_counts(&again, ItemKind::Message, 0, 3, 0);
    assert_counts(&again, ItemKind::Person, 0, 1, 0);
    let settled = |bytes: &[u8]| {
        let mut all: Value = serde_json::from_slice(bytes).unwrap();
        // Conversations that were not processed yet are processed meanwhile.
        all["conversations"].as_array_mut().unwrap().retain(|row| row["id"] != "c-raw");
        all["action_items"].as_array_mut().unwrap().retain(|row| row["conversation_id"] != "c-raw");
        all["memories"].as_array_mut().unwrap().retain(|row| row["conversation_id"] != "c-raw");
        all
    };
    assert_eq!(settled(&export(&user).await), settled(&all), "the same file again changes nothing");
}

fn descriptions(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["description"].as_str().unwrap().to_owned()).collect()
}
