//! Under which address this server is reached, and which addresses tokens may be for.

use std::net::IpAddr;

use poem::{
    Addr, Request,
    http::{header, uri::Authority},
};
use reqwest::Url;

use crate::config::ServerConfig;

/// The paths of the MCP endpoint, whose addresses tokens are for.
const ENDPOINTS: [&str; 2] = ["/v1/mcp", "/v1/mcp/sse"];

/// The one that tokens are for where a client does not say.
pub(crate) const USUAL_ENDPOINT: &str = "/v1/mcp/sse";

/// What every browser calls the machine that it runs on.
pub(crate) const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The path of the endpoint that a request to this path belongs to.
pub(crate) fn endpoint_of(path: &str) -> &'static str {
    ENDPOINTS.into_iter().find(|endpoint| *endpoint == path.trim_end_matches('/')).unwrap_or(USUAL_ENDPOINT)
}

/// Under which address this server is reached.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    public_url: Option<String>,
    hosts: Vec<String>,
}

impl Base {
    /// As the configuration says.
    pub(crate) fn new(config: &ServerConfig) -> Self {
        let public_url = config.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        let hosts = LOOPBACK.into_iter().map(str::to_owned).chain(config.allowed_hosts.iter().cloned()).collect();
        Self { public_url, hosts }
    }

    /// The address that a request was sent to, without a path: the configured one or, without that, what the request or a
    /// proxy says, as long as that is one of the server's names.
    pub(crate) fn of(&self, request: &Request) -> Option<String> {
        if let Some(url) = &self.public_url {
            return Some(url.clone());
        }
        let first = |name: &str| request.header(name)?.split(',').next().map(str::trim);
        let forwarded = first("x-forwarded-host").filter(|host| self.is_own_name(host));
        let own = || called(request).filter(|host| self.is_own_name(host) || is_address_of(request, host));
        let host = forwarded.or_else(own)?;
        let scheme = first("x-forwarded-proto").unwrap_or(request.scheme().as_str());
        let scheme = if scheme.eq_ignore_ascii_case("https") { "https" } else { "http" };
        Some(format!("{scheme}://{}", host.to_ascii_lowercase()))
    }

    /// The address of the MCP endpoint that `resource` is, in its one spelling; `None` where it is something else. `called`
    /// is how a request that came in has called the server.
    pub(crate) fn endpoint(&self, resource: &str, called: Option<&str>) -> Option<String> {
        let url: Url = resource.parse().ok()?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let path = url.path().trim_end_matches('/');
        if !is_plain || url.password().is_some() || !ENDPOINTS.contains(&path) {
            return None;
        }
        let origin = url.origin().ascii_serialization();
        let is_own = match &self.public_url {
            Some(public_url) => public_url.parse::<Url>().is_ok_and(|public| public.origin() == url.origin()),
            None => {
                let is_called = called.is_some_and(|called| called.eq_ignore_ascii_case(url.authority()));
                matches!(url.scheme(), "http" | "https") && (is_called || self.is_own_name(url.authority()))
            }
        };
        is_own.then(|| format!("{origin}{path}"))
    }

    /// Whether a token that was given for `resource` opens this server: a number, unlike a name, is nobody else's here.
    pub(crate) fn takes(&self, resource: &str) -> bool {
        let url: Option<Url> = resource.parse().ok();
        let number = url.as_ref().filter(|url| url.host_str().is_some_and(|host| number(host).is_some()));
        self.endpoint(resource, number.map(Url::authority)).is_some()
    }

    fn is_own_name(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let is_named = |name: &String| {
            name.eq_ignore_ascii_case(host)
                || name.eq_ignore_ascii_case(authority.host()) && !name.trim_start_matches('[').contains("]:")
        };
        !host.contains('@') && self.hosts.iter().any(is_named)
    }
}

/// How a request calls the server: HTTP/2 says it in the address.
pub(crate) fn called(request: &Request) -> Option<&str> {
    let in_address = || request.uri().authority().map(Authority::as_str);
    request.header(header::HOST).or_else(in_address)
}

/// Whether a request calls the server by the very address that it came to, as in a network without names.
fn is_address_of(request: &Request, host: &str) -> bool {
    let Addr::SocketAddr(local) = &**request.local_addr() else { return false };
    let address = host.parse::<Authority>().ok().and_then(|host| number(host.host()));
    address == Some(local.ip().to_canonical())
}

/// The address that a host is, where it is a number.
fn number(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn base(public_url: Option<&str>) -> Base {
        let mut config = Config::in_folder("/somewhere".as_ref()).server;
        config.allowed_hosts = vec!["memory.example".into(), "other.example:8443".into()];
        config.public_url = public_url.map(str::to_owned);
        Base::new(&config)
    }

    fn asked(headers: &[(&str, &str)]) -> Request {
        headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value)).finish()
    }

    #[test]
    fn the_address_is_one_of_the_server_s_own() {
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
            assert_eq!(unset.of(&asked(headers)).as_deref(), expected, "{headers:?}");
        }
        let by_http2 = Request::builder().uri("https://memory.example:99/authorize".parse().unwrap()).finish();
        assert_eq!(unset.of(&by_http2).as_deref(), Some("http://memory.example:99"));
        let fixed = base(Some("https://memory.example/"));
        assert_eq!(fixed.of(&asked(&[("host", "evil.example")])).as_deref(), Some("https://memory.example"));
    }

    #[test]
    fn tokens_are_for_the_endpoint() {
        let (unset, fixed) = (base(None), base(Some("https://memory.example")));
        for (given, expected) in [
            ("https://memory.example/v1/mcp", Some("https://memory.example/v1/mcp")),
            ("https://MEMORY.example:443/v1/mcp/sse/", Some("https://memory.example/v1/mcp/sse")),
            ("https://memory.example/v1/mcp?x", None),
            ("https://memory.example/", None),
            ("https://memory.example/v1/mcp/x", None),
            ("https://evil.example/v1/mcp", None),
            ("https://u@memory.example/v1/mcp", None),
            ("/v1/mcp", None),
        ] {
            assert_eq!(unset.endpoint(given, None).as_deref(), expected, "{given}");
            assert_eq!(fixed.endpoint(given, None).as_deref(), expected, "{given}");
        }
        let here = "http://127.0.0.1:8080/v1/mcp";
        assert_eq!((unset.endpoint(here, None).as_deref(), fixed.endpoint(here, None)), (Some(here), None));
        let lan = "http://192.168.1.5:8080/v1/mcp";
        assert_eq!(
            (unset.endpoint(lan, Some("192.168.1.5:8080")).as_deref(), unset.endpoint(lan, None)),
            (Some(lan), None)
        );
        assert!(unset.takes(lan) && !fixed.takes(lan) && !unset.takes("http://evil.example/v1/mcp"));
        assert_eq!(fixed.endpoint(lan, Some("192.168.1.5:8080")), None);
        assert_eq!(fixed.endpoint("http://memory.example/v1/mcp", None), None);
    }
}
