//! Charts of what a user has.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
