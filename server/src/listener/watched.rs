//! The connections that are there, and when each of them ends.

use std::{
    collections::HashMap,
    io::Result,
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

use super::silent;

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

/// A connection whose end is noted as soon as it is read, and that ends where no first byte comes in time.
pub(super) struct Watched<S> {
    stream: S,
    remote: SocketAddr,
    leaving: CancellationToken,
    clients: Clients,
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    /// Notes in `clients` that this one has come, who says something within `patience`.
    pub(super) fn new(stream: S, remote: SocketAddr, clients: Clients, patience: Duration) -> Self {
        let leaving = CancellationToken::new();
        clients.map(|clients| clients.insert(remote, leaving.clone()));
        Self { stream, remote, leaving, clients, patience: Some(Box::pin(sleep(patience))) }
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
        if read.is_ready() {
            self.patience = None;
        } else if self.patience.as_mut().is_some_and(|patience| patience.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Err(silent()));
        }
        let ended = room > 0 && into.filled().len() == before;
        if matches!(read, Poll::Ready(Err(_))) || matches!(read, Poll::Ready(Ok(())) if ended) {
            self.leaving.cancel();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_client_that_says_nothing_is_given_up_and_one_that_began_is_not() {
        let patience = Duration::from_millis(20);
        let remote: SocketAddr = "192.0.2.1:1".parse().unwrap();
        let clients = Clients::default();
        let (_silent, stream) = duplex(16);
        let error = Watched::new(stream, remote, clients.clone(), patience).read_u8().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);

        let (mut client, stream) = duplex(16);
        let mut watched = Watched::new(stream, remote, clients.clone(), patience);
        client.write_u8(1).await.unwrap();
        watched.read_u8().await.unwrap();
        let later = async {
            tokio::time::sleep(patience * 2).await;
            client.write_u8(2).await.unwrap();
            client
        };
        let (read, client) = tokio::join!(watched.read_u8(), later);
        assert_eq!(read.unwrap(), 2);
        let leaving = clients.leaving(&RemoteAddr(remote.into()));
        assert!(!leaving.is_cancelled());
        drop(client);
        watched.read_u8().await.unwrap_err();
        assert!(leaving.is_cancelled());
    }
}
