//! Action items: list, find, write, complete, share and delete them.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
