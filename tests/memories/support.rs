//! Memories for the tests of their routes.

use serde_json::json;

use crate::support::server::Caller;

/// The fields of a memory on the app routes.
pub(crate) const APP: &[&str] = &[
    "app_id",
    "category",
    "content",
    "conversation_id",
    "created_at",
    "data_protection_level",
    "edited",
    "id",
    "is_locked",
    "kg_extracted",
    "manually_added",
    "memory_id",
    "provenance",
    "reviewed",
    "scoring",
    "tags",
    "uid",
    "updated_at",
    "user_review",
    "visibility",
];

/// The fields of a memory on the developer API: the contract's twelve, and how it came to be.
pub(crate) const DEVELOPER: &[&str] = &[
    "category",
    "content",
    "created_at",
    "edited",
    "id",
    "manually_added",
    "provenance",
    "reviewed",
    "scoring",
    "tags",
    "updated_at",
    "user_review",
    "visibility",
];

/// Writes these facts, one call each, so that each is younger than the one before; gives their ids.
pub(crate) async fn remember<const N: usize>(developer: &Caller, contents: [&str; N]) -> [String; N] {
    let mut ids = Vec::new();
    for content in contents {
        let memory = developer.post("/v1/dev/user/memories", json!({ "content": content })).await.ok();
        ids.push(memory["id"].as_str().unwrap().to_owned());
    }
    ids.try_into().unwrap()
}
