//! Over real sockets: whoever keeps the server waiting makes room for others, and whoever waits for it does not.

use poem::endpoint::make;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

use super::*;
use crate::{Config, middleware::real_ip::Proxies};

const PATIENCE: Duration = Duration::from_millis(300);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// More than the system keeps for a client that takes nothing, in bytes.
const LARGE: usize = 40 << 20;

/// How an HTTP/2 connection begins, and the frames and flags of it that these tests need.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING_FRAME: u8 = 6;
const GO_AWAY: u8 = 7;
const ACKNOWLEDGED: u8 = 1;
const WHOLE: u8 = 5;

async fn answer(request: poem::Request) -> Response {
    match request.uri().path() {
        "/large" => Response::builder().body(vec![7u8; LARGE]),
        "/late" => {
            sleep(PATIENCE * 4).await;
            Response::builder().body("late")
        }
        _ => Response::builder().body("here"),
    }
}

struct Serving {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Serving {
    async fn start(crowd: Crowd, patience: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (clients, app) = (Clients::default(), Arc::new(make(answer)));
        let listener = Listener { listener, tls: None, clients, crowd, patience, app };
        tokio::spawn(listener.serve(stop.clone()));
        Self { address, stop }
    }

    /// With room for one connection, whose client is not waited for long.
    async fn narrow() -> Self {
        Self::start(Crowd::of(1, Proxies::none()), PATIENCE).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sees to it that somebody else is answered, although there is room for one and `before` this there was another.
    async fn has_room(&self, before: &str) {
        let mut other = self.connect().await;
        assert!(is_answered(&mut other, "/").await, "{before}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Whether a request is answered, rather than the connection ended.
async fn is_answered(stream: &mut TcpStream, path: &str) -> bool {
    let asked = async {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut start = [0; 15];
        stream.read_exact(&mut start).await?;
        Ok::<_, std::io::Error>(start == *b"HTTP/1.1 200 OK")
    };
    timeout(LONG, asked).await.expect("nothing happens").unwrap_or(false)
}

#[tokio::test]
async fn who_sends_no_request_makes_room() {
    for sent in [&b""[..], b"G", b"PRI", &PREFACE[..23], PREFACE, b"GET / HTTP/1.1\r\nhost: localhost\r\n"] {
        let server = Serving::narrow().await;
        let mut waster = server.connect().await;
        waster.write_all(sent).await.unwrap();
        server.has_room(&String::from_utf8_lossy(sent)).await;
    }
}

#[tokio::test]
async fn a_head_that_trickles_makes_room() {
    let server = Serving::narrow().await;
    let mut waster = server.connect().await;
    waster.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    tokio::spawn(async move {
        while waster.write_all(b"x: y\r\n").await.is_ok() {
            sleep(PATIENCE / 10).await;
        }
    });
    server.has_room("a head without end").await;
}

#[tokio::test]
async fn who_takes_no_answer_makes_room() {
    let server = Serving::narrow().await;
    let mut waster = server.connect().await;
    waster.write_all(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    server.has_room("an answer that nobody takes").await;
}

#[tokio::test]
async fn who_takes_an_answer_slowly_gets_all_of_it() {
    let server = Serving::start(Crowd::of(1, Proxies::none()), PATIENCE * 5).await;
    let mut stream = server.connect().await;
    let request = b"GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let (mut taken, mut rest) = (vec![0; LARGE / 8], Vec::new());
    for _ in 0..8 {
        sleep(PATIENCE).await;
        timeout(LONG, stream.read_exact(&mut taken)).await.unwrap().unwrap();
    }
    timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(!rest.is_empty(), "as long as the head");
}

#[tokio::test]
async fn who_waits_for_the_server_is_not_given_up() {
    let server = Serving::narrow().await;
    assert!(is_answered(&mut server.connect().await, "/late").await);
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

/// Sends this on an HTTP/2 connection, and answers whatever the server asks of a client that is still there; gives the
/// kinds of frames that have come when the server has hung up.
async fn stay(mut stream: TcpStream, sent: Vec<u8>) -> Vec<u8> {
    let (mut kinds, mut head) = (Vec::new(), [0; 9]);
    stream.write_all(&sent).await.unwrap();
    while stream.read_exact(&mut head).await.is_ok() {
        let [_, high, low, kind, flags, ..] = head;
        let mut payload = vec![0; u16::from_be_bytes([high, low]).into()];
        if stream.read_exact(&mut payload).await.is_err() {
            break;
        }
        kinds.push(kind);
        let reply = match (kind, flags & ACKNOWLEDGED) {
            (PING_FRAME, 0) => frame(PING_FRAME, ACKNOWLEDGED, 0, &payload),
            (SETTINGS, 0) => frame(SETTINGS, ACKNOWLEDGED, 0, &[]),
            _ => continue,
        };
        if stream.write_all(&reply).await.is_err() {
            break;
        }
    }
    kinds
}

#[tokio::test]
async fn an_http2_connection_that_rests_makes_room_however_lively_it_is() {
    let server = Serving::narrow().await;
    let waster = tokio::spawn(stay(server.connect().await, [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()));
    server.has_room("no request").await;
    let kinds = timeout(LONG, waster).await.unwrap().unwrap();
    assert!(kinds.contains(&GO_AWAY), "{kinds:?}");
}

#[tokio::test]
async fn who_takes_no_answer_over_http2_makes_room() {
    let server = Serving::narrow().await;
    let no_window = [0, 4, 0, 0, 0, 0];
    // GET, http, /, and the name of the host.
    let request = [&[0x82_u8, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat();
    let (settings, request) = (frame(SETTINGS, 0, 0, &no_window), frame(HEADERS, WHOLE, 1, &request));
    let waster = tokio::spawn(stay(server.connect().await, [PREFACE, &settings, &request].concat()));
    server.has_room("an answer without a window").await;
    let kinds = timeout(LONG, waster).await.unwrap().unwrap();
    assert!(kinds.contains(&HEADERS), "it was answered: {kinds:?}");
}

#[tokio::test]
async fn one_address_does_not_get_all_the_room() {
    let server = Serving::start(Crowd::of(8, Proxies::none()), LONG).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert!(is_answered(&mut first, "/").await && is_answered(&mut second, "/").await);
    assert!(!is_answered(&mut server.connect().await, "/").await, "a third");
    drop(first);
    let place = async {
        while !is_answered(&mut server.connect().await, "/").await {
            sleep(PATIENCE / 10).await;
        }
    };
    timeout(LONG, place).await.expect("the place is not given back");
    drop(second);
}

#[tokio::test]
async fn a_proxy_on_this_machine_gets_all_the_room() {
    let proxies = Proxies::new(&Config::in_folder("x".as_ref()).server);
    let server = Serving::start(Crowd::of(8, proxies), LONG).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = server.connect().await;
        assert!(is_answered(&mut stream, "/").await);
        held.push(stream);
    }
}
