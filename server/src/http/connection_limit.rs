//! Limits on open connections: in total, and for each client address.

use std::{net::IpAddr, sync::Arc};

use openapi::network_of;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tools::{KeyedLimit, KeyedPermit};

use crate::{config::Config, middleware::real_ip::TrustedProxies};

/// One address gets at most the total divided by this.
const PER_ADDRESS_DIVISOR: usize = 4;

/// How many connections may be open at a time.
#[derive(Clone)]
pub(crate) struct ConnectionLimit {
    total: Arc<Semaphore>,
    per_address: KeyedLimit<IpAddr>,
    /// Only the total applies to these: a proxy brings all its clients from its own address, and one on this machine
    /// looks like everything else here.
    exempt: TrustedProxies,
}

/// The right to one connection; it ends when this is dropped.
pub(super) struct ConnectionPermit {
    _total: OwnedSemaphorePermit,
    _address: Option<KeyedPermit<IpAddr>>,
}

impl ConnectionLimit {
    /// As the configuration says.
    pub(crate) fn new(config: &Config) -> Self {
        Self::with_max(config.limits.connections, TrustedProxies::new(&config.server))
    }

    /// At most `max` connections; `exempt` may have all of them.
    pub(super) fn with_max(max: usize, exempt: TrustedProxies) -> Self {
        let per_address = KeyedLimit::new((max / PER_ADDRESS_DIVISOR).max(1));
        Self { total: Arc::new(Semaphore::new(max)), per_address, exempt }
    }

    /// Waits until the total allows one more connection; `None` after the limit was closed, which never happens.
    pub(super) async fn reserve(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.total).acquire_owned().await.ok()
    }

    /// The permit of a connection from this address; `None` where the address has as many as it gets.
    pub(super) fn acquire(&self, address: IpAddr, reserved: OwnedSemaphorePermit) -> Option<ConnectionPermit> {
        let counted = match self.exempt.contains(address) {
            true => None,
            false => Some(self.per_address.try_acquire(network_of(address.to_canonical()), 1)?),
        };
        Some(ConnectionPermit { _total: reserved, _address: counted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_address_does_not_get_all_connections() {
        let limit = ConnectionLimit::with_max(8, TrustedProxies::new(&Config::in_folder("x".as_ref()).server));
        let take = async |address: &str| {
            let reserved = limit.reserve().await.unwrap();
            limit.acquire(address.parse().unwrap(), reserved)
        };
        let held = [take("203.0.113.9").await, take("::ffff:203.0.113.9").await];
        assert!(held.iter().all(Option::is_some));
        assert!(take("203.0.113.9").await.is_none());
        let network = [take("2001:db8::1").await, take("2001:db8::2").await];
        assert!(network.iter().all(Option::is_some) && take("2001:db8::3").await.is_none());
        let local = [take("127.0.0.1").await, take("127.0.0.1").await, take("::1").await];
        assert!(local.iter().all(Option::is_some), "a local proxy brings many clients");
        drop((held, network));
        assert!(take("203.0.113.9").await.is_some());
        drop(local);
        assert!(limit.per_address.is_idle(), "addresses without connections are forgotten");
        assert_eq!(limit.total.available_permits(), 8);
    }
}
