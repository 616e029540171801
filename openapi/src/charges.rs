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

/// Whether the argument is true in the query string.
fn is_true(operation: &Operation, field: &str, request: &Request) -> bool {
    let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
    let named = pairs.iter().filter(|(name, _)| operation.route.arguments.canonical(name) == field);
    named.last().is_some_and(|(_, text)| query::boolean(text) == Some(true))
}

/// The address that a request comes from; of IPv6 only the network, as each client has all of it. `None` is this machine
/// itself.
pub fn address_of(request: &Request) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr()?.ip().to_canonical();
    let last_hop = || request.header("x-forwarded-for")?.rsplit(',').next()?.trim().parse().ok();
    match if peer.is_loopback() { last_hop()? } else { peer } {
        IpAddr::V6(number) => Some(IpAddr::V6(Ipv6Addr::from_bits(number.to_bits() >> 64 << 64))),
        number @ IpAddr::V4(_) => Some(number),
    }
}
