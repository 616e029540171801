//! Where webhooks may lead: to public addresses alone, unless the configuration says otherwise. A name is looked up once,
//! and the connection goes to the very address that was looked at, so that no second answer can lead elsewhere.

use std::{
    error::Error as StdError,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use schemas::webhook::WebhookKind;

/// Networks that are no part of the public internet, by their first address and the bits that belong to it.
const NOT_PUBLIC: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// Why an event is not sent to an address at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It is none of the web's.
    #[error("the address is not one of http or https")]
    NotTheWeb,
    /// It leads to this machine, or to a private network.
    #[error("{0} does not lead to a public address, and webhooks.allow_private is off")]
    NotPublic(String),
}

/// Looks names up, and passes over what is not public.
pub(super) struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Refused::NotPublic(name.as_str().to_owned()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The address within what a user has set; `None` where that is none. That of `audio_bytes` ends with a comma and the
/// seconds between two requests.
pub(super) fn stored(kind: WebhookKind, text: &str) -> Option<&str> {
    let without_seconds = match text.trim().rsplit_once(',') {
        Some((url, seconds)) if kind == WebhookKind::AudioBytes && seconds.trim().parse::<f64>().is_ok() => url,
        _ => text,
    };
    Some(without_seconds.trim().trim_end_matches(',')).filter(|url| !url.is_empty())
}

/// The address with the user in its query, behind whatever stands there already.
pub(super) fn of_user(text: &str, user: &str) -> Result<Url, Refused> {
    let mut url: Url = text.parse().map_err(|_| Refused::NotTheWeb)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refused::NotTheWeb);
    }
    url.set_fragment(None);
    url.query_pairs_mut().append_pair("uid", user);
    Ok(url)
}

/// Sees to it that an address that names no host, but a number, is public; names are looked at when they are looked up.
pub(super) fn check_number(url: &Url) -> Result<(), Refused> {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(number) if !is_public(number) => Err(Refused::NotPublic(host.to_owned())),
        _ => Ok(()),
    }
}

/// Whether a request failed because it was refused here.
pub(super) fn is_refusal(error: &(dyn StdError + 'static)) -> bool {
    error.is::<Refused>() || error.source().is_some_and(is_refusal)
}

fn is_public(number: IpAddr) -> bool {
    match number.to_canonical() {
        IpAddr::V4(number) => is_public_v4(number),
        IpAddr::V6(number) => is_public_v6(number),
    }
}

fn is_public_v4(number: Ipv4Addr) -> bool {
    let is_in =
        |(first, bits): &([u8; 4], u32)| (number.to_bits() ^ Ipv4Addr::from(*first).to_bits()) >> (32 - bits) == 0;
    !NOT_PUBLIC.iter().any(is_in)
}

/// Only 2000::/3 is given out; within it are documentation, benchmarks, and old tunnels that wrap any IPv4 address.
fn is_public_v6(number: Ipv6Addr) -> bool {
    match number.segments() {
        [0x2001, second, ..] => second > 0x01ff && second != 0x0db8,
        [0x2002, ..] => false,
        [0x3fff, second, ..] => second > 0x0fff,
        [first, ..] => first >> 13 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(check_number(&of_user(text, "u").unwrap()).is_err(), "{text}");
        }
        for text in ["https://1.1.1.1/", "https://hooks.example/", "http://[2606:4700::1111]:8080/"] {
            assert!(check_number(&of_user(text, "u").unwrap()).is_ok(), "{text}");
        }
        for text in ["ftp://hooks.example/", "file:///etc/passwd", "hooks.example", "", "http://"] {
            assert!(of_user(text, "u").is_err(), "{text}");
        }
    }

    #[test]
    fn the_user_is_added_to_what_is_there() {
        let added = |text| of_user(text, "a b").unwrap().to_string();
        assert_eq!(added("https://hooks.example"), "https://hooks.example/?uid=a+b");
        assert_eq!(added("https://hooks.example/x?k=%20v#end"), "https://hooks.example/x?k=%20v&uid=a+b");
        assert_eq!(added("https://hooks.example/x?"), "https://hooks.example/x?uid=a+b");
    }

    #[test]
    fn addresses_are_read_as_the_app_writes_them() {
        use WebhookKind::{AudioBytes, DaySummary};
        assert_eq!(stored(AudioBytes, "https://a.example/x,5"), Some("https://a.example/x"));
        assert_eq!(stored(AudioBytes, "https://a.example/x"), Some("https://a.example/x"));
        assert_eq!(stored(DaySummary, "https://a.example/x,5"), Some("https://a.example/x,5"));
        for nothing in ["", ",", " ", ",5"] {
            assert_eq!(stored(AudioBytes, nothing), None, "{nothing}");
        }
    }
}
