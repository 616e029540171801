//! Preferences: the user's time zone and language.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
