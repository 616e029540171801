//! Connections that send small answers at once.

use std::io::Result;

use http::uri::Scheme;
use poem::{
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections with TCP_NODELAY: an answer in two small writes would otherwise wait 40 ms for the client's
/// delayed acknowledgement.
pub(crate) struct PromptAcceptor(TcpListener);

impl From<TcpListener> for PromptAcceptor {
    fn from(listener: TcpListener) -> Self {
        Self(listener)
    }
}

impl Acceptor for PromptAcceptor {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr().map(|address| LocalAddr(address.into())).into_iter().collect()
    }

    async fn accept(&mut self) -> Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, remote) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        let local = LocalAddr(stream.local_addr()?.into());
        Ok((stream, local, RemoteAddr(remote.into()), Scheme::HTTP))
    }
}
