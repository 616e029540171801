//! Two people.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("Person not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |_| vec!["/v1/users/people".into()],
    secrets: &["Zdenka Novak", "Yngve Moe"],
    volatile: &["id"],
};

async fn seed(user: &TestUser) -> Value {
    let name = async |name: &str| user.app().post("/v1/users/people", json!({ "name": name })).await.ok()["id"].clone();
    json!({ "zdenka": name("Zdenka Novak").await, "yngve": name("Yngve Moe").await })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let zdenka = &seed["zdenka"];
    vec![
        ("get_people", json!({})),
        ("get_person", json!({ "person_id": zdenka })),
        ("get_person", json!({ "person_id": "unknown" })),
        ("create_person", json!({ "name": "Xaver" })),
        ("create_person", json!({ "name": "yngve moe" })),
        ("create_person", json!({ "name": " x " })),
        ("rename_person", json!({ "person_id": zdenka, "name": "Zdenka" })),
        ("rename_person", json!({ "person_id": zdenka, "name": "Yngve Moe" })),
        ("rename_person", json!({ "person_id": "unknown", "name": "Zdenka" })),
        ("delete_person", json!({ "person_id": zdenka })),
        ("delete_person", json!({ "person_id": "unknown" })),
        ("delete_speech_sample", json!({ "person_id": zdenka, "sample_index": 0 })),
        ("delete_speech_sample", json!({ "person_id": "unknown", "sample_index": 0 })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let id = &seed["zdenka"];
    vec![
        ("get_people", json!({}), NothingForeign),
        ("get_person", json!({ "person_id": id }), GONE),
        ("create_person", json!({ "name": "Zdenka" }), NothingForeign),
        ("rename_person", json!({ "person_id": id, "name": "Mine" }), GONE),
        ("delete_person", json!({ "person_id": id }), GONE),
        ("delete_speech_sample", json!({ "person_id": id, "sample_index": 0 }), GONE),
    ]
}
