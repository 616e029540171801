//! Connections that send small answers at once, and that tell when the client has gone.

use std::{
    collections::HashMap,
    io::Result,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use http::uri::Scheme;
use poem::{
    Addr,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

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

/// Accepts connections with TCP_NODELAY: an answer in two small writes would otherwise wait 40 ms for the client's
/// delayed acknowledgement.
pub(crate) struct PromptAcceptor {
    listener: TcpListener,
    clients: Clients,
}

impl PromptAcceptor {
    /// Accepts what comes to `listener`, and notes it in `clients`.
    pub(crate) fn new(listener: TcpListener, clients: Clients) -> Self {
        Self { listener, clients }
    }
}

impl Acceptor for PromptAcceptor {
    type Io = Watched;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr().map(|address| LocalAddr(address.into())).into_iter().collect()
    }

    async fn accept(&mut self) -> Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, remote) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        let local = LocalAddr(stream.local_addr()?.into());
        let leaving = CancellationToken::new();
        self.clients.map(|clients| clients.insert(remote, leaving.clone()));
        let watched = Watched { stream, remote, leaving, clients: self.clients.clone() };
        Ok((watched, local, RemoteAddr(remote.into()), Scheme::HTTP))
    }
}

/// A connection whose end is noted as soon as it is read.
pub(crate) struct Watched {
    stream: TcpStream,
    remote: SocketAddr,
    leaving: CancellationToken,
    clients: Clients,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.leaving.cancel();
        self.clients.map(|clients| clients.remove(&self.remote));
    }
}

impl AsyncRead for Watched {
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

impl AsyncWrite for Watched {
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
