//! Chat messages: read, clear, rate, report and share them.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
