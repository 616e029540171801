//! The default set, a folder of the user's own, and a conversation in it.

use serde_json::{Value, json};

use crate::{
    conversations::support::store_empty,
    support::{
        server::TestUser,
        tables::{
            Expected::{self, NotFound, NothingForeign},
            Noun,
        },
    },
};

const GONE: Expected = NotFound("Folder not found");
const NO_CONVERSATION: Expected = NotFound("Conversation not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let folder = format!("/v1/folders/{}", seed["folder"].as_str().unwrap());
        vec!["/v1/folders".into(), format!("{folder}/conversations"), folder]
    },
    secrets: &["Cellar talks"],
    volatile: &["id", "folder_id"],
};

async fn seed(user: &TestUser) -> Value {
    user.app().get("/v1/folders").await.ok();
    let folder = user.app().post("/v1/folders", json!({ "name": "Cellar talks" })).await.ok()["id"].clone();
    let conversation = store_conversation(user).await;
    let path = format!("/v1/conversations/{conversation}/folder");
    user.app().patch(&path, json!({ "folder_id": folder })).await.ok();
    json!({ "folder": folder, "conversation": conversation })
}

/// Stores a completed conversation; gives its id.
pub(crate) async fn store_conversation(user: &TestUser) -> String {
    let id = resources::new_id();
    store_empty(user, &id).await;
    id
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (folder, conversation) = (&seed["folder"], &seed["conversation"]);
    let page = |folder: &Value| json!({ "folder_id": folder, "limit": 9, "include_discarded": true, "include_transcript": true });
    vec![
        ("get_folders", json!({})),
        ("get_folder", json!({ "folder_id": folder })),
        ("get_folder", json!({ "folder_id": "unknown" })),
        ("create_folder", json!({ "name": "Attic", "description": "Old things", "icon": "🕸" })),
        ("create_folder", json!({ "name": " " })),
        ("update_folder", json!({ "folder_id": folder, "name": "Vault", "description": null, "order": 3 })),
        ("update_folder", json!({ "folder_id": folder })),
        ("update_folder", json!({ "folder_id": "unknown", "name": "Vault" })),
        ("delete_folder", json!({ "folder_id": folder, "move_to_folder_id": "work" })),
        ("delete_folder", json!({ "folder_id": folder, "move_to_folder_id": folder })),
        ("delete_folder", json!({ "folder_id": folder, "move_to_folder_id": "unknown" })),
        ("delete_folder", json!({ "folder_id": "work" })),
        ("delete_folder", json!({ "folder_id": "unknown" })),
        ("reorder_folders", json!({ "folder_ids": [folder, "work"] })),
        ("reorder_folders", json!({ "folder_ids": ["work", "work"] })),
        ("reorder_folders", json!({ "folder_ids": ["unknown"] })),
        ("get_folder_conversations", page(folder)),
        ("get_folder_conversations", page(&json!("unknown"))),
        ("move_conversation", json!({ "conversation_id": conversation, "folder_id": null })),
        ("move_conversation", json!({ "conversation_id": conversation, "folder_id": "unknown" })),
        ("move_conversation", json!({ "conversation_id": "unknown", "folder_id": folder })),
        ("move_conversation", json!({ "conversation_id": conversation })),
        ("move_conversations", json!({ "folder_id": "work", "conversation_ids": [conversation, "unknown"] })),
        ("move_conversations", json!({ "folder_id": "unknown", "conversation_ids": [conversation] })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let (folder, conversation) = (&seed["folder"], &seed["conversation"]);
    vec![
        ("get_folders", json!({}), NothingForeign),
        ("get_folder", json!({ "folder_id": folder }), GONE),
        ("create_folder", json!({ "name": "Mine" }), NothingForeign),
        ("update_folder", json!({ "folder_id": folder, "name": "Mine" }), GONE),
        ("delete_folder", json!({ "folder_id": folder }), GONE),
        ("reorder_folders", json!({ "folder_ids": ["work"] }), NothingForeign),
        ("get_folder_conversations", json!({ "folder_id": folder }), GONE),
        ("get_folder_conversations", json!({ "folder_id": "work" }), NothingForeign),
        ("move_conversation", json!({ "conversation_id": conversation, "folder_id": null }), NO_CONVERSATION),
        ("move_conversation", json!({ "conversation_id": conversation, "folder_id": "work" }), NO_CONVERSATION),
        ("move_conversation", json!({ "conversation_id": conversation, "folder_id": folder }), GONE),
        ("move_conversations", json!({ "folder_id": folder, "conversation_ids": [conversation] }), GONE),
    ]
}
