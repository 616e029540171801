//! People: whom the user talks with.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
