//! Conversations: list, read, write, change and delete them.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
