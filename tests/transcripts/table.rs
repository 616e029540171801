//! Two conversations with transcripts, to be searched.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NothingForeign},
        Noun,
    },
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |_| vec!["/v1/conversations?limit=100".into()],
    secrets: &["Traunsee", "orchard"],
    volatile: &["id", "conversation_id", "segment_id"],
};

async fn seed(user: &TestUser) -> Value {
    let person = user.app().post("/v1/users/people", json!({ "name": "Doris" })).await.ok()["id"].clone();
    let write = async |start: &str, texts: [&str; 2]| {
        let segment = |place: usize, text: &str| {
            let person = (place == 1).then(|| person.clone());
            json!({ "text": text, "start": place, "end": place + 1, "is_user": place == 0, "person_id": person })
        };
        let segments = [segment(0, texts[0]), segment(1, texts[1])];
        let body = json!({ "transcript_segments": segments, "started_at": start, "source": "omi" });
        user.app().post("/v1/conversations/from-segments", body).await.ok()["id"].clone()
    };
    let ride = write("2026-03-08T12:00:00Z", ["Where did you ride your bicycle?", "Around the Traunsee."]).await;
    let trees = write("2026-04-09T15:00:00Z", ["How is the orchard?", "The apple trees are in bloom."]).await;
    json!({ "ride": ride, "trees": trees, "person": person })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (ride, person) = (&seed["ride"], &seed["person"]);
    vec![
        ("search_transcripts", json!({ "query": "Where did Doris ride?", "limit": 2 })),
        ("search_transcripts", json!({ "query": "bicycle", "limit": 5, "conversation_id": ride })),
        ("search_transcripts", json!({ "query": "apple trees", "limit": 5, "person_id": person })),
        ("search_transcripts", json!({ "query": "apple trees", "limit": 5, "speaker": "doris" })),
        ("search_transcripts", json!({ "query": "apple", "limit": 5, "before": "2026-04-01", "after": "2026-03-01" })),
        ("search_transcripts", json!({ "query": "apple", "limit": 5, "conversation_id": "unknown" })),
        ("search_conversations", json!({ "query": "apple trees", "limit": 1, "page": 1 })),
        ("search_conversations", json!({ "query": "bicycle", "limit": 5, "page": 2 })),
        (
            "search_conversations",
            json!({ "query": "bloom", "limit": 5, "page": 1, "start_date": "2026-04-01",
            "end_date": "2026-04-09" }),
        ),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let (ride, person) = (&seed["ride"], &seed["person"]);
    vec![
        ("search_transcripts", json!({ "query": "apple trees in bloom" }), NothingForeign),
        ("search_conversations", json!({ "query": "apple trees in bloom" }), NothingForeign),
        ("search_transcripts", json!({ "query": "Where did Doris ride?", "conversation_id": ride }), NothingForeign),
        ("search_transcripts", json!({ "query": "Where did Doris ride?", "person_id": person }), NothingForeign),
    ]
}
