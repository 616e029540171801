//! How many streams and WebSockets each user has open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;
use poem::{Body, Response};
use tools::{Error, Result};

/// After how many seconds to ask again for a stream.
const LATER: u64 = 5;

/// The open streams, by user.
#[derive(Clone)]
pub(crate) struct Streams {
    most: usize,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

/// The right to an open stream; it ends when this is dropped.
pub(crate) struct Place {
    streams: Streams,
    user: String,
}

impl Streams {
    /// So many for each user.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// One more for `user`.
    ///
    /// # Errors
    /// They have as many as there may be.
    pub(crate) fn take(&self, user: &str) -> Result<Place> {
        let is_taken = self.map(|open| {
            let theirs = open.entry(user.to_owned()).or_default();
            let is_free = *theirs < self.most;
            *theirs += usize::from(is_free);
            is_free
        });
        if !is_taken {
            return Err(Error::Later(format!("{} streams are open for this user already", self.most), LATER));
        }
        Ok(Place { streams: self.clone(), user: user.to_owned() })
    }

    fn map<T>(&self, change: impl FnOnce(&mut HashMap<String, usize>) -> T) -> T {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Place {
    /// Keeps the place until the answer has been sent or nobody wants it any more.
    pub(crate) fn during(self, mut response: Response) -> Response {
        let body = response.take_body().into_bytes_stream().map(move |piece| {
            let _kept = &self;
            piece
        });
        response.set_body(Body::from_bytes_stream(body));
        response
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.map(|open| {
            let Some(theirs) = open.get_mut(&self.user) else { return };
            *theirs -= 1;
            if *theirs == 0 {
                open.remove(&self.user);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_so_many_and_gets_them_back() {
        let streams = Streams::new(2);
        let (first, _second) = (streams.take("a").unwrap(), streams.take("a").unwrap());
        assert!(matches!(streams.take("a"), Err(Error::Later(..))));
        drop(streams.take("b").unwrap());
        drop(first);
        drop(streams.take("a").unwrap());
        assert_eq!(streams.open.lock().unwrap().len(), 1, "who has none is forgotten");
    }
}
