//! Folders of one user.

use std::collections::HashMap;

use crate::{Resources, Result};

/// The folders of one user; nothing of anyone else's can be reached through it.
pub struct Folders<'a> {
    _resources: &'a Resources,
    _user: &'a str,
}

impl Resources {
    /// The folders of `user`.
    pub fn folders<'a>(&'a self, user: &'a str) -> Folders<'a> {
        Folders { _resources: self, _user: user }
    }
}

impl Folders<'_> {
    /// The names of all folders, by their ids.
    pub async fn names(&self) -> Result<HashMap<String, String>> {
        Ok(HashMap::new())
    }
}
