//! How a WebSocket closes for whoever may not come in: apps tell by the code whether a fresh token helps.

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
    support::{DISABLED, INVALID, STRANGER, Stage, fresh, id_of},
};

/// With which code and for which reason a connection is closed that was opened with this token.
async fn closed(stage: &Stage, token: &str) -> (u16, String) {
    let address = format!("{}/v2/voice-message/transcribe-stream", stage.server.url.replace("http://", "ws://"));
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
    let (stage, ana) = (shared().await, fresh("ana"));
    let now = Utc::now().timestamp();
    assert_eq!(closed(stage, &token(&ana, json!({ "exp": now - 120 }))).await, reason(4001, INVALID));
    for (what, token) in [
        ("no token", "nonsense".to_owned()),
        ("another audience", token(&ana, json!({ "aud": "another" }))),
        ("another issuer", token(&ana, json!({ "iss": "https://another.example" }))),
        ("forged", Key::second().sign_as(Some("first"), &said(&ana, json!({})))),
        ("expired and forged", Key::second().sign_as(Some("first"), &said(&ana, json!({ "exp": now - 120 })))),
        ("an unknown key", Key::second().sign(&said(&ana, json!({})))),
    ] {
        assert_eq!(closed(stage, &token).await, reason(1008, INVALID), "{what}");
    }
    // Who comes in learns that nobody listens here.
    let deaf = reason(1011, "No transcription endpoint is configured: set speech.url");
    assert_eq!(closed(stage, &token(&ana, json!({}))).await, deaf);
}

#[tokio::test]
async fn whoever_is_locked_out_is_told_to_sign_in_anew() {
    let stage = shared().await;
    let (visitor, token) = (stage.server.owner(), token(&fresh("ben"), json!({})));
    let user = id_of(&visitor, &token).await;
    visitor.app().bare(Method::POST, &format!("/v1/admin/users/{user}/disable")).await.ok();
    assert_eq!(closed(stage, &token).await, reason(4004, DISABLED));
}

#[tokio::test]
async fn strangers_are_turned_away_and_nobody_comes_in_without_keys() {
    let stage = Stage::set(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.sign_up = SignUp::Closed;
        issuer.change(|manners| manners.cache_control = Some("max-age=0"));
    })
    .await;
    let token = token("ana", json!({}));
    assert_eq!(closed(&stage, &token).await, reason(1008, STRANGER));
    stage.issuer.change(|manners| manners.status = 500);
    let away = "the key set of Firebase cannot be fetched: the answer was 500 Internal Server Error";
    assert_eq!(closed(&stage, &token).await, reason(4001, away));
    stage.end().await;
}
