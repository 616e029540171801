//! Which hosts and addresses are this server's own: for the host check, for the links and documents of OAuth, and for
//! the resources that access tokens are issued for.

use std::net::IpAddr;

use poem::{
    Addr, Request,
    http::{header, uri::Authority},
};
use reqwest::Url;

use crate::config::ServerConfig;

/// The paths of the MCP endpoint; access tokens are issued for one of them.
const MCP_PATHS: [&str; 2] = ["/v1/mcp", "/v1/mcp/sse"];

/// The MCP path that tokens are for where a client names no resource.
pub(crate) const DEFAULT_MCP_PATH: &str = "/v1/mcp/sse";

/// What every browser calls the machine that it runs on.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The MCP path that a request to this path belongs to.
pub(crate) fn mcp_path_of(path: &str) -> &'static str {
    MCP_PATHS.into_iter().find(|known| *known == path.trim_end_matches('/')).unwrap_or(DEFAULT_MCP_PATH)
}

/// A host, on one port or on any.
#[derive(Debug, Clone)]
pub(crate) struct HostPattern {
    /// In lower case; an IPv6 address is in brackets.
    pub(crate) host: String,
    /// The port; `None` is any.
    pub(crate) port: Option<u16>,
}

impl HostPattern {
    fn parse(text: &str) -> Self {
        let authority: Option<Authority> = text.parse().ok();
        let host = authority.as_ref().map_or(text, Authority::host);
        Self { host: host.to_ascii_lowercase(), port: authority.as_ref().and_then(Authority::port_u16) }
    }

    /// Whether this matches; an authority without a port has the default one.
    pub(crate) fn matches(&self, authority: &Authority, default_port: Option<u16>) -> bool {
        let port = authority.port_u16().or(default_port);
        self.host.eq_ignore_ascii_case(authority.host()) && self.port.is_none_or(|wanted| port == Some(wanted))
    }
}

/// The server's own hosts: this machine, the configured names, and the addresses it listens on.
#[derive(Debug, Clone)]
pub(crate) struct OwnHosts {
    names: Vec<HostPattern>,
    listens_on: IpAddr,
}

impl OwnHosts {
    /// As the configuration says.
    pub(crate) fn new(config: &ServerConfig) -> Self {
        Self { names: config.hosts().iter().map(|text| HostPattern::parse(text)).collect(), listens_on: config.host }
    }

    /// Whether this is a name of the server: one of this machine, on any port, or a configured one.
    pub(crate) fn has_name(&self, authority: &Authority) -> bool {
        let is_loopback = LOOPBACK_HOSTS.iter().any(|name| name.eq_ignore_ascii_case(authority.host()));
        is_loopback || self.names.iter().any(|name| name.matches(authority, None))
    }

    /// Whether a request may call the server so: by a name, or by the IP address that it was sent to. No other site can
    /// resolve to a number.
    pub(crate) fn contains(&self, authority: &Authority, request: &Request) -> bool {
        let local = match &**request.local_addr() {
            Addr::SocketAddr(local) => Some(local.ip().to_canonical()),
            _ => None,
        };
        let is_number = |number: IpAddr| number == self.listens_on || Some(number) == local;
        self.has_name(authority) || ip_address(authority.host()).is_some_and(is_number)
    }
}

/// The URL of this server, as its clients write it.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl {
    public_url: Option<String>,
    hosts: OwnHosts,
}

impl BaseUrl {
    /// As the configuration says.
    pub(crate) fn new(config: &ServerConfig) -> Self {
        let public_url = config.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        Self { public_url, hosts: OwnHosts::new(config) }
    }

    /// The URL that a request was sent to, without a path: the configured one or, without that, what the request or a
    /// proxy says, where that is one of the server's hosts.
    pub(crate) fn of(&self, request: &Request) -> Option<String> {
        if let Some(url) = &self.public_url {
            return Some(url.clone());
        }
        let first = |name: &str| request.header(name)?.split(',').next().map(str::trim);
        let forwarded = first("x-forwarded-host").and_then(authority).filter(|host| self.hosts.has_name(host));
        let own = || host_header(request).and_then(authority).filter(|host| self.hosts.contains(host, request));
        let host = forwarded.or_else(own)?;
        let scheme = first("x-forwarded-proto").unwrap_or(request.scheme().as_str());
        let scheme = if scheme.eq_ignore_ascii_case("https") { "https" } else { "http" };
        Some(format!("{scheme}://{}", host.as_str().to_ascii_lowercase()))
    }

    /// The canonical URL of the MCP endpoint that `resource` names in a request to the server at `base`; `None` where it
    /// names something else. The origin alone, with or without a slash, is the endpoint. Without a configured URL, host
    /// and port must be those of the request: another port of this machine is another server.
    pub(crate) fn mcp_resource(&self, resource: &str, base: &str) -> Option<String> {
        let (url, path) = parse_resource(resource)?;
        let is_own = match &self.public_url {
            Some(public_url) => public_url.parse::<Url>().is_ok_and(|public| public.origin() == url.origin()),
            // Behind a proxy that does not forward the scheme, it is unknown. A default port is in neither of them.
            None => base.parse::<Url>().is_ok_and(|base| base.authority() == url.authority()),
        };
        is_own.then(|| format!("{}{path}", url.origin().ascii_serialization()))
    }

    /// Whether a token issued for `resource` is for this server. The host and port were compared with those of the
    /// request that it was issued to.
    pub(crate) fn accepts(&self, resource: &str) -> bool {
        let Some((url, _)) = parse_resource(resource) else { return false };
        match &self.public_url {
            Some(public_url) => public_url.parse::<Url>().is_ok_and(|public| public.origin() == url.origin()),
            None => authority(url.authority())
                .is_some_and(|host| self.hosts.has_name(&host) || ip_address(host.host()).is_some()),
        }
    }
}

/// A URL without anything but an origin and a path of the MCP endpoint, and that path.
fn parse_resource(resource: &str) -> Option<(Url, &'static str)> {
    let url: Url = resource.parse().ok()?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !is_plain || url.password().is_some() || !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let path = match url.path().trim_end_matches('/') {
        "" => DEFAULT_MCP_PATH,
        path => MCP_PATHS.into_iter().find(|known| *known == path)?,
    };
    Some((url, path))
}

/// The host that a request was sent to, as it says; HTTP/2 has it in the URL.
pub(crate) fn host_header(request: &Request) -> Option<&str> {
    let in_url = || request.uri().authority().map(Authority::as_str);
    request.header(header::HOST).or_else(in_url)
}

/// A host with or without a port; with a user name, it is none.
pub(crate) fn authority(text: &str) -> Option<Authority> {
    text.parse().ok().filter(|_| !text.contains('@'))
}

fn ip_address(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn base(public_url: Option<&str>) -> BaseUrl {
        let mut config = Config::in_folder("/somewhere".as_ref()).server;
        config.allowed_hosts = vec!["memory.example".into(), "other.example:8443".into()];
        config.public_url = public_url.map(str::to_owned);
        BaseUrl::new(&config)
    }

    fn request(headers: &[(&str, &str)]) -> Request {
        headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value)).finish()
    }

    #[test]
    fn the_base_url_is_one_of_the_server_s_own() {
        let unset = base(None);
        for (headers, expected) in [
            (&[("host", "127.0.0.1:8080")][..], Some("http://127.0.0.1:8080")),
            (&[("host", "Memory.Example")], Some("http://memory.example")),
            (&[("host", "memory.example:99"), ("x-forwarded-proto", "https")], Some("https://memory.example:99")),
            (&[("host", "10.0.0.1"), ("x-forwarded-host", "memory.example, x")], Some("http://memory.example")),
            (&[("host", "other.example:8443"), ("x-forwarded-proto", "javascript")], Some("http://other.example:8443")),
            (&[("host", "[::1]:8080")], Some("http://[::1]:8080")),
            (&[("host", "other.example")], None),
            (&[("host", "evil.example")], None),
            (&[("host", "memory.example"), ("x-forwarded-host", "evil.example")], Some("http://memory.example")),
            (&[("host", "127.0.0.1:80@evil.example")], None),
            (&[("host", "memory.example@evil.example")], None),
            (&[("host", "memory.example/x")], None),
            (&[], None),
        ] {
            assert_eq!(unset.of(&request(headers)).as_deref(), expected, "{headers:?}");
        }
        let by_http2 = Request::builder().uri("https://memory.example:99/authorize".parse().unwrap()).finish();
        assert_eq!(unset.of(&by_http2).as_deref(), Some("http://memory.example:99"));
        let fixed = base(Some("https://memory.example/"));
        assert_eq!(fixed.of(&request(&[("host", "evil.example")])).as_deref(), Some("https://memory.example"));
    }

    #[test]
    fn tokens_are_for_the_mcp_endpoint() {
        let (unset, fixed) = (base(None), base(Some("https://memory.example")));
        for (given, expected) in [
            ("https://memory.example/v1/mcp", Some("https://memory.example/v1/mcp")),
            ("https://memory.example/v1/mcp/", Some("https://memory.example/v1/mcp")),
            ("https://MEMORY.example:443/v1/mcp/sse/", Some("https://memory.example/v1/mcp/sse")),
            ("https://memory.example/", Some("https://memory.example/v1/mcp/sse")),
            ("https://memory.example", Some("https://memory.example/v1/mcp/sse")),
            ("https://memory.example/v1/mcp?x", None),
            ("https://memory.example/?x", None),
            ("https://memory.example/v1", None),
            ("https://memory.example/v1/mcp/x", None),
            ("https://memory.example:8443/v1/mcp", None),
            ("https://evil.example/v1/mcp", None),
            ("https://evil.example/", None),
            ("https://u@memory.example/v1/mcp", None),
            ("ftp://memory.example/v1/mcp", None),
            ("/v1/mcp", None),
        ] {
            for base in [&unset, &fixed] {
                assert_eq!(base.mcp_resource(given, "https://memory.example").as_deref(), expected, "{given}");
            }
        }
        assert_eq!(fixed.mcp_resource("http://memory.example/v1/mcp", "http://memory.example"), None);
        let by_proxy = unset.mcp_resource("https://memory.example/v1/mcp", "http://memory.example");
        assert_eq!(by_proxy.as_deref(), Some("https://memory.example/v1/mcp"), "its proxy does not forward the scheme");
    }

    #[test]
    fn another_host_or_port_is_another_server() {
        let (unset, fixed) = (base(None), base(Some("https://memory.example")));
        for (host, given, is_own) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/v1/mcp", true),
            ("[::1]:8080", "http://[::1]:8080/v1/mcp", true),
            ("192.168.1.5:8080", "http://192.168.1.5:8080", true),
            ("127.0.0.1:8080", "http://127.0.0.1:9999/v1/mcp", false),
            ("127.0.0.1:8080", "http://127.0.0.1/v1/mcp", false),
            ("localhost:8080", "http://localhost:9999/", false),
            ("localhost:8080", "http://memory.example/v1/mcp", false),
            ("memory.example", "http://memory.example:8080/v1/mcp", false),
            ("memory.example", "http://other.example:8443/v1/mcp", false),
        ] {
            let found = unset.mcp_resource(given, &format!("http://{host}"));
            assert_eq!(found.is_some(), is_own, "{given} at {host}");
            assert_eq!(fixed.mcp_resource(given, &format!("http://{host}")), None, "{given}");
        }
        for (given, is_accepted) in [
            ("http://192.168.1.5:8080/v1/mcp", true),
            ("http://localhost:1/v1/mcp", true),
            ("http://a.b/v1/mcp", false),
        ] {
            assert_eq!((unset.accepts(given), fixed.accepts(given)), (is_accepted, false), "{given}");
        }
    }
}
