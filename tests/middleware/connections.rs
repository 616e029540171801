//! Timeouts of connections, and limits on WebSockets.

use std::time::Duration;

use futures::{SinkExt, StreamExt, future::join_all};
use server::Config;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::server::{Server, TestUser};

/// How long a step may take; less than the server's own timeouts.
const TIMEOUT: Duration = Duration::from_secs(50);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap()
}

/// What the server sends until it closes a connection on which this came, and then `more` at intervals.
async fn response_until_close(server: &Server, sent: &str, more: &'static str) -> String {
    let mut stream = connect(server).await;
    stream.write_all(sent.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let trickle = tokio::spawn(async move {
        while writing.write_all(more.as_bytes()).await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    let mut response = Vec::new();
    // A connection that is closed while the client is sending may fail on its side.
    let _ = timeout(TIMEOUT, reading.read_to_end(&mut response)).await.expect("the server waits on");
    trickle.abort();
    String::from_utf8(response).unwrap()
}

#[tokio::test]
async fn slow_clients_are_disconnected() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.server.request_timeout_seconds = 1).await;
    let head = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n";
    let silent = ["", "PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n", head].map(|sent| response_until_close(&server, sent, ""));
    let trickling = response_until_close(&server, head, "x: y\r\n");
    assert_eq!(join_all(silent.into_iter().chain([trickling])).await, [""; 5]);
    let user = server.user().await;
    let body = format!(
        "POST /v3/memories HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 10000\r\n\r\n{{",
        user.token
    );
    for answer in join_all(["", " "].map(|more| response_until_close(&server, &body, more))).await {
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("did not come in time"), "{answer}");
    }
    user.app().get("/v3/memories").await.ok();
    server.stop().await;
}

#[tokio::test]
async fn a_refusal_before_the_body_leaves_the_connection_to_the_next_request() {
    let mut stream = connect(Server::shared().await).await;
    for time in 0..3 {
        let head = b"POST /v3/memories HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut answer = String::new();
        while !answer.ends_with('}') {
            let mut piece = [0; 4096];
            let length = timeout(TIMEOUT, stream.read(&mut piece)).await.expect("an answer").unwrap();
            assert!(length > 0, "the server hung up on request {time}: {answer}");
            answer += std::str::from_utf8(&piece[..length]).unwrap();
        }
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        stream.write_all(b"{}").await.unwrap();
    }
}

/// Configures a transcription endpoint that is never called.
fn with_speech(config: &mut Config) {
    config.speech.url = Some("http://127.0.0.1:1/v1".into());
    config.speech.name = Some("deaf".into());
}

async fn open_dictation(user: &TestUser) -> Socket {
    let address = format!("{}/v2/voice-message/transcribe-stream", user.url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", user.token).parse().unwrap());
    connect_async(request).await.unwrap().0
}

/// Finalizes an empty dictation: the segments, or the close frame.
async fn finalize(socket: &mut Socket) -> Result<String, (u16, String)> {
    // Sending may fail on a connection that is closing; the close frame comes all the same.
    let _ = socket.send(Message::text("finalize")).await;
    match timeout(TIMEOUT, socket.next()).await.expect("nothing is said") {
        Some(Ok(Message::Text(text))) => Ok(text.to_string()),
        Some(Ok(Message::Close(Some(frame)))) => Err((frame.code.into(), frame.reason.to_string())),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_user_has_so_many_websockets() {
    let folder = TempDir::new().unwrap();
    let adjust = |config: &mut Config| {
        with_speech(config);
        config.limits.streams = 2;
    };
    let server = Server::boot(folder.path(), adjust).await;
    let (user, other) = (server.user().await, server.user().await);
    let (mut first, mut second) = (open_dictation(&user).await, open_dictation(&user).await);
    assert_eq!(finalize(&mut first).await.unwrap(), "[]");
    assert_eq!(finalize(&mut second).await.unwrap(), "[]");
    let full = (1008, "2 streams are open for this user already".to_owned());
    assert_eq!(finalize(&mut open_dictation(&user).await).await, Err(full));
    assert_eq!(finalize(&mut open_dictation(&other).await).await.unwrap(), "[]");
    drop(first);
    let place = async {
        while finalize(&mut open_dictation(&user).await).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, place).await.expect("the place is not given back");
    server.stop().await;
}

#[tokio::test]
async fn a_websocket_is_a_connection_like_any_other() {
    let folder = TempDir::new().unwrap();
    let adjust = |config: &mut Config| {
        with_speech(config);
        config.limits.connections = 1;
    };
    let server = Server::boot(folder.path(), adjust).await;
    let mut socket = open_dictation(&server.user().await).await;
    assert_eq!(finalize(&mut socket).await.unwrap(), "[]");
    let mut waiting = connect(&server).await;
    waiting.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut start = [0; 15];
    let early = timeout(Duration::from_millis(300), waiting.read_exact(&mut start)).await;
    assert!(early.is_err(), "it is answered while there is no room");
    drop(socket);
    timeout(TIMEOUT, waiting.read_exact(&mut start)).await.expect("the place is not given back").unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    drop(waiting);
    server.stop().await;
}
