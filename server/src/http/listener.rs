//! Connections: accepted up to a number, encrypted where there is a certificate, given up where the client keeps the
//! server waiting, and watched, so that it is known when the client has gone.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http::uri::Scheme;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use poem::{
    Endpoint, Response,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    connection::{Clients, Watched},
    connection_limit::{Crowd, Place},
    idle_timeout::{Pieces, Turns},
    tls::Tls,
};

/// How long a client may take for a handshake, and then to send its first request; the configuration may say less.
const GREETING: Duration = Duration::from_secs(15);

/// How long a client that is to go may take to end what it is at.
const FAREWELL: Duration = Duration::from_secs(5);

/// How many times as long as for a request a client may rest between two, or take nothing of an answer: proxies keep
/// connections for two minutes, and that a slow line takes something shows only now and then.
const REST: u32 = 5;

/// How large the head of a request may be on an HTTP/2 connection, in bytes; the walls say how large one really may be.
const LARGEST_HEAD: u32 = 64 << 10;

/// How many requests may be at work on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// How often a silent HTTP/2 connection is asked whether it is still there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// How long requests at work may go on once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long to wait after the system had no connection to give: it may be out of files.
const RETRY: Duration = Duration::from_millis(100);

/// Where connections come from, and what becomes of them.
pub(crate) struct Listener<E> {
    /// What they come to.
    pub(crate) listener: TcpListener,
    /// What encrypts them.
    pub(crate) tls: Option<Tls>,
    /// Those that are there.
    pub(crate) clients: Clients,
    /// How many there may be at a time.
    pub(crate) crowd: Crowd,
    /// How long a client may keep the server waiting.
    pub(crate) patience: Duration,
    /// What answers their requests.
    pub(crate) app: Arc<E>,
}

impl<E: Endpoint<Output = Response> + 'static> Listener<E> {
    /// Serves until `stop`, and then lets requests at work finish.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let (at_work, kill) = (TaskTracker::new(), CancellationToken::new());
        loop {
            // Whoever comes when there is no room waits before the door.
            let room = stop.run_until_cancelled(self.crowd.make_room()).await;
            let Some(Some(room)) = room else { break };
            let (stream, remote) = match stop.run_until_cancelled(self.listener.accept()).await {
                None => break,
                Some(Ok(accepted)) => accepted,
                Some(Err(error)) => {
                    tracing::debug!("no connection: {error}");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            let Some(place) = self.crowd.seat(remote.ip(), room) else {
                tracing::debug!("no connection: {} has as many as it gets", remote.ip());
                continue;
            };
            let conversation = Conversation {
                clients: self.clients.clone(),
                app: Arc::clone(&self.app),
                remote,
                place,
                patience: self.patience,
                stop: stop.clone(),
            };
            let (tls, kill) = (self.tls.clone(), kill.clone());
            at_work.spawn(async move {
                kill.run_until_cancelled(conversation.begin(stream, tls)).await;
            });
        }
        drop(self.listener);
        at_work.close();
        if timeout(DRAIN, at_work.wait()).await.is_err() {
            kill.cancel();
            at_work.wait().await;
        }
    }
}

/// One connection.
struct Conversation<E> {
    clients: Clients,
    app: Arc<E>,
    remote: SocketAddr,
    place: Place,
    patience: Duration,
    stop: CancellationToken,
}

impl<E: Endpoint<Output = Response> + 'static> Conversation<E> {
    async fn begin(self, stream: TcpStream, tls: Option<Tls>) {
        // An answer in two small writes would otherwise wait 40 ms for the client's delayed acknowledgement.
        let Ok(local) = stream.set_nodelay(true).and_then(|()| stream.local_addr()) else { return };
        let outcome = match tls {
            None => self.go_on(stream, local, Scheme::HTTP).await,
            Some(tls) => match timeout(GREETING.min(self.patience), tls.accept(stream)).await {
                Ok(Ok(stream)) => self.go_on(stream, local, Scheme::HTTPS).await,
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err("no handshake in time".into()),
            },
        };
        if let Err(error) = outcome {
            tracing::debug!("a connection ended: {error}");
        }
    }

    async fn go_on<S>(
        self,
        stream: S,
        local: SocketAddr,
        scheme: Scheme,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { clients, app, remote, place, patience, stop } = self;
        let turns = Turns::new(GREETING.min(patience), patience * REST);
        let begun = turns.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, scheme, turn) = (Arc::clone(&app), scheme.clone(), begun.begin());
            let request = (request, LocalAddr(local.into()), RemoteAddr(remote.into()), scheme);
            async move {
                let answer: http::Response<_> = app.get_response(request.into()).await.into();
                Ok::<_, Infallible>(answer.map(|body| Pieces::of(body, turn)))
            }
        });
        let stream = Watched::new(stream, remote, clients, place, patience * REST);
        let builder = builder();
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            // A request that has come is taken up, however late.
            biased;
            ended = &mut connection => return ended,
            () = turns.run_out() => {}
            () = stop.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        turns.hasten(FAREWELL);
        tokio::select! {
            biased;
            ended = &mut connection => ended,
            () = turns.run_out() => Err("the client keeps it waiting".into()),
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The turns see to it that heads come in time, of both versions and before it is known which of them it is.
    builder.http1().header_read_timeout(None::<Duration>);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PONG);
    http2.max_concurrent_streams(STREAMS).max_pending_accept_reset_streams(20).max_header_list_size(LARGEST_HEAD);
    builder
}

#[cfg(test)]
mod tests;
