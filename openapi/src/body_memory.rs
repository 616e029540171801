//! Limits on the bytes of large bodies that are held at a time: in total, and for each user.

use std::{
    io,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use tools::{Error, KeyedLimit, KeyedPermit};

use crate::error::Refusal;

/// The maximum number of bytes of bodies held in total, and for one user. What the server makes of a body is about two and
/// a half times as large; the largest body that is accepted, a recording, has to fit.
const MAX_TOTAL: usize = 512 << 20;
const MAX_PER_USER: usize = 256 << 20;

struct BodyLimits {
    total: KeyedLimit<()>,
    per_user: KeyedLimit<String>,
}

static LIMITS: LazyLock<BodyLimits> = LazyLock::new(BodyLimits::default);

/// The memory that the body of one request takes up, until the request is answered. It is counted as the bytes arrive: a
/// client that announces a large body and sends it slowly, or not at all, holds only what has arrived.
#[derive(Clone)]
pub struct BodyMemory(Arc<Held>);

struct Held {
    permits: Mutex<(KeyedPermit<()>, KeyedPermit<String>)>,
    is_full: AtomicBool,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { total: KeyedLimit::new(MAX_TOTAL), per_user: KeyedLimit::new(MAX_PER_USER) }
    }
}

impl BodyMemory {
    /// Memory for a body of this user's.
    pub fn of(user: &str) -> Self {
        Self::within(&LIMITS, user)
    }

    fn within(limits: &BodyLimits, user: &str) -> Self {
        let permits = Mutex::new((limits.total.reserve(()), limits.per_user.reserve(user.to_owned())));
        Self(Arc::new(Held { permits, is_full: AtomicBool::new(false) }))
    }

    /// Takes so many bytes more.
    ///
    /// # Errors
    /// `QuotaExceeded`, where a limit is reached.
    pub fn grow(&self, bytes: usize) -> io::Result<()> {
        let (total, user) = &mut *self.0.permits.lock();
        if user.try_grow(bytes) && total.try_grow(bytes) {
            return Ok(());
        }
        self.0.is_full.store(true, Ordering::Relaxed);
        Err(io::Error::from(io::ErrorKind::QuotaExceeded))
    }

    /// The response to a request whose body does not fit.
    pub(crate) fn refusal() -> Refusal {
        Error::Unavailable("Too many large requests are being received; try again soon".into()).into()
    }

    /// Whether a limit was reached.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_shuts_the_others_out() {
        let limits = BodyLimits::default();
        let of = |user| BodyMemory::within(&limits, user);
        let (first, second, other) = (of("ana"), of("ana"), of("ben"));
        first.grow(MAX_PER_USER - 1).unwrap();
        second.grow(1).unwrap();
        assert!(second.grow(1).is_err() && second.is_full() && !first.is_full());
        other.grow(MAX_TOTAL - MAX_PER_USER).unwrap();
        assert!(of("cleo").grow(1).is_err(), "all of it is taken");
        drop((first, second));
        of("cleo").grow(1).unwrap();
    }
}
