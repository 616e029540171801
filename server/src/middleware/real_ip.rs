//! The IP address of the client that made a request, also behind trusted proxies.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http::HeaderMap;
use ipnet::IpNet;
use openapi::locality;
use poem::Request;
use tools::limits::Locality;

use crate::config::{ServerConfig, parse_network};

/// This machine, whose proxies are always trusted.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// Stands for all clients elsewhere whose address is unknown, so that they share one rate limit.
const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The proxies whose headers are trusted.
#[derive(Debug, Clone)]
pub(crate) struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Those on this machine, and those in the configuration.
    pub(crate) fn new(server: &ServerConfig) -> Self {
        let named = server.trusted_proxies.iter().map(String::as_str);
        Self(LOOPBACK.into_iter().chain(named).filter_map(parse_network).collect())
    }

    /// None at all, so that a test is not local.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self(Arc::default())
    }

    /// Whether a proxy at this address is trusted.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client; `None` is this machine itself.
    pub(super) fn client_ip(&self, request: &Request) -> Option<IpAddr> {
        if locality(request) == Locality::Local {
            return None;
        }
        let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
        let Some(peer) = peer else { return Some(UNKNOWN) };
        if !self.contains(peer) {
            return Some(peer);
        }
        // A local proxy that names no client does not make the request a local one.
        let proxy = if peer.is_loopback() { UNKNOWN } else { peer };
        Some(self.forwarded_for(request.headers()).unwrap_or(proxy))
    }

    /// The client that a proxy's headers name; `None` where they name none. A proxy sets one of these headers and
    /// passes the others on as the client wrote them: where they disagree, the client is unknown.
    fn forwarded_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let chains = [list(headers, "x-forwarded-for"), forwarded(headers), list(headers, "x-real-ip")];
        let mut clients: Vec<IpAddr> = chains.iter().filter_map(|chain| self.client_of(chain)).collect();
        // A header may name the proxy before the last one, which has named the client in another header.
        if clients.iter().any(|address| !self.contains(*address)) {
            clients.retain(|address| !self.contains(*address));
        }
        let first = *clients.first()?;
        Some(if clients.iter().all(|address| *address == first) { first } else { UNKNOWN })
    }

    /// The client in a chain of hops, each appended by the next proxy: the last hop that is not a trusted proxy.
    fn client_of(&self, chain: &[Option<IpAddr>]) -> Option<IpAddr> {
        let is_client = |hop: &Option<IpAddr>| hop.is_none_or(|address| !self.contains(address));
        let client = chain.iter().rev().copied().find(is_client);
        Some(client.or(chain.first().copied())?.unwrap_or(UNKNOWN))
    }
}

/// The addresses in the values of a header, each a list; `None` is an invalid one.
fn list(headers: &HeaderMap, name: &str) -> Vec<Option<IpAddr>> {
    elements(headers, name).map(address).collect()
}

/// The `for` addresses of the header `Forwarded` (RFC 7239).
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let node = |element: &str| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        address(node)
    };
    elements(headers, "forwarded").map(node).collect()
}

fn elements<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> + use<'h> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    lines.into_iter().flat_map(|line| line.split(','))
}

/// An address with or without quotes, brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let number = match (text.strip_prefix('['), text.split_once(':')) {
        (Some(bracketed), _) => bracketed.split(']').next()?,
        (None, Some((number, port))) if !port.contains(':') => number,
        (None, _) => text,
    };
    number.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::uri::Scheme;
    use poem::{
        Addr, Body,
        web::{LocalAddr, RemoteAddr},
    };

    use super::*;

    fn proxies(named: &[&str]) -> TrustedProxies {
        let mut server = crate::Config::in_folder(std::path::Path::new("x")).server;
        server.trusted_proxies = named.iter().map(ToString::to_string).collect();
        TrustedProxies::new(&server)
    }

    /// The client of a request from `peer` with these headers.
    fn client_ip(proxies: &TrustedProxies, peer: &str, lines: &[(&str, &str)]) -> String {
        let request =
            lines.iter().fold(http::Request::builder(), |request, (name, value)| request.header(*name, *value));
        let remote = RemoteAddr(Addr::SocketAddr((peer.parse::<IpAddr>().unwrap(), 4321).into()));
        let local = LocalAddr(Addr::SocketAddr("127.0.0.1:80".parse().unwrap()));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = Request::from_parts((parts, local, remote, Scheme::HTTP).into(), Body::empty());
        proxies.client_ip(&request).map_or("local".into(), |address| address.to_string())
    }

    #[test]
    fn the_last_hop_is_the_proxy_s() {
        let proxies = proxies(&[]);
        let behind_proxy = |lines: &[(&str, &str)]| client_ip(&proxies, "127.0.0.1", lines);
        let (list, forwarded, real) = ("x-forwarded-for", "forwarded", "x-real-ip");
        assert_eq!(behind_proxy(&[]), "local");
        assert_eq!(client_ip(&proxies, "::ffff:127.0.0.1", &[]), "local");
        for (lines, expected) in [
            (&[(list, "198.51.100.1, 203.0.113.9")][..], "203.0.113.9"),
            // One proxy appends an entry, another one a header.
            (&[(list, "198.51.100.1"), (list, "203.0.113.9")], "203.0.113.9"),
            (&[(list, "203.0.113.9:5678")], "203.0.113.9"),
            (&[(list, "[2001:db8::7]:5678")], "2001:db8::7"),
            (&[(list, "2001:db8::7")], "2001:db8::7"),
            (&[(list, "::ffff:203.0.113.9")], "203.0.113.9"),
            // Two proxies on this machine, one behind the other.
            (&[(list, "198.51.100.1, 203.0.113.9, 127.0.0.1")], "203.0.113.9"),
            (&[(list, "127.0.0.1")], "127.0.0.1"),
            (&[(real, "203.0.113.9")], "203.0.113.9"),
            (&[(forwarded, "for=198.51.100.1;proto=http, proto=https;For=\"203.0.113.9:80\"")], "203.0.113.9"),
            (&[(forwarded, "for=\"[2001:db8::7]:4711\"")], "2001:db8::7"),
            (&[(list, "203.0.113.9"), (real, "203.0.113.9"), (forwarded, "for=203.0.113.9")], "203.0.113.9"),
            // The client has written one of them.
            (&[(list, "203.0.113.9"), (real, "127.0.0.1")], "203.0.113.9"),
            (&[(list, "203.0.113.9"), (real, "198.51.100.1")], "0.0.0.0"),
            (&[(list, "203.0.113.9"), (forwarded, "for=_hidden")], "0.0.0.0"),
            // The client is unreadable, and not local.
            (&[(list, "unknown")], "0.0.0.0"),
            (&[(list, "203.0.113.9, unknown")], "0.0.0.0"),
            (&[(list, "")], "0.0.0.0"),
            (&[(list, "203.0.113.9"), (list, "ü")], "0.0.0.0"),
            (&[(forwarded, "proto=https")], "0.0.0.0"),
            (&[("via", "1.1 proxy")], "0.0.0.0"),
        ] {
            assert_eq!(behind_proxy(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn only_configured_proxies_are_trusted() {
        let lines = [("x-forwarded-for", "198.51.100.1, 203.0.113.9")];
        let strict = proxies(&[]);
        assert_eq!(client_ip(&strict, "172.18.0.2", &lines), "172.18.0.2");
        let named = proxies(&["172.18.0.0/16", "2001:db8::1"]);
        for peer in ["172.18.0.2", "::ffff:172.18.0.2", "2001:db8::1", "127.0.0.1"] {
            assert_eq!(client_ip(&named, peer, &lines), "203.0.113.9", "{peer}");
        }
        for peer in ["172.19.0.2", "2001:db8::2"] {
            assert_eq!(client_ip(&named, peer, &lines), peer);
        }
        assert_eq!(client_ip(&named, "172.18.0.2", &[]), "172.18.0.2", "the proxy itself");
        let chain = [("x-forwarded-for", "198.51.100.1, 203.0.113.9, 172.18.0.3"), ("x-real-ip", "172.18.0.3")];
        assert_eq!(client_ip(&named, "172.18.0.2", &chain), "203.0.113.9");
    }
}
