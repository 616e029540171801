//! Rate limits of requests: those of their routes.

use std::net::{IpAddr, Ipv6Addr};

use poem::Request;
use tools::{
    Context, Result,
    limits::{Locality, Policy, RateLimit},
};

use crate::{operation::Operation, query};

/// Whether a request comes from this machine.
pub fn locality(request: &Request) -> Locality {
    Locality::of(request.remote_addr().as_socket_addr().map(|address| address.ip()), request.headers())
}

/// Counts a request under the limits of its route, before its body is read.
///
/// # Errors
/// [`tools::Error::Limited`] where one of them is used up.
pub(crate) fn check_rate_limit(operation: &Operation, context: &Context, request: &Request) -> Result<()> {
    let applies = |limit: &&RateLimit| limit.when.is_none_or(|field| is_true(operation, field, request));
    let policies: Vec<Policy> = operation.route.limits.iter().filter(applies).map(|limit| limit.policy).collect();
    context.check_rate_limit(&policies, 1, locality(request))
}

/// Whether the argument is true in the query string, under any of its names; where it is given twice, the
/// true one counts.
fn is_true(operation: &Operation, field: &str, request: &Request) -> bool {
    let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
    let mut named = pairs.iter().filter(|(name, _)| operation.route.arguments.canonical(name) == field);
    named.any(|(_, text)| query::boolean(text) == Some(true))
}

/// The address that a request comes from, as the middleware has found out; `None` is this machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whence(pub Option<IpAddr>);

/// The address that a request comes from; of IPv6 only the network. `None` is this machine itself. Without
/// [`Whence`] it is the other end of the connection.
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
