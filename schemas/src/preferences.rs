//! What a user sets once.

use serde::{Deserialize, Serialize};

/// What a user has set, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The IANA name of the time zone that the user lives in, such as `Europe/Oslo`; none means UTC.
    pub time_zone: Option<String>,
    /// The language that the user speaks, such as `en`.
    pub language: Option<String>,
}
