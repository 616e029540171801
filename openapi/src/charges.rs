//! What a request is counted as, for the rate limits: as its route says.

use std::net::{IpAddr, Ipv6Addr};

use poem::Request;
use tools::{
    Context, Result,
    limits::{Charge, Nearness, Policy},
};

use crate::{operation::Operation, query};

/// From how near a request comes.
pub fn nearness(request: &Request) -> Nearness {
    Nearness::of(request.remote_addr().as_socket_addr().map(|address| address.ip()), request.headers())
}

/// Counts a request under the policies of its route, before its body is read.
pub(crate) fn charge(operation: &Operation, context: &Context, request: &Request) -> Result<()> {
    let charges = &operation.route.limits;
    let is_due = |charge: &&Charge| charge.when.is_none_or(|field| is_true(operation, field, request));
    let policies: Vec<Policy> = charges.iter().filter(is_due).map(|charge| charge.policy).collect();
    context.charge(&policies, 1, nearness(request))
}

/// Whether the argument is true in the query string, under any of its names: who gives it twice pays for the dearer.
fn is_true(operation: &Operation, field: &str, request: &Request) -> bool {
    let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
    let mut named = pairs.iter().filter(|(name, _)| operation.route.arguments.canonical(name) == field);
    named.any(|(_, text)| query::boolean(text) == Some(true))
}

/// The address that a request comes from, as whoever let it in has found out; `None` is this machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whence(pub Option<IpAddr>);

/// The address that a request comes from; of IPv6 only the network. `None` is this machine itself. Where nobody has found
/// out, it is the other end of the connection.
pub fn address_of(request: &Request) -> Option<IpAddr> {
    let address = match request.extensions().get::<Whence>() {
        Some(Whence(address)) => *address,
        None => request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical()),
    };
    address.map(network_of)
}

/// What an address is counted as: of IPv6 only the network, as each client has all of it.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(number) => IpAddr::V6(Ipv6Addr::from_bits(number.to_bits() >> 64 << 64)),
        number @ IpAddr::V4(_) => number,
    }
}
