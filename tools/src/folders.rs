//! Folders: where conversations are filed.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
