//! The limit on requests of an address without an accepted credential.

use reqwest::{Method, RequestBuilder};
use tokio::sync::OnceCell;

use crate::support::server::{Answer, Server, TestUser, fresh_folder};

const MEMORIES: &str = "/v1/dev/user/memories";

/// What everybody may read: pages and their assets, documents, health, shared and public conversations.
const PUBLIC: [(&str, u16); 8] = [
    ("/", 200),
    ("/docs", 200),
    ("/openapi.json", 200),
    ("/web/style.css", 200),
    ("/healthz", 200),
    ("/v1/public-conversations", 200),
    ("/v1/conversations/nothing/shared", 404),
    ("/.well-known/oauth-authorization-server", 200),
];

/// The server of these tests, each of which has addresses of its own. An address may make as many requests as there are
/// public paths.
async fn shared() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    let adjust = |config: &mut server::Config| {
        config.limits.enabled = true;
        config.limits.anonymous = PUBLIC.len() as u32;
    };
    SHARED.get_or_init(|| async { Server::boot(&fresh_folder("anonymous"), adjust).await }).await
}

fn get(user: &TestUser, path: &str, address: &str) -> RequestBuilder {
    user.http.get(format!("{}{path}", user.url)).header("x-forwarded-for", address)
}

#[tokio::test]
async fn every_public_path_is_counted_for_its_address() {
    let user = shared().await.user().await;
    for (path, status) in PUBLIC {
        assert_eq!(Answer::to(get(&user, path, "203.0.113.40")).await.status, status, "{path}");
    }
    for path in PUBLIC.map(|(path, _)| path).into_iter().chain(["/nowhere", "/v3/memories", "/v1/mcp"]) {
        let refused = Answer::to(get(&user, path, "203.0.113.40")).await;
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{path}: {seconds}");
        let sentence = format!("Too many requests without a credential from this address. Try again in {seconds}s.");
        refused.refused(429, &sentence);
        Answer::to(user.http.get(format!("{}/healthz", user.url))).await.ok();
    }
    Answer::to(get(&user, "/healthz", "203.0.113.41")).await.ok();
}

#[tokio::test]
async fn an_ipv6_network_is_one_address() {
    let user = shared().await.user().await;
    for host in 0..PUBLIC.len() {
        Answer::to(get(&user, "/healthz", &format!("2001:db8:0:7::{host}"))).await.ok();
    }
    assert_eq!(Answer::to(get(&user, "/healthz", "2001:db8:0:7:ffff::1")).await.status, 429);
    Answer::to(get(&user, "/healthz", "2001:db8:0:8::1")).await.ok();
}

#[tokio::test]
async fn accepted_credentials_are_exempt_and_others_are_not() {
    let user = shared().await.user().await;
    let address = "203.0.113.42";
    let read = |key: &str| {
        let request = user.with(key).request(Method::GET, MEMORIES).header("x-forwarded-for", address);
        Answer::to(request)
    };
    for _ in 0..2 * PUBLIC.len() {
        read(&user.developer_key).await.ok();
    }
    // The first of these was counted, as the key was not known to be good.
    for _ in 1..PUBLIC.len() {
        Answer::to(get(&user, "/healthz", address)).await.ok();
    }
    assert_eq!(Answer::to(get(&user, "/healthz", address)).await.status, 429);
    assert_eq!(Answer::to(get(&user, "/healthz", address).header("uid", "a key of nobody")).await.status, 429);
    assert_eq!(read("omi_dev_00000000000000000000000000000000").await.status, 429);
    let sign_in = user.http.post(format!("{}/v1/auth/login", user.url)).header("x-forwarded-for", address);
    assert_eq!(Answer::to(sign_in.bearer_auth(&user.developer_key)).await.status, 429, "the key opens nothing here");
    read(&user.developer_key).await.ok();
}
