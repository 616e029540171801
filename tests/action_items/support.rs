//! Action items for the tests of their routes.

use serde_json::{Value, json};

use crate::support::{json::column, server::Caller};

/// The fields of an action item on the app routes.
pub(crate) const APP: &[&str] = &[
    "apple_reminder_id",
    "completed",
    "completed_at",
    "conversation_id",
    "created_at",
    "description",
    "due_at",
    "due_confidence",
    "export_date",
    "export_platform",
    "exported",
    "goal_id",
    "id",
    "indent_level",
    "is_locked",
    "owner",
    "priority",
    "provenance",
    "recurrence_parent_id",
    "recurrence_rule",
    "sort_order",
    "source",
    "status",
    "superseded_by",
    "task_id",
    "updated_at",
    "workstream_id",
];

/// The fields of an action item on the developer API and on MCP REST.
pub(crate) const DEVELOPER: &[&str] =
    &["completed", "completed_at", "conversation_id", "created_at", "description", "due_at", "id", "updated_at"];

pub(crate) const NOT_FOUND: &str = "Action item not found";

/// Writes an action item on the developer API, which writes every one; gives its id.
pub(crate) async fn write(developer: &Caller, body: Value) -> String {
    let item = developer.post("/v1/dev/user/action-items", body).await.ok();
    item["id"].as_str().unwrap().to_owned()
}

/// Writes open items with these texts and no date.
pub(crate) async fn note<const N: usize>(developer: &Caller, texts: [&str; N]) -> [String; N] {
    let mut ids = Vec::new();
    for text in texts {
        ids.push(write(developer, json!({ "description": text })).await);
    }
    ids.try_into().unwrap()
}

/// The texts of the app's list.
pub(crate) async fn listed(app: &Caller, query: &str) -> Vec<String> {
    let page = app.get(&format!("/v1/action-items?{query}")).await.ok();
    column(&page["action_items"], "description").into_iter().map(str::to_owned).collect()
}
