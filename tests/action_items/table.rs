//! Three action items: two of a conversation, one of them done, and one with a due date; and a link to that.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("Action item not found");
const NO_CONVERSATION: Expected = NotFound("Conversation not found");
const NO_LINK: Expected = NotFound("Shared action items not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let conversation = seed["conversation"].as_str().unwrap();
        vec![
            "/v1/action-items".into(),
            "/v1/action-items/pending-sync".into(),
            format!("/v1/conversations/{conversation}/action-items"),
        ]
    },
    secrets: &["Hallstatt", "clarinet", "Eferding"],
    volatile: &[
        "id",
        "task_id",
        "ids",
        "deleted_ids",
        "item_ids",
        "updated_ids",
        "token",
        "url",
        "completed_at",
        "export_date",
        "key_id",
        "conversation_id",
    ],
};

async fn seed(user: &TestUser) -> Value {
    let conversation = format!("conversation of {}", user.id);
    let items = json!([
        { "description": "Oil the clarinet", "conversation_id": conversation },
        { "description": "Book the boat in Hallstatt", "conversation_id": conversation, "completed": true },
        { "description": "Ring the farm in Eferding", "due_at": "2031-05-08T10:00:00Z" },
    ]);
    let written = user.app().post("/v1/action-items/batch", items).await.ok();
    let id = |place: usize| written["action_items"][place]["id"].clone();
    let shared = json!({ "task_ids": [id(2)] });
    let link = user.app().post("/v1/action-items/share", shared).await.ok();
    json!({
        "oil": id(0), "book": id(1), "ring": id(2), "conversation": conversation,
        "token": link["token"], "item_link": link["id"],
    })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (oil, book, ring, conversation) = (&seed["oil"], &seed["book"], &seed["ring"], &seed["conversation"]);
    let new = json!({ "description": "Buy reeds", "due_at": "2031-05-09", "completed": false, "priority": "high" });
    let known = json!({ "description": " oil the CLARINET" });
    let blank = json!({ "description": " " });
    let reuse = |mut item: Value| {
        item["same_text"] = "reuse".into();
        item
    };
    let nowhere = json!({ "action_item_id": "unknown" });
    let later = json!({ "id": oil, "sort_order": 3, "indent_level": 1 });
    let synced = json!({ "id": ring, "exported": true, "export_platform": "apple_reminders", "due_at": null });
    vec![
        ("get_action_items", json!({ "limit": 2, "offset": 0 })),
        ("get_action_items", json!({ "limit": 9, "completed": false, "due_end_date": "2031-05-08" })),
        ("get_action_items", json!({ "limit": 9, "start_date": "2031-05-08", "end_date": "2031-05-07" })),
        ("get_action_items", json!({ "limit": 9, "cursor": "nonsense" })),
        ("get_action_item", json!({ "action_item_id": book })),
        ("get_action_item", nowhere.clone()),
        ("search_action_items", json!({ "query": "phone calls", "limit": 3 })),
        ("get_action_item_ids", json!({ "completed": false })),
        ("count_action_items", json!({})),
        ("create_action_item", reuse(new.clone())),
        ("create_action_item", reuse(known.clone())),
        ("create_action_item", json!({ "description": "Oil the clarinet", "same_text": "add" })),
        ("create_action_item", reuse(blank.clone())),
        ("create_action_items", json!({ "items": [new, known], "same_text": "reuse" })),
        ("create_action_items", json!({ "items": [blank], "same_text": "reuse" })),
        ("update_action_item", json!({ "action_item_id": ring, "due_at": null, "priority": "low" })),
        ("update_action_item", json!({ "action_item_id": oil })),
        ("update_action_item", json!({ "action_item_id": "unknown", "completed": true })),
        ("complete_action_item", json!({ "action_item_id": oil, "completed": true })),
        ("complete_action_item", json!({ "action_item_id": "unknown", "completed": true })),
        ("delete_action_item", json!({ "action_item_id": oil })),
        ("delete_action_item", nowhere),
        ("delete_action_items", json!({ "ids": [oil, book, "unknown"] })),
        ("get_conversation_action_items", json!({ "conversation_id": conversation })),
        ("get_conversation_action_items", json!({ "conversation_id": "unknown" })),
        (
            "complete_conversation_action_items",
            json!({ "conversation_id": conversation, "items_idx": [0], "values": [true] }),
        ),
        (
            "rename_conversation_action_item",
            json!({
                "conversation_id": conversation, "idx": 0,
                "old_description": "Oil the clarinet", "description": "Oil it",
            }),
        ),
        (
            "delete_conversation_action_items",
            json!({ "conversation_id": conversation, "description": "Oil the clarinet" }),
        ),
        ("arrange_action_items", json!({ "items": [later, { "id": "unknown", "sort_order": 1 }] })),
        ("get_action_items_to_sync", json!({ "platform": "apple_reminders" })),
        ("sync_action_items", json!({ "items": [synced] })),
        ("share_action_items", json!({ "task_ids": [oil, book] })),
        ("share_action_items", json!({ "task_ids": ["unknown"] })),
        ("get_shared_action_items", json!({ "token": seed["token"] })),
        ("get_shared_action_items", json!({ "token": "unknown" })),
        ("accept_action_items", json!({ "token": seed["token"] })),
        ("accept_action_items", json!({ "token": "unknown" })),
        ("get_action_item_links", json!({})),
        ("revoke_action_item_link", json!({ "link_id": seed["item_link"] })),
        ("revoke_action_item_link", json!({ "link_id": "unknown" })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let (oil, conversation) = (&seed["oil"], &seed["conversation"]);
    let new = json!({ "description": "Oil the bicycle" });
    let places = json!({ "conversation_id": conversation, "items_idx": [0], "values": [true] });
    let text = json!({
        "conversation_id": conversation, "idx": 0, "old_description": "Oil the clarinet", "description": "Mine",
    });
    vec![
        ("get_action_items", json!({}), NothingForeign),
        ("get_action_items", json!({ "conversation_id": conversation, "limit": 100 }), NothingForeign),
        ("get_action_item", json!({ "action_item_id": oil }), GONE),
        ("search_action_items", json!({ "query": "What is to be oiled and rung?" }), NothingForeign),
        ("get_action_item_ids", json!({}), NothingForeign),
        ("count_action_items", json!({}), NothingForeign),
        ("create_action_item", new.clone(), NothingForeign),
        ("create_action_items", json!({ "items": [new] }), NothingForeign),
        ("update_action_item", json!({ "action_item_id": oil, "description": "Mine" }), GONE),
        ("complete_action_item", json!({ "action_item_id": oil, "completed": true }), GONE),
        ("delete_action_item", json!({ "action_item_id": oil }), GONE),
        ("delete_action_items", json!({ "ids": [oil] }), NothingForeign),
        ("get_conversation_action_items", json!({ "conversation_id": conversation }), NO_CONVERSATION),
        ("complete_conversation_action_items", places, NO_CONVERSATION),
        ("rename_conversation_action_item", text, NO_CONVERSATION),
        (
            "delete_conversation_action_items",
            json!({ "conversation_id": conversation, "description": "Anything" }),
            NO_CONVERSATION,
        ),
        ("arrange_action_items", json!({ "items": [{ "id": oil, "sort_order": 7 }] }), NothingForeign),
        ("get_action_items_to_sync", json!({}), NothingForeign),
        ("sync_action_items", json!({ "items": [{ "id": oil, "completed": true }] }), NothingForeign),
        ("share_action_items", json!({ "task_ids": [oil] }), GONE),
        ("get_shared_action_items", json!({ "token": "unknown" }), NO_LINK),
        ("accept_action_items", json!({ "token": "unknown" }), NO_LINK),
        ("get_action_item_links", json!({}), NothingForeign),
        ("revoke_action_item_link", json!({ "link_id": seed["item_link"] }), NotFound("Link not found")),
    ]
}
