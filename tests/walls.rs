//! What keeps the server and its users safe from others: limits, bounds, who may call from where, TLS, and that no secret
//! is told to the log.

mod bounds;
mod door;
mod limits;
mod secrets;
mod sockets;
mod storms;
mod tls;
