//! IP networks in the configuration.

use std::net::IpAddr;

use ipnet::IpNet;

/// An IP network, or the network of a single address; `None` where the text is neither, or names every address.
pub(crate) fn parse_network(text: &str) -> Option<IpNet> {
    let single = || text.parse().ok().map(|address: IpAddr| IpNet::from(address.to_canonical()));
    text.parse::<IpNet>().ok().or_else(single).filter(|network| network.prefix_len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_not_every_address() {
        for good in ["10.0.0.5", "10.0.0.0/8", "::1", "2001:db8::/32"] {
            assert!(parse_network(good).is_some(), "{good}");
        }
        for bad in ["", "proxy", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.5:80"] {
            assert!(parse_network(bad).is_none(), "{bad}");
        }
    }
}
