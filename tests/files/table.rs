//! A text and a picture that go with questions.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::rest::{PIXEL, upload};
use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("File not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| vec!["/v1/files".into(), format!("/v1/files/{}", seed["lease"].as_str().unwrap())],
    secrets: &["Wieselburg", "lease.md"],
    volatile: &["id", "openai_file_id", "file_id", "uploaded_at"],
};

async fn seed(user: &TestUser) -> Value {
    let lease = "# Lease\n\nThe flat in Wieselburg is let for three years.\n\nThe rent is due on the fifth.";
    let files = upload(&user.app(), &[("lease.md", lease.as_bytes()), ("pixel.png", PIXEL)]).await.ok();
    json!({ "lease": files[0]["id"], "pixel": files[1]["id"] })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (lease, pixel) = (&seed["lease"], &seed["pixel"]);
    let file = |name: &str, content: &[u8]| json!({ "name": name, "content": STANDARD.encode(content) });
    let csv = json!({ "name": "a.csv", "mime_type": "text/csv; charset=utf-8", "content": STANDARD.encode("a;b") });
    vec![
        ("upload_files", json!({ "files": [file("notes.txt", b"Buy honey"), csv] })),
        ("upload_files", json!({ "files": [file("pixel.png", PIXEL)] })),
        ("search_files", json!({ "question": "When is the rent due?", "limit": 2 })),
        ("search_files", json!({ "question": "rent", "limit": 2, "file_ids": [lease] })),
        ("search_files", json!({ "question": "rent", "limit": 2, "file_ids": [pixel, "unknown"] })),
        ("list_files", json!({ "limit": 1, "offset": 1 })),
        ("get_file", json!({ "file_id": lease })),
        ("get_file", json!({ "file_id": pixel })),
        ("get_file", json!({ "file_id": "unknown" })),
        ("delete_file", json!({ "file_id": lease })),
        ("delete_file", json!({ "file_id": "unknown" })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let lease = &seed["lease"];
    let own = json!({ "name": "own.txt", "content": STANDARD.encode("Nothing of note") });
    vec![
        ("list_files", json!({}), NothingForeign),
        ("search_files", json!({ "question": "When is the rent due?" }), NothingForeign),
        ("search_files", json!({ "question": "rent", "file_ids": [lease] }), NothingForeign),
        ("get_file", json!({ "file_id": lease }), GONE),
        ("delete_file", json!({ "file_id": lease }), GONE),
        ("upload_files", json!({ "files": [own] }), NothingForeign),
    ]
}
