//! The room for connections, and how much of it each address has taken.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use openapi::network_of;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{config::Config, middleware::real_ip::Proxies};

/// Which part of the room one address gets: whoever wants to fill it has to come from several.
const PART: usize = 4;

/// The room for connections.
#[derive(Clone)]
pub(crate) struct Crowd {
    room: Arc<Semaphore>,
    most_of_one: usize,
    /// Who comes for many: a proxy brings all its clients from its own address, and one on this machine looks like
    /// everything else here. Neither is counted.
    proxies: Proxies,
    here: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// The right to a connection; it ends when this is dropped.
pub(super) struct Place {
    _room: OwnedSemaphorePermit,
    /// For whom it is counted.
    counted: Option<(Crowd, IpAddr)>,
}

impl Crowd {
    /// As the configuration says.
    pub(crate) fn new(config: &Config) -> Self {
        Self::of(config.limits.connections, Proxies::new(&config.server))
    }

    /// So many connections, of which `proxies` may have all.
    pub(super) fn of(most: usize, proxies: Proxies) -> Self {
        let most_of_one = (most / PART).max(1);
        Self { room: Arc::new(Semaphore::new(most)), most_of_one, proxies, here: Arc::default() }
    }

    /// Waits until there is room for one more; `None` where there never is.
    pub(super) async fn make_room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// The place of one that has come from this address; `None` where that has as many as it gets.
    pub(super) fn seat(&self, address: IpAddr, room: OwnedSemaphorePermit) -> Option<Place> {
        if self.proxies.include(address) {
            return Some(Place { _room: room, counted: None });
        }
        let address = network_of(address.to_canonical());
        let is_free = self.change(|here| {
            let theirs = here.entry(address).or_default();
            let is_free = *theirs < self.most_of_one;
            *theirs += usize::from(is_free);
            is_free
        });
        is_free.then(|| Place { _room: room, counted: Some((self.clone(), address)) })
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<IpAddr, usize>) -> T) -> T {
        change(&mut self.here.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((crowd, address)) = &self.counted else { return };
        crowd.change(|here| {
            let Some(theirs) = here.get_mut(address) else { return };
            *theirs -= 1;
            if *theirs == 0 {
                here.remove(address);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_gets_all_the_room() {
        let crowd = Crowd::of(8, Proxies::new(&Config::in_folder("x".as_ref()).server));
        let take = async |address: &str| {
            let room = crowd.make_room().await.unwrap();
            crowd.seat(address.parse().unwrap(), room)
        };
        let held = [take("203.0.113.9").await, take("::ffff:203.0.113.9").await];
        assert!(held.iter().all(Option::is_some));
        assert!(take("203.0.113.9").await.is_none());
        let network = [take("2001:db8::1").await, take("2001:db8::2").await];
        assert!(network.iter().all(Option::is_some) && take("2001:db8::3").await.is_none());
        let ours = [take("127.0.0.1").await, take("127.0.0.1").await, take("::1").await];
        assert!(ours.iter().all(Option::is_some), "a proxy here comes for many");
        drop((held, network));
        assert!(take("203.0.113.9").await.is_some());
        drop(ours);
        assert!(crowd.here.lock().unwrap().is_empty(), "who has gone is forgotten");
        assert_eq!(crowd.room.available_permits(), 8);
    }
}
