//! Resources: listed, completed and read.

use serde_json::{Value, json};
use tools::transfer::Input;

use super::client::McpClient;
use crate::{
    support::server::{Server, TestUser, wait_until_indexed},
    transfer::support::import,
};

/// A conversation of 620 segments, of which one of the last tells of a kingfisher. Gives its id and that segment's.
pub(super) async fn long_conversation(user: &TestUser) -> (&'static str, String) {
    let said = |place: usize| match place {
        605 => "The kingfisher nests under the third bridge.".to_owned(),
        place => format!("We rowed lap {place} around the lake."),
    };
    let segment =
        |place: usize| json!({ "text": said(place), "start": place * 10, "end": place * 10 + 5, "is_user": true });
    let segments: Vec<Value> = (0..620).map(segment).collect();
    let talk = json!({
        "id": "c-long", "created_at": "2026-03-10T12:00:00Z", "started_at": "2026-03-10T12:00:00Z",
        "structured": { "title": "Rowing", "overview": "A long row." }, "transcript_segments": segments,
    });
    let export = json!({ "conversations": [talk] }).to_string();
    import(user, vec![Input::bytes("long.json", export.into_bytes())]).await;
    let whole = user.app().get("/v1/conversations/c-long").await.ok();
    ("c-long", whole["transcript_segments"][605]["id"].as_str().unwrap().to_owned())
}

impl McpClient {
    async fn addresses(&self) -> Vec<Value> {
        self.ask("resources/list", json!({})).await["result"]["resources"].as_array().unwrap().clone()
    }

    /// The addresses of every page, and how many each page has.
    async fn every_address(&self) -> (Vec<String>, Vec<usize>) {
        let (mut seen, mut sizes, mut params) = (Vec::new(), Vec::new(), json!({}));
        loop {
            let page = self.ask("resources/list", params).await["result"].take();
            let rows = page["resources"].as_array().unwrap();
            seen.extend(rows.iter().map(|row| row["uri"].as_str().unwrap().to_owned()));
            sizes.push(rows.len());
            if page["nextCursor"].is_null() {
                return (seen, sizes);
            }
            params = json!({ "cursor": page["nextCursor"] });
        }
    }

    async fn read(&self, uri: &str) -> Value {
        let opened = self.ask("resources/read", json!({ "uri": uri })).await;
        opened["result"]["contents"][0].clone()
    }

    /// The ids that complete what was typed.
    async fn completed(&self, template: &str, typed: &str) -> Vec<Value> {
        let params = json!({
            "ref": { "type": "ref/resource", "uri": template },
            "argument": { "name": "id", "value": typed },
        });
        let completed = self.ask("completion/complete", params).await;
        completed["result"]["completion"]["values"].as_array().unwrap_or_else(|| panic!("{completed}")).clone()
    }

    async fn talk(&self, lines: &[&str]) -> String {
        let segment = |(place, text): (usize, &&str)| json!({ "text": text, "start": place * 60, "end": place * 60 + 5, "is_user": place % 2 == 0, "speaker": format!("SPEAKER_0{}", place % 2) });
        let segments: Vec<Value> = lines.iter().enumerate().map(segment).collect();
        let body = json!({ "transcript_segments": segments, "started_at": "2026-03-10T12:00:00Z", "source": "omi" });
        let talk = self.user.app().post("/v1/conversations/from-segments", body).await.ok();
        talk["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn everything_with_an_address_has_a_template_or_is_listed() {
    let client = McpClient::of_new_user().await;
    let templates = client.ask("resources/templates/list", json!({})).await;
    let templates = templates["result"]["resourceTemplates"].as_array().unwrap();
    let forms: Vec<&str> = templates.iter().map(|template| template["uriTemplate"].as_str().unwrap()).collect();
    for form in ["omi://memories/{id}", "omi://conversations/{id}", "omi://conversations/{id}/transcript"] {
        assert!(forms.contains(&form), "{forms:?}");
    }
    let listed = client.addresses().await;
    let listed: Vec<&str> = listed.iter().map(|entry| entry["uri"].as_str().unwrap()).collect();
    assert_eq!(listed, ["omi://profile", "omi://action-items/open"], "a new user has nothing else");
}

#[tokio::test]
async fn memories_are_resources() {
    let (client, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    let id = client.remember("Grace found the moth in the relay on the ninth of September").await;
    let uri = format!("omi://memories/{id}");
    let listed = client.addresses().await;
    let entry = listed.iter().find(|entry| entry["uri"] == uri).unwrap();
    assert_eq!(entry["name"], "Grace found the moth in the relay on the ninth of September");
    assert!(entry["annotations"]["lastModified"].is_string());
    let contents = client.read(&uri).await;
    assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(uri), &json!("application/json")));
    let row: Value = serde_json::from_str(contents["text"].as_str().unwrap()).unwrap();
    assert_eq!(row["id"], json!(id));
    for (client, uri) in [(&other, uri.as_str()), (&client, "omi://memories/nothing"), (&client, "omi://nothing/1")] {
        let refused = client.ask("resources/read", json!({ "uri": uri })).await;
        assert_eq!(refused["error"]["code"], -32602, "{uri}: {refused}");
    }
    assert!(other.addresses().await.iter().all(|entry| entry["uri"] != uri));
}

#[tokio::test]
async fn conversations_and_their_transcripts_are_resources() {
    let (client, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    let id = client.talk(&["Shall we take the ferry to Bergen?", "Yes, on Tuesday."]).await;
    let uri = format!("omi://conversations/{id}");
    assert!(client.addresses().await.iter().any(|entry| entry["uri"] == uri));
    let row: Value = serde_json::from_str(client.read(&uri).await["text"].as_str().unwrap()).unwrap();
    assert_eq!(row["id"], json!(id));
    assert!(row["structured"]["title"].is_string() && row["transcript_segments"].is_null(), "{row}");
    let transcript = client.read(&format!("{uri}/transcript")).await;
    assert_eq!(transcript["mimeType"], "text/plain");
    let lines: Vec<&str> = transcript["text"].as_str().unwrap().lines().collect();
    assert!(lines[0].starts_with("[00:00] ") && lines[0].ends_with("Shall we take the ferry to Bergen?"), "{lines:?}");
    assert!(lines[1].starts_with("[01:00] Speaker"), "{lines:?}");
    assert!(other.read(&format!("{uri}/transcript")).await.is_null());
}

#[tokio::test]
async fn the_profile_and_what_is_to_be_done_are_resources() {
    let client = McpClient::of_new_user().await;
    assert_eq!(client.read("omi://profile").await["text"], "Nothing is known yet.");
    client.remember("Hedy plays chess on Mondays").await;
    assert_eq!(client.read("omi://profile").await["text"], "Hedy plays chess on Mondays");
    let item = client.call("create_action_item", json!({ "description": "Oil the clock" })).await;
    let id = &item["result"]["structuredContent"]["action_item"]["id"];
    let open = async || -> Value {
        serde_json::from_str(client.read("omi://action-items/open").await["text"].as_str().unwrap()).unwrap()
    };
    assert_eq!(open().await[0]["description"], "Oil the clock");
    client.call("complete_action_item", json!({ "action_item_id": id })).await;
    assert_eq!(open().await, json!([]));
    let row = client.read(&format!("omi://action-items/{}", id.as_str().unwrap())).await;
    assert!(row["text"].as_str().unwrap().contains("\"completed\":true"), "{row}");
}

#[tokio::test]
async fn ids_are_completed_by_their_beginning_and_by_words() {
    let (client, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    let bees = client.remember("Ada keeps bees near Graz").await;
    let clocks = client.remember("Bob repairs clocks").await;
    let memories = "omi://memories/{id}";
    assert_eq!(client.completed(memories, "").await, [json!(clocks), json!(bees)], "the newest first");
    assert_eq!(client.completed(memories, &bees[..8]).await[0], json!(bees));
    assert_eq!(client.completed(memories, "bee gr").await[0], json!(bees));
    assert_eq!(client.completed(memories, "clo").await[0], json!(clocks));
    assert!(other.completed(memories, "bees").await.is_empty());
    let talk = client.talk(&["The kingfisher sits by the river.", "I can see it."]).await;
    assert_eq!(client.completed("omi://conversations/{id}/transcript", &talk[..6]).await, [json!(talk)]);
    let params =
        json!({ "ref": { "type": "ref/resource", "uri": "x://{id}" }, "argument": { "name": "id", "value": "" } });
    assert_eq!(client.ask("completion/complete", params).await["error"]["code"], -32602);
}

#[tokio::test]
async fn resources_are_listed_page_by_page_newest_first() {
    let client = McpClient::of_new_user().await;
    let mut written = vec!["omi://profile".to_owned(), "omi://action-items/open".to_owned()];
    for batch in 0..5 {
        let items: Vec<Value> = (0..25).map(|i| json!({ "content": format!("Fact {batch}-{i}") })).collect();
        let answer = client.call("create_memories", json!({ "items": items })).await;
        let results = answer["result"]["structuredContent"]["results"].as_array().unwrap().clone();
        let ids = results.iter().map(|result| result["memory_id"].as_str().unwrap());
        written.extend(ids.map(|id| format!("omi://memories/{id}")));
    }
    written.push(format!(
        "omi://conversations/{}",
        client
            .talk(&["Shall we take the ferry to Bergen on Tuesday?", "Yes, the early one, and then the train to Voss."])
            .await
    ));
    let (mut seen, sizes) = client.every_address().await;
    assert_eq!(sizes, [100, 28], "every page but the last is full");
    assert!(written[102..].contains(&seen[2]), "the newest come first");
    seen.sort();
    written.sort();
    assert_eq!(seen, written, "each once");
    let wrong = client.ask("resources/list", json!({ "cursor": "dreams:" })).await;
    assert_eq!(wrong["error"]["message"], "Invalid cursor");
}

#[tokio::test]
async fn goals_are_listed_to_the_last_one() {
    let client = McpClient::of_new_user().await;
    let mut written = Vec::new();
    for number in 0..5 {
        let goal = json!({ "title": format!("Goal {number}") });
        let goal = client.user.developer().post("/v1/dev/user/goals", goal).await.ok();
        written.push(format!("omi://goals/{}", goal["id"].as_str().unwrap()));
    }
    let ended = written[1].replace("omi://goals", "/v1/dev/user/goals");
    client.user.developer().patch(&ended, json!({ "status": "achieved" })).await.ok();
    // These begin where the first page has room for three.
    for (batch, size) in [25, 25, 25, 20].into_iter().enumerate() {
        let items: Vec<Value> = (0..size).map(|place| json!({ "content": format!("Fact {batch}-{place}") })).collect();
        client.call("create_memories", json!({ "items": items })).await;
    }
    let (seen, sizes) = client.every_address().await;
    assert_eq!(sizes, [100, 2]);
    written.reverse();
    assert_eq!(seen[97..], written, "all of them, the newest first, and those that have ended too");
    assert!(client.read(&written[3]).await["text"].as_str().unwrap().contains("achieved"));
}

#[tokio::test]
async fn long_conversations_are_read_to_their_end() {
    let client = McpClient::of_new_user().await;
    let (id, segment) = long_conversation(&client.user).await;
    let transcript = client.read(&format!("omi://conversations/{id}/transcript")).await;
    let lines: Vec<&str> = transcript["text"].as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 620);
    assert!(lines[619].ends_with("We rowed lap 619 around the lake."), "{}", lines[619]);
    wait_until_indexed(Server::shared().await).await;
    let found = client.call("search", json!({ "query": "Where does the kingfisher nest?" })).await;
    let results = found["result"]["structuredContent"]["results"].as_array().unwrap();
    let passage = format!("conversation:{id}#{segment}");
    let result = results.iter().find(|result| result["id"] == passage).unwrap_or_else(|| panic!("{found}"));
    assert_eq!(result["url"], transcript["uri"], "where it is cited, it is read");
    let fetched = client.call("fetch", json!({ "id": passage })).await;
    let text = fetched["result"]["structuredContent"]["text"].as_str().unwrap_or_else(|| panic!("{fetched}"));
    assert!(text.contains("lap 599") && text.contains("kingfisher") && text.contains("lap 611"), "{text}");
    let rest = client.call("fetch", json!({ "id": format!("conversation:{id}#from=605") })).await;
    let rest = rest["result"]["structuredContent"]["text"].as_str().unwrap();
    assert_eq!((rest.lines().count(), rest.lines().next_back()), (15, Some(lines[619])));
}

#[tokio::test]
async fn a_listing_is_in_the_audit_trail() {
    let client = McpClient::of_new_user().await;
    let id = client.remember("Hedy plays chess on Mondays").await;
    client.addresses().await;
    let trail = client.user.app().get("/v1/users/audit?tool=get_memories").await.ok();
    let entries = trail["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{trail}");
    assert_eq!((&entries[0]["face"], &entries[0]["ids"]), (&json!("mcp"), &json!([id])), "the trail names the memory");
}
