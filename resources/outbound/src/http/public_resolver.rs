//! Keeps requests to URLs of users, clients and apps on the public internet. A name is resolved once, and the connection
//! goes to the address that was checked, so that a second answer of the name server cannot lead elsewhere (DNS rebinding).

use std::{
    error::Error as StdError,
    net::{IpAddr, SocketAddr},
    sync::LazyLock,
};

use ipnet::IpNet;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// Networks that are not part of the public internet. Of IPv6, only 2000::/3 is allocated; within it are protocol
/// assignments, documentation, and 6to4, which wraps any IPv4 address.
static NOT_PUBLIC: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 \
     192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 \
     ::/3 2001::/23 2001:db8::/32 2002::/16 3fff::/20 4000::/2 8000::/1"
        .split_whitespace()
        .map(|network| network.parse().expect("a network"))
        .collect()
});

/// Why a URL is not allowed.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// It is not an HTTP URL.
    #[error("the URL does not start with http:// or https://")]
    NotHttp,
    /// It leads to this machine or to a private network.
    #[error("{0} is not a public address")]
    NotPublic(String),
}

/// Resolves names to public addresses only.
pub(super) struct PublicResolver<R> {
    resolver: R,
    is_public: fn(IpAddr) -> bool,
}

impl PublicResolver<SystemResolver> {
    pub(super) fn new() -> Self {
        Self { resolver: SystemResolver, is_public }
    }
}

impl<R: Resolve> Resolve for PublicResolver<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let (found, is_public) = (self.resolver.resolve(name), self.is_public);
        Box::pin(async move {
            let public: Vec<SocketAddr> = found.await?.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(UrlError::NotPublic(host).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Resolves names as the operating system does.
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Parses an HTTP or HTTPS URL.
///
/// # Errors
/// [`UrlError::NotHttp`] for anything else.
pub fn parse_http_url(text: &str) -> Result<Url, UrlError> {
    let url: Url = text.parse().map_err(|_| UrlError::NotHttp)?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(UrlError::NotHttp) }
}

/// Checks a URL whose host is an IP address; names are checked when they are resolved.
pub(super) fn check_ip(url: &Url) -> Result<(), UrlError> {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) if !is_public(ip) => Err(UrlError::NotPublic(host.to_owned())),
        _ => Ok(()),
    }
}

/// Whether a request failed because its URL is not allowed.
pub fn is_rejected(error: &(dyn StdError + 'static)) -> bool {
    error.is::<UrlError>() || error.source().is_some_and(is_rejected)
}

fn is_public(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    !NOT_PUBLIC.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::http::{client, loopback, root_cause};

    #[test]
    fn only_public_numbers_are_public() {
        let inside = "0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 \
            172.31.255.255 192.0.0.8 192.168.1.1 198.19.0.1 203.0.113.7 224.0.0.1 255.255.255.255 :: ::1 fe80::1 \
            fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2001:db8::1 \
            2001::7f00:1 2002:7f00:1::";
        for number in inside.split_whitespace() {
            assert!(!is_public(number.parse().unwrap()), "{number}");
        }
        let outside = "1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.20.0.1 223.255.255.255 \
            2606:4700::1111 2001:4860:4860::8888 ::ffff:1.1.1.1";
        for number in outside.split_whitespace() {
            assert!(is_public(number.parse().unwrap()), "{number}");
        }
    }

    #[test]
    fn numbers_are_known_however_they_are_written() {
        for text in
            ["http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://[::ffff:7f00:1]/", "http://[::]/"]
        {
            assert!(check_ip(&parse_http_url(text).unwrap()).is_err(), "{text}");
        }
        for text in ["https://1.1.1.1/", "https://hooks.example/", "http://[2606:4700::1111]:8080/"] {
            assert!(check_ip(&parse_http_url(text).unwrap()).is_ok(), "{text}");
        }
        for text in ["ftp://hooks.example/", "file:///etc/passwd", "hooks.example", "", "http://"] {
            assert!(parse_http_url(text).is_err(), "{text}");
        }
    }

    /// Answers each look-up with the next list, and the last one for ever.
    struct Scripted(Vec<Vec<[u8; 4]>>, Arc<AtomicUsize>);

    impl Resolve for Scripted {
        fn resolve(&self, _: Name) -> Resolving {
            let turn = self.1.fetch_add(1, Ordering::SeqCst);
            let found: Vec<SocketAddr> =
                self.0[turn.min(self.0.len() - 1)].iter().map(|number| (*number, 0).into()).collect();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    /// A client for which only 127.0.0.2 is public, with scripted answers to its look-ups, and the number of look-ups.
    fn guarded(answers: Vec<Vec<[u8; 4]>>) -> (reqwest::Client, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let resolver = Scripted(answers, Arc::clone(&asked));
        let resolver = PublicResolver { resolver, is_public: |number| number == IpAddr::from([127, 0, 0, 2]) };
        // No connection is kept: each request looks its name up.
        let client = client().no_proxy().pool_max_idle_per_host(0).dns_resolver(Arc::new(resolver)).build().unwrap();
        (client, asked)
    }

    const INTERNET: [u8; 4] = [127, 0, 0, 2];
    const HERE: [u8; 4] = [127, 0, 0, 1];

    /// Two servers on one port, of which one is here and one on the internet: each answers with its own number.
    fn two_servers() -> String {
        let url = loopback::serve_at(HERE, 0, |_| (200, b"here".to_vec()));
        let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
        loopback::serve_at(INTERNET, port, |_| (200, b"internet".to_vec()));
        format!("http://names.example:{port}/")
    }

    #[tokio::test]
    async fn a_name_that_changes_its_answer_leads_nowhere_else() {
        let url = two_servers();
        let (client, asked) = guarded(vec![vec![INTERNET], vec![HERE]]);
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "internet");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "nothing is looked up between the check and the connection");
        let error = client.get(&url).send().await.unwrap_err();
        assert!(is_rejected(&error), "{error:?}");
        assert_eq!(root_cause(&error), "names.example is not a public address");
    }

    #[tokio::test]
    async fn of_several_addresses_only_the_public_ones_are_tried() {
        let url = two_servers();
        let (client, _) = guarded(vec![vec![HERE, INTERNET, [127, 0, 0, 3]]]);
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "internet");
    }

    #[tokio::test]
    async fn a_followed_redirect_is_checked_as_well() {
        let url = two_servers();
        let to = url.clone();
        let first = loopback::serve_redirect(INTERNET, &to);
        let port = first.rsplit(':').next().unwrap();
        let (client, asked) = guarded(vec![vec![INTERNET], vec![HERE]]);
        let error = client.get(format!("http://first.example:{port}/")).send().await.unwrap_err();
        assert!(is_rejected(&error), "{error:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}
