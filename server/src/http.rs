//! Connections over TCP and TLS.

mod connection;
mod connection_limit;
mod idle_timeout;
mod listener;
mod stream_timeout;
mod tls;

pub(crate) use connection::Connections;
pub(crate) use connection_limit::ConnectionLimit;
pub(crate) use listener::Listener;
pub(crate) use tls::Tls;
