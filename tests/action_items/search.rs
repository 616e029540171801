//! Search: its shapes, words at once, meaning soon.

use serde_json::json;

use super::support::{APP, DEVELOPER, note};
use crate::support::{
    json::{assert_invalid, column, field_names, names_with},
    server::{Server, wait_until_indexed},
};

#[tokio::test]
async fn each_audience_gets_its_shape_and_limits() {
    let user = Server::shared().await.user().await;
    let items: Vec<_> = (0..60).map(|place| json!({ "description": format!("Paint fence {place}") })).collect();
    user.app().post("/v1/action-items/batch", json!(items)).await.ok();
    let found = user.app().get("/v1/action-items/search?query=fence").await.ok();
    assert_eq!(field_names(&found), ["action_items", "returned_count"]);
    assert_eq!(field_names(&found["action_items"][0]), names_with(APP, &["relevance_score"]));
    let found = user.mcp().get("/v1/mcp/action-items/search?query=fence").await.ok();
    assert_eq!(field_names(&found[0]), names_with(DEVELOPER, &["relevance_score"]));
    for (query, count) in [("", 10), ("&limit=3", 3), ("&limit=0", 1), ("&limit=900", 50)] {
        let found = user.mcp().get(&format!("/v1/mcp/action-items/search?query=fence{query}")).await.ok();
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    let empty = user.app().get("/v1/action-items/search?query=").await;
    assert_invalid(&empty, &[("string_too_short", json!(["query", "query"]))]);
    let missing = user.app().get("/v1/action-items/search").await;
    assert_invalid(&missing, &[("missing", json!(["query", "query"]))]);
}

#[tokio::test]
async fn words_are_found_at_once_and_meaning_soon() {
    let server = Server::shared().await;
    let user = server.user().await;
    let search = async |query: &str| {
        let path = format!("/v1/action-items/search?limit=1&query={query}");
        column(&user.app().get(&path).await.ok()["action_items"], "description").join("")
    };
    let texts = ["Bring the Volkswagen to the garage", "Order cottage cheese for the dumplings", "Renew the passport"];
    let [car, ..] = note(&user.developer(), texts).await;
    assert_eq!(search("dumplings").await, texts[1]);
    wait_until_indexed(server).await;
    assert_eq!(search("automobile%20maintenance").await, texts[0]);
    assert_eq!(search("travel%20documents").await, texts[2]);
    let path = format!("/v1/action-items/{car}");
    user.app().patch(&path, json!({ "description": "Sell the caravan" })).await.ok();
    assert_eq!(search("caravan").await, "Sell the caravan", "a change is found at once");
    user.app().delete(&path).await;
    assert_ne!(search("caravan").await, "Sell the caravan", "what is deleted is not");
}
