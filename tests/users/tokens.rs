//! Access tokens of sessions: claims, where they are accepted, and forgeries.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    credentials::list_tools,
    support::{INVALID, Member, NO_REFRESH, close_frame, refresh},
};
use crate::support::server::Server;

/// The claims of a token.
pub(super) fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// A token with these claims, signed with this key as the server signs its own.
pub(super) fn token_of(claims: &Value, key: &str) -> String {
    let said = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "HS256" })), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn part(said: &Value) -> String {
    URL_SAFE_NO_PAD.encode(said.to_string())
}

#[tokio::test]
async fn an_access_token_opens_the_app_and_nothing_else() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let claims = claims_of(&ana.user.token);
    assert_eq!(claims["sub"], ana.user.id);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    let caller = ana.user.app();
    for path in ["/v3/memories", "/v1/dev/keys", "/v1/mcp/keys"] {
        caller.get(path).await.ok();
    }
    caller.get("/v1/dev/user/memories").await.refused(401, "Invalid API Key");
    caller.get("/v1/mcp/memories").await.refused(401, "Invalid API Key");
    let sentence = "Invalid or missing API key. Provide via Authorization header.";
    list_tools(&caller).await.refused(401, sentence);
    refresh(server, &ana.user.token).await.refused(401, NO_REFRESH);
    ana.user.with(&ana.refresh).get("/v3/memories").await.refused(401, INVALID);
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let server = Server::shared().await;
    let (ana, eve) = (Member::join(server).await, Member::join(server).await);
    let token = &ana.user.token;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{token}") };
    let said = |name: &str, value: Value| {
        let mut said = claims_of(token);
        said[name] = value;
        said
    };
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let unsigned = part(&json!({ "typ": "JWT", "alg": "none" }));
    let hers = part(&said("sub", json!(eve.user.id)));
    let later = part(&said("exp", json!(i64::MAX)));
    let forged = [
        format!("{header}.{claims}.{other}{}", &signature[1..]),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{hers}.{signature}"),
        format!("{header}.{later}.{signature}"),
        format!("{unsigned}.{claims}."),
        format!("{unsigned}.{claims}.{signature}"),
        token_of(&claims_of(token), "secret"),
        token_of(&claims_of(token), ""),
        token_of(&said("iss", json!("https://issuer.example")), "secret"),
    ];
    for forged in forged {
        ana.user.with(&forged).get("/v3/memories").await.refused(401, INVALID);
        assert_eq!(close_frame(server, &forged).await, (1008, INVALID.to_owned()), "{forged}");
    }
    ana.user.app().get("/v3/memories").await.ok();
}
