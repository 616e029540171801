//! Throttling of failed authentication: every guess counts, on every route, whatever headers the client sends.

use reqwest::{Method, RequestBuilder};
use server::Config;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest},
};

use crate::{
    oauth::flow::OAuthClient,
    support::server::{Answer, Server, TestUser, fresh_folder},
};

/// How many guesses an address has within a minute.
const GUESSES: usize = 60;

const FORWARDED_FOR: &str = "x-forwarded-for";
const MEMORIES: &str = "/v1/dev/user/memories";

/// The server of these tests, each of which sends its guesses from addresses of its own.
async fn shared() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    SHARED.get_or_init(|| async { Server::boot(&fresh_folder("guesses"), |_| {}).await }).await
}

/// A guess at a key that does not exist.
fn guess(user: &TestUser, number: usize) -> RequestBuilder {
    user.with(&format!("omi_dev_{number:032}")).request(Method::GET, MEMORIES)
}

/// Makes as many guesses as are allowed, and one more: the statuses, and the last answer.
async fn send_guesses(request: impl Fn(usize) -> RequestBuilder) -> (Vec<u16>, Answer) {
    let mut statuses = Vec::new();
    for number in 0..GUESSES {
        statuses.push(Answer::to(request(number)).await.status);
    }
    statuses.dedup();
    (statuses, Answer::to(request(GUESSES)).await)
}

/// A guess at the secret of a client, as one from this address sends it.
fn guess_a_secret(user: &TestUser, address: &str, number: usize) -> RequestBuilder {
    let form = format!("client_id=omi&client_secret=omi_mcp_{number:032}");
    let request = user.http.post(format!("{}/token", user.url)).header(FORWARDED_FOR, address);
    request.header("content-type", "application/x-www-form-urlencoded").body(form)
}

#[tokio::test]
async fn no_header_excuses_a_guess_that_is_in_the_body() {
    let server = shared().await;
    let user = server.user().await;
    // Public routes answer whatever the credential.
    let (made_up, address) = ("a key of nobody", "203.0.113.20");
    let open = user.http.get(format!("{}/healthz", user.url)).header(FORWARDED_FOR, address).header("uid", made_up);
    Answer::to(open).await.ok();
    let (statuses, last) = send_guesses(|number| guess_a_secret(&user, address, number).header("uid", made_up)).await;
    assert_eq!((statuses.as_slice(), last.status), (&[401][..], 429));

    let address = "203.0.113.21";
    let read = || Answer::to(user.developer().request(Method::GET, MEMORIES).header(FORWARDED_FOR, address));
    read().await.ok();
    let (statuses, last) = send_guesses(|number| guess_a_secret(&user, address, number)).await;
    assert_eq!((statuses.as_slice(), last.status), (&[401][..], 429));
    let with_key = guess_a_secret(&user, address, 0).bearer_auth(&user.developer_key);
    assert_eq!(Answer::to(with_key).await.status, 429, "the key has opened, but not this");
    read().await.ok();
}

#[tokio::test]
async fn a_header_that_opened_nothing_excuses_nothing() {
    let server = shared().await;
    let user = server.user().await;
    let with_uid = |path: &str| {
        let request = user.http.get(format!("{}{path}", user.url)).header(FORWARDED_FOR, "203.0.113.22");
        Answer::to(request.header("uid", "a key of nobody"))
    };
    for path in ["/healthz", "/v1/public-conversations", "/openapi.json"] {
        with_uid(path).await.ok();
    }
    let (statuses, _) = send_guesses(|number| guess(&user, number).header(FORWARDED_FOR, "203.0.113.22")).await;
    assert_eq!(statuses, [401]);
    assert_eq!(with_uid("/v1/mcp/memories").await.status, 429);
    assert_eq!(with_uid("/healthz").await.status, 429);
}

/// Opens a WebSocket with this token: the status of the answer.
async fn dictate(user: &TestUser, token: &str) -> u16 {
    let address = format!("{}/v2/voice-message/transcribe-stream", user.url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    headers.insert(FORWARDED_FOR, "203.0.113.23".parse().unwrap());
    match connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn guesses_at_a_websocket_count() {
    let folder = TempDir::new().unwrap();
    let key = "0123456789abcdef-0123456789abcdef";
    let adjust = |config: &mut Config| config.sign_in.admin_key = Some(key.to_owned().into());
    let server = Server::boot(folder.path(), adjust).await;
    let user = server.user().await;
    for number in 0..GUESSES {
        assert_eq!(dictate(&user, &format!("guessed-key-{number:028}{}", user.id)).await, 101);
    }
    assert_eq!(dictate(&user, &format!("{key}{}", user.id)).await, 429, "a right guess is not revealed");
    server.stop().await;
}

#[tokio::test]
async fn guesses_at_the_page_of_an_assistant_count() {
    let server = shared().await;
    let (user, client) = (server.user().await, OAuthClient::added(server).await);
    let asked = client.authorization_request("memories.read");
    let request = |number: usize| {
        let token = format!("omi_user_{number:032}");
        let mut form: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form.push(("firebase_id_token", token.as_str()));
        client.form("/authorize", &form).header(FORWARDED_FOR, "203.0.113.24")
    };
    let (statuses, last) = send_guesses(request).await;
    assert_eq!((statuses.as_slice(), last.status), (&[400][..], 429));
    let elsewhere = guess(&user, 0).header(FORWARDED_FOR, "203.0.113.25");
    assert_eq!(Answer::to(elsewhere).await.status, 401);
}

#[tokio::test]
async fn forged_addresses_do_not_evade_the_limit() {
    let server = shared().await;
    let user = server.user().await;
    // The client writes a line, and the proxy adds one of its own.
    let two_lines = |number: usize| {
        let forged = guess(&user, number).header(FORWARDED_FOR, format!("198.51.100.{number}"));
        forged.header(FORWARDED_FOR, "203.0.113.26")
    };
    let (statuses, last) = send_guesses(two_lines).await;
    assert_eq!((statuses.as_slice(), last.status), (&[401][..], 429));
    let with_port = guess(&user, 0).header(FORWARDED_FOR, "203.0.113.26:4711");
    assert_eq!(Answer::to(with_port).await.status, 429, "the same address");
    let by_another_header = guess(&user, 0).header("x-real-ip", "203.0.113.26");
    assert_eq!(Answer::to(by_another_header).await.status, 429);

    // Requests without a known address count as remote, and share one limit.
    let (statuses, last) = send_guesses(|number| guess(&user, number).header(FORWARDED_FOR, "unknown")).await;
    assert_eq!((statuses.as_slice(), last.status), (&[401][..], 429));
    assert_eq!(Answer::to(guess(&user, 0).header("via", "1.1 proxy")).await.status, 429);
    assert_eq!(Answer::to(guess(&user, 0)).await.status, 401, "nobody waits on this machine");
}

#[tokio::test]
async fn repeated_wrong_keys_are_throttled() {
    let server = shared().await;
    let user = server.user().await;
    // As a proxy on this machine forwards them; the client's own header comes first.
    let read = |key: &str, address: &'static str| {
        let request = user.with(key).request(Method::GET, "/v1/dev/user/memories");
        Answer::to(request.header("x-forwarded-for", format!("198.51.100.1, {address}")))
    };
    read(&user.developer_key, "203.0.113.9").await.ok();
    let mut statuses = Vec::new();
    for number in 0..70 {
        statuses.push(read(&format!("omi_dev_{number:032}"), "203.0.113.9").await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 60);
    let refused = read(&user.mcp_key, "203.0.113.9").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds <= 61));
    read(&user.developer_key, "203.0.113.9").await.ok();
    assert_eq!(read(&user.mcp_key, "203.0.113.10").await.status, 401);
    assert_eq!(user.with(&user.mcp_key).get("/v1/dev/user/memories").await.status, 401, "nobody waits on this machine");
}
