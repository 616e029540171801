//! The limit on the requests of one caller that are in progress at a time.

use std::io::ErrorKind;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::server::{Server, TestUser};

/// How many requests of one user are in progress at a time.
const MAX_REQUESTS: usize = 32;

/// Sends the head of a request with a body that never comes.
async fn begin_write(user: &TestUser) -> TcpStream {
    let address = user.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/dev/user/memories HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        user.developer_key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Waits until the server asks for the body: the request is in progress.
async fn wait_for_continue(stream: &mut TcpStream) {
    let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut line = [0; 25];
    stream.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, expected);
}

#[tokio::test]
async fn a_request_waits_for_others_of_its_user_and_for_no_other_s() {
    let server = Server::shared().await;
    let (user, other) = (server.user().await, server.user().await);
    let mut in_progress = Vec::new();
    for _ in 0..MAX_REQUESTS {
        let mut stream = begin_write(&user).await;
        wait_for_continue(&mut stream).await;
        in_progress.push(stream);
    }
    let mut waiting = begin_write(&user).await;
    wait_for_continue(&mut begin_write(&other).await).await;
    other.developer().get("/v1/dev/user/memories").await.ok();
    let outcome = waiting.try_read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(outcome, Err(ErrorKind::WouldBlock), "more than {MAX_REQUESTS} are in progress");
    drop(in_progress.pop());
    wait_for_continue(&mut waiting).await;
}
