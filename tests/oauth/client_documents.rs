//! Clients whose id is the URL of a metadata document.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use poem::{IntoResponse, Request, Response, endpoint::make, listener::TcpAcceptor};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::flow::{CALLBACK, OAuthClient, code_in, consent_in_browser};
use crate::support::server::{Answer, Server, fresh_folder, on_runtime};

/// A web server with documents, good and bad; gives its address and how many requests it has had.
async fn documents() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (base, asked) = (url.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    let endpoint = make(move |request: Request| {
        let base = base.clone();
        counted.fetch_add(1, Ordering::Relaxed);
        async move { document(&base, request.uri().path()).await }
    });
    on_runtime(async move {
        let server = poem::Server::new_with_acceptor(TcpAcceptor::from_std(listener).unwrap());
        tokio::spawn(server.run(endpoint));
    })
    .await;
    (url, asked)
}

async fn document(base: &str, path: &str) -> Response {
    let id = format!("{base}{path}");
    let good = |more: Value| {
        let mut document = json!({ "client_id": id, "client_name": "Documented", "redirect_uris": [CALLBACK] });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document.to_string()
    };
    let json = |body: String| Response::builder().content_type("application/json").body(body);
    match path {
        "/good.json" => json(good(json!({ "grant_types": ["authorization_code", "refresh_token"] }))),
        "/once.json" => json(good(json!({ "grant_types": ["authorization_code"] }))),
        "/large.json" => json(good(json!({ "padding": "x".repeat(40 << 10) }))),
        "/slow.json" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            json(good(json!({})))
        }
        "/moved.json" => {
            Response::builder().status(poem::http::StatusCode::FOUND).header("location", "/good.json").finish()
        }
        "/other.json" => json(good(json!({ "client_id": "https://other.example/client.json" }))),
        "/secret.json" => json(good(json!({ "token_endpoint_auth_method": "client_secret_post" }))),
        "/nowhere.json" => json(good(json!({ "redirect_uris": ["javascript:alert(1)"] }))),
        "/nameless.json" => json(json!({ "client_id": id, "redirect_uris": [CALLBACK] }).to_string()),
        "/page.json" => Response::builder().content_type("text/html").body(good(json!({}))),
        "/broken.json" => json("{".into()),
        _ => poem::http::StatusCode::NOT_FOUND.into_response(),
    }
}

/// Asserts that a client's document is refused with the one sentence for all reasons.
async fn assert_unusable(client: &OAuthClient) {
    let answer = client.open_authorize(&client.authorization_request("")).await;
    assert_eq!((answer.status, answer.header("location")), (400, ""), "{}", client.id);
    let sentence = "Invalid client: its metadata document cannot be used; the log of this server says why.";
    let page = answer.body.as_str().unwrap();
    assert!(page.contains(&format!("<p class=\"lead\">{sentence}</p>")), "{}: {page}", client.id);
}

/// Opens the authorization request of the client with this id, from an address behind a proxy on this machine.
async fn open_from(server: &Server, id: &str, from: &str) -> Answer {
    let client = OAuthClient::known(server, id, CALLBACK);
    let address = client.authorize_url(&client.authorization_request("memories.read"));
    Answer::to(reqwest::Client::new().get(address).header("x-forwarded-for", from)).await
}

/// A server that fetches documents from this machine.
async fn shared() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    let boot = || async {
        Server::boot(&fresh_folder("documents"), |config| config.oauth.allow_private_metadata = true).await
    };
    SHARED.get_or_init(boot).await
}

#[tokio::test]
async fn a_client_is_known_by_its_document() {
    let server = shared().await;
    let ((base, asked), user) = (documents().await, server.user().await);
    let client = OAuthClient::known(server, &format!("{base}/good.json"), CALLBACK);
    let asked_for = client.authorization_request("memories.read goals.read");
    let address = consent_in_browser(&client.authorize_url(&asked_for), &user.token, &["goals.read"]).await;
    let tokens = client.exchange(&code_in(&address)).await.ok();
    assert_eq!(tokens["scope"], "memories.read");
    client.refresh(tokens["refresh_token"].as_str().unwrap()).await.ok();
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok()[0]["client_name"], "Documented");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the document is kept for a while");

    let once = OAuthClient::known(server, &format!("{base}/once.json"), CALLBACK);
    assert_eq!(once.authorize(&user, "").await.get("refresh_token"), None, "it did not ask for one");

    for path in [
        "large.json",
        "slow.json",
        "moved.json",
        "other.json",
        "secret.json",
        "nowhere.json",
        "nameless.json",
        "page.json",
        "broken.json",
        "missing.json",
        "",
        "x/../good.json",
        "good.json#x",
    ] {
        assert_unusable(&OAuthClient::known(server, &format!("{base}/{path}"), CALLBACK)).await;
    }
    let before = asked.load(Ordering::Relaxed);
    let wrong = OAuthClient::known(server, &format!("{base}/never.json"), CALLBACK);
    for _ in 0..3 {
        assert_eq!(wrong.open_authorize(&wrong.authorization_request("")).await.status, 400);
    }
    assert_eq!(asked.load(Ordering::Relaxed), before + 1, "what cannot be had is left alone for a while");
}

#[tokio::test]
async fn thirty_documents_throttle_the_address_alone() {
    let server = shared().await;
    let (base, asked) = documents().await;
    let good = format!("{base}/good.json");
    assert_eq!(open_from(server, &good, "203.0.113.60").await.status, 200);
    for n in 1..30 {
        assert_eq!(open_from(server, &format!("{base}/missing.json?{n}"), "203.0.113.60").await.status, 400);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 30);
    let refused = open_from(server, &format!("{base}/missing.json?30"), "203.0.113.60").await;
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!(refused.status == 429 && (1..=901).contains(&seconds), "{refused:?}");
    assert_eq!(open_from(server, &good, "203.0.113.60").await.status, 200, "what is cached can still be used");
    assert_eq!(asked.load(Ordering::Relaxed), 30);
    assert_eq!(open_from(server, &format!("{base}/missing.json?30"), "203.0.113.61").await.status, 400);
}

#[tokio::test]
async fn slow_documents_of_one_address_keep_no_other_waiting() {
    let server = shared().await;
    let (base, asked) = documents().await;
    let slow: Vec<_> = (0..20)
        .map(|n| {
            let id = format!("{base}/slow.json?{n}");
            tokio::spawn(async move { open_from(server, &id, "203.0.113.62").await })
        })
        .collect();
    while asked.load(Ordering::Relaxed) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(open_from(server, &format!("{base}/good.json"), "203.0.113.63").await.status, 200);
    assert!(asked.load(Ordering::Relaxed) < 10, "two of the slow ones at a time");
    slow.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn unverified_clients_get_no_redirect_before_consent() {
    let server = shared().await;
    let (base, _) = documents().await;
    let client = OAuthClient::known(server, &format!("{base}/good.json"), CALLBACK);
    let mut invalid = client.authorization_request("memories.read");
    invalid.insert("code_challenge_method".into(), "plain".into());
    let answer = client.open_authorize(&invalid).await;
    assert_eq!((answer.status, answer.header("location")), (400, ""));
    let page = answer.body.as_str().unwrap();
    assert!(
        page.contains("https://client.example/callback?error=invalid_request"),
        "but the user may go there: {page}"
    );
}

#[tokio::test]
async fn private_addresses_are_not_asked() {
    let server = Server::shared().await;
    let (base, asked) = documents().await;
    for id in [
        format!("{base}/good.json"),
        base.replace("http://", "https://") + "/good.json",
        "https://localhost/client.json".into(),
        "https://10.0.0.1/client.json".into(),
        "https://169.254.169.254/client.json".into(),
        "https://[::1]/client.json".into(),
    ] {
        assert_unusable(&OAuthClient::known(server, &id, CALLBACK)).await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}
