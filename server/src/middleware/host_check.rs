//! Checks of the `Host` and `Origin` headers. A page of another site cannot call a server on its visitor's machine or
//! in their network: neither under its own origin, nor by a host name of its own that suddenly resolves to the server
//! (DNS rebinding).

use std::net::IpAddr;

use http::{HeaderValue, StatusCode, Uri, header, uri::Authority};
use poem::Request;

use crate::{
    address::{self, HostPattern, OwnHosts},
    config::ServerConfig,
};

/// Which hosts and origins are allowed.
pub(super) struct HostPolicy {
    hosts: OwnHosts,
    /// Schemes and hosts of other origins whose pages may call the server.
    allowed_origins: Vec<(String, HostPattern)>,
}

/// The origin of a request that is allowed.
pub(super) enum RequestOrigin {
    /// No page, or a page of this server or machine.
    Own,
    /// A page of another origin.
    Other(HeaderValue),
}

/// The status and the reason of a refusal.
pub(super) struct Rejection(pub(super) StatusCode, pub(super) String);

impl HostPolicy {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let allowed_origins = config.allowed_origins.iter().filter_map(|text| origin_pattern(text)).collect();
        Self { hosts: OwnHosts::new(config), allowed_origins }
    }

    /// The origin of a request.
    ///
    /// # Errors
    /// The host or the origin is not allowed.
    pub(super) fn check(&self, request: &Request) -> Result<RequestOrigin, Rejection> {
        let missing = || Rejection(StatusCode::BAD_REQUEST, "The Host header is missing or invalid".into());
        let host = address::host_header(request).and_then(address::authority).ok_or_else(missing)?;
        if !self.hosts.contains(&host, request) {
            let name = host.host().escape_default();
            let sentence = format!("Host `{name}` is not allowed; add it to `server.allowed_hosts`");
            return Err(Rejection(StatusCode::FORBIDDEN, sentence));
        }
        let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(RequestOrigin::Own) };
        match origin.to_str().ok().and_then(parse_origin) {
            Some((_, page)) if page == host => Ok(RequestOrigin::Own),
            Some((scheme, page)) if self.allows(&scheme, &page) => Ok(RequestOrigin::Other(origin.clone())),
            // OAuth clients that live in a browser may have any origin; these routes use no cookie.
            _ if is_public(request.uri().path()) => Ok(RequestOrigin::Other(origin.clone())),
            // MCP clients in a browser, such as the Inspector, are pages of another port of this machine.
            Some((_, page)) if is_loopback(&page) && is_mcp(request.uri().path()) => {
                Ok(RequestOrigin::Other(origin.clone()))
            }
            Some((_, page)) if self.hosts.has_name(&page) => Ok(RequestOrigin::Own),
            _ => {
                let sentence = "Origin not allowed; add it to `server.allowed_origins`";
                Err(Rejection(StatusCode::FORBIDDEN, sentence.into()))
            }
        }
    }

    fn allows(&self, scheme: &str, page: &Authority) -> bool {
        let default_port = Some(default_port(scheme));
        self.allowed_origins.iter().any(|(allowed, host)| allowed == scheme && host.matches(page, default_port))
    }
}

/// Whether pages of any origin may call this path and read the response: public documents, and the OAuth routes at
/// which a client authenticates in the request.
fn is_public(path: &str) -> bool {
    path.starts_with("/.well-known/") || matches!(path, "/token" | "/revoke" | "/register")
}

/// Whether the path is one of the MCP endpoint.
fn is_mcp(path: &str) -> bool {
    path.strip_prefix("/v1/mcp").is_some_and(|rest| matches!(rest, "" | "/messages" | "/sse" | "/sse/info"))
}

/// Whether a page is one of this machine's.
fn is_loopback(page: &Authority) -> bool {
    let host = page.host().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// An origin in the configuration; `:*` is any port.
fn origin_pattern(text: &str) -> Option<(String, HostPattern)> {
    let any_port = text.strip_suffix(":*");
    let (scheme, authority) = parse_origin(any_port.unwrap_or(text).trim_end_matches('/'))?;
    let port = any_port.is_none().then(|| authority.port_u16().unwrap_or(default_port(&scheme)));
    Some((scheme, HostPattern { host: authority.host().to_ascii_lowercase(), port }))
}

/// The scheme and the authority of an origin; `null` has neither.
fn parse_origin(origin: &str) -> Option<(String, Authority)> {
    let uri: Uri = origin.parse().ok()?;
    Some((uri.scheme_str()?.to_owned(), uri.authority()?.clone()))
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use http::uri::Scheme;
    use poem::{
        Addr, Body,
        web::{LocalAddr, RemoteAddr},
    };

    use super::*;

    fn policy(host: &str, names: &[&str], origins: &[&str]) -> HostPolicy {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let mut server = crate::Config::in_folder(std::path::Path::new("x")).server;
        server.host = host.parse().unwrap();
        (server.allowed_hosts, server.allowed_origins) = (texts(names), texts(origins));
        HostPolicy::new(&server)
    }

    /// `own`, `other`, or the status of the refusal, for a request that was sent to 192.168.1.5.
    fn check(policy: &HostPolicy, host: &str, origin: &str) -> String {
        check_path(policy, "/", host, origin)
    }

    fn check_path(policy: &HostPolicy, path: &str, host: &str, origin: &str) -> String {
        let request = http::Request::builder().uri(path).header("host", host);
        let request = if origin.is_empty() { request } else { request.header("origin", origin) };
        let address = |text: &str| Addr::SocketAddr(text.parse().unwrap());
        let (local, remote) = (LocalAddr(address("192.168.1.5:80")), RemoteAddr(address("192.168.1.9:4321")));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = Request::from_parts((parts, local, remote, Scheme::HTTP).into(), Body::empty());
        match policy.check(&request) {
            Ok(RequestOrigin::Own) => "own".into(),
            Ok(RequestOrigin::Other(_)) => "other".into(),
            Err(Rejection(status, _)) => status.as_u16().to_string(),
        }
    }

    #[test]
    fn own_hosts_are_allowed() {
        let policy = policy("127.0.0.1", &["memory.example", "other.example:8080"], &[]);
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:80", "192.168.1.5", "192.168.1.5:8080"] {
            assert_eq!(check(&policy, host, ""), "own", "{host}");
        }
        for host in ["memory.example", "Memory.Example:443", "other.example:8080"] {
            assert_eq!(check(&policy, host, ""), "own", "{host}");
        }
        for host in ["evil.example", "other.example", "192.168.1.6", "localhost.evil.example", "127.0.0.1.evil.example"]
        {
            assert_eq!(check(&policy, host, ""), "403", "{host}");
        }
        assert_eq!(check(&policy, "a b", ""), "400");
    }

    #[test]
    fn own_and_configured_origins_are_allowed() {
        let origins = ["https://app.example", "http://dev.example:*", "https://odd.example:8443"];
        let policy = policy("127.0.0.1", &["memory.example"], &origins);
        for origin in ["http://localhost:5173", "https://memory.example", "http://192.168.1.5:8080"] {
            assert_eq!(check(&policy, "192.168.1.5:8080", origin), "own", "{origin}");
        }
        for origin in
            ["https://app.example", "https://app.example:443", "http://dev.example:99", "https://odd.example:8443"]
        {
            assert_eq!(check(&policy, "memory.example", origin), "other", "{origin}");
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
            assert_eq!(check(&policy, "192.168.1.5:8080", origin), "403", "{origin}");
        }
    }

    #[test]
    fn pages_of_this_machine_may_read_what_mcp_clients_need() {
        let policy = policy("127.0.0.1", &["memory.example"], &["http://localhost:3000"]);
        for page in ["http://localhost:6274", "http://127.0.0.1:6274", "http://[::1]:6274"] {
            for path in ["/v1/mcp", "/v1/mcp/sse", "/v1/mcp/messages", "/token", "/register", "/.well-known/x"] {
                assert_eq!(check_path(&policy, path, "192.168.1.5:8080", page), "other", "{page} {path}");
            }
            for path in ["/", "/v3/memories", "/v1/mcp/memories", "/v1/mcp/keys", "/authorize"] {
                assert_eq!(check_path(&policy, path, "192.168.1.5:8080", page), "own", "{page} {path}");
            }
        }
        for (path, page, expected) in [
            ("/v3/memories", "http://localhost:3000", "other"),
            ("/v1/mcp", "http://127.0.0.1:8080", "own"),
            ("/v1/mcp", "http://memory.example:1", "own"),
            ("/token", "http://memory.example:1", "other"),
            ("/v1/mcp", "https://evil.example", "403"),
        ] {
            assert_eq!(check_path(&policy, path, "127.0.0.1:8080", page), expected, "{path} {page}");
        }
    }
}
