//! Prompts, with the caller's rights.

use serde_json::{Value, json};
use tools::transfer::Input;

use super::{
    client::{JSON_AND_SSE, McpClient, message_of},
    resources::long_conversation,
};
use crate::{
    support::server::{Server, wait_until_indexed},
    transfer::support::import,
};

impl McpClient {
    async fn prompt(&self, name: &str, arguments: Value) -> Value {
        self.ask("prompts/get", json!({ "name": name, "arguments": arguments })).await
    }
}

#[tokio::test]
async fn prompts_are_listed_with_their_arguments() {
    let client = McpClient::of_new_user().await;
    let listed = client.ask("prompts/list", json!({})).await;
    let prompts = listed["result"]["prompts"].as_array().unwrap();
    let names: Vec<&str> = prompts.iter().map(|prompt| prompt["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["brief_me", "prepare_meeting", "weekly_review"]);
    assert_eq!(prompts[0]["arguments"][0]["name"], "about");
    assert_eq!(prompts[0]["arguments"][0]["required"], true);
    assert!(prompts.iter().all(|prompt| prompt["title"].is_string() && prompt["description"].is_string()));
}

#[tokio::test]
async fn a_briefing_holds_what_is_known_said_and_to_be_done() {
    let (client, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    client.remember("Ida moved to Krems in March 2026").await;
    client.call("create_action_item", json!({ "description": "Send Ida the photos" })).await;
    let talk = json!([
        { "text": "How is Ida settling in?", "start": 0, "end": 4, "is_user": true },
        { "text": "Ida likes her garden very much.", "start": 5, "end": 9, "speaker": "SPEAKER_01" },
    ]);
    let body = json!({ "transcript_segments": talk, "started_at": "2026-04-10T12:00:00Z", "source": "omi" });
    client.user.app().post("/v1/conversations/from-segments", body).await.ok();
    wait_until_indexed(Server::shared().await).await;
    let briefing = client.prompt("brief_me", json!({ "about": "Ida" })).await;
    let messages = briefing["result"]["messages"].as_array().unwrap_or_else(|| panic!("{briefing}"));
    let shown_text = messages[0]["content"]["text"].as_str().unwrap();
    for words in ["Brief me about: Ida", "Ida moved to Krems in March 2026", "Send Ida the photos", "(memory:"] {
        assert!(shown_text.contains(words), "{words}: {shown_text}");
    }
    let embedded = messages.iter().find(|message| message["content"]["type"] == "resource").unwrap();
    assert!(embedded["content"]["resource"]["text"].as_str().unwrap().contains("garden"), "{embedded}");
    let uri = embedded["content"]["resource"]["uri"].as_str().unwrap();
    assert!(client.ask("resources/read", json!({ "uri": uri })).await["result"].is_object(), "{uri} opens");
    let of_other = other.prompt("brief_me", json!({ "about": "Ida" })).await.to_string();
    assert!(!of_other.contains("Krems") && !of_other.contains("garden"), "{of_other}");
}

#[tokio::test]
async fn a_briefing_reaches_to_the_end_of_long_conversations() {
    let client = McpClient::of_new_user().await;
    let (id, segment) = long_conversation(&client.user).await;
    wait_until_indexed(Server::shared().await).await;
    let briefing = client.prompt("brief_me", json!({ "about": "the kingfisher" })).await;
    let messages = briefing["result"]["messages"].as_array().unwrap_or_else(|| panic!("{briefing}"));
    assert!(messages[0]["content"]["text"].as_str().unwrap().contains(&segment), "{briefing}");
    let embedded = messages.iter().map(|message| &message["content"]["resource"]);
    let found = embedded.filter(|resource| resource["text"].as_str().is_some_and(|text| text.contains("third bridge")));
    let uris: Vec<&Value> = found.map(|resource| &resource["uri"]).collect();
    assert!(uris.contains(&&json!(format!("omi://conversations/{id}/transcript"))), "{briefing}");
}

#[tokio::test]
async fn a_week_long_ago_is_reviewed_whatever_has_come_since() {
    let client = McpClient::of_new_user().await;
    let (before, then, since) = ("2026-03-03T10:00:00Z", "2026-03-11T10:00:00Z", "2026-04-20T10:00:00Z");
    let memory = |content: &str, created: &str, updated: &str| {
        json!({
            "content": content, "created_at": created, "updated_at": updated,
        })
    };
    let item = |text: &str, done: &str, updated: &str| {
        json!({
            "description": text, "completed": true, "completed_at": done, "created_at": before, "updated_at": updated,
        })
    };
    let mut memories: Vec<Value> = (0..230).map(|n| memory(&format!("Fact {n} of April"), since, since)).collect();
    memories.push(memory("Otto mended the barn roof", then, then));
    memories.push(memory("Otto has a ladder", then, since));
    memories.push(memory("Otto has a dog", before, before));
    let mut items: Vec<Value> = (0..60).map(|n| item(&format!("Errand {n}"), since, since)).collect();
    items.push(item("Pay Otto for the roof", then, then));
    items.push(item("File the bill", before, since));
    let export = json!({ "memories": memories, "action_items": items }).to_string();
    import(&client.user, vec![Input::bytes("spring.json", export.into_bytes())]).await;
    let review = client.prompt("weekly_review", json!({ "week": "2026-03-10" })).await;
    let shown_text = review["result"]["messages"][0]["content"]["text"].as_str().unwrap_or_else(|| panic!("{review}"));
    for words in ["Otto mended the barn roof", "Otto has a ladder", "Pay Otto for the roof"] {
        assert!(shown_text.contains(words), "{words}: {shown_text}");
    }
    for words in ["of April", "Otto has a dog", "Errand", "File the bill"] {
        assert!(!shown_text.contains(words), "{words}: {shown_text}");
    }
    let busy = client.prompt("weekly_review", json!({ "week": "2026-04-20" })).await.to_string();
    assert!(busy.contains("and 181 more") && busy.contains("and 10 more"), "what is left out is counted: {busy}");
}

#[tokio::test]
async fn meetings_and_weeks_come_with_links_in_both_eras() {
    let client = McpClient::of_new_user().await;
    let talk =
        json!([{ "text": "The new roof for the barn is the plan with Otto.", "start": 0, "end": 4, "is_user": true }]);
    let started = chrono::Utc::now() - chrono::TimeDelta::hours(2);
    let body = json!({ "transcript_segments": talk, "started_at": started, "source": "omi" });
    let id = client.user.app().post("/v1/conversations/from-segments", body).await.ok()["id"].clone();
    let edit = format!("/v1/dev/user/conversations/{}", id.as_str().unwrap());
    client.user.developer().patch(&edit, json!({ "title": "The barn roof", "discarded": false })).await.ok();
    wait_until_indexed(Server::shared().await).await;
    let uri = format!("omi://conversations/{}/transcript", id.as_str().unwrap());
    let arguments = json!({ "with": "Otto, Nobody", "about": "the barn" });
    for (name, arguments) in [("weekly_review", json!({})), ("prepare_meeting", arguments)] {
        let modern = client.prompt(name, arguments.clone()).await;
        let links = |answer: &Value| answer.to_string().contains("resource_link") && answer.to_string().contains(&uri);
        assert!(links(&modern), "{name}: {modern}");
        let get = json!({ "jsonrpc": "2.0", "id": 5, "method": "prompts/get", "params": { "name": name, "arguments": arguments } });
        for (version, knows_links) in [("2025-11-25", true), ("2025-03-26", false)] {
            let (_, session) = client.initialize(version).await;
            let answer = message_of(client.post(JSON_AND_SSE, Some(&session), get.clone()).await).await;
            assert_eq!(links(&answer), knows_links, "{name} in {version}: {answer}");
            assert!(answer.to_string().contains("The barn roof"), "{name} in {version}");
        }
    }
}

#[tokio::test]
async fn wrong_arguments_are_refused_and_right_ones_completed() {
    let client = McpClient::of_new_user().await;
    for (name, arguments) in [
        ("brief_me", json!({})),
        ("brief_me", json!({ "about": "x", "mood": "good" })),
        ("weekly_review", json!({ "week": "someday" })),
        ("dream", json!({})),
    ] {
        let refused = client.prompt(name, arguments).await;
        assert_eq!(refused["error"]["code"], -32602, "{name}: {refused}");
    }
    for name in ["Ana Berg", "Otto Lind"] {
        client.call("create_person", json!({ "name": name })).await;
    }
    let complete = async |prompt: &str, argument: &str, typed: &str| {
        let params = json!({
            "ref": { "type": "ref/prompt", "name": prompt },
            "argument": { "name": argument, "value": typed },
        });
        client.ask("completion/complete", params).await["result"]["completion"]["values"].clone()
    };
    assert_eq!(complete("brief_me", "about", "an").await, json!(["Ana Berg"]));
    assert_eq!(complete("prepare_meeting", "with", "Ana Berg, li").await, json!(["Ana Berg, Otto Lind"]));
    assert_eq!(complete("weekly_review", "week", "l").await, json!(["last"]));
    assert!(complete("weekly_review", "week", "20").await.as_array().unwrap().len() > 5);
}
