//! Webhooks: say where to send what happens.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
