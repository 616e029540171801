//! The route that is a WebSocket says by how it closes who may not come in.

use futures::{SinkExt, StreamExt};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{APP, EVERYTHING, Given, Session};
use crate::support::server::{Server, TestUser};

/// The route, as the others are named.
pub(super) const ROUTE: &str = "GET /v2/voice-message/transcribe-stream";

/// With which code, and why, a connection closes that is opened with this.
async fn closed(user: &TestUser, given: Given) -> (u16, String) {
    let (_, path) = ROUTE.split_once(' ').unwrap();
    let address = format!("{}{path}", user.url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    if let Some(credential) = given.of(user) {
        request.headers_mut().insert("authorization", format!("Bearer {credential}").parse().unwrap());
    }
    let (mut socket, _) = connect_async(request).await.unwrap();
    // A connection that is closing takes nothing more, and then says why.
    let _ = socket.send(Message::text("finalize")).await;
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.to_string()),
        other => panic!("{given:?}: {other:?}"),
    }
}

#[tokio::test]
async fn it_closes_before_whoever_has_not_signed_in() {
    let user = Server::shared().await.user().await;
    for (given, _, sentence) in APP {
        let (code, reason) = closed(&user, *given).await;
        assert_eq!(code, 1008, "{given:?}: {reason}");
        assert!(reason.starts_with(sentence), "{given:?}: {reason}");
    }
    let others = EVERYTHING.into_iter().filter(|given| APP.iter().all(|(refused, ..)| refused != given));
    assert!(others.eq([Session]), "everybody is tried");
    // The servers of these tests have nothing that listens: whoever may come in hears of that.
    let opened = (1011, "No transcription endpoint is configured: set speech.url".to_owned());
    assert_eq!(closed(&user, Session).await, opened);
}
