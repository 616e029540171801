//! Isolation of users: every tool and every route, called with another user's ids.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tools::{
    Audience, Context,
    assistant::views::{self, Content},
};

use crate::{
    chat::support::ask,
    support::{
        calls::{by_route, caller, context, directly, is_for_mcp, name_of, over_mcp},
        scripted::ServerWithSpeech,
        server::{Answer, Server, TestUser, on_runtime, wait_until_indexed},
        speech::Recognition,
        tables::{Expected, NOUNS},
    },
};

/// A row of Ann's for each kind of resource URI: the field of a seed that holds its id.
const ROWS: [(&str, &str); 7] = [
    ("memories", "oboe"),
    ("conversations", "walk"),
    ("transcripts", "walk"),
    ("action-items", "oil"),
    ("goals", "run"),
    ("daily-summaries", "frescoes"),
    ("files", "lease"),
];

/// The user whose data Bob tries to reach.
struct Ann {
    user: TestUser,
    seeds: Vec<Value>,
    /// Words and ids that only her data have.
    secrets: Vec<String>,
}

impl Ann {
    async fn create(server: &Server) -> Self {
        let user = server.user().await;
        let mut seeds = Vec::new();
        let mut secrets = vec![user.id.clone()];
        for noun in NOUNS {
            let seed = (noun.seed)(&user).await;
            secrets.extend(noun.secrets.iter().map(|secret| (*secret).to_owned()));
            secrets.extend(seed.as_object().unwrap().values().filter_map(Value::as_str).map(str::to_owned));
            seeds.push(seed);
        }
        wait_until_indexed(server).await;
        Self { user, seeds, secrets }
    }

    /// All of her data, by the app's routes.
    async fn owned_paths(&self) -> Value {
        let mut seen = Vec::new();
        for (noun, seed) in NOUNS.iter().zip(&self.seeds) {
            for path in (noun.owned_paths)(seed) {
                seen.push(self.user.app().get(&path).await.ok());
            }
        }
        seen.into()
    }

    /// What Bob tries with each tool.
    fn attempts(&self) -> Vec<(&'static str, Value, Expected)> {
        NOUNS.iter().zip(&self.seeds).flat_map(|(noun, seed)| (noun.attempts)(seed)).collect()
    }

    /// The id in this field of one of her seeds.
    fn id(&self, field: &str) -> &str {
        self.seeds.iter().find_map(|seed| seed[field].as_str()).unwrap()
    }

    fn assert_no_leak(&self, answer: &Value, way: &str) {
        let text = answer.to_string();
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "{way} shows {secret}: {text}");
        }
    }
}

#[tokio::test]
async fn every_tool_is_tried() {
    let ann = Ann::create(Server::shared().await).await;
    let tried: HashSet<&str> = ann.attempts().into_iter().map(|(tool, ..)| tool).collect();
    let all: HashSet<&str> = tools::all().iter().map(|tool| tool.name).collect();
    assert_eq!(tried, all, "every tool has its line in its noun's attempts");
    let listed: HashSet<String> =
        server::routes().lines().map(|line| line.rsplitn(3, ' ').nth(2).unwrap().into()).collect();
    let routes: HashSet<String> = tools::all().iter().flat_map(|tool| &tool.routes).map(name_of).collect();
    assert_eq!(listed, routes, "and every route belongs to a tool");
}

#[tokio::test]
async fn no_route_leads_to_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::create(server).await, server.user().await);
    let before = ann.owned_paths().await;
    for (name, arguments, expected) in ann.attempts() {
        let tool = tools::find(name).unwrap();
        for route in &tool.routes {
            let way = name_of(route);
            let answer = by_route(&caller(&bob, route.audience), route, &arguments).await;
            match expected {
                Expected::NotFound(sentence) => answer.refused(404, sentence),
                Expected::Refused(status, sentence) => answer.refused(status, sentence),
                Expected::NothingForeign => assert_eq!(answer.status, route.reply.status, "{way}: {}", answer.body),
            }
            ann.assert_no_leak(&answer.body, &way);
            // Tools that only read are checked once, at the end: reading all data takes a while.
            if !tool.behaviour().read_only {
                assert!(ann.owned_paths().await == before, "{way} changes what is Ann's");
            }
        }
    }
    ann.user.developer().get("/v1/dev/key").await.ok();
    ann.user.mcp().get("/v1/mcp/key").await.ok();
}

#[tokio::test]
async fn no_tool_leads_to_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::create(server).await, server.user().await);
    let before = ann.owned_paths().await;
    for (name, arguments, expected) in ann.attempts() {
        let tool = tools::find(name).unwrap();
        let audience = if is_for_mcp(tool) { Audience::Mcp } else { Audience::App };
        let answer = over_mcp(&bob, "tools/call", json!({ "name": name, "arguments": arguments })).await;
        let answer = answer.unwrap_or_else(|error| json!({ "isError": true, "refused": error }));
        let is_refused = !matches!(expected, Expected::NothingForeign) || !is_for_mcp(tool);
        assert_eq!(answer["isError"] == true, is_refused, "{name}: {answer}");
        ann.assert_no_leak(&answer, name);
        // Last, since it may delete Bob's account.
        let code = |error: tools::Error| json!({ "error": error.code() });
        let direct = directly(context(server, &bob, audience).await, tool, &arguments).await.unwrap_or_else(code);
        assert_eq!(direct["error"] == "not_found", matches!(expected, Expected::NotFound(_)), "{name}: {direct}");
        ann.assert_no_leak(&direct, name);
        if !tool.behaviour().read_only {
            assert!(ann.owned_paths().await == before, "{name} changes what is Ann's");
        }
    }
}

/// Reads a resource in this context.
async fn open(context: Context, address: &str) -> tools::Result<Content> {
    let address = address.to_owned();
    on_runtime(async move { views::find(&address).unwrap().open(context).await }).await
}

#[tokio::test]
async fn no_resource_is_another_user_s() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::create(server).await, server.user().await);
    let by_key = context(server, &bob, Audience::Mcp).await;
    for view in views::ALL {
        let field = ROWS.iter().find(|(name, _)| *name == view.name).map(|(_, field)| *field);
        assert_eq!(field.is_some(), view.has_rows(), "{} has its line in the rows", view.name);
        let uri = field.map_or(view.template.to_owned(), |field| view.template.replace("{id}", ann.id(field)));
        let hers = open(context(server, &ann.user, Audience::App).await, &uri).await.unwrap();
        let his = open(context(server, &bob, Audience::App).await, &uri).await;
        let over_mcp = over_mcp(&bob, "resources/read", json!({ "uri": uri })).await;
        if !view.has_rows() {
            assert_ne!(hers, his.unwrap(), "{uri}");
            ann.assert_no_leak(&over_mcp.unwrap(), &uri);
            continue;
        }
        assert!(!hers.text.is_empty(), "{uri}");
        assert_eq!(his.unwrap_err().code(), "not_found", "{uri}");
        let refused = over_mcp.unwrap_err();
        assert!(refused["message"] == "Resource not found" || !view.permits(&by_key), "{uri}: {refused}");
    }
}

#[tokio::test]
async fn no_list_of_resources_names_another_user_s() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::create(server).await, server.user().await);
    ann.assert_no_leak(&over_mcp(&bob, "resources/list", json!({})).await.unwrap(), "resources/list");
    for (_, field) in ROWS {
        for view in views::ALL.iter().filter(|view| view.has_rows()) {
            let typed = &ann.id(field)[..6];
            let argument = json!({ "name": "id", "value": typed });
            let params = json!({ "ref": { "type": "ref/resource", "uri": view.template }, "argument": argument });
            let completed = over_mcp(&bob, "completion/complete", params).await.unwrap();
            assert_eq!(completed["completion"]["values"], json!([]), "{typed} at {}", view.template);
        }
    }
}

#[tokio::test]
async fn no_export_has_another_user_s_data_in_it() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::create(server).await, server.user().await);
    bob.app().post("/v3/memories", json!({ "content": "Bob hums" })).await.ok();
    let hers = ann.user.app().get("/v1/users/export").await.ok();
    assert!(hers.to_string().contains("bassoon"), "there is something to tell: {hers}");
    // Whichever user he names, his own data are exported.
    let id = &ann.user.id;
    for path in ["/v1/users/export".to_owned(), format!("/v1/users/export?uid={id}&user_id={id}")] {
        let his = Answer::to(bob.app().request(Method::GET, &path).header("uid", id)).await.ok();
        assert!(his.to_string().contains("Bob hums"), "{path}: {his}");
        ann.assert_no_leak(&his, &path);
    }
}

#[tokio::test]
async fn no_question_is_answered_from_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::create(server).await, server.user().await);
    let question = json!({ "text": "Where does Ana keep her bees?" });
    let answer = ask(&bob, question).await;
    ann.assert_no_leak(&answer.done, "POST /v2/messages");
    assert_eq!(answer.done["citations"], json!([]));
}

/// Asks a spoken question; gives the stream, with the base64 payloads decoded beside it.
async fn ask_aloud(user: &TestUser) -> String {
    let recording =
        Part::bytes(&b"RIFF\0\0\0\0WAVEfmt beekeeping"[..]).file_name("a.wav").mime_str("audio/wav").unwrap();
    let request =
        user.app().request(Method::POST, "/v2/voice-messages").multipart(Form::new().part("files", recording));
    let stream = Answer::to(request).await.ok();
    let clear = |frame: &str| {
        let payload = frame.split_once(": ").map_or("", |(_, payload)| payload);
        let carried = STANDARD.decode(payload).unwrap_or_default();
        format!("{frame}\n{}\n", String::from_utf8_lossy(&carried))
    };
    stream.as_str().unwrap().split("\n\n").map(clear).collect()
}

#[tokio::test]
async fn no_spoken_question_is_answered_from_another_user_s_data() {
    let ServerWithSpeech { server, speech } = ServerWithSpeech::shared().await;
    speech.script("beekeeping", Recognition::Text("Where does Ana keep her bees?", None));
    let (ann, bob) = (server.user().await, server.user().await);
    ann.app().post("/v3/memories", json!({ "content": "Ana keeps her bees near Graz" })).await.ok();
    wait_until_indexed(server).await;
    let hers = ask_aloud(&ann).await;
    assert!(hers.contains("Graz"), "there is something to tell: {hers}");
    let chat = ann.app().get("/v2/messages").await.ok();
    let his = ask_aloud(&bob).await;
    assert!(his.contains("Where does Ana keep her bees?"), "the question was transcribed: {his}");
    assert!(!his.contains("Graz") && !his.contains(&ann.id), "{his}");
    assert_eq!(ann.app().get("/v2/messages").await.ok(), chat, "her chat knows nothing of it");
}
