//! Under which names the server is called, and from which pages. A page that somebody opens elsewhere cannot call a server
//! on their machine: not in its own name, which its Origin tells, nor by a name of its own that suddenly leads here,
//! which the Host tells.

use std::net::IpAddr;

use http::{HeaderValue, StatusCode, Uri, header, uri::Authority};
use poem::{Addr, Request};

use crate::{address, auth::oauth, config::ServerConfig};

/// Lets in, or not.
pub(super) struct Door {
    listens_on: String,
    names: Vec<Place>,
    pages: Vec<(String, Place)>,
}

/// From where a request comes.
pub(super) enum Guest {
    /// From no page, or from one of this server or machine.
    Own,
    /// From a page elsewhere that may call.
    Page(HeaderValue),
}

/// Why a request may not come in.
pub(super) struct Barred(pub(super) StatusCode, pub(super) String);

/// A host, on one port or on any.
struct Place {
    host: String,
    port: Option<u16>,
}

impl Door {
    pub(super) fn new(server: &ServerConfig) -> Self {
        let place = |text: &String| {
            let authority: Option<Authority> = text.parse().ok();
            let host = authority.as_ref().map_or(text.as_str(), Authority::host);
            Place { host: host.to_ascii_lowercase(), port: authority.as_ref().and_then(Authority::port_u16) }
        };
        Self {
            listens_on: host_of(server.host),
            names: server.hosts().iter().map(place).collect(),
            pages: server.allowed_origins.iter().filter_map(|text| page(text)).collect(),
        }
    }

    /// Who comes, or why they may not come in.
    pub(super) fn examine(&self, request: &Request) -> Result<Guest, Barred> {
        let called = called(request)?;
        if !self.is_own_name(&called, request.local_addr()) {
            let sentence = format!(
                "This server is not called {}; server.allowed_hosts says which names it has",
                called.host().escape_default()
            );
            return Err(Barred(StatusCode::FORBIDDEN, sentence));
        }
        let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(Guest::Own) };
        match origin.to_str().ok().and_then(parse) {
            Some((_, from)) if from == called || self.is_own_page(&from) => Ok(Guest::Own),
            Some((scheme, from)) if self.may_call(&scheme, &from) => Ok(Guest::Page(origin.clone())),
            // Clients that live in a browser may be at home anywhere; no cookie goes with what they ask here.
            _ if oauth::is_for_every_page(request.uri().path()) => Ok(Guest::Page(origin.clone())),
            _ => {
                let sentence = "Pages of this origin may not call this server; server.allowed_origins says which may";
                Err(Barred(StatusCode::FORBIDDEN, sentence.into()))
            }
        }
    }

    fn is_own_name(&self, called: &Authority, local: &Addr) -> bool {
        let host = called.host();
        is_loopback(host)
            || host == self.listens_on
            || matches!(local, Addr::SocketAddr(address) if host == host_of(address.ip().to_canonical()))
            || self.names.iter().any(|name| name.is(called, None))
    }

    /// Pages on the machine of whoever opens them, and those of this server under another of its names.
    fn is_own_page(&self, from: &Authority) -> bool {
        is_loopback(from.host()) || self.names.iter().any(|name| name.is(from, None))
    }

    fn may_call(&self, scheme: &str, from: &Authority) -> bool {
        let usual = if scheme == "https" { 443 } else { 80 };
        self.pages.iter().any(|(allowed, page)| allowed == scheme && page.is(from, Some(usual)))
    }
}

impl Place {
    /// Whether this is the place; one that names no port has the usual one, where there is such.
    fn is(&self, authority: &Authority, usual: Option<u16>) -> bool {
        let port = authority.port_u16().or(usual);
        self.host.eq_ignore_ascii_case(authority.host()) && self.port.is_none_or(|wanted| port == Some(wanted))
    }
}

/// Under which name a request calls the server: HTTP/2 says it in the address.
fn called(request: &Request) -> Result<Authority, Barred> {
    let missing = || Barred(StatusCode::BAD_REQUEST, "The Host header is missing or is not a host".into());
    address::called(request).and_then(|called| called.parse().ok()).ok_or_else(missing)
}

/// An origin in the configuration; `:*` is any port.
fn page(text: &str) -> Option<(String, Place)> {
    let any_port = text.strip_suffix(":*");
    let (scheme, authority) = parse(any_port.unwrap_or(text).trim_end_matches('/'))?;
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = any_port.is_none().then(|| authority.port_u16().unwrap_or(usual));
    Some((scheme, Place { host: authority.host().to_ascii_lowercase(), port }))
}

/// The scheme and the place of an origin; `null` has neither.
fn parse(origin: &str) -> Option<(String, Authority)> {
    let uri: Uri = origin.parse().ok()?;
    Some((uri.scheme_str()?.to_owned(), uri.authority()?.clone()))
}

fn is_loopback(host: &str) -> bool {
    address::LOOPBACK.iter().any(|name| name.eq_ignore_ascii_case(host))
}

fn host_of(number: IpAddr) -> String {
    match number {
        IpAddr::V4(number) => number.to_string(),
        IpAddr::V6(number) => format!("[{number}]"),
    }
}

#[cfg(test)]
mod tests {
    use http::uri::Scheme;
    use poem::{
        Body,
        web::{LocalAddr, RemoteAddr},
    };

    use super::*;

    fn door(host: &str, names: &[&str], pages: &[&str]) -> Door {
        let own = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let mut server = crate::Config::in_folder(std::path::Path::new("x")).server;
        server.host = host.parse().unwrap();
        (server.allowed_hosts, server.allowed_origins) = (own(names), own(pages));
        Door::new(&server)
    }

    /// `own`, `page`, or the status of the refusal, for a request that came to 192.168.1.5.
    fn ask(door: &Door, host: &str, origin: &str) -> String {
        let request = http::Request::builder().uri("/").header("host", host);
        let request = if origin.is_empty() { request } else { request.header("origin", origin) };
        let address = |text: &str| Addr::SocketAddr(text.parse().unwrap());
        let (local, remote) = (LocalAddr(address("192.168.1.5:80")), RemoteAddr(address("192.168.1.9:4321")));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = Request::from_parts((parts, local, remote, Scheme::HTTP).into(), Body::empty());
        match door.examine(&request) {
            Ok(Guest::Own) => "own".into(),
            Ok(Guest::Page(_)) => "page".into(),
            Err(Barred(status, _)) => status.as_u16().to_string(),
        }
    }
    #[test]
    fn a_server_answers_to_its_own_names() {
        let door = door("127.0.0.1", &["memory.example", "other.example:8080"], &[]);
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:80", "192.168.1.5", "192.168.1.5:8080"] {
            assert_eq!(ask(&door, host, ""), "own", "{host}");
        }
        for host in ["memory.example", "Memory.Example:443", "other.example:8080"] {
            assert_eq!(ask(&door, host, ""), "own", "{host}");
        }
        for host in ["evil.example", "other.example", "192.168.1.6", "localhost.evil.example", "127.0.0.1.evil.example"]
        {
            assert_eq!(ask(&door, host, ""), "403", "{host}");
        }
        assert_eq!(ask(&door, "a b", ""), "400");
    }

    #[test]
    fn pages_call_from_where_they_may() {
        let pages = ["https://app.example", "http://dev.example:*", "https://odd.example:8443"];
        let door = door("127.0.0.1", &["memory.example"], &pages);
        for origin in ["http://localhost:5173", "https://memory.example", "http://192.168.1.5:8080"] {
            assert_eq!(ask(&door, "192.168.1.5:8080", origin), "own", "{origin}");
        }
        for origin in
            ["https://app.example", "https://app.example:443", "http://dev.example:99", "https://odd.example:8443"]
        {
            assert_eq!(ask(&door, "memory.example", origin), "page", "{origin}");
        }
        for origin in [
            "null",
            "https://evil.example",
            "http://app.example",
            "https://app.example:444",
            "https://dev.example",
            "https://odd.example",
            "https://app.example.evil.example",
            "http://192.168.1.5:8081",
            "nonsense",
        ] {
            assert_eq!(ask(&door, "192.168.1.5:8080", origin), "403", "{origin}");
        }
    }
}
