//! Close codes of a WebSocket that is refused: apps learn from them whether a fresh token helps.

use chrono::Utc;
use futures::StreamExt;
use reqwest::Method;
use resources::identity::SignUp;
use serde_json::json;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{
    firebase::{said, shared, take_firebase, token},
    signing_keys::Key,
    support::{DISABLED, INVALID, STRANGER, ServerWithIssuer, fresh, id_of},
};

/// With which code and for which reason a connection is closed that was opened with this token.
async fn closed(setup: &ServerWithIssuer, token: &str) -> (u16, String) {
    let address = format!("{}/v2/voice-message/transcribe-stream", setup.server.url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.as_str().to_owned()),
        other => panic!("{other:?}"),
    }
}

fn reason(code: u16, sentence: &str) -> (u16, String) {
    (code, sentence.to_owned())
}

#[tokio::test]
async fn the_code_says_whether_a_fresh_token_helps() {
    let (setup, ana) = (shared().await, fresh("ana"));
    let now = Utc::now().timestamp();
    assert_eq!(closed(setup, &token(&ana, json!({ "exp": now - 120 }))).await, reason(4001, INVALID));
    for (what, token) in [
        ("no token", "nonsense".to_owned()),
        ("another audience", token(&ana, json!({ "aud": "another" }))),
        ("another issuer", token(&ana, json!({ "iss": "https://another.example" }))),
        ("forged", Key::second().sign_as(Some("first"), &said(&ana, json!({})))),
        ("expired and forged", Key::second().sign_as(Some("first"), &said(&ana, json!({ "exp": now - 120 })))),
        ("an unknown key", Key::second().sign(&said(&ana, json!({})))),
    ] {
        assert_eq!(closed(setup, &token).await, reason(1008, INVALID), "{what}");
    }
    // An accepted client learns that there is no transcription endpoint.
    let deaf = reason(1011, "No transcription endpoint is configured: set speech.url");
    assert_eq!(closed(setup, &token(&ana, json!({}))).await, deaf);
}

#[tokio::test]
async fn disabled_users_are_closed_with_the_code_for_a_new_sign_in() {
    let setup = shared().await;
    let (visitor, token) = (setup.server.owner(), token(&fresh("ben"), json!({})));
    let user = id_of(&visitor, &token).await;
    visitor.app().bare(Method::POST, &format!("/v1/admin/users/{user}/disable")).await.ok();
    assert_eq!(closed(setup, &token).await, reason(4004, DISABLED));
}

#[tokio::test]
async fn unknown_users_and_missing_keys_close_with_their_codes() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.sign_up = SignUp::Closed;
        issuer.change(|behaviour| behaviour.cache_control = Some("max-age=0"));
    })
    .await;
    let token = token("ana", json!({}));
    assert_eq!(closed(&setup, &token).await, reason(1008, STRANGER));
    setup.issuer.change(|behaviour| behaviour.status = 500);
    let away = "the key set of Firebase cannot be fetched: the answer was 500 Internal Server Error";
    assert_eq!(closed(&setup, &token).await, reason(4001, away));
    setup.stop().await;
}
