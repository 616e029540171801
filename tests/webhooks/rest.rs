//! Webhooks: set as the app does, and delivered to a real receiver on loopback.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use poem::{IntoResponse, Response, endpoint::make, http::StatusCode, listener::TcpAcceptor};
use resources::Resources;
use schemas::{conversation::TranscriptSegment, webhook::WebhookKind};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{
    daily_summaries::rest::TestConversation,
    support::{
        json::{assert_invalid, column, field_names},
        server::{Server, TestUser, on_runtime},
    },
};

const HOOK: &str = "/v1/users/developer/webhook";
const DELIVERIES: &str = "/v1/users/developer/webhooks/deliveries";

/// How often, and at which interval, an expected event is polled for.
const MAX_POLLS: u32 = 1500;
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A webhook receiver on loopback that answers by script.
#[derive(Clone)]
struct Receiver {
    url: String,
    requests: Arc<Mutex<Vec<Received>>>,
    /// The statuses for each path, in order; the last repeats, and the default is 200.
    answers: Arc<Mutex<HashMap<String, VecDeque<u16>>>>,
}

/// A request that came.
#[derive(Debug, Clone)]
struct Received {
    path: String,
    query: String,
    headers: HashMap<String, String>,
    text: String,
}

impl Received {
    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Asserts that it is signed with this secret.
    #[track_caller]
    fn assert_signed_with(&self, secret: &str) {
        let [id, time] = ["webhook-id", "webhook-timestamp"].map(|name| &self.headers[name]);
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert!((24..=64).contains(&key.len()), "{} bytes", key.len());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{id}.{time}.{}", self.text).as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(self.headers["webhook-signature"], format!("v1,{signature}"));
        let age = chrono::Utc::now().timestamp() - time.parse::<i64>().unwrap();
        assert!((0..600).contains(&age), "{age}");
    }
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let receiver = Self { url, requests: Arc::default(), answers: Arc::default() };
        let here = receiver.clone();
        let endpoint = make(move |request: poem::Request| {
            let here = here.clone();
            async move { Ok::<_, poem::Error>(here.answer(request).await) }
        });
        on_runtime(async move {
            let acceptor = TcpAcceptor::from_std(listener).unwrap();
            tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(endpoint));
        })
        .await;
        receiver
    }

    fn answers(&self, path: &str, statuses: impl IntoIterator<Item = u16>) {
        self.answers.lock().unwrap().insert(path.into(), statuses.into_iter().collect());
    }

    async fn answer(&self, request: poem::Request) -> Response {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        let text = |(name, value): (&poem::http::HeaderName, &poem::http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let headers = request.headers().iter().map(text).collect();
        let text = request.into_body().into_string().await.unwrap();
        self.requests.lock().unwrap().push(Received { path: path.clone(), query, headers, text });
        let mut answers = self.answers.lock().unwrap();
        let status = match answers.get_mut(&path) {
            Some(left) if left.len() > 1 => left.pop_front(),
            left => left.and_then(|left| left.front().copied()),
        };
        let status = StatusCode::from_u16(status.unwrap_or(200)).unwrap();
        let location = format!("{}/elsewhere", self.url);
        Response::builder().status(status).header("location", location).body("{}").into_response()
    }

    /// What came on a path.
    fn received(&self, path: &str) -> Vec<Received> {
        self.requests.lock().unwrap().iter().filter(|received| received.path == path).cloned().collect()
    }

    /// Waits until so much has come on a path.
    async fn wait_for(&self, path: &str, count: usize) -> Vec<Received> {
        poll(async || Some(self.received(path)).filter(|requests| requests.len() >= count)).await
    }
}

/// Waits until there is something.
async fn poll<T>(look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..MAX_POLLS {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    panic!("it does not come");
}

/// A server that may call this machine, and retries at once.
async fn open_server() -> &'static Server {
    static OPEN: OnceCell<(Server, TempDir)> = OnceCell::const_new();
    let boot = || async {
        let folder = TempDir::new().unwrap();
        (boot(&folder, 0).await, folder)
    };
    &OPEN.get_or_init(boot).await.0
}

async fn boot(folder: &TempDir, retry_seconds: u64) -> Server {
    let adjust = |config: &mut server::Config| {
        config.webhooks.allow_private = true;
        config.webhooks.retry_seconds = retry_seconds;
    };
    Server::boot(folder.path(), adjust).await
}

async fn set_webhook(user: &TestUser, kind: &str, url: &str) {
    assert_eq!(user.app().post(&format!("{HOOK}/{kind}"), json!({ "url": url })).await.ok(), json!({ "status": "ok" }));
}

async fn deliveries(user: &TestUser) -> Value {
    user.app().get(DELIVERIES).await.ok()["deliveries"].take()
}

/// Waits until all of a user's deliveries have ended; gives them, newest first.
pub(crate) async fn wait_for_deliveries(user: &TestUser) -> Value {
    for _ in 0..MAX_POLLS {
        let all = deliveries(user).await;
        if all.as_array().unwrap().iter().all(|one| one["state"] != "queued") {
            return all;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    panic!("they do not end");
}

/// A segment of a transcript.
pub(crate) fn segment(id: &str, text: &str) -> TranscriptSegment {
    TranscriptSegment {
        id: id.into(),
        text: text.into(),
        speaker: "SPEAKER_01".into(),
        speaker_id: 1,
        speaker_name: "Speaker 1".into(),
        is_user: false,
        person_id: None,
        start: 0.0,
        end: 2.5,
        translations: Vec::new(),
        speech_profile_processed: true,
        stt_provider: None,
    }
}

/// Adds a segment, as transcription does.
async fn add_segment(resources: &Arc<Resources>, user: &str, text: &str) {
    let (resources, user, segment) = (Arc::clone(resources), user.to_owned(), segment("s1", text));
    on_runtime(async move { tools::webhooks::transcript(&resources, &user, &[segment]).await.unwrap() }).await;
}

/// Raises an event with this key.
pub(crate) async fn raise_event(resources: &Arc<Resources>, user: &str, kind: WebhookKind, key: &str) {
    let (resources, user, key) = (Arc::clone(resources), user.to_owned(), key.to_owned());
    on_runtime(async move { resources.webhooks(&user).enqueue(kind, &key, "{}".into()).await.unwrap() }).await;
}

#[tokio::test]
async fn webhooks_are_set_and_switched() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let none = json!({ "url": "", "enabled": false, "failures": 0, "disabled_because": null });
    assert_eq!(app.get(&format!("{HOOK}/memory_created")).await.ok(), none);
    let status = async || app.get("/v1/users/developer/webhooks/status").await.ok();
    let kinds = ["audio_bytes", "button_event", "day_summary", "memory_created", "realtime_transcript"];
    assert_eq!(field_names(&status().await), kinds);
    for kind in kinds {
        assert_eq!(status().await[kind], false);
        set_webhook(&user, kind, "https://hooks.example/x,5").await;
        assert_eq!(app.get(&format!("{HOOK}/{kind}")).await.ok()["url"], "https://hooks.example/x,5");
        assert_eq!(status().await[kind], true, "it is on until it is switched off");
        app.post(&format!("{HOOK}/{kind}/disable"), json!({})).await.ok();
        assert_eq!(status().await[kind], false);
        app.post(&format!("{HOOK}/{kind}/enable"), json!({})).await.ok();
        assert_eq!(status().await[kind], true);
        set_webhook(&user, kind, ",").await;
        set_webhook(&user, kind, "https://hooks.example/").await;
        assert_eq!(status().await[kind], false, "an empty address switches it off, another does not switch it on");
    }
}

#[tokio::test]
async fn invalid_webhooks_are_refused() {
    let app = Server::shared().await.user().await.app();
    let path = format!("{HOOK}/memory_created");
    assert_invalid(&app.post(&path, json!({})).await, &[("missing", json!(["body", "url"]))]);
    for wrong in ["ftp://hooks.example/", "hooks.example", "https://"] {
        let sentence = "url must be an address that starts with http:// or https://";
        app.post(&path, json!({ "url": wrong })).await.refused(422, sentence);
    }
    let unknown = format!("{HOOK}/birthdays");
    assert_invalid(&app.get(&unknown).await, &[("enum", json!(["path", "kind"]))]);
    assert_invalid(&app.post(&unknown, json!({ "url": "" })).await, &[("enum", json!(["path", "kind"]))]);
    assert_invalid(&app.post(&format!("{unknown}/enable"), json!({})).await, &[("enum", json!(["path", "kind"]))]);
    assert_invalid(&app.post(&format!("{unknown}/disable"), json!({})).await, &[("enum", json!(["path", "kind"]))]);
}

#[tokio::test]
async fn events_arrive_signed() {
    let (server, receiver) = (open_server().await, Receiver::start().await);
    let user = server.user().await;
    let secret = user.app().get("/v1/users/developer/webhooks/secret").await.ok()["secret"].clone();
    assert_eq!(user.app().get("/v1/users/developer/webhooks/secret").await.ok()["secret"], secret);
    set_webhook(&user, "memory_created", &format!("{}/memory?key=a%20b", receiver.url)).await;
    set_webhook(&user, "day_summary", &format!("{}/day", receiver.url)).await;
    let talk = TestConversation::at("2026-05-08T10:00:00Z", 5, "Bees").store(&server.resources, &user.id).await;
    let dull = TestConversation { discarded: true, ..TestConversation::at("2026-05-08T11:00:00Z", 5, "Noise") };
    let dull = dull.store(&server.resources, &user.id).await;
    let (resources, id, created) = (Arc::clone(&server.resources), user.id.clone(), talk.clone());
    on_runtime(async move {
        for conversation in [&dull, &created, &created] {
            tools::webhooks::conversation_created(&resources, &id, conversation).await.unwrap();
        }
    })
    .await;
    let memory = receiver.wait_for("/memory", 1).await.remove(0);
    memory.assert_signed_with(secret.as_str().unwrap());
    assert_eq!(memory.query, format!("key=a%20b&uid={}", user.id));
    assert_eq!(memory.headers["content-type"], "application/json");
    assert_eq!(memory.headers["x-recollect-event"], "memory_created");
    assert_eq!(memory.body(), json!(talk));
    assert_eq!(memory.body()["transcript_segments"][0]["speaker_name"], "Speaker 1");

    let rotated = user.app().post("/v1/users/developer/webhooks/secret/rotate", json!({})).await.ok()["secret"].clone();
    assert_ne!(rotated, secret);
    user.app().post("/v1/users/daily-summary-settings/test", json!({ "date": "2026-05-08" })).await.ok();
    let day = receiver.wait_for("/day", 1).await.remove(0);
    day.assert_signed_with(rotated.as_str().unwrap());
    let summary = user.app().get("/v1/users/daily-summaries").await.ok()["summaries"][0].clone();
    let text = format!("{}\n\n{}", summary["headline"].as_str().unwrap(), summary["overview"].as_str().unwrap());
    let expected =
        json!({ "uid": user.id, "created_at": summary["created_at"], "summary": text, "summary_json": summary });
    assert_eq!(day.body(), expected);

    let ended = wait_for_deliveries(&user).await;
    assert_eq!(column(&ended, "kind"), ["day_summary", "memory_created"], "each once");
    assert_eq!(column(&ended, "state"), ["delivered"; 2]);
    assert_eq!(receiver.received("/memory").len(), 1);
}

#[tokio::test]
async fn a_transcript_arrives_in_order() {
    let (server, receiver) = (open_server().await, Receiver::start().await);
    let user = server.user().await;
    add_segment(&server.resources, &user.id, "Nobody listens yet").await;
    set_webhook(&user, "realtime_transcript", &receiver.url).await;
    let texts: Vec<String> = (0..20).map(|number| format!("Sentence {number}")).collect();
    for text in &texts {
        add_segment(&server.resources, &user.id, text).await;
    }
    let requests = receiver.wait_for("/", 20).await;
    assert_eq!(field_names(&requests[0].body()), ["segments", "session_id"]);
    assert_eq!(requests[0].body()["session_id"], user.id);
    let said: Vec<Value> = requests.iter().map(|one| one.body()["segments"][0]["text"].clone()).collect();
    assert_eq!(json!(said), json!(texts));
}

#[tokio::test]
async fn failed_deliveries_are_retried_and_block_no_others() {
    let (server, receiver) = (open_server().await, Receiver::start().await);
    let user = server.user().await;
    set_webhook(&user, "memory_created", &format!("{}/broken", receiver.url)).await;
    set_webhook(&user, "day_summary", &format!("{}/moved", receiver.url)).await;
    set_webhook(&user, "realtime_transcript", &format!("{}/fine", receiver.url)).await;
    receiver.answers("/broken", [500, 503, 200]);
    receiver.answers("/moved", [302]);
    raise_event(&server.resources, &user.id, WebhookKind::MemoryCreated, "a").await;
    raise_event(&server.resources, &user.id, WebhookKind::DaySummary, "b").await;
    raise_event(&server.resources, &user.id, WebhookKind::RealtimeTranscript, "c").await;
    let ended = wait_for_deliveries(&user).await;
    let of = |kind: &str| ended.as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap().clone();
    let broken = of("memory_created");
    assert_eq!((&broken["state"], &broken["attempts"]), (&json!("delivered"), &json!(3)), "{broken}");
    assert_eq!((&broken["last_status"], &broken["last_error"]), (&json!(200), &Value::Null));
    let ids: Vec<String> = receiver.received("/broken").iter().map(|one| one.headers["webhook-id"].clone()).collect();
    assert_eq!(ids, ["memory_created:a"; 3], "a receiver can tell them for one");
    let moved = of("day_summary");
    assert_eq!((&moved["state"], &moved["attempts"], &moved["last_status"]), (&json!("dead"), &json!(8), &json!(302)));
    assert!(moved["last_error"].as_str().unwrap().contains("redirects are not followed"), "{moved}");
    assert_eq!(receiver.received("/elsewhere").len(), 0);
    assert_eq!((&of("realtime_transcript")["attempts"], receiver.received("/fine").len()), (&json!(1), 1));
}

#[tokio::test]
async fn a_webhook_that_always_fails_is_switched_off() {
    let (server, receiver) = (open_server().await, Receiver::start().await);
    let user = server.user().await;
    set_webhook(&user, "memory_created", &format!("{}/dead", receiver.url)).await;
    receiver.answers("/dead", [500]);
    for number in 0..20 {
        raise_event(&server.resources, &user.id, WebhookKind::MemoryCreated, &number.to_string()).await;
    }
    assert!(column(&wait_for_deliveries(&user).await, "state").iter().all(|state| *state == "dead"));
    let hook = user.app().get(&format!("{HOOK}/memory_created")).await.ok();
    assert_eq!((&hook["enabled"], &hook["failures"]), (&json!(false), &json!(100)));
    assert_eq!(hook["disabled_because"], "100 attempts in a row have failed");
    assert_eq!(receiver.received("/dead").len(), 100);
    user.app().post(&format!("{HOOK}/memory_created/enable"), json!({})).await.ok();
    let hook = user.app().get(&format!("{HOOK}/memory_created")).await.ok();
    assert_eq!((&hook["enabled"], &hook["failures"]), (&json!(true), &json!(0)));
    assert_eq!(hook["disabled_because"], Value::Null);
}

#[tokio::test]
async fn private_addresses_are_never_called() {
    let (server, receiver) = (Server::shared().await, Receiver::start().await);
    let user = server.user().await;
    let port = receiver.url.rsplit(':').next().unwrap();
    let hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "2130706433", "0.0.0.0", "169.254.169.254"];
    for (number, host) in hosts.iter().enumerate() {
        set_webhook(&user, "memory_created", &format!("http://{host}:{port}/")).await;
        raise_event(&server.resources, &user.id, WebhookKind::MemoryCreated, &number.to_string()).await;
        let newest = wait_for_deliveries(&user).await[0].clone();
        assert_eq!((&newest["state"], &newest["attempts"]), (&json!("dead"), &json!(1)), "{host}: {newest}");
        assert!(newest["last_error"].as_str().unwrap().contains("public address"), "{host}: {newest}");
    }
    assert_eq!(receiver.received("/").len(), 0);
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let (folder, receiver) = (TempDir::new().unwrap(), Receiver::start().await);
    let server = boot(&folder, 1).await;
    let mut user = server.user().await;
    set_webhook(&user, "memory_created", &format!("{}/later", receiver.url)).await;
    receiver.answers("/later", [500]);
    raise_event(&server.resources, &user.id, WebhookKind::MemoryCreated, "a").await;
    poll(async || deliveries(&user).await[0]["last_status"].as_u64()).await;
    server.stop().await;
    let tried = receiver.received("/later").len();
    receiver.answers("/later", [200]);
    let server = boot(&folder, 1).await;
    user.url = server.url.clone();
    let ended = wait_for_deliveries(&user).await;
    assert_eq!((&ended[0]["state"], &ended[0]["last_status"]), (&json!("delivered"), &json!(200)));
    assert_eq!(receiver.received("/later").len(), tried + 1);
    server.stop().await;
}
