//! How many bytes of large bodies are held at a time: of everybody, and of one user, so that nobody shuts the others out.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// How many bytes of everybody's bodies are held, and of one user's. What is made of a body in the server is about two and
/// a half times as large; the largest that is taken, a recording, has to find room.
const OF_ALL: usize = 512 << 20;
const OF_ONE: usize = 256 << 20;

/// What is held, by user.
#[derive(Default)]
struct Rooms(Mutex<HashMap<String, usize>>);

static ROOMS: LazyLock<Rooms> = LazyLock::new(Rooms::default);

/// The room that the body of one request takes up, until the request is answered. It is taken as the bytes come: who says
/// that much will come, and sends it slowly or not at all, holds what has come.
#[derive(Clone)]
pub(crate) struct BodyMemory(Arc<Held>);

struct Held {
    rooms: &'static Rooms,
    user: String,
    bytes: AtomicUsize,
    is_full: AtomicBool,
}

impl BodyMemory {
    /// BodyMemory for a body of this user's.
    pub(crate) fn of(user: &str) -> Self {
        Self::within(&ROOMS, user)
    }

    fn within(rooms: &'static Rooms, user: &str) -> Self {
        let (user, bytes, is_full) = (user.to_owned(), AtomicUsize::new(0), AtomicBool::new(false));
        Self(Arc::new(Held { rooms, user, bytes, is_full }))
    }

    /// Takes room for so many bytes more.
    pub(crate) fn grow(&self, bytes: usize) -> io::Result<()> {
        let mut held = self.0.rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = held.get(&self.0.user).copied().unwrap_or_default();
        if theirs + bytes > OF_ONE || held.values().sum::<usize>() + bytes > OF_ALL {
            self.0.is_full.store(true, Ordering::Relaxed);
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
        held.insert(self.0.user.clone(), theirs + bytes);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Whether there was no more room when it was asked for.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if *self.bytes.get_mut() == 0 {
            return;
        }
        let mut held = self.rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = held.get_mut(&self.user) {
            *theirs -= *self.bytes.get_mut();
            if *theirs == 0 {
                held.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_shuts_the_others_out() {
        let rooms: &'static Rooms = Box::leak(Box::default());
        let of = |user| BodyMemory::within(rooms, user);
        let (first, second, other) = (of("ana"), of("ana"), of("ben"));
        first.grow(OF_ONE - 1).unwrap();
        second.grow(1).unwrap();
        assert!(second.grow(1).is_err() && second.is_full() && !first.is_full());
        other.grow(OF_ALL - OF_ONE).unwrap();
        assert!(of("cleo").grow(1).is_err(), "all of it is taken");
        drop((first, second));
        of("cleo").grow(1).unwrap();
    }
}
