//! Search: its shapes and limits, words at once, meaning soon.

use schemas::{key::KeyFamily, scope::Scope};
use serde_json::json;

use super::support::{APP, DEVELOPER, remember};
use crate::{
    daily_summaries::rest::TestConversation,
    support::{
        json::{assert_invalid, column, field_names, names_with},
        server::{Caller, Server, on_runtime, wait_until_indexed},
    },
};

#[tokio::test]
async fn each_audience_gets_its_shape() {
    let user = Server::shared().await.user().await;
    remember(&user.developer(), ["Ana rows on the Danube"]).await;
    let found = user.app().get("/v3/memories/search?query=Danube").await.ok();
    assert_eq!(field_names(&found[0]), names_with(APP, &["relevance_score"]));
    let found = user.developer().get("/v1/dev/user/memories/vector/search?query=Danube").await.ok();
    assert_eq!(field_names(&found), ["archive_default_visible", "items", "policy", "returned_count"]);
    assert_eq!(field_names(&found["items"][0]), names_with(DEVELOPER, &["relevance_score"]));
    assert_eq!((&found["returned_count"], &found["archive_default_visible"]), (&json!(1), &json!(false)));
    assert_eq!(found["policy"]["consumer"], "developer_api");
    let names = ["app_has_default_memory_grant", "archive_capability", "consumer", "raw_provenance_capability"];
    assert_eq!(field_names(&found["policy"]), names);
    let found = user.mcp().get("/v1/mcp/memories/search?query=Danube").await.ok();
    assert_eq!(field_names(&found[0]), ["category", "content", "created_at", "id", "relevance_score", "updated_at"]);
    let score = found[0]["relevance_score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&score) && score > 0.0, "{score}");
}

#[tokio::test]
async fn searches_have_limits_and_filters() {
    let user = Server::shared().await.user().await;
    let facts: Vec<_> = (0..30).map(|place| json!({ "content": format!("Ana rows lap {place}") })).collect();
    user.app().post("/v3/memories/batch", json!({ "memories": facts })).await.ok();
    let work = json!({ "content": "Ana rows for work", "category": "work" });
    user.app().post("/v3/memories", work).await.ok();
    let cases = [
        (user.app(), "/v3/memories/search", 31),
        (user.developer(), "/v1/dev/user/memories/vector/search", 31),
        (user.mcp(), "/v1/mcp/memories/search", 20),
    ];
    for (caller, path, most) in cases {
        let found = async |query: &str| {
            let mut rows = caller.get(&format!("{path}?query=rows{query}")).await.ok();
            let rows = if rows.is_array() { rows } else { rows["items"].take() };
            column(&rows, "content").into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        for (query, count) in [("", 10), ("&limit=3", 3), ("&limit=0", 1), ("&limit=-1", 1), ("&limit=500", most)] {
            assert_eq!(found(query).await.len(), count, "{path} {query}");
        }
        assert_eq!(found("&categories=work").await, ["Ana rows for work"], "{path}");
        assert_eq!(found("&created_before=2020-01-01").await, [""; 0], "{path}");
        assert_eq!(found("&created_after=2020-01-01&limit=5").await.len(), 5, "{path}");
        assert_invalid(&caller.get(path).await, &[("missing", json!(["query", "query"]))]);
        let empty = caller.get(&format!("{path}?query=")).await;
        assert_invalid(&empty, &[("string_too_short", json!(["query", "query"]))]);
        let long = caller.get(&format!("{path}?query={}", "x".repeat(2001))).await;
        assert_invalid(&long, &[("string_too_long", json!(["query", "query"]))]);
        let odd = caller.get(&format!("{path}?query=x&limit=ten&created_after=soon")).await;
        let expected = [
            ("datetime_from_date_parsing", json!(["query", "created_after"])),
            ("int_parsing", json!(["query", "limit"])),
        ];
        assert_invalid(&odd, &expected);
    }
}

#[tokio::test]
async fn words_are_found_at_once_and_meaning_soon() {
    let server = Server::shared().await;
    let user = server.user().await;
    let search = async |query: &str| {
        let path = format!("/v1/dev/user/memories/vector/search?limit=1&query={query}");
        column(&user.developer().get(&path).await.ok()["items"], "content").join("")
    };
    let facts = [
        "Ana's daughter Mira was born in a hospital in Porto",
        "The Volkswagen needs new tyres before winter",
        "Grandfather's recipe for plum dumplings uses cottage cheese",
    ];
    for fact in facts {
        let memory = user.developer().post("/v1/dev/user/memories", json!({ "content": fact })).await.ok();
        let rare = fact.split_whitespace().max_by_key(|word| word.len()).unwrap();
        assert_eq!(search(rare).await, fact, "found by {rare} as soon as it is there");
        let path = format!("/v1/dev/user/memories/{}", memory["id"].as_str().unwrap());
        let edited = json!({ "content": format!("{fact}, says Zacharias") });
        user.developer().patch(&path, edited).await.ok();
        assert_eq!(search("Zacharias").await, format!("{fact}, says Zacharias"), "an edit is found at once");
        user.developer().patch(&path, json!({ "content": fact })).await.ok();
    }
    wait_until_indexed(server).await;
    assert_eq!(search("where%20did%20she%20give%20birth%20to%20her%20baby").await, facts[0]);
    assert_eq!(search("automobile%20maintenance").await, facts[1]);
    assert_eq!(search("something%20sweet%20to%20cook").await, facts[2]);
}

#[tokio::test]
async fn goals_and_days_are_searched_with_everything_else_as_far_as_a_key_reaches() {
    let server = Server::shared().await;
    let user = server.user().await;
    let developer = user.developer();
    let goal = json!({ "title": "Walk the Camino", "desired_outcome": "I stand in Santiago" });
    let goal = developer.post("/v1/dev/user/goals", goal).await.ok();
    developer.post("/v1/dev/user/goals", json!({ "title": "Learn the oboe" })).await.ok();
    TestConversation::at("2026-03-10T12:00:00Z", 30, "the ferry to Hvar").store(&server.resources, &user.id).await;
    let day = developer.post("/v1/dev/user/daily-summaries", json!({ "date": "2026-03-10" })).await.ok();
    let [goal, day] = [("goal", &goal["id"]), ("daily_summary", &day["summary_id"])]
        .map(|(kind, id)| format!("{kind}:{}", id.as_str().unwrap()));
    let found = async |caller: &Caller, query: &str| -> Vec<String> {
        let found = caller.get(&format!("/v1/dev/user/search?query={query}")).await.ok();
        column(&found["results"], "id").into_iter().map(str::to_owned).collect()
    };
    let (walk, then) = ("When%20do%20I%20walk%20to%20Santiago%3F", "What%20happened%20on%2010%20March%202026%3F");
    assert!(found(&developer, walk).await.contains(&goal));
    assert!(found(&developer, then).await.contains(&day));
    assert!(found(&developer, "the%20ferry").await.contains(&day), "by its words, too");
    assert!(!found(&developer, "oboe").await.contains(&goal), "what has none of the words is no answer");
    for (id, text) in [(&goal, "I stand in Santiago"), (&day, "ferry")] {
        let fetched = developer.get(&format!("/v1/dev/user/fetch?id={id}")).await.ok();
        assert!(fetched["text"].as_str().unwrap().contains(text), "{fetched}");
    }

    let (resources, id) = (server.resources.clone(), user.id.clone());
    let key = on_runtime(async move {
        let scopes = Some(&[Scope::MemoriesRead][..]);
        resources.keys().create(&id, KeyFamily::Developer, "reader", scopes).await.unwrap()
    })
    .await;
    let reader = user.with(&key.key);
    assert!(found(&reader, walk).await.is_empty() && found(&reader, then).await.is_empty());
    let refused = "Insufficient permissions. Required scope: goals:read";
    reader.get(&format!("/v1/dev/user/fetch?id={goal}")).await.refused(403, refused);
}
