//! Accepts connections within the connection limit, with TLS where there is a certificate, and serves HTTP/1.1 and
//! HTTP/2 on them until they are idle or the server stops.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http::uri::Scheme;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use openapi::RequestPermit;
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
    connection::{Connections, TrackedStream},
    connection_limit::{ConnectionLimit, ConnectionPermit},
    idle_timeout::{ChunkedBody, IdleTimer},
    stream_timeout::StreamExecutor,
    tls::Tls,
};

/// The maximum time for the TLS handshake, and for the first request after it; a shorter request timeout applies to
/// both.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client may take to finish what it does on a connection that is being closed.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// The idle timeout and the write timeout, as multiples of the request timeout: proxies keep idle connections for two
/// minutes, and reads over a slow line arrive in bursts.
const IDLE_MULTIPLIER: u32 = 5;

/// The maximum size of the request headers of an HTTP/2 connection, in bytes; the middleware has a lower limit.
const MAX_HTTP2_HEADERS: u32 = 64 << 10;

/// The maximum number of concurrent requests on one HTTP/2 connection.
const MAX_HTTP2_STREAMS: u32 = 32;

/// How often a silent HTTP/2 connection is pinged, and how long it may take to answer.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(30);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long active requests may take once the server shuts down.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after accepting has failed: the process may be out of file descriptors.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// The server's TCP listener.
pub(crate) struct Listener<E> {
    /// The bound socket.
    pub(crate) listener: TcpListener,
    /// TLS; `None` is plain HTTP.
    pub(crate) tls: Option<Tls>,
    /// The open connections.
    pub(crate) connections: Connections,
    /// How many connections may be open.
    pub(crate) limit: ConnectionLimit,
    /// How long a client may take for the next part of a request.
    pub(crate) request_timeout: Duration,
    /// The service.
    pub(crate) app: Arc<E>,
}

impl<E: Endpoint<Output = Response> + 'static> Listener<E> {
    /// Serves until `stop` is cancelled, and then lets active requests finish.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let (tasks, kill) = (TaskTracker::new(), CancellationToken::new());
        loop {
            // At the limit, further connections wait in the system's backlog.
            let reserved = stop.run_until_cancelled(self.limit.reserve()).await;
            let Some(Some(reserved)) = reserved else { break };
            let (stream, remote) = match stop.run_until_cancelled(self.listener.accept()).await {
                None => break,
                Some(Ok(accepted)) => accepted,
                Some(Err(error)) => {
                    tracing::debug!("accepting a connection failed: {error}");
                    tokio::time::sleep(ACCEPT_RETRY_INTERVAL).await;
                    continue;
                }
            };
            let Some(permit) = self.limit.acquire(remote.ip(), reserved) else {
                tracing::debug!("connection refused: {} has reached its limit", remote.ip());
                continue;
            };
            let connection = Connection {
                connections: self.connections.clone(),
                app: Arc::clone(&self.app),
                remote,
                permit,
                request_timeout: self.request_timeout,
                stop: stop.clone(),
            };
            let (tls, kill) = (self.tls.clone(), kill.clone());
            tasks.spawn(async move {
                kill.run_until_cancelled(connection.accept(stream, tls)).await;
            });
        }
        drop(self.listener);
        tasks.close();
        if timeout(DRAIN_TIMEOUT, tasks.wait()).await.is_err() {
            kill.cancel();
            tasks.wait().await;
        }
    }
}

/// One accepted connection.
struct Connection<E> {
    connections: Connections,
    app: Arc<E>,
    remote: SocketAddr,
    permit: ConnectionPermit,
    request_timeout: Duration,
    stop: CancellationToken,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    async fn accept(self, stream: TcpStream, tls: Option<Tls>) {
        // An answer in two small writes would otherwise wait 40 ms for the client's delayed acknowledgement.
        let Ok(local) = stream.set_nodelay(true).and_then(|()| stream.local_addr()) else { return };
        let outcome = match tls {
            None => self.serve(stream, local, Scheme::HTTP).await,
            Some(tls) => match timeout(HANDSHAKE_TIMEOUT.min(self.request_timeout), tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream, local, Scheme::HTTPS).await,
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err("TLS handshake timeout".into()),
            },
        };
        if let Err(error) = outcome {
            tracing::debug!("connection closed: {error}");
        }
    }

    async fn serve<S>(
        self,
        stream: S,
        local: SocketAddr,
        scheme: Scheme,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { connections, app, remote, permit, request_timeout, stop } = self;
        let idle_timeout = request_timeout * IDLE_MULTIPLIER;
        let timer = IdleTimer::new(HANDSHAKE_TIMEOUT.min(request_timeout), idle_timeout);
        let service_timer = timer.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, scheme, active) = (Arc::clone(&app), scheme.clone(), service_timer.start_request());
            let request = (request, LocalAddr(local.into()), RemoteAddr(remote.into()), scheme);
            async move {
                let active = active.on_this_stream();
                let mut response: http::Response<_> = app.get_response(request.into()).await.into();
                let permit = response.extensions_mut().remove::<RequestPermit>();
                Ok::<_, Infallible>(response.map(|body| ChunkedBody::new(body, active, permit)))
            }
        });
        let stream = TrackedStream::new(stream, remote, connections, permit, idle_timeout);
        let builder = builder(idle_timeout);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            // A request that has arrived is served, even at the deadline.
            biased;
            ended = &mut connection => return ended,
            () = timer.expired() => {}
            () = stop.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        timer.shorten(SHUTDOWN_GRACE);
        tokio::select! {
            biased;
            ended = &mut connection => ended,
            () = timer.expired() => Err("idle timeout".into()),
        }
    }
}

fn builder(write_timeout: Duration) -> Builder<StreamExecutor> {
    let mut builder = Builder::new(StreamExecutor { write_timeout });
    // The idle timer covers request headers, of both versions and before the version is known.
    builder.http1().header_read_timeout(None::<Duration>);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(HTTP2_PING_INTERVAL).keep_alive_timeout(HTTP2_PING_TIMEOUT);
    http2
        .max_concurrent_streams(MAX_HTTP2_STREAMS)
        .max_pending_accept_reset_streams(20)
        .max_header_list_size(MAX_HTTP2_HEADERS);
    builder
}

#[cfg(test)]
mod tests;
