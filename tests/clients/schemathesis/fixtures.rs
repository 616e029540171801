//! Rows of the users, so that schemathesis asks for ids that exist.

use serde_json::{Value, json};

use crate::support::server::{Server, TestUser};

/// How many rows there are of each kind: some are deleted on the way.
const ROWS_OF_EACH: usize = 20;

/// The parameter that takes the id, the path that creates the row, and its body; `#` is another number each time.
const ROWS: [(&str, &str, &str); 7] = [
    ("memory_id", "/v3/memories", r#"{ "content": "Ada keeps # bees" }"#),
    ("action_item_id", "/v1/action-items", r#"{ "description": "Feed # bees" }"#),
    ("goal_id", "/v1/goals", r#"{ "title": "Keep # bees", "goal_type": "numeric", "target_value": 100 }"#),
    ("folder_id", "/v1/folders", r#"{ "name": "Hive #" }"#),
    ("person_id", "/v1/users/people", r#"{ "name": "Beekeeper #" }"#),
    (
        "conversation_id",
        "/v1/conversations/from-segments",
        r#"{ "source": "omi", "transcript_segments": [
            { "text": "How are your # bees?", "start": 0, "end": 1, "is_user": true },
            { "text": "They like the lime trees.", "start": 2, "end": 3, "speaker": "SPEAKER_01" }
        ] }"#,
    ),
    ("key_id", "/v1/mcp/keys", r#"{ "name": "Spare #" }"#),
];

/// Ids of existing rows, by parameter.
#[derive(Default)]
pub(super) struct Ids(Vec<(&'static str, Vec<Value>)>);

impl Ids {
    /// The settings that have schemathesis use them now and then; else it uses what it has come to know, which it knows
    /// to be Ann's, or makes something up.
    pub(super) fn settings(&self) -> String {
        let mut settings = String::new();
        for (parameter, ids) in &self.0 {
            settings += &format!("\n[dictionaries.{parameter}]\nvalues = {}\n", json!(ids));
        }
        settings += "\n[parameters]\n";
        for (parameter, _) in &self.0 {
            settings += &format!("\"path.{parameter}\" = {{ dictionary = \"{parameter}\", probability = 0.3 }}\n");
        }
        settings
    }
}

/// Creates rows of each kind for a user.
pub(super) async fn create_rows(user: &TestUser) -> Ids {
    let mut ids = Vec::new();
    for (parameter, path, body) in ROWS {
        let mut made = Vec::new();
        for number in 0..ROWS_OF_EACH {
            let body: Value = serde_json::from_str(&body.replace('#', &number.to_string())).unwrap();
            made.push(user.app().post(path, body).await.ok()["id"].clone());
        }
        ids.push((parameter, made));
    }
    Ids(ids)
}

/// Users and invitations, for the owner.
pub(super) async fn people(server: &Server) -> Ids {
    let (owner, mut users, mut invitations) = (server.owner().app(), Vec::new(), Vec::new());
    for _ in 0..ROWS_OF_EACH {
        users.push(Value::String(server.user().await.id));
        invitations.push(owner.post("/v1/admin/invitations", json!({ "name": "Eve" })).await.ok()["id"].clone());
    }
    Ids(vec![("user_id", users), ("invitation_id", invitations)])
}
