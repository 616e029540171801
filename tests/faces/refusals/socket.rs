//! The WebSocket route refuses by its close frame.

use futures::{SinkExt, StreamExt};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{ALL_CREDENTIALS, APP, Credential, Session};
use crate::support::server::{Server, TestUser};

/// The route, as the others are named.
pub(super) const ROUTE: &str = "GET /v2/voice-message/transcribe-stream";

/// The code and reason of the close frame for this credential.
async fn close_frame(user: &TestUser, credential: Credential) -> (u16, String) {
    let (_, path) = ROUTE.split_once(' ').unwrap();
    let address = format!("{}{path}", user.url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    if let Some(credential) = credential.of(user) {
        request.headers_mut().insert("authorization", format!("Bearer {credential}").parse().unwrap());
    }
    let (mut socket, _) = connect_async(request).await.unwrap();
    // Sending may fail on a connection that is closing; the close frame comes all the same.
    let _ = socket.send(Message::text("finalize")).await;
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.to_string()),
        other => panic!("{credential:?}: {other:?}"),
    }
}

#[tokio::test]
async fn it_closes_without_the_apps_credential() {
    let user = Server::shared().await.user().await;
    for (credential, _, sentence) in APP {
        let (code, reason) = close_frame(&user, *credential).await;
        assert_eq!(code, 1008, "{credential:?}: {reason}");
        assert!(reason.starts_with(sentence), "{credential:?}: {reason}");
    }
    let others = ALL_CREDENTIALS.into_iter().filter(|credential| APP.iter().all(|(refused, ..)| refused != credential));
    assert!(others.eq([Session]), "everybody is tried");
    // The servers of these tests have no transcription endpoint, which an accepted client gets as its close reason.
    let opened = (1011, "No transcription endpoint is configured: set speech.url".to_owned());
    assert_eq!(close_frame(&user, Session).await, opened);
}
