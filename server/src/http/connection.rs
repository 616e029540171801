//! Open connections: when each of them closes, and the write timeout.

use std::{
    collections::HashMap,
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use parking_lot::Mutex;
use poem::{Addr, web::RemoteAddr};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;

use super::connection_limit::ConnectionPermit;

/// The open connections, by client address. The HTTP server notices that a client has disconnected only when it next
/// writes, which is too late for a response that is still being made.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<SocketAddr, CancellationToken>>>);

impl Connections {
    /// Is cancelled when the connection from this address closes; never for an unknown address.
    pub(crate) fn closed(&self, address: &RemoteAddr) -> CancellationToken {
        let known = match &**address {
            Addr::SocketAddr(address) => self.0.lock().get(address).cloned(),
            _ => None,
        };
        known.unwrap_or_default()
    }
}

/// The stream of a connection. Its end is reported as soon as it is read, and a write fails where the client reads
/// nothing for the write timeout. It holds the connection's permit, also after an upgrade to a WebSocket.
pub(super) struct TrackedStream<S> {
    stream: S,
    remote: SocketAddr,
    closed: CancellationToken,
    connections: Connections,
    write_timeout: Duration,
    /// Runs while a write is pending.
    stalled: Option<Pin<Box<Sleep>>>,
    _permit: ConnectionPermit,
}

impl<S> TrackedStream<S> {
    /// Enters the connection in `connections`.
    pub(super) fn new(
        stream: S,
        remote: SocketAddr,
        connections: Connections,
        permit: ConnectionPermit,
        write_timeout: Duration,
    ) -> Self {
        let closed = CancellationToken::new();
        connections.0.lock().insert(remote, closed.clone());
        Self { stream, remote, closed, connections, write_timeout, stalled: None, _permit: permit }
    }

    /// Applies the write timeout to an attempt to write.
    fn timed<T>(&mut self, context: &mut Context<'_>, attempt: Poll<Result<T>>) -> Poll<Result<T>> {
        if attempt.is_ready() {
            self.stalled = None;
            return attempt;
        }
        let write_timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_timeout)));
        let is_over = stalled.as_mut().poll(context).is_ready();
        if is_over { Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "write timeout"))) } else { Poll::Pending }
    }
}

impl<S> Drop for TrackedStream<S> {
    fn drop(&mut self) {
        self.closed.cancel();
        self.connections.0.lock().remove(&self.remote);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrackedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let (room, before) = (into.remaining(), into.filled().len());
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        let ended = room > 0 && into.filled().len() == before;
        if matches!(read, Poll::Ready(Err(_))) || matches!(read, Poll::Ready(Ok(())) if ended) {
            self.closed.cancel();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TrackedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.timed(context, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.timed(context, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_flush(context);
        self.timed(context, attempt)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_shutdown(context);
        self.timed(context, attempt)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::timeout,
    };

    use super::*;
    use crate::{http::connection_limit::ConnectionLimit, middleware::real_ip::TrustedProxies};

    const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

    /// A client and its connection, which holds a permit of this limit.
    async fn connect(
        connections: &Connections,
        limit: &ConnectionLimit,
    ) -> (DuplexStream, TrackedStream<DuplexStream>, RemoteAddr) {
        let remote: SocketAddr = "192.0.2.1:1".parse().unwrap();
        let permit = limit.acquire(remote.ip(), limit.reserve().await.unwrap()).unwrap();
        let (client, stream) = duplex(16);
        let tracked = TrackedStream::new(stream, remote, connections.clone(), permit, WRITE_TIMEOUT);
        (client, tracked, RemoteAddr(remote.into()))
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_disconnected_and_a_slow_one_is_not() {
        let (connections, limit) = (Connections::default(), ConnectionLimit::with_max(1, TrustedProxies::none()));
        let (mut client, mut tracked, _) = connect(&connections, &limit).await;
        let slow = async {
            let mut buffer = [0; 16];
            for _ in 0..8 {
                sleep(WRITE_TIMEOUT / 5).await;
                client.read_exact(&mut buffer).await.unwrap();
            }
            client
        };
        let (written, client) = tokio::join!(tracked.write_all(&[0; 128]), slow);
        written.unwrap();
        let error = tracked.write_all(&[0; 32]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(client);
    }

    #[tokio::test]
    async fn a_disconnect_is_known_at_once() {
        let (connections, limit) = (Connections::default(), ConnectionLimit::with_max(1, TrustedProxies::none()));
        let (mut client, mut tracked, remote) = connect(&connections, &limit).await;
        client.write_u8(1).await.unwrap();
        assert_eq!(tracked.read_u8().await.unwrap(), 1);
        let closed = connections.closed(&remote);
        assert!(!closed.is_cancelled());
        drop(client);
        tracked.read_u8().await.unwrap_err();
        assert!(closed.is_cancelled());
        drop(tracked);
        timeout(Duration::from_secs(60), limit.reserve()).await.expect("its permit is free");
    }
}
