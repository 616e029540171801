//! Over real sockets: idle clients are disconnected to make room for others, and clients that wait for a response are
//! not.

use poem::endpoint::make;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

use super::*;
use crate::{Config, middleware::real_ip::TrustedProxies};

const TIMEOUT: Duration = Duration::from_millis(300);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// More than the system buffers for a client that reads nothing, in bytes.
const LARGE: usize = 40 << 20;

/// The HTTP/2 connection preface, and the frame types and flags that these tests need.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING_FRAME: u8 = 6;
const RESET_STREAM: u8 = 3;
const GO_AWAY: u8 = 7;
const ACK: u8 = 1;
const END_HEADERS_AND_STREAM: u8 = 5;

async fn respond(request: poem::Request) -> Response {
    match request.uri().path() {
        "/large" => Response::builder().body(vec![7u8; LARGE]),
        "/late" => {
            sleep(TIMEOUT * 4).await;
            Response::builder().body("late")
        }
        _ => Response::builder().body("here"),
    }
}

struct TestServer {
    address: SocketAddr,
    stop: CancellationToken,
}

impl TestServer {
    async fn start(limit: ConnectionLimit, request_timeout: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (connections, app) = (Connections::default(), Arc::new(make(respond)));
        let listener = Listener { listener, tls: None, connections, limit, request_timeout, app };
        tokio::spawn(listener.serve(stop.clone()));
        Self { address, stop }
    }

    /// A server with room for one connection, and a short timeout.
    async fn with_one_connection() -> Self {
        Self::start(ConnectionLimit::with_max(1, TrustedProxies::none()), TIMEOUT).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asserts that another client is answered, although there is room for one and another came `before`.
    async fn assert_room(&self, before: &str) {
        let mut other = self.connect().await;
        assert!(is_answered(&mut other, "/").await, "{before}");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Whether a request is answered, rather than the connection closed.
async fn is_answered(stream: &mut TcpStream, path: &str) -> bool {
    let exchange = async {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut start = [0; 15];
        stream.read_exact(&mut start).await?;
        Ok::<_, std::io::Error>(start == *b"HTTP/1.1 200 OK")
    };
    timeout(LONG, exchange).await.expect("nothing happens").unwrap_or(false)
}

#[tokio::test]
async fn a_client_that_sends_no_request_is_disconnected() {
    for sent in [&b""[..], b"G", b"PRI", &PREFACE[..23], PREFACE, b"GET / HTTP/1.1\r\nhost: localhost\r\n"] {
        let server = TestServer::with_one_connection().await;
        let mut idle = server.connect().await;
        idle.write_all(sent).await.unwrap();
        server.assert_room(&String::from_utf8_lossy(sent)).await;
    }
}

#[tokio::test]
async fn a_client_that_trickles_headers_is_disconnected() {
    let server = TestServer::with_one_connection().await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    tokio::spawn(async move {
        while idle.write_all(b"x: y\r\n").await.is_ok() {
            sleep(TIMEOUT / 10).await;
        }
    });
    server.assert_room("endless headers").await;
}

#[tokio::test]
async fn a_client_that_reads_no_response_is_disconnected() {
    let server = TestServer::with_one_connection().await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    server.assert_room("a response that is not read").await;
}

#[tokio::test]
async fn a_slow_reader_gets_the_whole_response() {
    let server = TestServer::start(ConnectionLimit::with_max(1, TrustedProxies::none()), TIMEOUT * 5).await;
    let mut stream = server.connect().await;
    let request = b"GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let (mut buffer, mut rest) = (vec![0; LARGE / 8], Vec::new());
    for _ in 0..8 {
        sleep(TIMEOUT).await;
        timeout(LONG, stream.read_exact(&mut buffer)).await.unwrap().unwrap();
    }
    timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(!rest.is_empty(), "as long as the headers");
}

#[tokio::test]
async fn a_client_that_waits_for_the_server_is_not_disconnected() {
    let server = TestServer::with_one_connection().await;
    assert!(is_answered(&mut server.connect().await, "/late").await);
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

/// Sends this on an HTTP/2 connection and acknowledges settings and pings; returns the types of the frames received
/// until the server closed the connection.
async fn keep_alive(mut stream: TcpStream, sent: Vec<u8>) -> Vec<u8> {
    let (mut kinds, mut head) = (Vec::new(), [0; 9]);
    stream.write_all(&sent).await.unwrap();
    while stream.read_exact(&mut head).await.is_ok() {
        let [_, high, low, kind, flags, ..] = head;
        let mut payload = vec![0; u16::from_be_bytes([high, low]).into()];
        if stream.read_exact(&mut payload).await.is_err() {
            break;
        }
        kinds.push(kind);
        let reply = match (kind, flags & ACK) {
            (PING_FRAME, 0) => frame(PING_FRAME, ACK, 0, &payload),
            (SETTINGS, 0) => frame(SETTINGS, ACK, 0, &[]),
            _ => continue,
        };
        if stream.write_all(&reply).await.is_err() {
            break;
        }
    }
    kinds
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed_although_it_answers_pings() {
    let server = TestServer::with_one_connection().await;
    let idle = tokio::spawn(keep_alive(server.connect().await, [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()));
    server.assert_room("no request").await;
    let kinds = timeout(LONG, idle).await.unwrap().unwrap();
    assert!(kinds.contains(&GO_AWAY), "{kinds:?}");
}

#[tokio::test]
async fn an_http2_client_that_reads_no_response_is_disconnected() {
    let server = TestServer::with_one_connection().await;
    let no_window = [0, 4, 0, 0, 0, 0];
    // GET, http, /, and the name of the host.
    let request = [&[0x82_u8, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat();
    let (settings, request) = (frame(SETTINGS, 0, 0, &no_window), frame(HEADERS, END_HEADERS_AND_STREAM, 1, &request));
    let idle = tokio::spawn(keep_alive(server.connect().await, [PREFACE, &settings, &request].concat()));
    server.assert_room("a response without a window").await;
    let kinds = timeout(LONG, idle).await.unwrap().unwrap();
    assert!(kinds.contains(&HEADERS), "it was answered: {kinds:?}");
}

/// The header frame of a GET request for a path.
fn get(path: &str, stream: u8) -> Vec<u8> {
    // GET, http, and literal fields for the path and the host.
    let length = u8::try_from(path.len()).unwrap();
    let headers = [&[0x82, 0x86, 0x04, length][..], path.as_bytes(), &[0x01, 9], b"localhost"].concat();
    frame(HEADERS, END_HEADERS_AND_STREAM, stream, &headers)
}

/// Reads frames until a stream is reset; returns which.
async fn reset_stream(stream: &mut (impl AsyncReadExt + Unpin)) -> u8 {
    let mut head = [0; 9];
    loop {
        stream.read_exact(&mut head).await.expect("the connection stays open");
        let [_, high, low, kind, .., id] = head;
        stream.read_exact(&mut vec![0; u16::from_be_bytes([high, low]).into()]).await.unwrap();
        if kind == RESET_STREAM {
            return id;
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_not_read_ends_although_its_connection_is_in_use() {
    let server = TestServer::with_one_connection().await;
    let (mut reader, mut writer) = server.connect().await.into_split();
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    writer.write_all(&[PREFACE, &no_window, &get("/large", 1)].concat()).await.unwrap();
    tokio::spawn(async move {
        for stream in (3..=255).step_by(2) {
            sleep(TIMEOUT / 2).await;
            writer.write_all(&get("/late", stream)).await.unwrap();
        }
    });
    assert_eq!(timeout(LONG, reset_stream(&mut reader)).await.expect("no stream ends"), 1);
}

#[tokio::test]
async fn a_connection_has_a_limited_number_of_streams() {
    let server = TestServer::with_one_connection().await;
    let mut stream = server.connect().await;
    let requests = (0..=MAX_HTTP2_STREAMS as u8).flat_map(|place| get("/late", 2 * place + 1));
    let sent: Vec<u8> = PREFACE.iter().copied().chain(frame(SETTINGS, 0, 0, &[])).chain(requests).collect();
    stream.write_all(&sent).await.unwrap();
    let refused = timeout(LONG, reset_stream(&mut stream)).await.expect("every stream is served");
    assert_eq!(refused, 2 * MAX_HTTP2_STREAMS as u8 + 1);
}

#[tokio::test]
async fn one_address_does_not_get_all_connections() {
    let server = TestServer::start(ConnectionLimit::with_max(8, TrustedProxies::none()), LONG).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert!(is_answered(&mut first, "/").await && is_answered(&mut second, "/").await);
    assert!(!is_answered(&mut server.connect().await, "/").await, "a third");
    drop(first);
    let reconnect = async {
        while !is_answered(&mut server.connect().await, "/").await {
            sleep(TIMEOUT / 10).await;
        }
    };
    timeout(LONG, reconnect).await.expect("the permit is not given back");
    drop(second);
}

#[tokio::test]
async fn a_local_proxy_gets_all_connections() {
    let proxies = TrustedProxies::new(&Config::in_folder("x".as_ref()).server);
    let server = TestServer::start(ConnectionLimit::with_max(8, proxies), LONG).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = server.connect().await;
        assert!(is_answered(&mut stream, "/").await);
        held.push(stream);
    }
}
