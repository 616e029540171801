//! The connections that are there, and when each of them ends.

use std::{
    collections::HashMap,
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use poem::{Addr, web::RemoteAddr};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;

use super::connection_limit::Place;

/// The clients that are connected. The HTTP server notices that one has gone only when it next writes to it, which is too
/// late for an answer that is still being made.
#[derive(Clone, Default)]
pub(crate) struct Clients(Arc<Mutex<HashMap<SocketAddr, CancellationToken>>>);

impl Clients {
    /// Is cancelled when the client at this address has gone; never for one that nobody knows.
    pub(crate) fn leaving(&self, address: &RemoteAddr) -> CancellationToken {
        let known = match &**address {
            Addr::SocketAddr(address) => self.map(|clients| clients.get(address).cloned()),
            _ => None,
        };
        known.unwrap_or_default()
    }

    fn map<T>(&self, change: impl FnOnce(&mut HashMap<SocketAddr, CancellationToken>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection whose end is noted as soon as it is read, and that ends where the client takes nothing of what is written.
/// It holds its place, also when a WebSocket has been made of it.
pub(super) struct Watched<S> {
    stream: S,
    remote: SocketAddr,
    leaving: CancellationToken,
    clients: Clients,
    patience: Duration,
    /// Runs while there is something to take that the client does not take.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl<S> Watched<S> {
    /// Notes in `clients` that this one has come, which may take nothing for as long as `patience`.
    pub(super) fn new(stream: S, remote: SocketAddr, clients: Clients, place: Place, patience: Duration) -> Self {
        let leaving = CancellationToken::new();
        clients.map(|clients| clients.insert(remote, leaving.clone()));
        Self { stream, remote, leaving, clients, patience, stalled: None, _place: place }
    }

    /// What has come of an attempt to write: an error, where none has come to anything for too long.
    fn taken<T>(&mut self, context: &mut Context<'_>, attempt: Poll<Result<T>>) -> Poll<Result<T>> {
        if attempt.is_ready() {
            self.stalled = None;
            return attempt;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        let is_over = stalled.as_mut().poll(context).is_ready();
        if is_over { Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "nothing was taken"))) } else { Poll::Pending }
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.leaving.cancel();
        self.clients.map(|clients| clients.remove(&self.remote));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let (room, before) = (into.remaining(), into.filled().len());
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        let ended = room > 0 && into.filled().len() == before;
        if matches!(read, Poll::Ready(Err(_))) || matches!(read, Poll::Ready(Ok(())) if ended) {
            self.leaving.cancel();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(context, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.taken(context, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_flush(context);
        self.taken(context, attempt)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_shutdown(context);
        self.taken(context, attempt)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::timeout,
    };

    use super::*;
    use crate::{http::connection_limit::Crowd, middleware::real_ip::Proxies};

    const PATIENCE: Duration = Duration::from_millis(500);

    /// A client, and its connection, which holds a place of this crowd.
    async fn meet(clients: &Clients, crowd: &Crowd) -> (DuplexStream, Watched<DuplexStream>, RemoteAddr) {
        let remote: SocketAddr = "192.0.2.1:1".parse().unwrap();
        let place = crowd.seat(remote.ip(), crowd.make_room().await.unwrap()).unwrap();
        let (client, stream) = duplex(16);
        (client, Watched::new(stream, remote, clients.clone(), place, PATIENCE), RemoteAddr(remote.into()))
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up_and_one_that_is_slow_is_not() {
        let (clients, crowd) = (Clients::default(), Crowd::of(1, Proxies::none()));
        let (mut client, mut watched, _) = meet(&clients, &crowd).await;
        let slow = async {
            let mut taken = [0; 16];
            for _ in 0..8 {
                sleep(PATIENCE / 5).await;
                client.read_exact(&mut taken).await.unwrap();
            }
            client
        };
        let (written, client) = tokio::join!(watched.write_all(&[0; 128]), slow);
        written.unwrap();
        let error = watched.write_all(&[0; 32]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(client);
    }

    #[tokio::test]
    async fn it_is_known_at_once_that_a_client_has_gone() {
        let (clients, crowd) = (Clients::default(), Crowd::of(1, Proxies::none()));
        let (mut client, mut watched, remote) = meet(&clients, &crowd).await;
        client.write_u8(1).await.unwrap();
        assert_eq!(watched.read_u8().await.unwrap(), 1);
        let leaving = clients.leaving(&remote);
        assert!(!leaving.is_cancelled());
        drop(client);
        watched.read_u8().await.unwrap_err();
        assert!(leaving.is_cancelled());
        drop(watched);
        timeout(Duration::from_secs(60), crowd.make_room()).await.expect("its place is free");
    }
}
