//! What can be opened by its address: listed, completed and read.

use serde_json::{Value, json};

use super::Client;

impl Client {
    async fn addresses(&self) -> Vec<Value> {
        self.ask("resources/list", json!({})).await["result"]["resources"].as_array().unwrap().clone()
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
    let client = Client::of_new_user().await;
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
    let (client, other) = (Client::of_new_user().await, Client::of_new_user().await);
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
    let (client, other) = (Client::of_new_user().await, Client::of_new_user().await);
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
    let client = Client::of_new_user().await;
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
    let (client, other) = (Client::of_new_user().await, Client::of_new_user().await);
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
    let client = Client::of_new_user().await;
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
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let params = if cursor.is_null() { json!({}) } else { json!({ "cursor": cursor }) };
        let mut page = client.ask("resources/list", params).await["result"].take();
        let uris = page["resources"].as_array().unwrap().iter().map(|it| it["uri"].as_str().unwrap().to_owned());
        seen.extend(uris);
        cursor = page["nextCursor"].take();
        if cursor.is_null() {
            break;
        }
        assert_eq!(seen.len() % 100, 0, "every page but the last is full");
    }
    assert!(written[102..].contains(&seen[2]), "the newest come first");
    seen.sort();
    written.sort();
    assert_eq!(seen, written, "each once");
    let wrong = client.ask("resources/list", json!({ "cursor": "dreams:" })).await;
    assert_eq!(wrong["error"]["message"], "Invalid cursor");
}
