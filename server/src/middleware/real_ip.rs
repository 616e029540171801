//! Whom a request comes from where a proxy passes it on: which proxies are believed, and what they say.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http::HeaderMap;
use ipnet::IpNet;
use openapi::locality;
use poem::Request;
use tools::limits::Locality;

use crate::config::ServerConfig;

/// This machine, whose proxies are always believed.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// Somebody elsewhere of whom it cannot be told who. All of them are one, and wait together; nobody has this address.
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The proxies that are believed.
#[derive(Debug, Clone)]
pub(crate) struct Proxies(Arc<[IpNet]>);

/// A network, or the one of a single address; none that is everybody.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let single = || text.parse().ok().map(|address: IpAddr| IpNet::from(address.to_canonical()));
    text.parse::<IpNet>().ok().or_else(single).filter(|network| network.prefix_len() > 0)
}

impl Proxies {
    /// Those on this machine, and those that the configuration names.
    pub(crate) fn new(server: &ServerConfig) -> Self {
        let named = server.trusted_proxies.iter().map(String::as_str);
        Self(LOOPBACK.into_iter().chain(named).filter_map(network).collect())
    }

    /// None at all, so that a test can come from elsewhere.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self(Arc::default())
    }

    /// Whether what is at this address is believed.
    pub(crate) fn include(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address that a request comes from; `None` is this machine itself.
    pub(super) fn sender(&self, request: &Request) -> Option<IpAddr> {
        if locality(request) == Locality::Local {
            return None;
        }
        let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
        let Some(peer) = peer else { return Some(SOMEBODY) };
        if !self.include(peer) {
            return Some(peer);
        }
        // A proxy on this machine that does not say for whom it speaks does not speak for this machine.
        let silent = if peer.is_loopback() { SOMEBODY } else { peer };
        Some(self.told(request.headers()).unwrap_or(silent))
    }

    /// Of whom a proxy's headers tell; `None` where they tell of nobody. A proxy writes one of these headers and passes
    /// the others on as the client wrote them: where they do not agree, none of them is believed.
    fn told(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let chains = [list(headers, "x-forwarded-for"), forwarded(headers), list(headers, "x-real-ip")];
        let mut told: Vec<IpAddr> = chains.iter().filter_map(|chain| self.follow(chain)).collect();
        // Some headers tell of the proxy before the last one, which has told of the client in another.
        if told.iter().any(|address| !self.include(*address)) {
            told.retain(|address| !self.include(*address));
        }
        let first = *told.first()?;
        Some(if told.iter().all(|address| *address == first) { first } else { SOMEBODY })
    }

    /// Who stands at the beginning of a chain, as far as it can be believed: each says who came to it, the last one last.
    fn follow(&self, chain: &[Option<IpAddr>]) -> Option<IpAddr> {
        let is_client = |hop: &Option<IpAddr>| hop.is_none_or(|address| !self.include(address));
        let client = chain.iter().rev().copied().find(is_client);
        Some(client.or(chain.first().copied())?.unwrap_or(SOMEBODY))
    }
}

/// The addresses in the lines of a header, each a list; `None` is one that cannot be read.
fn list(headers: &HeaderMap, name: &str) -> Vec<Option<IpAddr>> {
    elements(headers, name).map(address).collect()
}

/// The same of the header `Forwarded` (RFC 7239), whose elements say more than an address.
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

/// An address, whatever stands around it: quotes, brackets, a port.
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

    fn proxies(named: &[&str]) -> Proxies {
        let mut server = crate::Config::in_folder(std::path::Path::new("x")).server;
        server.trusted_proxies = named.iter().map(ToString::to_string).collect();
        Proxies::new(&server)
    }

    /// Where a request comes from that comes from `peer` with these lines.
    fn sender(proxies: &Proxies, peer: &str, lines: &[(&str, &str)]) -> String {
        let request =
            lines.iter().fold(http::Request::builder(), |request, (name, value)| request.header(*name, *value));
        let remote = RemoteAddr(Addr::SocketAddr((peer.parse::<IpAddr>().unwrap(), 4321).into()));
        let local = LocalAddr(Addr::SocketAddr("127.0.0.1:80".parse().unwrap()));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = Request::from_parts((parts, local, remote, Scheme::HTTP).into(), Body::empty());
        proxies.sender(&request).map_or("here".into(), |address| address.to_string())
    }

    #[test]
    fn the_last_word_is_the_proxy_s() {
        let proxies = proxies(&[]);
        let told = |lines: &[(&str, &str)]| sender(&proxies, "127.0.0.1", lines);
        let (list, forwarded, real) = ("x-forwarded-for", "forwarded", "x-real-ip");
        assert_eq!(told(&[]), "here");
        assert_eq!(sender(&proxies, "::ffff:127.0.0.1", &[]), "here");
        for (lines, expected) in [
            (&[(list, "198.51.100.1, 203.0.113.9")][..], "203.0.113.9"),
            // One proxy adds an entry, another one a line.
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
            // Nobody can be read, and nobody on this machine is meant.
            (&[(list, "unknown")], "0.0.0.0"),
            (&[(list, "203.0.113.9, unknown")], "0.0.0.0"),
            (&[(list, "")], "0.0.0.0"),
            (&[(list, "203.0.113.9"), (list, "ü")], "0.0.0.0"),
            (&[(forwarded, "proto=https")], "0.0.0.0"),
            (&[("via", "1.1 proxy")], "0.0.0.0"),
        ] {
            assert_eq!(told(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn only_those_that_are_named_are_believed() {
        let lines = [("x-forwarded-for", "198.51.100.1, 203.0.113.9")];
        let strict = proxies(&[]);
        assert_eq!(sender(&strict, "172.18.0.2", &lines), "172.18.0.2");
        let named = proxies(&["172.18.0.0/16", "2001:db8::1"]);
        for peer in ["172.18.0.2", "::ffff:172.18.0.2", "2001:db8::1", "127.0.0.1"] {
            assert_eq!(sender(&named, peer, &lines), "203.0.113.9", "{peer}");
        }
        for peer in ["172.19.0.2", "2001:db8::2"] {
            assert_eq!(sender(&named, peer, &lines), peer);
        }
        assert_eq!(sender(&named, "172.18.0.2", &[]), "172.18.0.2", "the proxy itself");
        let chain = [("x-forwarded-for", "198.51.100.1, 203.0.113.9, 172.18.0.3"), ("x-real-ip", "172.18.0.3")];
        assert_eq!(sender(&named, "172.18.0.2", &chain), "203.0.113.9");
    }

    #[test]
    fn nobody_can_name_everybody() {
        for good in ["10.0.0.5", "10.0.0.0/8", "::1", "2001:db8::/32"] {
            assert!(network(good).is_some(), "{good}");
        }
        for bad in ["", "proxy", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.5:80"] {
            assert!(network(bad).is_none(), "{bad}");
        }
    }
}
