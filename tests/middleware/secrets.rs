//! Secrets appear neither in the log, at any level, nor in answers.

use poem::{Request, Response, endpoint::make, http::StatusCode, listener::TcpAcceptor};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    program::{Program, output, recollect},
    server::{Answer, TestUser, on_runtime},
};

/// Secrets in the configuration of the server under test, and in its users' requests.
const MODEL_KEY: &str = "sk-sesame-of-the-model";
const SPEECH_KEY: &str = "sk-sesame-of-the-speech";
const EMBEDDER_KEY: &str = "sk-sesame-of-the-embedder";
const URL_SECRET: &str = "sesame-in-an-address";
const HOOK_SECRET: &str = "sesame-in-the-hook";
const HOOK_PASSWORD: &str = "sesame-of-the-hook-s-user";
const WRONG: &str = "omi_dev_5e5a3e5e5a3e5e5a3e5e5a3e5e5a3e5e";

/// An endpoint that refuses every key, and repeats it.
async fn echo_model() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let repeat = make(async |request: Request| {
        let message = format!("{} is no key of mine", request.header("authorization").unwrap_or_default());
        let error = json!({ "error": { "message": message, "type": "invalid_request_error" } });
        // One of the statuses whose reasons are passed on.
        let status = if request.uri().path().ends_with("transcriptions") { 422 } else { 401 };
        let status = StatusCode::from_u16(status).unwrap();
        Ok::<_, poem::Error>(
            Response::builder().status(status).content_type("application/json").body(error.to_string()),
        )
    });
    on_runtime(async move {
        tokio::spawn(poem::Server::new_with_acceptor(TcpAcceptor::from_std(listener).unwrap()).run(repeat));
    })
    .await;
    url
}

/// All responses, as one text.
#[derive(Default)]
struct Responses(String);

impl Responses {
    fn add(&mut self, answer: &Answer) {
        self.0 += &format!("{:?} {}\n", answer.headers, answer.body);
    }
}

/// Requests of every kind, most of which fail, with secrets wherever a client may put them.
async fn talk(owner: &TestUser, responses: &mut Responses) {
    let credentials = [owner.token.as_str(), &owner.developer_key, &owner.mcp_key, WRONG, "x"];
    let paths =
        ["/v3/memories", "/v1/dev/user/memories", "/v1/mcp/memories", "/v1/dev/keys", "/v1/mcp", "/v2/messages"];
    for credential in credentials {
        for path in paths {
            for method in [Method::GET, Method::POST, Method::PATCH] {
                if path == "/v1/mcp" && method == Method::GET {
                    continue;
                }
                let request = owner.with(credential).request(method, path).json(&json!({ "content": 3, "text": 3 }));
                responses.add(&Answer::to(request).await);
            }
            responses.add(&Answer::to(owner.http.get(format!("{}{path}", owner.url)).header("uid", credential)).await);
            responses.add(
                &Answer::to(owner.http.post(format!("{}{path}", owner.url)).body("{").bearer_auth(credential)).await,
            );
        }
    }
    let app = owner.app();
    let hook = format!("http://ada:{HOOK_PASSWORD}@127.0.0.1:1/hook?token={HOOK_SECRET}");
    app.post("/v1/users/developer/webhook/memory_created", json!({ "url": hook })).await.ok();
    let transcript = json!({ "text": "We agreed to paint the kettle blue, Ada and I, tomorrow at noon in the shop." });
    responses.add(&app.post("/v1/conversations/from-text", transcript).await);
    responses.add(&app.get("/v1/users/developer/webhooks/deliveries").await);
    responses.add(&app.post("/v2/messages", json!({ "text": "Which colour has the kettle?" })).await);
    responses.add(&app.post("/v1/ask", json!({ "question": "Which colour has the kettle?" })).await);
    let voice =
        app.request(Method::POST, "/v2/voice-message/transcribe").header("content-type", "application/octet-stream");
    responses.add(&Answer::to(voice.body(vec![0; 3200])).await);
    responses.add(&app.get("/healthz").await);
}

/// A session over MCP, with a call that works and one that does not.
async fn converse(owner: &TestUser, responses: &mut Responses) {
    let message =
        |method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let both = "application/json, text/event-stream";
    let post = |session: Option<String>, body: Value| {
        let request = owner.mcp().request(Method::POST, "/v1/mcp").header("accept", both).json(&body);
        Answer::to(session.into_iter().fold(request, |request, id| request.header("mcp-session-id", id)))
    };
    let client =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let opened = post(None, message("initialize", client)).await;
    let session = Some(opened.header("mcp-session-id").to_owned());
    responses.add(&opened);
    let remember = json!({ "name": "create_memory", "arguments": { "content": "The kettle is blue" } });
    responses.add(&post(session.clone(), message("tools/call", remember)).await);
    let wrong = json!({ "name": "create_memory", "arguments": { "content": 3 } });
    responses.add(&post(session, message("tools/call", wrong.clone())).await);
    responses.add(&post(None, message("tools/call", wrong)).await);
    responses.add(&post(Some("nobody's".into()), message("tools/list", json!({}))).await);
}

/// Settings of a server that calls other services, at these addresses, with secret keys.
fn settings(model: &str, other: &str) -> Vec<(&'static str, String)> {
    let settings = [
        ("RECOLLECT_LOG", "trace"),
        ("RECOLLECT_MODEL_URL", model),
        ("RECOLLECT_MODEL_KEY", MODEL_KEY),
        ("RECOLLECT_MODEL_NAME", "m"),
        ("RECOLLECT_SPEECH_URL", other),
        ("RECOLLECT_SPEECH_KEY", SPEECH_KEY),
        ("RECOLLECT_SPEECH_NAME", "s"),
        ("RECOLLECT_EMBEDDER_URL", other),
        ("RECOLLECT_EMBEDDER_KEY", EMBEDDER_KEY),
        ("RECOLLECT_EMBEDDER_MODEL", "e"),
        ("RECOLLECT_WEBHOOKS_ALLOW_PRIVATE", "true"),
    ];
    settings.map(|(name, value)| (name, value.to_owned())).into()
}

/// Asserts that a server with these settings shows none of the secrets in its log or answers.
async fn keeps_secrets(settings: Vec<(&str, String)>) {
    let folder = TempDir::new().unwrap();
    let variables: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let program = Program::serve_with(folder.path(), &variables).await;
    let owner = program.owner();
    let mut responses = Responses::default();
    talk(&owner, &mut responses).await;
    converse(&owner, &mut responses).await;
    let made = owner.app().post("/v1/dev/keys", json!({ "name": "made" })).await.ok();
    let made = made["key"].as_str().unwrap().to_owned();
    responses.add(&owner.with(&made).get("/v1/dev/user/memories").await);
    responses.add(&owner.app().get("/v1/dev/keys").await);
    let secret = owner.app().get("/v1/users/developer/webhooks/secret").await.ok()["secret"].take();
    let log = program.stop().await.log;
    assert!(log.contains("TRACE"), "the log has every level");

    let keys = [owner.token.as_str(), &owner.developer_key, &owner.mcp_key, WRONG, &made];
    let others = [MODEL_KEY, SPEECH_KEY, EMBEDDER_KEY, URL_SECRET, HOOK_SECRET, HOOK_PASSWORD];
    for secret in keys.into_iter().chain(others).chain(secret.as_str()) {
        // The part behind the prefix is the secret of a key.
        let part = secret.rsplit('_').next().unwrap();
        let leak = log.lines().find(|line| line.contains(part));
        assert!(leak.is_none(), "{secret} is in the log: {leak:?}");
        assert!(!responses.0.contains(part), "{secret} is in an answer");
    }
}

#[tokio::test]
async fn no_secret_is_shown_while_other_services_are_down() {
    let address = format!("http://ada:{URL_SECRET}@127.0.0.1:1/v1");
    keeps_secrets(settings(&format!("{address}?key={URL_SECRET}"), &address)).await;
}

#[tokio::test]
async fn no_secret_is_shown_when_other_services_echo_it() {
    let echo_model = echo_model().await;
    let mut settings = settings(&echo_model, &echo_model);
    // A server whose embeddings are refused does not start, and the error does not contain the key.
    let folder = TempDir::new().unwrap();
    let mut command = recollect(folder.path(), &["serve", "--port", "0"]).await;
    let refused = output({
        command.envs(settings.clone());
        command
    });
    let log = String::from_utf8(refused.await.stderr).unwrap();
    assert!(log.contains("*** is no key of mine") && !log.contains(EMBEDDER_KEY), "{log}");
    settings.retain(|(name, _)| !name.starts_with("RECOLLECT_EMBEDDER"));
    keeps_secrets(settings).await;
}
