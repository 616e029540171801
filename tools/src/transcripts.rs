//! Transcripts: find what was said.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
